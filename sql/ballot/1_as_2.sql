-- Shows a file of format 1 that cannot be written as if it were of format 2. Names without a schema mean these views first.
CREATE TEMP VIEW settings AS
SELECT id, title, opens_at, closes_at, votes_per_voter, voters_only, change_allowed, hide_until_closed AS hide_results,
       0 AS once_per_browser, 1 AS generation, x'' AS secret
FROM main.settings;
CREATE TEMP VIEW candidate AS SELECT id, name, votes, NULL AS about FROM main.candidate;
CREATE TEMP VIEW voter AS SELECT id, name, votes, last_vote, NULL AS spelling FROM main.voter;
CREATE TEMP VIEW picture AS SELECT NULL AS candidate_id, NULL AS media_type, NULL AS tag, NULL AS bytes WHERE 0;
CREATE TEMP VIEW spent_key AS SELECT NULL AS key WHERE 0;
CREATE TEMP VIEW history AS SELECT NULL AS id, NULL AS at, NULL AS what WHERE 0;
CREATE TEMP VIEW side_log AS SELECT 1 AS id, 0 AS need;
