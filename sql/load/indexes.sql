-- SQLite sorts in runs as large as its cache and merges at most 16 runs at a time in each thread. Events of one name come
-- nearly in time order, so larger runs mean fewer merges.
PRAGMA cache_size = -12000;
PRAGMA threads = 1;
CREATE INDEX piwik_track_event ON piwik_track(event_name, time, uid);

-- Users come in no order: runs that fit into the processor's cache are sorted twice as fast.
PRAGMA cache_size = -4000;
PRAGMA threads = 3;
CREATE INDEX piwik_track_user ON piwik_track(uid, time);
