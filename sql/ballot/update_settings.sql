UPDATE settings
SET title = ?1, opens_at = ?2, closes_at = ?3, votes_per_voter = ?4, voters_only = ?5, change_allowed = ?6,
    hide_results = ?7, once_per_browser = ?8, generation = ?9
WHERE id = 1
