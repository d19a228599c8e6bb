-- Withdrawn votes that were not replaced by a later vote of the same voter.
SELECT vote.id, vote.replaced_by
FROM vote
LEFT JOIN vote AS later ON later.id = vote.replaced_by
WHERE vote.replaced_by IS NOT NULL
  AND (later.id IS NULL OR later.id <= vote.id OR later.voter IS NOT vote.voter)
LIMIT 100
