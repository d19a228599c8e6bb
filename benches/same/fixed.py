"""Fixed commands for benches/same.py: on every sample, format and seed, on a folder of cases, and help."""

import shlex

from at_random import LOG_FORMATS
from trial import Trial

COMMANDS = [
    "logsum",
    "q1",
    "q1 load",
    "init",
    "vote",
    "tally",
    "candidates",
    "candidates add",
    "candidates rename",
    "export",
    "check",
    "serve",
    "",
]
ON_EACH = [
    "votekit logsum FILE",
    "votekit logsum FILE --type any -v",
    "votekit logsum FILE --type any --by day",
    "votekit logsum FILE --type any --by hour,ext --format json",
    "votekit logsum FILE --type any --by url,status --format csv",
    "votekit logsum FILE --by host",
    "votekit logsum FILE --type any --by type --utc-offset +08:00 --chart --svg out.svg",
    "cat FILE | votekit logsum --type any --by day,ext",
    "votekit logsum FILE --type any --rejects bad.txt",
    "votekit logsum FILE --type any --strict",
    "votekit logsum FILE --type any --from 2024-01-16 --to 2024-01-16",
    "votekit logsum FILE --from 2019-08-24T10:00 --to 08-25",
    "votekit logsum FILE --sorted --from 2019-08-24 --to 2019-08-25 --type any",
    "votekit logsum FILE FILE --type any --status 2xx",
    "gzip -1 < FILE | votekit logsum --type any",
    "votekit logsum FILE --columns date=0,time=1,size=2,url=3 --type any --by dir",
    "votekit q1 --events FILE",
    "votekit q1 --events FILE --by day",
    "votekit q1 --events FILE --strict --collation binary",
    "cat FILE | votekit q1 --events - --cohorts 2017-04-01..2017-04-07 --format json",
    "votekit q1 load --events FILE --db new.db; votekit q1 --db new.db",
    "votekit vote --stdin --ballots new.db < FILE; votekit tally --ballots new.db; votekit export --with-voters --ballots new.db",
    "votekit vote --stdin --strict --ballots new.db < FILE",
    "votekit init --ballots new.db --candidates FILE",
    "votekit init --ballots new.db --candidate A --voters FILE",
    "votekit tally --ballots FILE",
    "votekit q1 --db FILE",
]
FOLLOWED = [
    'timeout -s INT 2 votekit logsum --follow four.log --type any --by day; echo "[$?]"',
    "cp four.log grown; (sleep 1; cat four.log.broken >> grown) & timeout -s INT 4 votekit logsum --follow grown --type any | tail -1",
    "cp four.log grown; (sleep 1; mv grown old; cp day-first.log grown) & timeout -s INT 4 votekit logsum --follow grown --type any --by ext --format json | tail -1",
    "cp cloudflare.ndjson grown; (sleep 1; cat cloudflare.ndjson.crlf >> grown) & timeout -s INT 4 votekit logsum --follow grown --type any | tail -1",
    "cp named.csv grown; (sleep 1; cat named.csv.quote >> grown) & timeout -s INT 4 votekit logsum --follow grown --type any | tail -1",
    'timeout -s INT 1 votekit tally --watch --ballots old.db; echo "[$?]"',
    'timeout -s INT 1 votekit tally --watch --format json --ballots old.db; echo "[$?]"',
]


def on_each(pool):
    """The same commands on every sample, format and seed, and in every log format."""
    for path in sorted(
        path for folder in ("samples", "formats", "seeds") for path in (pool / folder).rglob("*") if path.is_file()
    ):
        name = str(path.relative_to(pool))
        formats = [f"votekit logsum FILE --type any --by day --log-format {log_format}" for log_format in LOG_FORMATS]
        for number, command in enumerate(ON_EACH + formats):
            yield Trial(f"{name}/{number}", command.replace("FILE", shlex.quote(name)), (name,))


def plain():
    """Help, the built-in samples, and commands that run until they are stopped."""
    for command in COMMANDS:
        for option in ("-h", "--help"):
            yield Trial(f"help/{command}/{option}".replace(" ", "-"), f"votekit {command} {option}")
    for number, command in enumerate(
        [
            "votekit",
            "votekit --version",
            "votekit logsum",
            "votekit logsum --by day --format table",
            "votekit q1",
            "votekit q1 --by day",
            "votekit q1 --print-sql",
            "votekit tally",
            "votekit vote 2; votekit tally; votekit check",
        ]
    ):
        yield Trial(f"built-in/{number}", command)
    followed = (
        "four.log",
        "four.log.broken",
        "day-first.log",
        "cloudflare.ndjson",
        "cloudflare.ndjson.crlf",
        "named.csv",
        "named.csv.quote",
        "old.db",
    )
    for number, command in enumerate(FOLLOWED):
        yield Trial(f"followed/{number}", command, followed, frozen=False)


def cases(folder):
    """Reads the rows `kind, command, want, why` of every NAME.tsv in `folder`; a command runs in a copy of the folder NAME."""
    for table in sorted(folder.glob("*.tsv")):
        for number, line in enumerate(table.read_text().splitlines()[1:], 2):
            kind, command, want, why = (line.split("\t") + [""] * 3)[:4]
            yield Trial(
                f"cases/{table.stem}/{number}",
                command,
                folder=folder / table.stem,
                frozen=False,
                note=f"{kind}: wanted {want} ({why})",
            )
