-- Begins a new generation: no votes, and voters who have not voted. Keys are kept, so that nothing sent again counts.
INSERT OR IGNORE INTO spent_key SELECT key FROM vote WHERE key IS NOT NULL;
DELETE FROM pace;
DELETE FROM vote;
UPDATE candidate SET votes = 0;
-- Listed voters stay; others are known only by their votes.
DELETE FROM voter WHERE (SELECT voters_only FROM settings) = 0;
UPDATE voter SET votes = 0, last_vote = NULL WHERE votes <> 0 OR last_vote IS NOT NULL;
UPDATE settings SET generation = generation + 1;
