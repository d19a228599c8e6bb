-- As cell.sql, for each value of a column in the users' first install rows, written in hexadecimal. Of several rows at the same
-- time the value that is least by its bytes counts; NULL is the empty value.
SELECT cohort.cohort_value, COUNT(*) AS users
FROM (
  SELECT install.uid AS cohort_user, MIN(COALESCE(HEX(install.value), '')) AS cohort_value
  FROM piwik_track AS install
  JOIN (
    SELECT install.uid AS first_user, MIN(install.time) AS first_time
    FROM piwik_track AS install
    WHERE install.time >= @period_start
      AND install.time < @period_end
      AND install.event_name = @event
    GROUP BY install.uid
  ) AS earliest ON earliest.first_user = install.uid AND earliest.first_time = install.time
  WHERE install.event_name = @event
    AND install.time >= @day_start
    AND install.time < @day_end
  GROUP BY install.uid
) AS cohort
WHERE @from IS NULL
  OR EXISTS (
    SELECT *
    FROM piwik_track AS active
    WHERE active.uid = cohort.cohort_user
      AND active.time >= @from
      AND active.time < @before
      AND (@return_event IS NULL OR active.event_name = @return_event)
  )
GROUP BY cohort.cohort_value;
