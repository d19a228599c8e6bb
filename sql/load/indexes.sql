-- SQLite sorts in pieces as large as its cache. Events come in runs by name, each nearly in the order of time: the larger the
-- pieces, the fewer are merged. No more than 16 are merged at a time, by each thread.
PRAGMA cache_size = -12000;
PRAGMA threads = 1;
CREATE INDEX piwik_track_event ON piwik_track(event_name, time, uid);

-- Users come in no order: pieces that fit into a processor's cache are sorted twice as fast.
PRAGMA cache_size = -4000;
PRAGMA threads = 3;
CREATE INDEX piwik_track_user ON piwik_track(uid, time);
