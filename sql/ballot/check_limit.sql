-- Voters with more standing votes than the rules allow.
SELECT voter.id, voter.votes, settings.votes_per_voter
FROM voter
JOIN settings ON voter.votes > settings.votes_per_voter
LIMIT 100
