-- The standing votes of the seconds after ?1 and not after ?2, and of those after ?2.
SELECT (SELECT coalesce(sum(votes), 0) FROM pace WHERE second > ?1 AND second <= ?2),
       (SELECT coalesce(sum(votes), 0) FROM pace WHERE second > ?2)
