-- How many users does a cohort have, and how many of them have an event in a span of time?
--
-- The cohort are the users whose first install row from @period_start to before @period_end is from @day_start to before
-- @day_end. With @from unset, all of them are counted; otherwise those with an event from @from to before @before. With
-- @return_event set, only events of that name count.
--
-- An index on (event_name, time, uid) finds the cohort, one on (uid, time) finds what each of its users did.
SELECT COUNT(*) AS users
FROM (
  SELECT install.uid AS cohort_user
  FROM piwik_track AS install
  WHERE install.time >= @period_start
    AND install.time < @period_end
    AND install.event_name = @event
    AND install.uid IS NOT NULL
  GROUP BY install.uid
  HAVING MIN(install.time) >= @day_start AND MIN(install.time) < @day_end
) AS cohort
WHERE @from IS NULL
  OR EXISTS (
    SELECT *
    FROM piwik_track AS active
    WHERE active.uid = cohort.cohort_user
      AND active.time >= @from
      AND active.time < @before
      AND (@return_event IS NULL OR active.event_name = @return_event)
  );
