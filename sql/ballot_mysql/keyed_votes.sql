SELECT used.hash, used.generation, used.vote_id, vote.candidate_id, voter.id, vote.opinion
FROM votekit_key AS used
LEFT JOIN votekit_vote AS vote ON vote.generation = used.generation AND vote.id = used.vote_id
LEFT JOIN votekit_voter AS voter ON voter.hash = vote.voter
WHERE used.hash IN
