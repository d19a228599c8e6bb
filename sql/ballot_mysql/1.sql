-- The tables of a vote on a MySQL-compatible server, format 1. Statements end with a semicolon at the end of a line and are run
-- one by one. votekit_box comes last: without it, or without a row in it, there is no vote.
--
-- Each process that writes leases a row of votekit_writer, whose id is its slot: counters have a row for each slot, so that no
-- two processes wait for each other's. Votes carry their generation; a reset begins the next one.
--
-- No foreign keys, no triggers, no CHECK: servers differ in them, and votekit check looks at what they would.

CREATE TABLE IF NOT EXISTS votekit_candidate (
    id    BIGINT NOT NULL PRIMARY KEY,
    name  TEXT NOT NULL,
    about TEXT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS votekit_picture (
    candidate_id BIGINT NOT NULL PRIMARY KEY,
    media_type   VARCHAR(40) NOT NULL,
    tag          VARCHAR(40) NOT NULL,
    bytes        MEDIUMBLOB NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- hash: SHA-256 of id, which is what a voter's id looks like (case, blanks and Unicode's forms unified). An index on the text
-- itself could be longer than MySQL 5.6 allows.
CREATE TABLE IF NOT EXISTS votekit_voter (
    hash       BINARY(32) NOT NULL PRIMARY KEY,
    id         TEXT NOT NULL,
    name       TEXT,
    spelling   TEXT,                           -- as it was written, where that differs from id
    listed     TINYINT NOT NULL DEFAULT 0,
    generation BIGINT NOT NULL DEFAULT 0,      -- in which votes and last_vote hold; in a later one they are 0 and NULL
    votes      BIGINT NOT NULL DEFAULT 0,      -- standing ones
    last_vote  BIGINT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS votekit_vote (
    generation   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,              -- Unix seconds, by the server's clock
    candidate_id BIGINT NOT NULL,
    voter        BINARY(32),                   -- votekit_voter.hash
    opinion      TEXT,
    key_text     TEXT,                         -- the client's own id of this vote
    replaced_by  BIGINT,                       -- set: withdrawn, and by which vote
    PRIMARY KEY (generation, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Keys that are used, of all generations. hash: SHA-256 of the key.
CREATE TABLE IF NOT EXISTS votekit_key (
    hash       BINARY(32) NOT NULL PRIMARY KEY,
    generation BIGINT NOT NULL,
    vote_id    BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Standing votes by candidate: the sum over all slots, of which one may be negative.
CREATE TABLE IF NOT EXISTS votekit_total (
    generation   BIGINT NOT NULL,
    candidate_id BIGINT NOT NULL,
    slot         BIGINT NOT NULL,
    votes        BIGINT NOT NULL,
    PRIMARY KEY (generation, candidate_id, slot)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Standing votes by second and candidate, likewise.
CREATE TABLE IF NOT EXISTS votekit_pace (
    generation   BIGINT NOT NULL,
    at_second    BIGINT NOT NULL,
    candidate_id BIGINT NOT NULL,
    slot         BIGINT NOT NULL,
    votes        BIGINT NOT NULL,
    PRIMARY KEY (generation, at_second, candidate_id, slot)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS votekit_writer (
    id           BIGINT NOT NULL PRIMARY KEY,
    holder       BINARY(16),                   -- the process that leases it; NULL: free
    leased_until BIGINT NOT NULL,              -- Unix seconds, by the server's clock
    batch        BIGINT NOT NULL,              -- grows with each transaction that writes votes
    fence        BIGINT NOT NULL,              -- grows when a process finds out whether a transaction was committed
    epoch        BIGINT NOT NULL               -- grows with each change of the vote, which thus waits for all writers
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One row: the next number of a vote in this generation.
CREATE TABLE IF NOT EXISTS votekit_sequence (
    id         BIGINT NOT NULL PRIMARY KEY,
    generation BIGINT NOT NULL,
    next_id    BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS votekit_history (
    id   BIGINT NOT NULL PRIMARY KEY,          -- votekit_box.version after it
    at   BIGINT NOT NULL,
    what TEXT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One row.
CREATE TABLE IF NOT EXISTS votekit_box (
    id               BIGINT NOT NULL PRIMARY KEY,
    format           BIGINT NOT NULL,
    version          BIGINT NOT NULL,          -- grows with each change of settings or candidates, and each reset
    leases           BIGINT NOT NULL,          -- grows with each lease of a writer's row
    title            TEXT NOT NULL,
    opens_at         BIGINT,                   -- Unix seconds; NULL: open from the beginning
    closes_at        BIGINT,                   -- Unix seconds; NULL: does not close by itself
    votes_per_voter  BIGINT,
    voters_only      TINYINT NOT NULL,
    change_allowed   TINYINT NOT NULL,
    hide_results     TINYINT NOT NULL,         -- from nobody, until closed, from the audience
    once_per_browser TINYINT NOT NULL,
    generation       BIGINT NOT NULL,          -- grows with each reset
    secret           BLOB NOT NULL             -- signs the cookies of all services on this vote
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
