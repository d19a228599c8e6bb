INSERT INTO pace (second, candidate_id, votes)
VALUES (?1, ?2, ?3)
ON CONFLICT (second, candidate_id) DO UPDATE SET votes = votes + excluded.votes
