INSERT INTO votekit_box (id, format, version, leases, title, opens_at, closes_at, votes_per_voter, voters_only,
                         change_allowed, hide_results, once_per_browser, generation, secret)
VALUES (1, ?, 1, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
