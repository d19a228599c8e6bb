SELECT title, opens_at, closes_at, votes_per_voter, voters_only, change_allowed, hide_until_closed
FROM settings
WHERE id = 1
