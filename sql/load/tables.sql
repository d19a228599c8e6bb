-- The tables that `votekit q1 load` creates. Columns compare byte by byte, so that any SQLite can read and write the table;
-- the collation of names is chosen when a question is asked.
CREATE TABLE piwik_track(time TEXT, uid TEXT, event_name TEXT);

-- In addition to the events: which users had which event on which day, as sets of users, so that a question need not read
-- events. They are valid as long as nobody has written to the file (see src/retention/load.rs). `days` is the set of days
-- with an event of any user, each plus 2,147,483,648.
CREATE TABLE votekit_load(
    collation TEXT NOT NULL,
    has_all_names INTEGER NOT NULL,
    days BLOB NOT NULL
);

-- How many events there are on each day, with or without a user. From this it is judged where the events end.
CREATE TABLE votekit_day(day INTEGER PRIMARY KEY, events INTEGER NOT NULL);

-- Event names, folded by the collation, numbered from 2. Number 0 means any event, with or without a name.
CREATE TABLE votekit_name(name INTEGER PRIMARY KEY, folded BLOB NOT NULL UNIQUE);

-- The users with an event of this name on this day, as Roaring bitmaps of user numbers in chunks of 65,536. Day 1 is
-- 0001-01-01.
CREATE TABLE votekit_activity(
    name INTEGER NOT NULL,
    day INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    users BLOB NOT NULL,
    PRIMARY KEY (name, day, chunk)
) WITHOUT ROWID;
