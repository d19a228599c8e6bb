-- Ordered by exported columns only, so that the order reveals nothing.
SELECT vote.candidate_id, candidate.name, vote.opinion
FROM vote
JOIN candidate ON candidate.id = vote.candidate_id
WHERE vote.replaced_by IS NULL
ORDER BY vote.candidate_id, vote.opinion
