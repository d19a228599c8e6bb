SELECT candidate.id, candidate.name, candidate.about, (SELECT tag FROM picture WHERE candidate_id = candidate.id),
       candidate.votes
FROM candidate
ORDER BY candidate.id
