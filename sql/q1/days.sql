-- How many events are there on each day of UTC, and when is the last of them? From this it is judged where the events end.
SELECT DATE(event.time) AS day, COUNT(*) AS events, MAX(event.time) AS latest
FROM piwik_track AS event
WHERE event.time IS NOT NULL
GROUP BY DATE(event.time);
