-- Voters with more standing votes than the rules allow.
SELECT voter.id, voter.votes, box.votes_per_voter
FROM votekit_voter AS voter
JOIN votekit_box AS box ON voter.generation = box.generation AND voter.votes > box.votes_per_voter
LIMIT 100
