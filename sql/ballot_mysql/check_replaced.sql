-- Withdrawn votes that were not replaced by another vote of the same voter, and votes that name what is not there.
SELECT vote.id, vote.replaced_by
FROM votekit_vote AS vote
LEFT JOIN votekit_vote AS later ON later.generation = vote.generation AND later.id = vote.replaced_by
WHERE vote.generation = ? AND vote.replaced_by IS NOT NULL
  AND (later.id IS NULL OR later.id = vote.id OR NOT later.voter <=> vote.voter)
LIMIT 100
