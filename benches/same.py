#!/usr/bin/env python3
"""Compares the answers of two builds: benches/same.py OLD NEW [--cases DIR] [--stderr] [--random N] [--seed S] [--only NAME…]

Runs both binaries on the samples, tests/formats and the fuzz seeds (every command that reads, every log format); on random command
lines made from all commands and options (2,000 by default; ballots and services as sequences of several commands); and on the
cases of a folder: tables NAME.tsv with the columns kind, command, want and why, whose commands are run by bash in a copy of the
folder NAME with votekit on the PATH, a scratch folder in $T and a free port in $PORT.

Compares stdout, exit codes and files written (databases by settings, schema and rows); with --stderr also stderr, reported last.
Both builds run in turn at the same path, in a new folder that holds only the inputs. The clock is frozen if faketime is
installed; otherwise, and in cases, current times are masked. A command whose answers differ three times in a row is a
difference. Similar differences are reported together: how many, the shortest command, and how to run it again. Differences that
come and go are counted as chance. Debug builds are good enough.

--only takes prefixes of names (random/17, formats/, cases/q1); --keep DIR leaves the inputs there for trying by hand. The exit
code is 1 if anything differs. Uses two processes at low priority; needs bash, and uses curl, gzip, zstd, xz and faketime.
"""

import argparse, multiprocessing, os, shutil, sys, tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "same"))
import at_random, fixed, inputs, report, trial  # noqa: E402

RANDOM_LINES = 2000
ROUNDS_MOST = 3
PROCESSES = 2
place = None


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--cases", type=Path, help="a folder of cases")
    parser.add_argument("--stderr", action="store_true", help="compare stderr too")
    parser.add_argument("--random", type=int, default=RANDOM_LINES, metavar="N", help="number of random command lines")
    parser.add_argument("--seed", default="votekit", help="seed of the random command lines")
    parser.add_argument("--only", nargs="+", default=[""], metavar="NAME", help="only names with one of these prefixes")
    parser.add_argument("--keep", type=Path, help="create the inputs in this folder and leave them there")
    return parser.parse_args()


def made_inputs(folder, votekit, clock):
    """Creates all inputs in a folder. `votekit` is the old binary, so that the new one has to read its files."""
    pool = folder / "inputs"
    pool.mkdir(parents=True)
    maker = trial.Place(pool, {"old": votekit}, clock)

    def run(command_line, cwd):
        environment = maker.environment("old", trial.Trial("inputs", command_line))
        trial.subprocess.run(["bash", "-c", f"votekit {command_line}"], cwd=cwd, env=environment, capture_output=True)

    inputs.make(HERE.parent, pool, run)
    maker.remove()
    return pool


def trials(options, pool):
    """All trials, in an order that keeps both processes busy: those that wait for the clock come first."""
    have = at_random.Inputs(pool)
    found = [*fixed.cases(options.cases.resolve())] if options.cases else []
    found += [*fixed.plain(), *fixed.on_each(pool)]
    found += [at_random.trial(options.seed, number, pool, have) for number in range(options.random)]
    wanted = [one for one in found if one.name.startswith(tuple(options.only))]
    # A complete name selects that trial only, not longer names with the same prefix.
    return [one for one in wanted if one.name in options.only] or wanted


def start(*words):
    """Initialises a process of the pool."""
    global place
    os.nice(10)
    place = trial.Place(*words)
    multiprocessing.util.Finalize(None, place.remove, exitpriority=10)


def compare(job):
    """Runs one trial on both binaries, and again if they differ: a difference that disappears was chance, such as thread timing."""
    one, with_stderr = job
    rounds = []
    while len(rounds) < ROUNDS_MOST and (not rounds or rounds[-1][0]):
        old, new = (place.run(side, one) for side in ("old", "new"))
        rounds.append((report.differences(one, old, new, with_stderr), old.code))
    lasting = set.intersection(*({difference.part for difference in found} for found, _ in rounds))
    found, code = rounds[-1]
    return one, [difference for difference in found if difference.part in lasting], code, bool(rounds[0][0]) and not lasting


def run_all(options, pool, clock):
    """Returns all differences, and the number of runs by the first word of their names."""
    jobs = [(one, options.stderr) for one in trials(options, pool)]
    binaries = {"old": options.old.resolve(), "new": options.new.resolve()}
    found, counts, done = [], {}, 0
    with multiprocessing.Pool(PROCESSES, start, (pool, binaries, clock)) as workers:
        for done, (one, different, code, chance) in enumerate(workers.imap(compare, jobs, chunksize=1), 1):
            found += different
            row = counts.setdefault(one.name.split("/")[0], [0, 0, 0, []])
            row[0], row[1], row[2] = row[0] + 1, row[1] + (code == 0), row[2] + bool(different)
            row[3] += [one.name] if chance else []
            if sys.stderr.isatty():
                print(f"\r{done} of {len(jobs)}", end="", file=sys.stderr)
        workers.close()
        workers.join()
    return found, counts


def main():
    options = arguments()
    for votekit in (options.old, options.new):
        if not os.access(votekit, os.X_OK):
            sys.exit(f"{votekit} is no program")
    folder = options.keep or Path(tempfile.mkdtemp(prefix="votekit-same-inputs-"))
    try:
        with trial.frozen_clock() as clock:
            found, counts = run_all(options, made_inputs(folder, options.old.resolve(), clock), clock)
    finally:
        if not options.keep:
            shutil.rmtree(folder)
    groups = report.grouped(found)
    again = f"benches/same.py {options.old} {options.new} --seed {options.seed}" + (
        f" --cases {options.cases}" if options.cases else ""
    )
    for number, group in enumerate(groups, 1):
        report.show(number, group, again)
    print("\n| what | commands | exit code 0 | differ | by chance |\n|---|---:|---:|---:|---|")
    for kind, row in sorted(counts.items()):
        print(f"| {kind} | {row[0]} | {row[1]} | {row[2]} | {' '.join(row[3])} |")
    print(f"\n{len(found)} differences of {len(groups)} kinds in {sum(runs for runs, *_ in counts.values())} commands")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
