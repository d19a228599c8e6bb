SELECT candidate.id, candidate.name, candidate.about, picture.tag,
       CAST(COALESCE((SELECT SUM(total.votes) FROM votekit_total AS total
                      WHERE total.generation = ? AND total.candidate_id = candidate.id), 0) AS SIGNED)
FROM votekit_candidate AS candidate
LEFT JOIN votekit_picture AS picture ON picture.candidate_id = candidate.id
ORDER BY candidate.id
