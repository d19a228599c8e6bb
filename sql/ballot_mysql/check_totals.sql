-- Candidates whose kept total differs from the number of their standing votes.
SELECT candidate.id, CAST(COALESCE(kept.votes, 0) AS SIGNED), COALESCE(counted.votes, 0)
FROM (SELECT id FROM votekit_candidate UNION SELECT candidate_id FROM votekit_vote WHERE generation = ?) AS candidate
LEFT JOIN (SELECT candidate_id, SUM(votes) AS votes FROM votekit_total WHERE generation = ? GROUP BY candidate_id) AS kept
       ON kept.candidate_id = candidate.id
LEFT JOIN (SELECT candidate_id, COUNT(*) AS votes FROM votekit_vote
           WHERE generation = ? AND replaced_by IS NULL GROUP BY candidate_id) AS counted
       ON counted.candidate_id = candidate.id
WHERE COALESCE(kept.votes, 0) <> COALESCE(counted.votes, 0)
LIMIT 100
