#!/usr/bin/env python3
"""Random logs and questions, and a reference that knows the rows: tests/logsum_random.py VOTEKIT [--runs N] [--seed S] [--only FORMAT]

Each run makes rows, writes them in one of the formats of docs/formats.md (awkward but legal: escapes, quotes, repeated headers,
carriage returns, rows that cannot be read, several files, gzip), asks a random question, and compares exit code, bytes, requests,
bad rows and groups with the answer that follows from the rows by docs/logs.md. The reference shares nothing with votekit: it never
reads the log. A difference prints the command and keeps its files; the exit code is then 1. A run depends only on seed and number.
"""
import argparse, collections, datetime, gzip, json, random, shlex, subprocess, sys, tempfile, urllib.parse
from pathlib import Path

UTC = datetime.timezone.utc
FIRST = int(datetime.datetime(2019, 8, 23, tzinfo=UTC).timestamp())
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
TYPES = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "jpe": "image/jpeg", "jfif": "image/jpeg", "png": "image/png", "gif": "image/gif",
         "webp": "image/webp", "css": "text/css", "mp4": "video/mp4", "html": "text/html", "jpg2": "image/jp2", "jpgv": "video/jpeg"}
NAMES = ["a", "photo-1", "x.y", "A_b", "薯片", "a%20b", "v1.2", "%E8%96%AF", "a~b"]
ENDINGS = [".jpg", ".jpg", ".JPG", ".jpeg", ".jPe", ".jfif", "%2Ejpg", "%252Ejpg", ".%4Apg", ".png", ".gif", ".webp", ".css", ".mp4",
           ".html", "", ".jpg2", ".jpgv", ".jpg/", ".jpg%2Fx", ".jpg.webp", "jpg"]
QUERIES = ["", "", "", "?v=1.png", "?b.jpg", "?u=/x/y.jpg", "?q=%2F.jpg", "?a=b&c=.css", "?"]
HOSTS = ["img.example.org", "cdn.example.com", "192.0.2.7", "[2001:db8::1]"]
STATUSES = ["200", "200", "200", "206", "304", "404", "500"]
CACHES = ["HIT", "MISS", "", "RefreshHit"]


def at(second, offset=0):
    return datetime.datetime.fromtimestamp(second, UTC) + datetime.timedelta(seconds=offset)


def made_rows(rng):
    rows = []
    for _ in range(rng.choice([3, 8, 20, 60, 60, 300])):
        url = "/" + rng.choice(["", "media/", "media/b.d/", "%2F/", "薯/"]) + rng.choice(NAMES) + rng.choice(ENDINGS) + rng.choice(QUERIES)
        rows.append(dict(second=FIRST + rng.randrange(5 * 86400) // rng.choice([1, 1, 3600]) * 1, url=url,
                         size=rng.choice([0, 1, 17, rng.randrange(10**4), rng.randrange(10**9)]), status=rng.choice(STATUSES),
                         host=rng.choice(HOSTS), type=rng.choice(["image/jpeg", "image/png", "text/css; charset=utf-8", "", "IMAGE/JPEG"]),
                         cache=rng.choice(CACHES), ip=rng.choice(["10.0.0.1", "2001:db8::9"]), none=rng.random() < 0.05))
    return rows


def clf(row, rng):
    offset = rng.choice([0, 0, 7200, -19800])
    when = at(row["second"], offset)
    sign = "-" if offset < 0 else "+"
    return f"{when.day:02}/{MONTHS[when.month - 1]}/{when:%Y:%H:%M:%S} {sign}{abs(offset) // 3600:02}{abs(offset) // 60 % 60:02}"


def rfc3339(row, rng):
    offset = rng.choice([None, 0, 7200, -19800])
    when = at(row["second"], offset or 0)
    zone = "Z" if offset is None else f"{'-' if offset < 0 else '+'}{abs(offset) // 3600:02}:{abs(offset) // 60 % 60:02}"
    return f"{when:%Y-%m-%dT%H:%M:%S}{rng.choice(['', '.5', '.123456'])}{zone}"


def epoch(row, rng, digits=None):
    return row["second"] * 10 ** (rng.choice([0, 3, 6, 9]) if digits is None else digits)


def size(row):
    return "-" if row["none"] else str(row["size"])


def agent(rng, quote='\\"'):
    return rng.choice(["curl/8", "Mozilla/5.0 (X11; Linux)", f"a {quote}b{quote} c", "-", "薯 1 2 3 \\\\", "GET /x.jpg HTTP/1.1"])


# Each format is a function of rows and rng: its lines, each with its row (or None for what is not a row), and what it can tell.

def four_columns(rows, rng):
    slashes = rng.random() < 0.5
    def line(row):
        when = at(row["second"])
        day = f"{when.day}/{when.month}/{when.year}" if slashes else f"{when:%Y-%m-%d}"
        return f"{day}\t{when:%H:%M:%S}\t{size(row)}\t{row['url']}"
    return [(line(row), row) for row in rows], set(), []


def delimited(rows, rng, quoted, delimiter):
    moment = rng.choice(["apart", "rfc", "epoch", "clf"])
    digits = rng.choice([0, 3, 6, 9])
    has = {name for name in ("status", "host", "type", "cache") if rng.random() < 0.6}
    columns = (["date", "time"] if moment == "apart" else ["timestamp"]) + ["size", "url", "other"] + sorted(has)
    if rng.random() < 0.7:
        rng.shuffle(columns)
    name = {"type": "content_type", "size": rng.choice(["size", "bytes", "sc-bytes"])}

    def cell(text):
        need = any(c in text for c in (delimiter, '"'))
        return '"' + text.replace('"', '""') + '"' if quoted and (need or delimiter == "\t" or rng.random() < 0.3) else text

    def value(row, column):
        if column in ("date", "time"):
            return f"{at(row['second']):{'%Y-%m-%d' if column == 'date' else '%H:%M:%S'}}"
        if column == "timestamp":
            return {"rfc": rfc3339, "clf": clf}[moment](row, rng) if moment != "epoch" else str(epoch(row, rng, digits))
        if column == "size":
            return size(row)
        if column == "other":
            return rng.choice(["", "x", f'a{delimiter}b "c"' if quoted else "a b", "薯", "it's"])
        return row[column] or rng.choice(["", "-"])

    def header():
        return delimiter.join(cell(name.get(column, column)) for column in columns), None
    lines = [header()]
    for row in rows:
        if rng.random() < 0.02:
            rng.shuffle(columns)
            lines.append(header())
        lines.append((delimiter.join(cell(value(row, column)) for column in columns), row))
    return lines, has, []


def directives(rows, rng, delimiter):
    has = {name for name in ("status", "host", "type") if rng.random() < 0.7}
    field = {"status": "sc-status", "host": "x-host-header", "type": "sc-content-type"}
    columns = ["date", "time", "sc-bytes", "cs-bytes", "cs-uri-stem", "cs-uri-query", "c-ip"] + [field[name] for name in sorted(has)]
    lines = [("#Version: 1.0", None)]

    def header():
        if rng.random() < 0.6:
            rng.shuffle(columns)
        lines.append(("#Fields: " + " ".join(columns), None))
    header()
    for row in rows:
        if rng.random() < 0.03:
            header()
        path, mark, query = row["url"].partition("?")
        known = {"date": f"{at(row['second']):%Y-%m-%d}", "time": f"{at(row['second']):%H:%M:%S}", "sc-bytes": size(row),
                 "cs-bytes": str(rng.randrange(999)), "cs-uri-stem": path, "cs-uri-query": query or "-", "c-ip": row["ip"],
                 "sc-status": row["status"], "x-host-header": row["host"], "sc-content-type": row["type"].replace(" ", "%20") or "-"}
        lines.append((delimiter.join(known[column] for column in columns), row))
    return lines, has, []


def common(rows, rng):
    kind = rng.choice(["common", "combined", "vhost"])
    lines = []
    for row in rows:
        user = rng.choice(["-", "ann", "-"])
        text = f'{row["ip"]} - {user} [{clf(row, rng)}] "{rng.choice(["GET", "HEAD", "POST"])} {row["url"]} HTTP/{rng.choice(["1.1", "2.0"])}" {row["status"]} {size(row)}'
        if kind == "vhost":
            text = f"{row['host']}:443 {text}"
        if kind != "common":
            text += f' "{rng.choice(["-", "https://e.example/x.jpg?a b"])}" "{agent(rng)}"'
        lines.append((text, row))
    return lines, {"status"} | ({"host"} if kind == "vhost" else set()), []


def pattern(rows, rng):
    apache = rng.random() < 0.5
    text = '%v %h %l %u %t "%r" %>s %b "%{User-agent}i"' if apache else '$host $remote_addr [$time_local] "$request" $status $body_bytes_sent "$http_user_agent"'
    lines = []
    for row in rows:
        asked = f'"GET {row["url"]} HTTP/1.1" {row["status"]} {size(row)} "{agent(rng)}"'
        who = f"{row['ip']} - - " if apache else f"{row['ip']} "
        lines.append((f"{row['host']} {who}[{clf(row, rng)}] {asked}", row))
    return lines, {"status", "host"}, ["--log-format", text]


def s3(rows, rng):
    def line(row):
        asked = f'79a5 awsbucket [{clf(row, rng)}] {row["ip"]} - 3E57 REST.GET.OBJECT {row["url"].partition("?")[0][1:] or "-"}'
        return f'{asked} "GET {row["url"]} HTTP/1.1" {row["status"]} {rng.choice(["-", "NoSuchKey"])} {size(row)} {rng.randrange(9999)} 7 - "-" "{agent(rng)}" - x= SigV4 ECDHE AuthHeader b.example TLSv1.2 - -'
    return [(line(row), row) for row in rows], {"status"}, []


def balancer(rows, rng, kind):
    def line(row):
        when = f"{at(row['second']):%Y-%m-%dT%H:%M:%S}.{rng.randrange(10**6):06}Z"
        head = f"https {when}" if kind == "alb" else when
        return f'{head} app/lb 192.0.2.1:2817 {rng.choice(["10.0.0.1:80", "-"])} 0.0 0.001 -1 {row["status"]} {rng.choice(["200", "-"])} {rng.randrange(999)} {row["size"]} "GET https://{row["host"]}:443{row["url"]} HTTP/1.1" "{agent(rng)}" ECDHE TLSv1.2'
    return [(line(row), row) for row in rows], {"status", "host"}, []


def squid(rows, rng):
    def line(row):
        return f'{row["second"]}.{rng.randrange(1000):03} {rng.randrange(999):6} {row["ip"]} TCP_{rng.choice(["HIT", "MISS"])}/{row["status"]} {row["size"]} GET http://{row["host"]}{row["url"]} - HIER_DIRECT/192.0.2.9 {row["type"].partition(";")[0] or "-"}'
    return [(line(row), row) for row in rows], {"status", "host", "type"}, []


def bunny(rows, rng):
    def line(row):
        return f'HIT|{row["status"]}|{epoch(row, rng, 3)}|{row["size"]}|390|{row["ip"]}|-|https://{row["host"]}{row["url"]}|WA|{agent(rng)}|322b|FR'
    return [(line(row), row) for row in rows], {"status", "host"}, []


def json_lines(rows, rng, kind):
    digits = rng.choice([0, 3, 6, 9])
    nest = lambda row: {"x": rng.choice([1, "薯\"}\\", None, [{"bytes": 3, "status": 500}]]), "url": "/decoy.jpg", "size": 5}
    has = {"status"}

    def value(row):
        when = rng.choice([rfc3339(row, rng), epoch(row, rng, digits)])
        number = str(row["size"]) if rng.random() < 0.2 else row["size"]
        if kind == "cloudflare":
            return {"EdgeStartTimestamp": when, "EdgeResponseBytes": row["size"], "ClientRequestURI": row["url"], "EdgeResponseStatus": int(row["status"]),
                    "ClientRequestHost": row["host"], "EdgeResponseContentType": row["type"]}
        if kind == "google":
            return {"timestamp": rfc3339(row, rng), "httpRequest": {"responseSize": str(row["size"]), "requestUrl": f"https://{row['host']}{row['url']}",
                    "status": int(row["status"]), "userAgent": 'x "}'}, "severity": "INFO"}
        if kind == "akamai":
            return {"reqTimeSec": f"{row['second']}.{rng.randrange(1000):03}", "bytes": number, "reqPath": row["url"], "statusCode": row["status"], "reqHost": row["host"], "rspContentType": row["type"]}
        if kind == "caddy":
            return {"level": "info", "ts": row["second"] + rng.choice([0, 0.5, 0.25]), "request": {"host": row["host"], "uri": row["url"], "method": "GET"},
                    "size": row["size"], "status": int(row["status"]), "resp_headers": {"Content-Type": [row["type"]]}}
        if kind == "traefik":
            return {"StartUTC": rfc3339(row, rng), "DownstreamContentSize": row["size"], "RequestPath": row["url"], "RequestHost": row["host"], "DownstreamStatus": int(row["status"])}
        if kind == "fastly":
            return {"date_time": rfc3339(row, rng), "bytes": number, "url": row["url"], "status": row["status"], "host": row["host"], "content_type": row["type"]}
        return {"time_iso8601": rfc3339(row, rng), "body_bytes_sent": number, "request_uri": row["url"], "status": row["status"], "host": row["host"]}

    prefix = "<134>2019-08-24T10:00:00Z cache-1 logs[123]: " if kind == "fastly" and rng.random() < 0.5 else ""
    has |= {"host"} | ({"type"} if kind in ("cloudflare", "akamai", "caddy", "fastly") else set())
    shuffled = rng.random() < 0.5

    def line(row):
        items = list(value(row).items()) + [("nested", nest(row)), ("cache", row["cache"])]
        if shuffled:
            rng.shuffle(items)
        spaces = rng.choice([(",", ":"), (", ", ": "), (" ,\t", " : ")])
        text = json.dumps(dict(items), ensure_ascii=rng.random() < 0.5, separators=spaces)
        return prefix + (text.replace("/", "\\/") if rng.random() < 0.2 else text)
    return [(line(row), row) for row in rows], has | {"cache"}, []


FORMATS = {
    "four-columns": four_columns, "common": common, "pattern": pattern, "s3": s3, "squid": squid, "bunny": bunny,
    "tsv": lambda rows, rng: delimited(rows, rng, False, "\t"),
    "tsv-quoted": lambda rows, rng: delimited(rows, rng, True, "\t"),
    "csv": lambda rows, rng: delimited(rows, rng, True, ","),
    "csv-semicolon": lambda rows, rng: delimited(rows, rng, True, ";"),
    "csv-bar": lambda rows, rng: delimited(rows, rng, True, "|"),
    "cloudfront": lambda rows, rng: directives(rows, rng, "\t"),
    "w3c": lambda rows, rng: directives(rows, rng, " "),
    "alb": lambda rows, rng: balancer(rows, rng, "alb"), "elb": lambda rows, rng: balancer(rows, rng, "elb"),
    **{kind: (lambda kind: lambda rows, rng: json_lines(rows, rng, kind))(kind)
       for kind in ("cloudflare", "google", "akamai", "caddy", "traefik", "fastly", "nginx-json")},
}


def extension(url):
    name = url.split("?")[0].split("#")[0].rsplit("/", 1)[-1]
    for _ in range(2):
        name = urllib.parse.unquote(name, errors="replace")
    _, dot, ext = name.rpartition(".")
    return ext.lower() if dot and ext.isascii() and ext.isalnum() and len(ext) <= 16 else None


def media_type(row, has):
    told = row["type"].partition(";")[0].lower() if "type" in has else ""
    return told or TYPES.get(extension(row["url"]))


def typed_time(rng, second, offset, is_end):
    """A spelling of a moment on the clocks of the offset, and the first second (or, at an end, the last) that it means."""
    local = at(second, offset)
    day = second + offset - (second + offset) % 86400 - offset
    kind = rng.choice(["iso", "compact", "slashes", "any-year", "minute", "second", "zulu"])
    if kind in ("iso", "compact", "slashes", "any-year"):
        text = {"iso": f"{local:%Y-%m-%d}", "compact": f"{local:%Y%m%d}", "slashes": f"{local.day}/{local.month}/{local.year}", "any-year": f"{local:%m-%d}"}[kind]
        return text, day + (86399 if is_end else 0), kind
    minute = second - second % 60
    if kind == "second":
        return f"{local:%Y-%m-%d}{rng.choice('T ')}{local:%H:%M:%S}", second, kind
    zone = at(minute) if kind == "zulu" else at(minute, offset)
    return f"{zone:%Y-%m-%dT%H:%M}" + ("Z" if kind == "zulu" else ""), minute + (59 if is_end else 0), kind


def question(rng, has):
    """Options, which rows they keep, and the keys of groups with their offset."""
    options, tests, offset = [], [], 0
    if rng.random() < 0.3:
        text, offset = rng.choice([("+08:00", 28800), ("-03:30", -12600), ("+00:00", 0)])
        options += [f"--utc-offset={text}"]
    low, high = sorted(FIRST + rng.randrange(5 * 86400) for _ in range(2))
    first, last = typed_time(rng, low, offset, False), typed_time(rng, high, offset, True)
    # A day of any year goes only with another such day.
    use = [rng.random() < 0.6, rng.random() < 0.6]
    if all(use) and (first[2] == "any-year") != (last[2] == "any-year") or first[1] > last[1]:
        use[rng.randrange(2)] = False
    for wanted, (text, moment, kind), name in zip(use, (first, last), (["--from", "--since"], ["--to", "--until"])):
        if wanted and not (kind == "any-year" and not all(use)):
            options += [rng.choice(name), text]
            tests.append((lambda m: lambda row: row["second"] >= m)(moment) if name[0] == "--from" else (lambda m: lambda row: row["second"] <= m)(moment))
    kind = rng.choice([None, None, "any", "image", "png", "css", "image/*", "ext", "jpg"])
    if kind == "ext":
        options += ["--ext", "JPG,png"]
        tests.append(lambda row: extension(row["url"]) in ("jpg", "png"))
    else:
        options += ["--type", kind] if kind else []
        is_kind = {"any": lambda found: True, "png": lambda found: found == "image/png", "css": lambda found: found == "text/css"}
        is_kind |= {name: lambda found: (found or "").startswith("image/") for name in ("image", "image/*")}
        wanted = is_kind.get(kind, lambda found: found == "image/jpeg")
        tests.append(lambda row: wanted(media_type(row, has)))
    if "status" in has and rng.random() < 0.3:
        text = rng.choice(["200", "2xx", "200,404", "3xx,206"])
        options += ["--status", text]
        tests.append(lambda row: any(row["status"] == s or s.endswith("xx") and s[0] == row["status"][0] for s in text.split(",")))
    if "host" in has and rng.random() < 0.2:
        host = rng.choice(HOSTS)
        options += ["--host", host.upper() if rng.random() < 0.2 else host]
        tests.append(lambda row: row["host"] == host)
    if "cache" in has and rng.random() < 0.3:
        cache = rng.choice(["HIT", "MISS", "-"])
        options += ["--where", f"cache={cache}"]
        tests.append(lambda row: (row["cache"] or "-") == cache)
    local = lambda row: at(row["second"], offset)
    keys = {"day": lambda row: f"{local(row):%Y-%m-%d}", "hour": lambda row: f"{local(row):%Y-%m-%dT%H}:00", "minute": lambda row: f"{local(row):%Y-%m-%dT%H:%M}",
            "month": lambda row: f"{local(row):%Y-%m}", "week": lambda row: f"{local(row):%G-W%V}", "ext": lambda row: extension(row["url"]),
            "type": lambda row: media_type(row, has), "dir": lambda row: row["url"].split("?")[0].rsplit("/", 1)[0] + "/"}
    keys |= {name: (lambda name: lambda row: row[name] or None)(name) for name in ("status", "host", "cache") if name in has}
    by = rng.sample(sorted(keys), rng.choice([0, 0, 1, 1, 2]))
    options += ["--by", ",".join(by)] if by else []
    return options, lambda row: all(test(row) for test in tests), [(name, keys[name]) for name in by]


def spoilt(rng, lines, rows, name):
    """The lines with some that cannot be read put between them, and how many."""
    garbage = '{"a":' if name in ("cloudflare", "google", "akamai", "caddy", "traefik", "fastly", "nginx-json") else "garbage"
    found, bad = [], 0
    for at_line, (text, row) in enumerate(lines):
        found.append(text)
        if row and at_line > 3 and rng.random() < 0.05 and bad * 4 < len(rows):
            found.append(garbage)
            bad += 1
    return found, bad


def written(rng, folder, lines):
    end = rng.choice(["\n", "\n", "\r\n"])
    data = end.join(lines).encode() + (end.encode() if rng.random() < 0.8 else b"")
    path, packing = folder / "log", rng.choice(["", "", "", "gz", "members", "tail"])
    cut = data.find(b"\n", rng.randrange(len(data))) + 1
    if packing == "gz":
        data = gzip.compress(data)
    elif packing == "members":
        data = gzip.compress(data[:cut]) + gzip.compress(data[cut:])
    elif packing == "tail" and cut > 0:
        data = data[:cut] + gzip.compress(data[cut:])
    path.write_bytes(data)
    return path


def answer(out, by):
    found = json.loads(out)
    groups = {tuple(group[name] for name, _ in by): (group["requests"], group["bytes"]) for group in found.get("groups", []) if not group.get("other")}
    return found, groups


def run(votekit, seed, number, only, folder):
    rng = random.Random(f"{seed}/{number}")
    name = only or rng.choice(sorted(FORMATS))
    rows = made_rows(rng)
    lines, has, format_options = FORMATS[name](rows, rng)
    texts, bad = spoilt(rng, lines, rows, name)
    options, keep, by = question(rng, has)
    log = written(rng, folder, texts)
    top = rng.choice([None, 1, 3]) if by else None
    command = [votekit, "logsum", str(log), *format_options, *options, *(["--top", str(top)] if top else []), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    kept = [row for row in rows if keep(row)]
    sums = lambda rows: (len(rows), sum(0 if row["none"] and name not in WITHOUT_NONE else row["size"] for row in rows))
    groups = collections.defaultdict(list)
    for row in kept:
        groups[tuple(key(row) or "(none)" for _, key in by)].append(row)
    expected = {key: sums(rows) for key, rows in groups.items()} if by else {}
    problem = None
    if done.returncode != 0:
        problem = f"exit code {done.returncode}"
    else:
        found, in_groups = answer(done.stdout, by)
        in_groups = {tuple("(none)" if part in (None, "") else str(part) for part in key): value for key, value in in_groups.items()}
        whole = sums(kept)
        is_whole = (found["requests"], found["bytes"]) if "bytes" in found else tuple(map(sum, zip((0, 0), *((g["requests"], g["bytes"]) for g in found["groups"]))))
        if is_whole != whole:
            problem = f"{is_whole} requests and bytes, {whole} expected"
        elif found["rows_bad"] != bad or found["rows_read"] != len(rows):
            problem = f"{found['rows_read']} rows, {found['rows_bad']} bad; {len(rows)} and {bad} expected"
        elif top and (any(expected.get(key) != value for key, value in in_groups.items()) or
                      sorted((b for _, b in in_groups.values()), reverse=True) != sorted((b for _, b in expected.values()), reverse=True)[:top]):
            problem = f"groups {in_groups}, the top {top} expected of {expected}"
        elif by and not top and in_groups != expected:
            problem = f"groups {in_groups}, {expected} expected"
    return name, command, problem, done.stderr


# Formats whose writer always gives the size.
WITHOUT_NONE = {"alb", "elb", "squid", "bunny", "cloudflare", "google", "akamai", "caddy", "traefik", "fastly", "nginx-json"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("votekit")
    parser.add_argument("--runs", type=int, default=600)
    parser.add_argument("--first", type=int, default=0, help="the number of the first run")
    parser.add_argument("--seed", default="votekit")
    parser.add_argument("--only", choices=sorted(FORMATS))
    options = parser.parse_args()
    differences, counts = 0, collections.Counter()
    for number in range(options.first, options.first + options.runs):
        folder = Path(tempfile.mkdtemp(prefix="logsum-random-"))
        name, command, problem, stderr = run(options.votekit, options.seed, number, options.only, folder)
        counts[name] += 1
        if problem:
            differences += 1
            print(f"run {number}, {name}: {problem[:600]}\n  {shlex.join(command)}\n  {stderr[:400]}", flush=True)
        else:
            (folder / "log").unlink()
            folder.rmdir()
    print(f"{options.runs} runs, {differences} differences: " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    sys.exit(differences > 0)


if __name__ == "__main__":
    main()
