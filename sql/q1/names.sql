-- Which names of events occur, and when? The most frequent first.
SELECT MIN(event.event_name) AS name, COUNT(*) AS events, MIN(event.time) AS first_time, MAX(event.time) AS last_time
FROM piwik_track AS event
WHERE event.event_name IS NOT NULL
GROUP BY event.event_name
ORDER BY COUNT(*) DESC
LIMIT 1000;
