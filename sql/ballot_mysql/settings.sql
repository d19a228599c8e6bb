SELECT title, opens_at, closes_at, votes_per_voter, voters_only, change_allowed, hide_results, once_per_browser, generation
FROM votekit_box
WHERE id = 1
