#!/usr/bin/env python3
"""Measures q1 against sqlite3 and, if their Python packages are installed, DuckDB and polars: benches/q1.py VOTEKIT [EVENTS]

Generates deterministic events (5,000,000: 184 MB) in the folder BENCH_DATA (by default a new temporary folder), also as a gzip
file, as CSV with quotes, as JSON lines, thinned out to a tenth of the users outside the cohort, of 90 days and of a year, and as
databases. DuckDB is told the three columns. PEERS names a Python that has duckdb and polars.
Runs every command ROUNDS times in turn (A B A B …) after one warm-up, each as a whole process whose output is read. Prints
median wall and CPU seconds, peak memory, the wall time as a multiple of the first command of its group, and the answer. Needs
gzip and sqlite3.
"""
import os, shutil, statistics, subprocess, sys, tempfile, time
from pathlib import Path

import data as made

ROUNDS = int(os.environ.get("ROUNDS", "5"))
votekit = str(Path(sys.argv[1]).resolve())
count = int(sys.argv[2]) if len(sys.argv) > 2 else 5_000_000
data = Path(os.environ.get("BENCH_DATA") or tempfile.mkdtemp(prefix="votekit-bench-"))
python = os.environ.get("PEERS", sys.executable)
only = os.environ.get("ONLY", "")


def thinned():
    """Yields the events of the cohort and of every tenth other user."""
    def lines():
        with open(events) as all_events:
            next(all_events)
            yield from all_events
    cohort = {line.split("\t")[1] for line in lines() if line.startswith("2017-04-01") and line.endswith("\tFIRST_INSTALL\n")}
    for line in lines():
        uid = line.split("\t")[1]
        if uid in cohort or int(uid, 16) % 10 == 0:
            yield line


def rewritten(write):
    """Yields the events in another form."""
    with open(events) as all_events:
        next(all_events)
        for line in all_events:
            yield write(*line.rstrip("\n").split("\t"))


events, packed, few = data / "events.tsv", data / "events.tsv.gz", data / "few.tsv"
quoted, objects, season, year = data / "events.csv", data / "events.ndjson", data / "season.tsv", data / "year.tsv"
made.make(events, made.EVENTS_HEADER, made.events(count))
made.make(few, made.EVENTS_HEADER, thinned())
made.make_gzip(events, packed)
made.make(quoted, "time,uid,event_name\n", rewritten('"{}","{}","{}"\n'.format))
made.make(objects, "", rewritten('{{"time":"{}","uid":"{}","event_name":"{}"}}\n'.format))
for source in quoted, objects:
    made.make_gzip(source, source.with_name(source.name + ".gz"))
made.make(season, made.EVENTS_HEADER, made.events(count, 90))
made.make(year, made.EVENTS_HEADER, made.events(count, 365))
for source in events, few, year:
    if not source.with_suffix(".db").exists():
        subprocess.run([votekit, "q1", "load", source, "--db", source.with_suffix(".db"), "-q"], check=True)

in_window = "time >= '2017-04-02' and time < '2017-04-09'"
in_cohort = "time >= '2017-04-01' and time < '2017-04-02' and event_name = 'FIRST_INSTALL'"


COLUMNS = "columns={'time':'TIMESTAMP','uid':'VARCHAR','event_name':'VARCHAR'}"


def duckdb(path):
    name = path.name.removesuffix(".gz")
    if name.endswith("ndjson"):
        table = f"read_json('{path}', format='newline_delimited', {COLUMNS})"
    elif name.endswith("csv"):
        table = f"read_csv('{path}', delim=',', header=true, quote='\"', {COLUMNS})"
    else:
        table = f"read_csv('{path}', delim='\t', header=true, quote='', {COLUMNS})"
    sql = f"with t as (select * from {table}) select count(distinct uid) from t where {in_window} and uid in (select uid from t where {in_cohort})"
    return [python, "-c", f"import duckdb; print(duckdb.sql({sql!r}).fetchall())"]


def polars(path):
    return [python, "-c", f"""import polars as pl
t = pl.scan_csv({str(path)!r}, separator='\\t', quote_char=None)
installs = t.filter((pl.col('time') >= '2017-04-01') & (pl.col('time') < '2017-04-02') & (pl.col('event_name') == 'FIRST_INSTALL')).select('uid').unique()
active = t.filter((pl.col('time') >= '2017-04-02') & (pl.col('time') < '2017-04-09'))
print(active.join(installs, on='uid', how='semi').select(pl.col('uid').n_unique()).collect().item())"""]


def q1(*args):
    return [votekit, "q1", *map(str, args)]


def gz(path):
    return path.with_name(path.name + ".gz")


LOADED = data / "loaded.db"
IMPORT = ["-cmd", ".mode tabs", "-cmd", "CREATE TABLE piwik_track(time TEXT, uid TEXT, event_name TEXT)",
          "-cmd", f".import --skip 1 '{events}' piwik_track",
          "CREATE INDEX piwik_track_event ON piwik_track(event_name, time, uid); CREATE INDEX piwik_track_user ON piwik_track(uid, time)"]
groups = {
    "a file of 5 million events": [q1(events), ["wc", "-l", str(events)], duckdb(events), polars(events)],
    "CSV, quoted": [q1(quoted), duckdb(quoted)],
    "JSON lines": [q1(objects), duckdb(objects)],
    "gzip": [q1(packed), duckdb(packed), polars(packed)],
    "gzip of CSV": [q1(gz(quoted)), duckdb(gz(quoted))],
    "gzip of JSON lines": [q1(gz(objects)), duckdb(gz(objects))],
    "the triangle of 14 days": [q1(events), q1(events, "--cohorts", "2017-03-29..2017-04-11", "-q")],
    "30 days of 60 cohorts, 90 days of events": [
        q1(season, "-q"), q1(season, "--cohorts", "2017-03-29..2017-05-27", "--horizon", "30", "-q")],
    "52 weekly cohorts of a year, from a loaded database": [
        q1("--db", year.with_suffix(".db"), "-q"),
        q1("--db", year.with_suffix(".db"), "--cohorts", "2017-04-03..2018-03-25", "--every", "week", "-q")],
    "loading, with indexes": [["sqlite3", str(LOADED), *IMPORT], q1("load", events, "--db", LOADED, "-q")],
    "a loaded database: as it is; a cohort of four times the users; a tenth of the other users; nothing but starting": [
        q1("--db", events.with_suffix(".db")), q1("--db", events.with_suffix(".db"), "--event", "OPEN_APP"),
        q1("--db", few.with_suffix(".db")), q1("--print-sql")],
}


def run(command):
    LOADED.unlink(missing_ok=True)
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(command, stdout=out, stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"})
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        answer = (out.read().decode(errors="replace").strip().splitlines() or [""])[-1]
    if child.returncode:
        sys.exit(f"{command}\nended with {child.returncode}")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, answer


def is_there(command):
    package = next((name for name in ("duckdb", "polars") if command[0] == python and f"import {name}" in command[2]), None)
    if package:
        return subprocess.run([python, "-c", f"import {package}"], capture_output=True).returncode == 0
    return shutil.which(command[0]) is not None


print(f"{'wall s':>8} {'cpu s':>8} {'MiB':>6} {'x first':>8}")
for title, commands in groups.items():
    commands = [command for command in commands if only in title and is_there(command)]
    runs = [[] for _ in commands]
    for turn in range(ROUNDS + 1):
        for place, command in enumerate(commands):
            measured = run(command)
            if turn:
                runs[place].append(measured)
    print(title if commands else f"skipped: {title}")
    for command, measured in zip(commands, runs):
        wall, cpu, peak = (statistics.median(row[column] for row in measured) for column in range(3))
        first = statistics.median(row[0] for row in runs[0])
        name = " ".join(command).replace(votekit, "votekit").replace(str(data) + "/", "").replace("\n", " ").replace(f"{python} -c import ", "")
        print(f"{wall:8.4f} {cpu:8.4f} {peak:6.0f} {wall / first:8.2f}  {name[:70]}  {measured[0][3][:40]}")
LOADED.unlink(missing_ok=True)
