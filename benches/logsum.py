#!/usr/bin/env python3
"""Measures logsum against wc and other installed tools: benches/logsum.py VOTEKIT [LINES]

Generates a deterministic log of LINES rows (20,000,000: 1.06 GB) in the folder BENCH_DATA (by default a new temporary folder),
also as one gzip file, as 1,000 small gzip files, and a CloudFront log of the same size. Runs every command ROUNDS times in
turn (A B A B …) after one warm-up, each as a whole process whose output is read. Prints median wall and CPU seconds, and the
wall time as a multiple of the first command of its group.
"""
import itertools, os, resource, shutil, statistics, subprocess, sys, tempfile, time
from pathlib import Path

import data as made

ROUNDS = int(os.environ.get("ROUNDS", "5"))
votekit = str(Path(sys.argv[1]).resolve())
lines = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000_000
data = Path(os.environ.get("BENCH_DATA") or tempfile.mkdtemp(prefix="votekit-bench-"))
two_days = "--from 2019-08-24 --to 2019-08-25"

log, packed, folder, cloudfront = data / "log.tsv", data / "log.tsv.gz", data / "small", data / "cloudfront.log"
made.make(log, made.FOUR_HEADER, (made.four_columns(*row) for row in made.requests(lines)))
made.make_gzip(log, packed)
made.make_small_files(log, folder)
made.make(cloudfront, made.CLOUDFRONT_HEADER, (made.cloudfront(*row) for row in itertools.islice(made.requests(lines), 0, None, 8)))

q = lambda path: f"'{path}'"
groups = {
    "2 of 31 days, plain": [f"wc -l {q(log)}", f"VK logsum {q(log)} {two_days}", f"mawk -F'\\t' '$1 >= \"2019-08-24\" && $1 <= \"2019-08-25\" && $4 ~ /\\.(jpg|jpeg|JPG)$/ {{s += $3}} END {{printf \"%.0f\\n\", s}}' {q(log)}"],
    "31 days by day, plain": [f"wc -l {q(log)}", f"VK logsum {q(log)} --by day", f"VK logsum {q(log)} --by hour", f"VK logsum {q(log)} --by day --utc-offset +05:30"],
    "by url, the top 10": [f"wc -l {q(log)}", f"VK logsum {q(log)} --by url --top 10"],
    "through a pipe": [f"cat {q(log)} | wc -l", f"cat {q(log)} | VK logsum {two_days}"],
    "--sorted": [f"wc -l {q(log)}", f"VK logsum --sorted {q(log)} {two_days}"],
    "one gzip file": [f"igzip -dc {q(packed)} > /dev/null", f"VK logsum {q(packed)} {two_days}", f"gzip -dc {q(packed)} > /dev/null"],
    "1,000 gzip files": [f"taskset -c 0 VK logsum {q(folder)} {two_days}", f"VK logsum {q(folder)} {two_days}"],
    "CloudFront, 33 fields, 2 days": [f"wc -l {q(cloudfront)}", f"VK logsum {q(cloudfront)} {two_days}"],
}


def run(command):
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    child = subprocess.Popen(["sh", "-c", command.replace("VK ", f"'{votekit}' ")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"})
    out, err = child.communicate()
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if child.returncode:
        sys.exit(f"{command}\nended with {child.returncode}: {err.decode()}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


print(f"{'wall s':>8} {'cpu s':>8} {'x first':>8}")
for title, commands in groups.items():
    commands = [command for command in commands if shutil.which(command.split()[0]) or command.startswith("VK ")]
    runs = {command: [] for command in commands}
    for turn in range(ROUNDS + 1):
        for command in commands:
            measured = run(command)
            if turn:
                runs[command].append(measured)
    print(title)
    first = statistics.median(wall for wall, _ in runs[commands[0]])
    for command, measured in runs.items():
        wall, cpu = (statistics.median(column) for column in zip(*measured))
        print(f"{wall:8.3f} {cpu:8.3f} {wall / first:8.2f}  {command.replace(str(data) + '/', '')[:90]}")
