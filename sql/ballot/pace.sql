-- Standing votes in steps of ?1 seconds. The arithmetic rounds down, also before 1970.
SELECT second - ((second % ?1) + ?1) % ?1 AS step, candidate_id, sum(votes)
FROM pace
GROUP BY step, candidate_id
HAVING sum(votes) > 0
ORDER BY step, candidate_id
