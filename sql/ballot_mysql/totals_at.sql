-- Each candidate with its standing votes of generation ? cast up to and including ?.
SELECT candidate.id, candidate.name, candidate.about, picture.tag,
       CAST(COALESCE((SELECT SUM(pace.votes) FROM votekit_pace AS pace
                      WHERE pace.generation = ? AND pace.candidate_id = candidate.id AND pace.at_second <= ?), 0) AS SIGNED)
FROM votekit_candidate AS candidate
LEFT JOIN votekit_picture AS picture ON picture.candidate_id = candidate.id
ORDER BY candidate.id
