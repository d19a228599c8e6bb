SELECT vote.candidate_id, candidate.name, vote.opinion,
       vote.id, vote.created_at, coalesce(voter.spelling, vote.voter), vote.key, vote.replaced_by
FROM vote
JOIN candidate ON candidate.id = vote.candidate_id
LEFT JOIN voter ON voter.id = vote.voter
ORDER BY vote.id
