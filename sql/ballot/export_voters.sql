SELECT vote.candidate_id, candidate.name, vote.opinion,
       vote.id, vote.created_at, vote.voter, vote.key, vote.replaced_by
FROM vote
JOIN candidate ON candidate.id = vote.candidate_id
ORDER BY vote.id
