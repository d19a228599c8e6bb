"""Deterministic inputs shared by the benchmarks: a month of requests, and days of events."""

import gzip, json, random, subprocess
from datetime import date

FIELDS = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query "
    "cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol "
    "ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte "
    "x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end"
)
AGENT = "Mozilla/5.0%20(X11;%20Linux%20x86_64)%20AppleWebKit/537.36%20(KHTML,%20like%20Gecko)%20Chrome/120.0.0.0%20Safari/537.36"
FOUR_HEADER = "# date\ttime\tsize\turl\n"
CLOUDFRONT_HEADER = f"#Version: 1.0\n#Fields: {FIELDS}\n"
EVENTS_HEADER = "time\tuid\tevent_name\n"


def requests(count):
    """Yields (day, time, size, path) for the 31 days of August 2019, in time order."""
    r = random.Random(7)
    ends = (
        [".jpg"] * 62
        + [".jpeg"] * 4
        + [".JPG"] * 2
        + [".js"] * 9
        + [".css"] * 6
        + [".png"] * 8
        + [".webp"] * 5
        + [".mp4"] * 2
        + [".html"] * 2
    )
    folders = ["/media/thumbnail/", "/media/photo/", "/media/avatar/", "/static/", "/media/gif/"]
    pool = [folders[r.randrange(5)] + "%010x" % r.getrandbits(40) + r.choice(ends) for _ in range(200_000)]
    per_day = count // 31 + 1
    for i in range(count):
        day, k = divmod(i, per_day)
        s = k * 86400 // per_day
        yield (
            "2019-08-%02d" % (day + 1),
            "%02d:%02d:%02d" % (s // 3600, s // 60 % 60, s % 60),
            min(int(r.expovariate(1 / 15000)) + 10, 9_999_999),
            pool[int(r.random() ** 2 * 200_000)],
        )


def four_columns(day, at, size, url):
    return f"{day}\t{at}\t{size}\t{url}\n"


def cloudfront(day, at, size, url):
    return f"{day}\t{at}\tFRA56-P4\t{size}\t192.0.2.7\tGET\td111111abcdef8.cloudfront.net\t{url}\t200\thttps://www.example.org/\t{AGENT}\t-\t-\tHit\tSOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\timg.example.org\thttps\t421\t0.001\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tHit\tHTTP/2.0\t-\t-\t11040\t0.001\tHit\t-\t{size}\t-\t-\n"


def combined(day, at, size, url):
    return f'192.0.2.{size % 250} - - [{day[8:]}/Aug/2019:{at} +0000] "GET {url} HTTP/1.1" {(200, 200, 200, 206, 304)[size % 5]} {size} "https://www.example.org/" "{AGENT}"\n'


def cloudflare(day, at, size, url):
    line = {
        "ClientIP": "192.0.2.7",
        "ClientRequestHost": "img.example.org",
        "ClientRequestMethod": "GET",
        "ClientRequestURI": url,
        "EdgeEndTimestamp": f"{day}T{at}Z",
        "EdgeResponseBytes": size,
        "EdgeResponseStatus": 200,
        "EdgeStartTimestamp": f"{day}T{at}Z",
        "RayID": "3a6050bcbe121a87",
        "CacheCacheStatus": "hit",
        "EdgeResponseContentType": "",
    }
    return json.dumps(line, separators=(",", ":")) + "\n"


FIRST_DAY = date(2017, 3, 29).toordinal()


def events(count, days=14):
    """Yields event lines for `days` from 2017-03-29, in time order; 3 % are FIRST_INSTALL."""
    r = random.Random(11)
    names = ["FIRST_INSTALL", "OPEN_APP", "VIEW_POST", "UPVOTE", "COMMENT", "SHARE", "LOGIN", "SEARCH"]
    for i in range(count):
        s = i * days * 86400 // count
        day = date.fromordinal(FIRST_DAY + s // 86400)
        name = names[0] if r.random() < 0.03 else names[1 + int(r.random() * 7)]
        yield "%s %02d:%02d:%02d\t%08X\t%s\n" % (
            day,
            s // 3600 % 24,
            s // 60 % 60,
            s % 60,
            int(r.random() ** 2 * 2_000_000) + 0xF0000000,
            name,
        )


def ballots(count, shuffled):
    """Yields lines with keys for vote --stdin, one vote per voter, with keys ascending or shuffled."""
    dice, order = random.Random(17), list(range(count))
    if shuffled:
        dice.shuffle(order)
    for at in order:
        key = f"k{dice.getrandbits(32):08x}{at:x}" if shuffled else f"k{at:08d}"
        yield f"{at % 3 + 1}\tu{at:08d}\t\t{key}\n"


def make(path, header, lines):
    """Writes `path` atomically, unless it exists."""
    if not path.exists():
        part = path.with_name(path.name + ".part")
        with open(part, "w") as out:
            out.write(header)
            out.writelines(lines)
        part.rename(path)
    return path


def make_gzip(path, to):
    """Compresses `path` with gzip -1."""
    if not to.exists():
        subprocess.run(["sh", "-c", 'gzip -1 < "$0" > "$1.part" && mv "$1.part" "$1"', path, to], check=True)
    return to


def make_small_files(log, folder):
    """Splits `log` into up to 1,000 gzip files of one mebibyte each, all with the header."""
    if not folder.exists():
        part = folder.with_suffix(".part")
        part.mkdir()
        with open(log, "rb") as source:
            header = source.readline()
            for number in range(1000):
                chunk = source.read(1 << 20) + source.readline()
                if chunk:
                    (part / f"{number:04}.gz").write_bytes(gzip.compress(header + chunk, 1))
        part.rename(folder)
    return folder
