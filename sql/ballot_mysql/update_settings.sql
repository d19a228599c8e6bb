UPDATE votekit_box
SET title = ?, opens_at = ?, closes_at = ?, votes_per_voter = ?, voters_only = ?, change_allowed = ?, hide_results = ?,
    once_per_browser = ?, generation = ?
WHERE id = 1
