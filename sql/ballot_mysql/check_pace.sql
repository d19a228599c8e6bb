-- Seconds whose kept count differs from the number of standing votes with that timestamp.
SELECT step.at_second, step.candidate_id, CAST(SUM(step.kept) AS SIGNED), CAST(SUM(step.counted) AS SIGNED)
FROM (SELECT at_second, candidate_id, votes AS kept, 0 AS counted FROM votekit_pace WHERE generation = ?
      UNION ALL
      SELECT created_at, candidate_id, 0, 1 FROM votekit_vote WHERE generation = ? AND replaced_by IS NULL) AS step
GROUP BY step.at_second, step.candidate_id
HAVING SUM(step.kept) <> SUM(step.counted)
LIMIT 100
