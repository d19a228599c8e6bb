-- Votes whose candidate, voter or key is not there.
SELECT vote.id,
       CASE WHEN candidate.id IS NULL THEN 'candidate'
            WHEN vote.voter IS NOT NULL AND voter.hash IS NULL THEN 'voter' ELSE 'key' END
FROM votekit_vote AS vote
LEFT JOIN votekit_candidate AS candidate ON candidate.id = vote.candidate_id
LEFT JOIN votekit_voter AS voter ON voter.hash = vote.voter
LEFT JOIN votekit_key AS used ON used.hash = UNHEX(SHA2(vote.key_text, 256))
WHERE vote.generation = ?
  AND (candidate.id IS NULL
       OR vote.voter IS NOT NULL AND voter.hash IS NULL
       OR vote.key_text IS NOT NULL AND (used.hash IS NULL OR used.generation <> vote.generation OR used.vote_id <> vote.id))
LIMIT 100
