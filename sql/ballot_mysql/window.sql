-- The number of standing votes of a generation from a second on up to and including another, and the number after a third.
SELECT CAST((SELECT COALESCE(SUM(votes), 0) FROM votekit_pace
             WHERE generation = ? AND at_second > ? AND at_second <= ?) AS SIGNED),
       CAST((SELECT COALESCE(SUM(votes), 0) FROM votekit_pace WHERE generation = ? AND at_second > ?) AS SIGNED)
