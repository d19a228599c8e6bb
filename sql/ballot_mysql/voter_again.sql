ON DUPLICATE KEY UPDATE
    spelling = IF(generation = VALUES(generation) OR listed = 1, spelling, VALUES(spelling)),
    generation = VALUES(generation), votes = VALUES(votes), last_vote = VALUES(last_vote)
