-- Standing votes in steps of seconds. The arithmetic rounds down, also before 1970.
SELECT at_second - ((at_second % ?) + ?) % ? AS step, candidate_id, CAST(SUM(votes) AS SIGNED)
FROM votekit_pace
WHERE generation = ?
GROUP BY step, candidate_id
HAVING SUM(votes) > 0
ORDER BY step, candidate_id
