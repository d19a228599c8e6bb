-- The ballot file, format 1. Applied once, to an empty database, in one transaction.
--
-- The tables are designed for the disk space of a single vote: small integers, and only the two indexes that the rules need,
-- which hold only rows with a key or a voter. A plain vote takes about 20 bytes in `vote` and at most 13 in `pace`.

-- One row. The rules are read with the first ballot and again whenever another process has changed the file.
CREATE TABLE settings (
    id                INTEGER PRIMARY KEY CHECK (id = 1),
    title             TEXT NOT NULL,
    opens_at          INTEGER,          -- Unix seconds; NULL: always been open
    closes_at         INTEGER,          -- Unix seconds; NULL: never closes
    votes_per_voter   INTEGER CHECK (votes_per_voter >= 1),
    voters_only       INTEGER NOT NULL CHECK (voters_only IN (0, 1)),
    change_allowed    INTEGER NOT NULL CHECK (change_allowed IN (0, 1)),
    hide_until_closed INTEGER NOT NULL CHECK (hide_until_closed IN (0, 1))
) STRICT;

CREATE TABLE candidate (
    id    INTEGER PRIMARY KEY,
    name  TEXT NOT NULL UNIQUE,
    -- Updated in the transaction that writes the vote, so that a tally costs the same after ten million votes.
    votes INTEGER NOT NULL DEFAULT 0 CHECK (votes >= 0)
) STRICT;

-- Listed voters, and voters who gave an id. Holds what the limit needs, so that no index on vote.voter is needed.
CREATE TABLE voter (
    id        TEXT PRIMARY KEY NOT NULL,
    name      TEXT,
    votes     INTEGER NOT NULL DEFAULT 0 CHECK (votes >= 0),   -- standing ones
    last_vote INTEGER                                          -- the vote that --change would replace
) STRICT, WITHOUT ROWID;

CREATE TABLE vote (
    id           INTEGER PRIMARY KEY,
    created_at   INTEGER NOT NULL,                             -- Unix seconds
    candidate_id INTEGER NOT NULL REFERENCES candidate (id),
    voter        TEXT REFERENCES voter (id),
    opinion      TEXT,
    key          TEXT,                                         -- the client's own id of this vote
    replaced_by  INTEGER REFERENCES vote (id)                  -- set: withdrawn, and by which vote
) STRICT;

CREATE UNIQUE INDEX vote_key ON vote (key) WHERE key IS NOT NULL;

-- Standing votes by second and candidate. The last ten minutes are the sum of 600 seconds, however many votes there are, and
-- even if the clock was set back in between.
CREATE TABLE pace (
    second       INTEGER NOT NULL,
    candidate_id INTEGER NOT NULL REFERENCES candidate (id),
    votes        INTEGER NOT NULL CHECK (votes >= 0),
    PRIMARY KEY (second, candidate_id)
) STRICT, WITHOUT ROWID;

PRAGMA application_id = 0x566f7465;  -- "Vote"
PRAGMA user_version = 1;
