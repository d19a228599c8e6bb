-- When is the last event before tomorrow? By name, so that an index on (event_name, time, uid) is looked into once a name.
SELECT MAX(by_name.latest_of_name) AS latest
FROM (
  SELECT MAX(event.time) AS latest_of_name
  FROM piwik_track AS event
  WHERE event.time < @tomorrow
  GROUP BY event.event_name
) AS by_name;
