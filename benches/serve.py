#!/usr/bin/env python3
"""Measures the service against an axum handler that parses the same JSON and stores nothing: serve.py VOTEKIT NULL LOAD [PART…]

VOTEKIT is the release build; NULL and LOAD are the examples null_axum and load (cargo build --release --examples).
Parts: post, get, open, spike, memory. Needs wrk (Debian), and a real disk for the current folder: a vote is an fsync. The load
generator shares the machine's cores with the services. POSTs are counted by the votes in the file afterwards, not by requests
sent. Prints Markdown.
"""
import json, os, re, statistics, subprocess, sys, tempfile, time
from pathlib import Path
from urllib.request import urlopen

VOTEKIT, NULL, LOAD = (str(Path(name).resolve()) for name in sys.argv[1:4])
PARTS = sys.argv[4:] or ["post", "get", "open", "spike", "memory"]
LUA = str(Path(__file__).resolve().parent / "serve/vote.lua")
OURS, THEIRS = "127.0.0.1:5060", "127.0.0.1:5061"
ROUNDS, SECS, CONNECTIONS = 5, 5, 256


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def votes():
    return json.loads(run(VOTEKIT, "tally", "--ballots", "b.db", "--format", "json"))["votes"]


def metric(name):
    with urlopen(f"http://{OURS}/metrics") as answer:
        return sum(float(line.split()[1]) for line in answer.read().decode().splitlines() if line.split("{")[0].split()[0] == name)


def wrk(address, path, *more):
    """Returns requests per second, all answered with 200, and the 99th percentile of latency in ms."""
    told = run("wrk", "-t2", f"-c{CONNECTIONS}", f"-d{SECS}", "--latency", *more, f"http://{address}{path}")
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    assert not bad, told
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", told).groups()
    return float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1]), float(number) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def turns(path, *more):
    """Measures both in turn; returns median rates and 99th percentiles, and the median ratio."""
    ours, theirs = [], []
    wrk(OURS, path, *more), wrk(THEIRS, path, *more)
    for _ in range(ROUNDS):
        theirs.append(wrk(THEIRS, path, *more))
        ours.append(wrk(OURS, path, *more))
    ratio = statistics.median(o[0] / t[0] for o, t in zip(ours, theirs))
    middle = lambda rows, at: statistics.median(row[at] for row in rows)
    print(f"| {path}, {CONNECTIONS} connections | {middle(ours, 0):,.0f}/s | {middle(theirs, 0):,.0f}/s | {ratio:.2f} × | "
          f"{middle(ours, 1):.1f} ms | {middle(theirs, 1):.1f} ms |", flush=True)
    return middle(ours, 0)


def post():
    before, commits, secs = votes(), metric("votekit_commit_duration_seconds_count"), metric("votekit_commit_duration_seconds_sum")
    rate = turns("/vote", "-s", LUA)
    stored, commits = votes() - before, metric("votekit_commit_duration_seconds_count") - commits
    took = (metric("votekit_commit_duration_seconds_sum") - secs) / commits * 1e3
    print(f"\nIn the file: {stored:,} votes more, in {commits:,.0f} transactions: {stored / commits:.0f} a transaction, each {took:.2f} ms.\n")
    return rate


def main():
    with tempfile.TemporaryDirectory(dir=".") as folder:
        os.chdir(folder)
        run(VOTEKIT, "init", "--ballots", "b.db", "--candidate", "a", "--candidate", "b", "--candidate", "c")
        if "get" in PARTS or "memory" in PARTS:
            with subprocess.Popen([VOTEKIT, "vote", "--stdin", "--ballots", "b.db"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child:
                child.stdin.write(b"1\n2\n3\n2\n" * 2_500_000)
        server = subprocess.Popen([VOTEKIT, "serve", "--ballots", "b.db", "--listen", OURS], stderr=subprocess.DEVNULL)
        null = subprocess.Popen([NULL, THEIRS])
        time.sleep(1)
        try:
            measure(server)
        finally:
            server.terminate(), null.terminate()
            server.wait()
        print("check:", run(VOTEKIT, "check", "--ballots", "b.db").strip() or "sound")


def measure(server):
    print("| work | votekit | null axum | ratio | p99 votekit | p99 null |\n|---|---:|---:|---:|---:|---:|")
    rate = 40_000
    if "get" in PARTS:
        turns("/result")
    if "post" in PARTS:
        rate = post()
    if "open" in PARTS:
        before = votes()
        print(f"Open load at half of that:\n\n```\n{run(LOAD, OURS, '64', f'{rate / 2:.0f}:10')}```\n\nin the file: {votes() - before:,} more\n")
    if "spike" in PARTS:
        before = votes()
        print(f"A spike to three times that:\n\n```\n{run(LOAD, OURS, '1024', f'{rate / 4:.0f}:5,{rate * 3:.0f}:30,{rate / 4:.0f}:5')}```\n\n"
              f"in the file: {votes() - before:,} more\n")
    if "memory" in PARTS:
        run("wrk", "-t2", "-c1000", "-d5", "-s", LUA, f"http://{OURS}/vote")
        status = Path(f"/proc/{server.pid}/status").read_text()
        peak_kib = int(re.search(r"VmHWM:\s+(\d+)", status)[1])
        print(f"Peak memory, {votes():,} votes, 1,000 connections: {peak_kib / 1024:.0f} MiB\n")


main()
