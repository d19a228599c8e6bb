SELECT vote.candidate_id, candidate.name, vote.opinion,
       vote.id, vote.created_at, COALESCE(voter.spelling, voter.id), vote.key_text, vote.replaced_by
FROM votekit_vote AS vote
JOIN votekit_candidate AS candidate ON candidate.id = vote.candidate_id
LEFT JOIN votekit_voter AS voter ON voter.hash = vote.voter
WHERE vote.generation = ?
ORDER BY vote.id
