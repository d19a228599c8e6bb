#!/usr/bin/env python3
"""Holds what every command answers in JSON to docs/schemas: schemas.py VOTEKIT. Needs the Python package jsonschema."""
import json, os, subprocess, sys, tempfile
from pathlib import Path

import jsonschema

TOP = Path(__file__).resolve().parent.parent
LOG, EVENTS = "samples/cdn.log", "samples/piwik_track.tsv"
DAYS = "--from 2019-08-24 --to 2019-08-25"
COUNTRIES = """time,uid,event_name,country
2017-04-01 10:00:00,a,FIRST_INSTALL,DE
2017-04-01 10:00:00,b,FIRST_INSTALL,
2017-04-02 10:00:00,a,open,DE
2017-04-02 11:00:00,c,FIRST_INSTALL,FR
2017-04-30 10:00:00,c,open,FR
"""
# A schema, and a command that answers in it. All run one after the other in one folder.
CASES = [
    ("logsum", f"logsum {LOG} {DAYS}"),
    ("logsum", "logsum tests/formats/cloudfront-33.log --from 01-01 --ext jpg,png --url . --status 2xx --where x-edge-result-type=Hit"),
    ("logsum-by", f"logsum {LOG} --by dir,ext --top 2"),
    ("logsum-by", f"logsum {LOG} --by hour {DAYS} --time-zone Europe/Berlin"),
    ("logsum-by", f"logsum {LOG} --by day --type css --ext none"),
    ("logsum-by", f"logsum {LOG} --by week,type --type any"),
    ("logsum-describe", f"logsum {LOG} --describe"),
    ("logsum-describe", "logsum tests/formats/cloudfront-33.log --describe --time-zone Europe/Berlin"),
    ("sample", f"logsum {DAYS}"),
    ("sample", "q1"),
    ("q1", f"q1 {EVENTS}"),
    ("q1", f"q1 {EVENTS} --event nothing --time-zone Europe/Berlin"),
    ("q1-days", f"q1 {EVENTS} --by day"),
    ("q1-days", f"q1 {EVENTS} --days 1,7,30 --retention rolling --return-event comment"),
    ("q1-days", f"q1 {EVENTS} --brackets 1-3,4-7"),
    ("q1-cohorts", f"q1 {EVENTS} --cohorts 2017-04-01..2017-04-30 --every week"),
    ("q1-cohorts", "q1 countries.csv --by country --top 1 --days 1,7"),
    ("q1-cohorts", "q1 countries.csv --by country --cohorts 2017-04-01..2017-04-02"),
    ("candidates", "init --title Lunch --candidate Ann --candidate Bo --closes 2099-01-01"),
    ("tally", "tally"),
    ("candidates", "candidates add Cy"),
    ("candidates", "candidates rename 3 Cyd"),
    ("vote", "vote Bo --voter u1 --opinion yes --key k1"),
    ("vote", "vote Bo --voter u1 --opinion yes --key k1"),
    ("vote-stdin", "vote --stdin < ballots.txt"),
    ("tally", "tally --window 1h"),
    ("tally", "tally --at 2020-01-01"),
    ("tally-recent", "tally --recent"),
    ("tally-by", "tally --by minute"),
    ("candidates", "candidates"),
    ("export", "export"),
    ("export", "export --with-voters"),
    ("check", "check"),
    ("settings", "close"),
    ("settings", "open"),
    ("settings", "set --opens 2098-01-01 --closes 2099-01-01 --title Dinner"),
    ("backup", "backup copy.db"),
    ("reset", "reset --yes"),
    ("candidates", "candidates remove 3"),
    ("history", "history"),
    ("tally", "init --ballots hidden.db --candidate a --closes 2099-01-01 --hide-until-closed 2>/dev/null >&2; votekit tally --ballots hidden.db --format json"),
]


def held(schema, text, what):
    """Whether `text` is a document of `schema`; says why not."""
    try:
        jsonschema.Draft202012Validator(schema).validate(json.loads(text))
        return True
    except (ValueError, jsonschema.ValidationError) as error:
        print(f"{what}: {getattr(error, 'message', error)}\n{text}")
        return False


def main():
    votekit = Path(sys.argv[1]).resolve()
    schemas = {path.stem: json.loads(path.read_text()) for path in (TOP / "docs" / "schemas").glob("*.json")}
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    failed, used = 0, {"message"}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("samples", "tests"):
            (Path(folder) / name).symlink_to(TOP / name)
        (Path(folder) / "countries.csv").write_text(COUNTRIES)
        (Path(folder) / "ballots.txt").write_text("Ann\nnobody\n")
        env = {**os.environ, "PATH": f"{votekit.parent}:{os.environ['PATH']}"}
        env.pop("VOTEKIT_BALLOTS", None)
        for name, command in CASES:
            used.add(name)
            line = f"votekit --format json {command}" if "--format" not in command else f"votekit {command}"
            done = subprocess.run(["bash", "-c", line], cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            failed += not held(schemas[name], done.stdout, line)
            failed += sum(not held(schemas["message"], message, line) for message in done.stderr.splitlines())
    for name in sorted(schemas.keys() - used):
        print(f"docs/schemas/{name}.json: no command here answers in it")
        failed += 1
    print(f"JSON: {len(CASES)} answers, {failed} do not match their schema")
    sys.exit(failed > 0)


main()
