-- Of the users with an install event on one day, how many have any event in a later range of days?
--
-- One text for two engines. In MySQL (5.6 and newer, also with ONLY_FULL_GROUP_BY) and MariaDB it runs unchanged in the
-- command-line client: a @name that was not SET is NULL there, and the dates below apply. In SQLite the same @name is a
-- parameter that votekit binds.
--
-- Ranges of days are half open, up to but not including a midnight: BETWEEN '2017-04-02' AND '2017-04-08' would lose the
-- whole last day, and DATE(time) would prevent the use of an index. An index on (event_name, time, uid) finds the cohort;
-- one on (uid, time) finds what each of its users did.
--
-- The event name is compared with the literal or with @event, never with COALESCE(@event, '…'): an unset @event is a binary
-- NULL in MySQL and would make the comparison case-sensitive.
SELECT COUNT(DISTINCT active.uid) AS num_of_user
FROM piwik_track AS active
WHERE active.time >= COALESCE(@from_day, '2017-04-02')
  AND active.time < COALESCE(@before_day, '2017-04-09')
  AND active.uid IN (
    SELECT install.uid
    FROM piwik_track AS install
    WHERE install.time >= COALESCE(@install_day, '2017-04-01')
      AND install.time < COALESCE(@install_before_day, '2017-04-02')
      AND (install.event_name = @event OR @event IS NULL AND install.event_name = 'FIRST_INSTALL')
  );
