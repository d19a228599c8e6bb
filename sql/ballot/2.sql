-- The ballot file, format 2: what it takes to run a show. Applied to a file of format 1 in one transaction.

CREATE TABLE settings_2 (
    id               INTEGER PRIMARY KEY CHECK (id = 1),
    title            TEXT NOT NULL,
    opens_at         INTEGER,          -- Unix seconds; NULL: open from the beginning
    closes_at        INTEGER,          -- Unix seconds; NULL: does not close by itself
    votes_per_voter  INTEGER CHECK (votes_per_voter >= 1),
    voters_only      INTEGER NOT NULL CHECK (voters_only IN (0, 1)),
    change_allowed   INTEGER NOT NULL CHECK (change_allowed IN (0, 1)),
    hide_results     INTEGER NOT NULL CHECK (hide_results IN (0, 1, 2)),  -- from nobody, until closed, from the audience
    once_per_browser INTEGER NOT NULL CHECK (once_per_browser IN (0, 1)),
    generation       INTEGER NOT NULL CHECK (generation >= 1),            -- grows with each reset
    secret           BLOB NOT NULL                                        -- signs the cookies of all services on this file
) STRICT;
INSERT INTO settings_2
SELECT id, title, opens_at, closes_at, votes_per_voter, voters_only, change_allowed, hide_until_closed, 0, 1, randomblob(32)
FROM settings;
DROP TABLE settings;
ALTER TABLE settings_2 RENAME TO settings;

ALTER TABLE candidate ADD COLUMN about TEXT;

CREATE TABLE picture (
    candidate_id INTEGER PRIMARY KEY REFERENCES candidate (id),
    media_type   TEXT NOT NULL,
    tag          TEXT NOT NULL,        -- differs for different pictures
    bytes        BLOB NOT NULL
) STRICT;

-- voter.id is what the id looks like (case, blanks and Unicode's forms unified); this is how it was written, where it differs.
ALTER TABLE voter ADD COLUMN spelling TEXT;

-- Keys of votes before the last reset: what is sent again under one of these is no vote of this generation.
CREATE TABLE spent_key (key TEXT PRIMARY KEY NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE history (
    id   INTEGER PRIMARY KEY,
    at   INTEGER NOT NULL,             -- Unix seconds
    what TEXT NOT NULL
) STRICT;

-- One row. Whether the file needs the -wal beside it: a service writes 1 into the file itself before votes go to the -wal, and
-- 0 into the -wal with the votes. A file that says 1 and has no -wal is a copy that lacks what was in it; 2 remembers that after
-- votes were written to such a file.
CREATE TABLE side_log (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    need INTEGER NOT NULL CHECK (need IN (0, 1, 2))
) STRICT;
INSERT INTO side_log VALUES (1, 0);

PRAGMA user_version = 2;
