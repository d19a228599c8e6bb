#!/usr/bin/env python3
"""How fast logsum is, beside wc and what else is installed: benches/logsum.py VOTEKIT [LINES]

Makes a deterministic log of LINES rows (20,000,000: 1.06 GB) in the folder BENCH_DATA (a new one under the temp folder if
that is not set), the same as gzip -1, as 1,000 small gzip files, and a CloudFront log of the same size. Runs every command
ROUNDS times in turn (A B A B …) after one warm-up, each as a whole process with its output read, and prints medians of wall
and cpu seconds and peak memory, and the wall as a multiple of the first command of its group.
"""
import gzip, os, random, resource, shutil, statistics, subprocess, sys, tempfile, time
from pathlib import Path

ROUNDS = int(os.environ.get("ROUNDS", "5"))
votekit = str(Path(sys.argv[1]).resolve())
lines = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000_000
data = Path(os.environ.get("BENCH_DATA") or tempfile.mkdtemp(prefix="votekit-bench-"))
two_days = "--from 2019-08-24 --to 2019-08-25"


def rows():
    """(day, time, size, path), 31 days of August 2019 in time order."""
    r = random.Random(7)
    ends = [".jpg"] * 62 + [".jpeg"] * 4 + [".JPG"] * 2 + [".js"] * 9 + [".css"] * 6 + [".png"] * 8 + [".webp"] * 5 + [".mp4"] * 2 + [".html"] * 2
    folders = ["/media/thumbnail/", "/media/photo/", "/media/avatar/", "/static/", "/media/gif/"]
    pool = [folders[r.randrange(5)] + "%010x" % r.getrandbits(40) + r.choice(ends) for _ in range(200_000)]
    per_day = lines // 31 + 1
    for i in range(lines):
        day, k = divmod(i, per_day)
        s = k * 86400 // per_day
        yield "2019-08-%02d" % (day + 1), "%02d:%02d:%02d" % (s // 3600, s // 60 % 60, s % 60), min(int(r.expovariate(1 / 15000)) + 10, 9_999_999), pool[int(r.random() ** 2 * 200_000)]


def make(path, header, every, write):
    if path.exists():
        return
    with open(path.with_suffix(".part"), "w") as out:
        out.write(header)
        for number, row in enumerate(rows()):
            if number % every == 0:
                out.write(write(*row))
    path.with_suffix(".part").rename(path)


def small_files(log, folder):
    if folder.exists():
        return
    part = folder.with_suffix(".part")
    part.mkdir()
    with open(log, "rb") as source:
        header = source.readline()
        for number in range(1000):
            chunk = source.read(1 << 20) + source.readline()
            if chunk:
                (part / f"{number:04}.gz").write_bytes(gzip.compress(header + chunk, 1))
    part.rename(folder)


log, packed, folder, cloudfront = data / "log.tsv", data / "log.tsv.gz", data / "small", data / "cloudfront.log"
make(log, "# date\ttime\tsize\turl\n", 1, lambda day, at, size, url: f"{day}\t{at}\t{size}\t{url}\n")
if not packed.exists():
    subprocess.run(["sh", "-c", f"gzip -1 < '{log}' > '{packed}.part' && mv '{packed}.part' '{packed}'"], check=True)
small_files(log, folder)
fields = "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end"
agent = "Mozilla/5.0%20(X11;%20Linux%20x86_64)%20AppleWebKit/537.36%20(KHTML,%20like%20Gecko)%20Chrome/120.0.0.0%20Safari/537.36"
make(cloudfront, f"#Version: 1.0\n#Fields: {fields}\n", 8, lambda day, at, size, url:
     f"{day}\t{at}\tFRA56-P4\t{size}\t192.0.2.7\tGET\td111111abcdef8.cloudfront.net\t{url}\t200\thttps://www.example.org/\t{agent}\t-\t-\tHit\tSOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\timg.example.org\thttps\t421\t0.001\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tHit\tHTTP/2.0\t-\t-\t11040\t0.001\tHit\t-\t{size}\t-\t-\n")

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
