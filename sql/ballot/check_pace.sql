-- Seconds whose kept count differs from the number of standing votes with that timestamp, or is missing.
SELECT counted.second, counted.candidate_id, coalesce(pace.votes, 0), counted.votes
FROM (SELECT created_at AS second, candidate_id, count(*) AS votes
      FROM vote WHERE replaced_by IS NULL GROUP BY created_at, candidate_id) AS counted
LEFT JOIN pace USING (second, candidate_id)
WHERE counted.votes IS NOT pace.votes
UNION ALL
SELECT second, candidate_id, votes, 0
FROM pace
WHERE votes <> 0
  AND (second, candidate_id) NOT IN (SELECT created_at, candidate_id FROM vote WHERE replaced_by IS NULL)
LIMIT 100
