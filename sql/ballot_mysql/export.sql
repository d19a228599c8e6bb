-- Ordered by exported columns only, so that the order reveals nothing. Servers compare the first 1,024 bytes of a text: the hash
-- orders texts that begin alike.
SELECT vote.candidate_id, candidate.name, vote.opinion
FROM votekit_vote AS vote
JOIN votekit_candidate AS candidate ON candidate.id = vote.candidate_id
WHERE vote.generation = ? AND vote.replaced_by IS NULL
ORDER BY vote.candidate_id, vote.opinion, SHA2(vote.opinion, 256)
