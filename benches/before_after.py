#!/usr/bin/env python3
"""Compares the speed of two builds: benches/before_after.py OLD NEW [--scale 1] [--rounds 9] [--only WORDS…]

Measures every row of benches/runs/ that works on generated inputs. Both builds take turns in one run (A B, B A, …) after a warm-up,
as whole processes whose output is read. Prints a Markdown table: median wall and processor seconds, and for each the median of
the pairs' ratios, new to old: 1.05 is 5 % slower. Also checks that both give the same answers.

Inputs are generated once by benches/data.py in the folder BENCH_DATA (by default a new temporary folder): at --scale 1, logs of
20 million rows, 5 million events and 10 million votes, about 8 GB. Use --scale 0.01 to try this script. Ballots and databases
are written there too, so it must be on a real disk. Run nothing else meanwhile, and quote the ratios.
"""

import argparse, itertools, os, re, resource, shlex, shutil, statistics, subprocess, sys, tempfile, time
from dataclasses import dataclass
from pathlib import Path

import data

HEADER = """\
| work | old wall s | new wall s | new / old | of the pairs | old cpu s | new cpu s | new / old |
|---|---:|---:|---:|---:|---:|---:|---:|"""
TWO_DAYS = "--from 2019-08-24 --to 2019-08-25"


@dataclass
class Row:
    """A command line, with VK for the binary and OUT for a file that is new in each run."""

    work: str
    command: str
    repeats: int = 1
    # False if the output contains times, or there is none.
    compared: bool = True


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", nargs="+", default=[""], help="only rows with one of these words in their names")
    return parser.parse_args()


def logs(folder, scale, binaries):
    rows = int(20_000_000 * scale)
    four = data.make(folder / "log.tsv", data.FOUR_HEADER, (data.four_columns(*row) for row in data.requests(rows)))
    part = lambda every: itertools.islice(data.requests(rows), 0, None, every)
    return {
        "FOUR": four,
        "FOUR_GZ": data.make_gzip(four, folder / "log.tsv.gz"),
        "SMALL": data.make_small_files(four, folder / "small"),
        "CLOUDFRONT": data.make(folder / "cloudfront.log", data.CLOUDFRONT_HEADER, (data.cloudfront(*row) for row in part(8))),
        "COMBINED": data.make(folder / "combined.log", "", (data.combined(*row) for row in part(4))),
        "CLOUDFLARE": data.make(folder / "cloudflare.ndjson", "", (data.cloudflare(*row) for row in part(8))),
    }


def log_rows():
    lines = [
        ("2 of 31 days", f"FOUR {TWO_DAYS}"),
        ("31 days, --by day", "FOUR --by day"),
        ("--by hour", "FOUR --by hour"),
        ("--by day, another offset", "FOUR --by day --utc-offset +05:30"),
        ("any type, one sum", "FOUR --type any"),
        ("--by ext, any type", "FOUR --by ext --type any"),
        ("--by dir, any type", "FOUR --by dir --type any"),
        ("--by type, any type", "FOUR --by type --type any"),
        ("--by url --top 10", "FOUR --by url --top 10"),
        ("--sorted, 2 days", f"FOUR --sorted {TWO_DAYS}"),
        ("one gzip file, 2 days", f"FOUR_GZ {TWO_DAYS}"),
        ("1,000 gzip files, 2 days", f"SMALL {TWO_DAYS}"),
        ("CloudFront, 33 fields, 2 days", f"CLOUDFRONT {TWO_DAYS}"),
        ("CloudFront, --by hour", "CLOUDFRONT --by hour"),
        ("combined, 2 days", f"COMBINED {TWO_DAYS}"),
        ("combined, --by status", "COMBINED --by status"),
        ("Cloudflare JSON lines, 2 days", f"CLOUDFLARE {TWO_DAYS}"),
    ]
    return [
        *(Row(f"logsum: {work}", f"VK logsum {command}") for work, command in lines),
        Row("logsum: through a pipe, 2 days", f"cat FOUR | VK logsum {TWO_DAYS}"),
    ]


def events(folder, scale, binaries):
    count = int(5_000_000 * scale)
    tsv = data.make(folder / "events.tsv", data.EVENTS_HEADER, data.events(count))
    fields = lambda: (line[:-1].split("\t") for line in data.events(count))
    json_line = lambda when, user, name: (
        f'{{"time":"{when}","uid":"{user}","event_name":"{name}","app_version":"4.2.1","country":"TW","props":{{"screen":"home"}}}}\n'
    )
    # Each build answers from a database of its own: one that another version loaded is not trusted, and read in full.
    loaded = tuple(folder / f"before_after_{side}.db" for side in ("old", "new"))
    for votekit, database in zip(binaries, loaded):
        database.unlink(missing_ok=True)
        subprocess.run([votekit, "q1", "load", "-q", "--events", tsv, "--db", database], check=True)
    return {
        "TSV": tsv,
        "TSV_GZ": data.make_gzip(tsv, folder / "events.tsv.gz"),
        "LOADED": loaded,
        "CSV": data.make(folder / "events.csv", "time,uid,event_name\n", (",".join(row) + "\n" for row in fields())),
        "NDJSON": data.make(folder / "events.ndjson", "", (json_line(*row) for row in fields())),
    }


def event_rows():
    lines = [
        ("TSV", "--events TSV", 1),
        ("CSV", "--events CSV", 1),
        ("JSON lines", "--events NDJSON", 1),
        ("gzip", "--events TSV_GZ", 1),
        ("the triangle of 14 days", "--events TSV --cohorts 2017-03-29..2017-04-11", 1),
        ("load, with indexes", "load -q --events TSV --db OUT", 1),
        ("a loaded database", "--db LOADED", 20),
        ("a loaded database, a larger cohort", "--db LOADED --event OPEN_APP", 10),
        ("nothing but starting", "--print-sql", 40),
    ]
    return [Row(f"q1: {work}", f"VK q1 {command}", repeats) for work, command, repeats in lines]


def ballots(folder, scale, binaries):
    votes, keys = int(10_000_000 * scale), int(3_000_000 * scale)
    tallied = folder / "before_after_tally.db"
    tallied.unlink(missing_ok=True)
    plain = data.make(folder / "plain.txt", "", (f"{at % 3 + 1}\n" for at in range(votes)))
    with open(plain) as lines:
        subprocess.run([binaries[0], "vote", "-q", "--stdin", "--ballots", tallied], stdin=lines, check=True, stdout=subprocess.DEVNULL)
    return {
        "PLAIN": plain,
        "RISING": data.make(folder / "rising.txt", "", data.ballots(keys, False)),
        "SHUFFLED": data.make(folder / "shuffled.txt", "", data.ballots(keys, True)),
        "TALLIED": tallied,
    }


def ballot_rows():
    init = "VK init -q --ballots OUT --candidate a --candidate b --candidate c --votes-per-voter 1 > /dev/null && "
    return [
        Row("vote --stdin, plain lines", "VK vote --stdin -q --ballots OUT < PLAIN"),
        Row("vote --stdin, keys and voters, rising", init + "VK vote --stdin -q --ballots OUT < RISING"),
        Row("vote --stdin, keys and voters, in no order", init + "VK vote --stdin -q --ballots OUT < SHUFFLED"),
        Row("a vote, one process", "VK vote 2 -q --ballots TALLIED", 40, compared=False),
        Row("tally of all plain votes", "VK tally --ballots TALLIED", 40, compared=False),
        Row("tally --recent", "VK tally --recent --ballots TALLIED", 40, compared=False),
    ]


def timed(command, row, out):
    """Runs a command; returns wall seconds, processor seconds and the end of its output."""
    for path in out.parent.glob(out.name + "*"):
        path.unlink()
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    for _ in range(row.repeats):
        child = subprocess.run(
            ["sh", "-c", command], capture_output=True, env={**os.environ, "LC_ALL": "C"}, stdin=subprocess.DEVNULL
        )
        if child.returncode:
            sys.exit(f"{command}\nended with {child.returncode}: {child.stderr.decode()}")
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall / row.repeats, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / row.repeats, child.stdout


def with_paths(command, names):
    """Replaces the names in capitals in `command`."""
    return re.sub(r"\b[A-Z_]+\b", lambda word: shlex.quote(str(names.get(word[0], word[0]))), command)


def measure(row, binaries, names, rounds, out):
    """Measures one line of the table."""
    # A pair of paths is one for each build.
    names_of = lambda side: {name: path[side] if isinstance(path, tuple) else path for name, path in names.items()}
    commands = [with_paths(row.command, {**names_of(side), "OUT": out, "VK": votekit}) for side, votekit in enumerate(binaries)]
    pairs, answers = [], set()
    for turn in range(rounds + 1):
        taken = {}
        for side in (0, 1) if turn % 2 else (1, 0):
            *taken[side], answer = timed(commands[side], row, out)
            answers.add(answer)
        if turn:
            pairs.append((taken[0], taken[1]))
    if row.compared and len(answers) > 1:
        print(f"different answers: {row.command}", file=sys.stderr)
    middle = lambda side, what: statistics.median(pair[side][what] for pair in pairs)
    ratio = lambda what: statistics.median(pair[1][what] / max(pair[0][what], 1e-6) for pair in pairs)
    spread = sorted(pair[1][0] / pair[0][0] for pair in pairs)
    cells = [row.work, *(f"{middle(side, 0):.4f}" for side in (0, 1)), f"{ratio(0):.2f}", f"{spread[0]:.2f} to {spread[-1]:.2f}"]
    cells += [*(f"{middle(side, 1):.4f}" for side in (0, 1)), f"{ratio(1):.2f}"]
    return f"| {' | '.join(cells)} |"


def main():
    options = arguments()
    binaries = [path.resolve() for path in (options.old, options.new)]
    given = os.environ.get("BENCH_DATA")
    folder = Path(given or tempfile.mkdtemp(prefix="votekit-bench-"))
    wanted = lambda rows: [row for row in rows if any(word in row.work for word in options.only)]
    print(HEADER)
    kinds = [(logs, log_rows()), (events, event_rows()), (ballots, ballot_rows())]
    for make, rows in kinds:
        names = make(folder, options.scale, binaries) if wanted(rows) else {}
        for row in wanted(rows):
            print(measure(row, binaries, names, options.rounds, folder / "before_after_out.db"), flush=True)
    for path in folder.glob("before_after*"):
        path.unlink()
    if not given:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
