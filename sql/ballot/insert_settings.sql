INSERT INTO settings (id, title, opens_at, closes_at, votes_per_voter, voters_only, change_allowed, hide_results,
                      once_per_browser, generation, secret)
VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, randomblob(32))
