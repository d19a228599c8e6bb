-- Candidates whose kept total differs from the number of their standing votes.
SELECT candidate.id, candidate.votes, coalesce(counted.votes, 0)
FROM candidate
LEFT JOIN (SELECT candidate_id, count(*) AS votes FROM vote WHERE replaced_by IS NULL GROUP BY candidate_id) AS counted
       ON counted.candidate_id = candidate.id
WHERE candidate.votes <> coalesce(counted.votes, 0)
