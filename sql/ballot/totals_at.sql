-- Each candidate with its standing votes cast up to and including ?1.
SELECT candidate.id, candidate.name, candidate.about, (SELECT tag FROM picture WHERE candidate_id = candidate.id),
       coalesce(sum(pace.votes), 0)
FROM candidate
LEFT JOIN pace ON pace.candidate_id = candidate.id AND pace.second <= ?1
GROUP BY candidate.id
ORDER BY candidate.id
