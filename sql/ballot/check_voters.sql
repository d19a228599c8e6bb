-- Voters whose kept count of standing votes, or last vote, differs from their votes.
SELECT voter.id, voter.votes, coalesce(counted.votes, 0), voter.last_vote, counted.last_vote
FROM voter
LEFT JOIN (SELECT voter, sum(replaced_by IS NULL) AS votes, max(id) AS last_vote
           FROM vote WHERE voter IS NOT NULL GROUP BY voter) AS counted
       ON counted.voter = voter.id
WHERE voter.votes <> coalesce(counted.votes, 0) OR voter.last_vote IS NOT counted.last_vote
LIMIT 100
