#!/usr/bin/env python3
"""Measures votes against the sqlite3 shell doing the same work: ballots.py VOTEKIT [PART…]

Parts: single, bulk, keys, tally. Needs sqlite3 on the PATH and about 3 GB in the current folder, which must be on a real disk:
a vote is an fsync. Every figure is the median of several runs in which both sides take turns. Prints Markdown.
"""
import os, statistics, subprocess, sys, tempfile, time
from pathlib import Path

import data

VOTEKIT = str(Path(sys.argv[1]).resolve())
PARTS = sys.argv[2:] or ["single", "bulk", "keys", "tally"]
MILLION = 1_000_000


def timed(command, stdin=None):
    begun = time.perf_counter()
    subprocess.run(command, stdin=stdin or subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def turns(rounds, **commands):
    """Runs the commands in turn; returns the median seconds of each."""
    seconds = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            seconds[name].append(command() if callable(command) else timed(command))
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def row(work, votekit, peer, note=""):
    print(f"| {work} | {votekit} | {peer} | {note} |", flush=True)


def made(file):
    """Creates a ballot file with the three candidates."""
    for suffix in ("", "-wal", "-shm"):
        Path(file + suffix).unlink(missing_ok=True)
    timed([VOTEKIT, "init", "--ballots", file, "--candidate", "薯片", "--candidate", "林林", "--candidate", "正氣"])
    return file


def single():
    ours, theirs, delete = made("single.db"), made("peer.db"), "delete.db"
    Path(delete).unlink(missing_ok=True)
    timed(["sqlite3", delete, "CREATE TABLE vote (id INTEGER PRIMARY KEY, created_at INTEGER, candidate_id INTEGER)"])
    insert = "INSERT INTO vote (created_at, candidate_id) VALUES (unixepoch(), 2)"
    wal = "PRAGMA synchronous = FULL; " + insert
    took = turns(300, votekit=[VOTEKIT, "vote", "2", "--ballots", ours], wal=["sqlite3", theirs, wal],
                 delete=["sqlite3", delete, insert])
    for name, what in [("wal", "one durable insert into the same file format (WAL)"), ("delete", "the same, rollback journal")]:
        row(f"`vote 2`, one process; sqlite3: {what}", f"{took['votekit'] * 1e3:.2f} ms", f"{took[name] * 1e3:.2f} ms",
            f"{took['votekit'] / took[name]:.2f} ×")


def load(lines):
    def run():
        file = made("bulk.db")
        with open(lines, "rb") as stdin:
            return timed([VOTEKIT, "vote", "--stdin", "--ballots", file], stdin)
    return run


def bulk():
    votes = 10 * MILLION
    with open("lines.txt", "w") as lines, open("three.tsv", "w") as rows:
        for at in range(votes):
            lines.write(f"{at % 3 + 1}\n")
            rows.write(f"{at + 1}\t1795489074\t{at % 3 + 1}\n")
    # .import writes empty text instead of NULL, so the peer's table has only the columns that a plain vote fills.
    def plain():
        file = made("import.db")
        subprocess.run(["sqlite3", file, "DROP INDEX vote_key", "ALTER TABLE vote RENAME TO old",
                        "CREATE TABLE vote (id INTEGER PRIMARY KEY, created_at INTEGER NOT NULL, candidate_id INTEGER NOT NULL)"],
                       check=True)
        return timed(["sqlite3", file, ".mode tabs", ".import three.tsv vote"])
    took = turns(3, votekit=load("lines.txt"), peer=plain)
    row("`vote --stdin`, 10 million plain lines; sqlite3: .import of id, time and candidate, no index",
        f"{votes / took['votekit'] / MILLION:.2f} M/s", f"{votes / took['peer'] / MILLION:.2f} M/s",
        f"{took['peer'] / took['votekit']:.2f} × as fast")
    size = os.path.getsize("bulk.db")
    row("the file of 10 million plain votes", f"{size / votes:.1f} bytes a vote", "", "")
    for name in ("lines.txt", "three.tsv"):
        os.unlink(name)


def keys():
    votes = 3 * MILLION
    for what in ("rising", "in no order"):
        with open("lines.txt", "w") as lines, open("vote.tsv", "w") as rows, open("voter.tsv", "w") as voters:
            for number, line in enumerate(data.ballots(votes, what == "in no order"), 1):
                lines.write(line)
                candidate, rest = line.split("\t", 1)
                rows.write(f"{number}\t1795489074\t{candidate}\t{rest}")
                voters.write(f"{rest.split()[0]}\t\t1\t{number}\n")

        def ours():
            for suffix in ("", "-wal", "-shm"):
                Path("bulk.db" + suffix).unlink(missing_ok=True)
            timed([VOTEKIT, "init", "--ballots", "bulk.db", "--candidate", "a", "--candidate", "b", "--candidate", "c",
                   "--votes-per-voter", "1"])
            with open("lines.txt", "rb") as stdin:
                return timed([VOTEKIT, "vote", "--stdin", "--ballots", "bulk.db"], stdin)

        def peer():
            file = made("import.db")
            subprocess.run(["sqlite3", file, "DROP INDEX vote_key", "ALTER TABLE vote RENAME TO old", """
                CREATE TABLE vote (id INTEGER PRIMARY KEY, created_at INTEGER NOT NULL, candidate_id INTEGER NOT NULL,
                                   voter TEXT, opinion TEXT, key TEXT)""", "CREATE UNIQUE INDEX vote_key ON vote (key)"],
                           check=True)
            return timed(["sqlite3", file, "PRAGMA foreign_keys = OFF", ".mode tabs", ".import voter.tsv voter",
                          ".import vote.tsv vote"])
        took = turns(1, votekit=ours, peer=peer)
        row(f"`vote --stdin`, 3 million lines with keys, one vote per voter, {what}; sqlite3: .import of votes and voters, "
            "no rule checked", f"{votes / took['votekit'] / 1e3:.0f} k/s", f"{votes / took['peer'] / 1e3:.0f} k/s",
            f"{took['peer'] / took['votekit']:.2f} × as fast")
    for name in ("lines.txt", "vote.tsv", "voter.tsv"):
        os.unlink(name)


def tally():
    files = {}
    for votes in (10_000, MILLION, 10 * MILLION):
        file = made(f"tally{votes}.db")
        with subprocess.Popen([VOTEKIT, "vote", "--stdin", "--ballots", file], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL) as child:
            child.stdin.write(b"1\n2\n3\n2\n" * (votes // 4))
        files[votes] = file
    for option, name in (([], "tally"), (["--recent"], "tally --recent")):
        took = turns(200, **{str(votes): [VOTEKIT, "tally", "--ballots", file] + option for votes, file in files.items()})
        shown = ", ".join(f"{seconds * 1e3:.2f} ms" for seconds in took.values())
        row(f"`{name}` at 10 thousand, 1 million, 10 million votes", shown, "",
            f"last / first {took[str(10 * MILLION)] / took['10000']:.2f} ×")
    count = timed(["sqlite3", files[10 * MILLION], "SELECT candidate_id, count(*) FROM vote GROUP BY candidate_id"])
    row("counting 10 million votes anew, as a tally without kept totals would", "", f"{count * 1e3:.0f} ms", "")


def main():
    with tempfile.TemporaryDirectory(dir=".") as folder:
        os.chdir(folder)
        print("| work | votekit | sqlite3 | ratio |\n|---|---|---|---|")
        for part in PARTS:
            {"single": single, "bulk": bulk, "keys": keys, "tally": tally}[part]()
        os.chdir("..")


main()
