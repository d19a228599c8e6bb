-- Voters whose kept count of standing votes differs from their votes, or whose last vote is not a standing vote of theirs.
SELECT voter.id, voter.votes, CAST(COALESCE(counted.votes, 0) AS SIGNED)
FROM votekit_voter AS voter
LEFT JOIN (SELECT voter, SUM(replaced_by IS NULL) AS votes FROM votekit_vote
           WHERE generation = ? AND voter IS NOT NULL GROUP BY voter) AS counted
       ON counted.voter = voter.hash
LEFT JOIN votekit_vote AS latest ON latest.generation = voter.generation AND latest.id = voter.last_vote
WHERE IF(voter.generation = ?, voter.votes, 0) <> COALESCE(counted.votes, 0)
   OR voter.generation = ? AND voter.votes > 0
      AND (latest.id IS NULL OR latest.replaced_by IS NOT NULL OR NOT latest.voter <=> voter.hash)
LIMIT 100
