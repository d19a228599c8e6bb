-- What `votekit q1 load` makes. The columns compare byte by byte, so that any SQLite reads and writes the table; names compare
-- as the question wants them to when it is asked.
CREATE TABLE piwik_track(time TEXT, uid TEXT, event_name TEXT);

-- Beside the events, who had one on which day, as sets of users, so that a question need not look at events. They hold as long
-- as nobody has written to the file (see src/retention/load.rs). `days` is the set of days on which any user had one, each plus
-- 2,147,483,648; `last_day` is that of the latest event, of a user or of nobody.
CREATE TABLE votekit_load(
    collation TEXT NOT NULL,
    has_all_names INTEGER NOT NULL,
    days BLOB NOT NULL,
    last_day INTEGER
);

-- Names of events, folded as the collation folds them, from 2 on. Number 0 is any event, with a name or without.
CREATE TABLE votekit_name(name INTEGER PRIMARY KEY, folded BLOB NOT NULL UNIQUE);

-- Users with such an event on a day: a Roaring bitmap of their numbers, in chunks of 65,536 numbers. Days are numbered from
-- 0001-01-01, which is 1.
CREATE TABLE votekit_activity(
    name INTEGER NOT NULL,
    day INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    users BLOB NOT NULL,
    PRIMARY KEY (name, day, chunk)
) WITHOUT ROWID;
