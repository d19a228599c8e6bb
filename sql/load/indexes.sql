CREATE INDEX piwik_track_event ON piwik_track(event_name, time, uid);
CREATE INDEX piwik_track_user ON piwik_track(uid, time);
