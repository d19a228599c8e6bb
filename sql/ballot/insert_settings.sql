INSERT INTO settings (id, title, opens_at, closes_at, votes_per_voter, voters_only, change_allowed, hide_until_closed)
VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)
