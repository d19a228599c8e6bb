#!/usr/bin/env python3
"""Do two builds of votekit answer the same? benches/same.py OLD NEW [--cases DIR] [--stderr] [--random N] [--seed S] [--only NAME…]

Runs both binaries on the samples, tests/formats and the fuzz seeds (every command that reads, every log format), on command
lines made at random from all commands and options (2,000 unless --random says otherwise; ballots and services as sessions of
several commands), and on the cases of a folder: tables NAME.tsv with the columns kind, command, want and why, whose commands
are run by bash in a copy of the folder NAME with votekit on the PATH, a scratch folder in $T and a free port in $PORT.

Compared are stdout, the exit code and the files written (of a database its settings, schema and rows); with --stderr also
stderr, told last. Both run at the same path, in turn, in a new folder that holds the inputs and nothing else. The clock stands
still where faketime is installed; else, and in cases, today's times are taken out. What differs three times in a row is told
once, put together by what it looks like: how often, the shortest command that shows it, and how to run that one again. What
differs now and then is counted as chance. A debug build will do.

--only takes the beginning of names (random/17, formats/, cases/q1); --keep DIR leaves the inputs there, to try by hand.
Exit code 1 if anything differs. Two processes at low priority; needs bash, and uses curl, gzip, zstd, xz and faketime.
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
    parser.add_argument("--random", type=int, default=RANDOM_LINES, metavar="N", help="how many command lines are made at random")
    parser.add_argument("--seed", default="votekit", help="of the command lines made at random")
    parser.add_argument("--only", nargs="+", default=[""], metavar="NAME", help="only what has a name that begins so")
    parser.add_argument("--keep", type=Path, help="where the inputs are made and left")
    return parser.parse_args()


def made_inputs(folder, votekit, clock):
    """All inputs in a folder; `votekit` is the old binary, so that the new one has to read what that wrote."""
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
    """Everything that is run, in an order that keeps both processes busy: what waits for the clock first."""
    have = at_random.Inputs(pool)
    found = [*fixed.cases(options.cases.resolve())] if options.cases else []
    found += [*fixed.plain(), *fixed.on_each(pool)]
    found += [at_random.trial(options.seed, number, pool, have) for number in range(options.random)]
    wanted = [one for one in found if one.name.startswith(tuple(options.only))]
    # A whole name means that one, not those that go on after it.
    return [one for one in wanted if one.name in options.only] or wanted


def start(*words):
    """What each process does first."""
    global place
    os.nice(10)
    place = trial.Place(*words)
    multiprocessing.util.Finalize(None, place.remove, exitpriority=10)


def compare(job):
    """Runs one trial on both binaries, and again if they differ: what then is the same was chance, as which thread came first."""
    one, with_stderr = job
    rounds = []
    while len(rounds) < ROUNDS_MOST and (not rounds or rounds[-1][0]):
        old, new = (place.run(side, one) for side in ("old", "new"))
        rounds.append((report.differences(one, old, new, with_stderr), old.code))
    lasting = set.intersection(*({difference.part for difference in found} for found, _ in rounds))
    found, code = rounds[-1]
    return one, [difference for difference in found if difference.part in lasting], code, bool(rounds[0][0]) and not lasting


def run_all(options, pool, clock):
    """All differences, and how many runs there were by the first word of their names."""
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
