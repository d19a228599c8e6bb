-- The number of standing votes after ?1 up to and including ?2, and the number after ?2.
SELECT (SELECT coalesce(sum(votes), 0) FROM pace WHERE second > ?1 AND second <= ?2),
       (SELECT coalesce(sum(votes), 0) FROM pace WHERE second > ?2)
