"""Small inputs for benches/same.py: the repository's own, and deterministic logs, events and ballots, sound and damaged."""

import gzip, json, os, random, shutil, sqlite3, subprocess

NAMES = ["薯片", "林林", "正氣", "Ann", "Bo", "Zoë", "a,b", 'say "hi"']
ENDS = [".jpg", ".jpeg", ".JPG", "%2Ejpg", "%252Ejpg", ".png", ".css", ".js", "", ".jpg?w=640", ".webp#x", ".tar.gz", ".jfif"]
FOLDERS = ["/media/photo/", "/media/thumbnail/", "/", "/static/薯片/", "/a/b/c/"]
HOSTS = ["img.example.org", "www.example.org", "IMG.example.org:8443", "-"]
TYPES = ["image/jpeg", "image/png", "text/css; charset=utf-8", "-", "IMAGE/JPEG"]
CLOUDFRONT = "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs-uri-query sc-content-type x-edge-result-type"


def requests(count, seed):
    """Yields requests from 2024-01-15 to 18 in time order, many of them near midnight."""
    dice = random.Random(seed)
    for at in range(count):
        secs = at * 4 * 86_400 // count
        clock = (15 + secs // 86_400, secs // 3600 % 24, secs // 60 % 60, secs % 60)
        yield {
            "day": "2024-01-%02d" % clock[0],
            "at": "%02d:%02d:%02d" % clock[1:],
            "epoch": 1_705_276_800 + secs,
            "size": dice.choice([0, 7, 1000, 13_500, dice.randrange(10**7)]),
            "url": dice.choice(FOLDERS) + "%x" % dice.randrange(40) + dice.choice(ENDS),
            "status": dice.choice([200, 200, 200, 206, 304, 404, 503]),
            "host": dice.choice(HOSTS),
            "type": dice.choice(TYPES),
            "hit": dice.choice(["Hit", "Miss", "-"]),
        }


def apache_time(row):
    return f"{row['day'][8:]}/Jan/2024:{row['at']} {'-0100' if row['size'] % 7 == 3 else '+0000'}"


def four(row):
    return f"{row['day']}\t{row['at']}\t{row['size']}\t{row['url']}"


def day_first(row):
    return f"{int(row['day'][8:])}/1/2024\t{row['at']}\t{row['size']}\t{row['url']}"


def tsv(row):
    return "\t".join(str(row[name]) for name in ("day", "at", "status", "host", "url", "size", "type", "hit"))


def csv(row):
    url = row["url"].replace("/b/", '/"",/')
    return f'{row["day"]} {row["at"]},"{row["host"]}","{url}",{row["size"]},{row["status"]},{row["type"]}'


def cloudfront(row):
    return f"{row['day']}\t{row['at']}\tFRA2\t{row['size']}\t192.0.2.7\tGET\t{row['host']}\t{row['url']}\t{row['status']}\t-\t{row['type']}\t{row['hit']}"


def w3c(row):
    return f"{row['day']} {row['at']} GET {row['url']} - {row['status']} {row['size']} {row['host']}"


def combined(row):
    size = row["size"] or "-"
    return f'192.0.2.7 - frank [{apache_time(row)}] "GET {row["url"]} HTTP/1.1" {row["status"]} {size} "https://x/" "Mozilla (\\"q\\")"'


def bunny(row):
    return f"{row['hit']}|{row['status']}|{row['epoch']}123|{row['size']}|4711|192.0.2.1|-|https://{row['host']}{row['url']}|DE|Mozilla|abc|DE"


def cloudflare(row):
    when = row["epoch"] * 10**9 if row["size"] % 2 else f"{row['day']}T{row['at']}Z"
    return json.dumps(
        {
            "EdgeStartTimestamp": when,
            "EdgeResponseBytes": row["size"],
            "ClientRequestURI": row["url"],
            "CacheCacheStatus": row["hit"],
            "EdgeResponseStatus": row["status"],
            "ClientRequestHost": row["host"],
            "EdgeResponseContentType": row["type"],
        }
    )


def google(row):
    request = {"requestUrl": f"https://{row['host']}{row['url']}", "responseSize": str(row["size"]), "status": row["status"]}
    return json.dumps(
        {"httpRequest": request, "timestamp": f"{row['day']}T{row['at']}.5Z", "severity": row["hit"]}, ensure_ascii=False
    )


def fastly(row):
    data = {
        "date_time": f"{row['day']}T{row['at']}+00:00",
        "bytes": row["size"],
        "url": row["url"],
        "status": row["status"],
        "host": row["host"],
    }
    return f"<134>2024-01-16T10:00:00Z cache s3logs[1]: {json.dumps(data)}"


def akamai(row):
    return json.dumps(
        {
            "reqTimeSec": f"{row['epoch']}.25",
            "bytes": str(row["size"]),
            "reqPath": row["url"][1:],
            "statusCode": str(row["status"]),
            "reqHost": row["host"],
            "rspContentType": row["type"],
        },
        separators=(",", ":"),
    )


LOGS = {
    "four.log": ("", four),
    "day-first.log": ("# date\ttime\tsize\turl\n", day_first),
    "named.tsv": ("date\ttime\tstatus\thost\turl\tbytes\tcontent-type\tcache\n", tsv),
    "named.csv": ("Timestamp,Host,URL,Size,Status,Content-Type\n", csv),
    "cloudfront.log": (f"#Version: 1.0\n#Fields: {CLOUDFRONT}\n", cloudfront),
    "w3c.log": ("#Software: IIS\n#Fields: date time cs-method cs-uri-stem cs-uri-query sc-status sc-bytes cs-host\n", w3c),
    "combined.log": ("", combined),
    "bunny.log": ("", bunny),
    "cloudflare.ndjson": ("", cloudflare),
    "google.ndjson": ("", google),
    "fastly.log": ("", fastly),
    "akamai.ndjson": ("", akamai),
}


def events(count, seed):
    """Yields (time, uid, event_name) for 14 days from 2017-03-29, in time order."""
    dice = random.Random(seed)
    for at in range(count):
        secs = at * 14 * 86_400 // count
        day = 29 + secs // 86_400
        date = f"2017-03-{day}" if day < 32 else f"2017-04-{day - 31:02}"
        user = dice.choice(["u%03d" % dice.randrange(60), "Zoë", "zoe ", "ANN", "ann", "1234567890.1491043201", "\\N", "-7"])
        name = dice.choice(["FIRST_INSTALL", "first_install ", "OPEN_APP", "OPEN_APP", "VIEW", "premier lancement"])
        yield f"{date} {secs // 3600 % 24:02}:{secs // 60 % 60:02}:{secs % 60:02}", user, name


def event_json(when, user, name):
    return json.dumps(
        {"event_name": name, "uid": int(user[1:]) if user[1:].isdigit() else user, "time": when, "props": {"a": [1, {"b": "}"}]}}
    )


def event_csv(when, user, name):
    quoted = f'"{name}"' if len(user) % 2 else name
    return f'"a\nb, ""c""",{when},{user},{quoted}' if when.endswith("0") else f"x,{when},{user},{quoted}"


EVENTS = {
    "events.tsv": ("time\tuid\tevent_name\n", lambda *row: "\t".join(row)),
    "other-names.tsv": ("what\tmoment\tid\textra\n", lambda when, user, name: f"{name}\t{when}\t{user}\t{len(name)}"),
    "events.csv": ("note,time,uid,event_name\n", event_csv),
    "events.ndjson": ("", event_json),
    "t-times.csv": ("uid;event_name;time\n", lambda when, user, name: f"{user};{name};{when.replace(' ', 'T')}"),
}


def cut_row(line, dice):
    return line[: dice.randrange(len(line) + 1)]


def one_byte(line, dice):
    at = dice.randrange(max(1, len(line)))
    return line[:at] + dice.choice(['"', "\t", ",", "{", "\0", "-", "é", " ", "\\", "|", "9"]) + line[at + 1 :]


def field_more(line, dice):
    separator = next((mark for mark in "\t|;," if mark in line), " ")
    return line + separator + dice.choice(["x", "", "1"])


def broken(text, seed):
    """Damages about every ninth line."""
    dice = random.Random(seed)
    change = lambda line: dice.choice([cut_row, one_byte, one_byte, field_more])(line, dice) if dice.random() < 0.11 else line
    head, *lines = text.split("\n")
    return "\n".join([head, *map(change, lines)])


def spread(text, mark="\n\n"):
    """Adds a blank line, or `mark`, after every seventh line."""
    lines = text.split("\n")
    return "".join(line + (mark if at % 7 == 6 else "\n") for at, line in enumerate(lines))


def packed(tool, data):
    """Compresses `data` with `tool`; None if it is not installed."""
    return subprocess.run([tool, "-c"], input=data, capture_output=True, check=True).stdout if shutil.which(tool) else None


def variants(text, seed):
    """Yields (suffix, content) of damaged and re-encoded variants of a file."""
    data = text.encode()
    half = len(data) // 2
    lines = text.split("\n")
    return {
        "": data,
        ".broken": broken(text, seed).encode(errors="replace"),
        ".crlf": text.replace("\n", "\r\n").encode(),
        ".cr": text.replace("\n", "\r").encode(),
        ".crcrlf": text.replace("\n", "\r\r\n").encode(),
        ".bom": b"\xef\xbb\xbf" + data,
        ".utf16": text.encode("utf-16"),
        ".utf16be": text.encode("utf-16-be"),
        ".latin1": text.encode("latin-1", "replace"),
        ".blank": spread(text).encode(),
        ".comment": spread(text, "\n#Date: 2024-01-16\n# x\n").encode(),
        ".twice": data + data,
        ".cut": data[:-9],
        ".noend": data.rstrip(b"\n"),
        ".headless": "\n".join(lines[1:]).encode(),
        ".head": lines[0].encode() + b"\n",
        ".nul": bytes(5000) + data,
        ".blankfirst": b"\n\n" + data,
        ".badfirst": b"starting up\n" + data,
        ".quote": text.replace("/", '/"', 3).encode(),
        ".long": data + b"x" * 300_000 + b"\n" + data[-200:],
        ".gz": gzip.compress(data, 1, mtime=0),
        ".noend.gz": gzip.compress(data[:-1], 1, mtime=0),
        ".members.gz": gzip.compress(data[:half], mtime=0) + gzip.compress(data[half:], mtime=0),
        ".cut.gz": gzip.compress(data, mtime=0)[:-20],
        ".padded.gz": gzip.compress(data, mtime=0) + bytes(512),
        ".twice.gz": gzip.compress(gzip.compress(data, mtime=0), mtime=0),
        ".zst": packed("zstd", data),
        ".xz": packed("xz", data),
        ".spaces": text.replace("\n", " \n").encode(),
    }


def ballot_lines(count, seed):
    """Lines for vote --stdin: plain, with columns, JSON, and a few that must be refused."""
    dice = random.Random(seed)
    for _ in range(count):
        choice = dice.choice(
            ["1", "2", "3", "薯片", "林林", "Ann", "9", " 2", "", "nobody"] if dice.random() < 0.1 else ["1", "2", "3"]
        )
        voter, key = f"u{dice.randrange(count)}", f"k{dice.randrange(count * 2)}"
        yield dice.choice(
            [
                choice,
                f"{choice}\t{voter}",
                f"{choice}\t{voter}\tby far\t{key}",
                f"{choice}\t\t\t{key}",
                json.dumps({"candidate_id": 2, "voter": voter, "key": key}),
                json.dumps({"candidate": choice, "opinion": "x\ny"}),
                json.dumps({"candidate_id": 1, "voter": voter, "change": True}),
                f"{choice}\t{voter}\tx\t{key}\tmore" if dice.random() < 0.1 else choice,
            ]
        )


LISTS = {
    "people.csv": "name\nAnn\nBo\n薯片\n",
    "with-ids.csv": "id,name\n2,Bo\n1,Ann\n",
    "semicolons.csv": "id;name\n7;Ann\n8;Bo\n",
    "bare.txt": "Ann\nBo\nCy\n",
    "twice.csv": "name\nAnn\nann\n",
    "numbers.csv": "name\n1\n2\n",
    "voters.csv": "id,name\nu1,Ann\nu2,\nu3,Cy\n",
    "three-columns.csv": "a,b,c\nd,e,f\n",
    "quoted-list.csv": '"name","x"\n"Ann, B.",1\n"Bo ""B""",2\n',
    "tab-list.tsv": "id\tname\nu1\tAnn\nu2\tBo\n",
    "empty-list.csv": "",
    "hole.csv": "id,name\nu1,Ann\n,Bo\n",
}


def databases(folder):
    """Databases with tables of events that votekit did not make."""

    def make(name, column, rows, more=""):
        with sqlite3.connect(folder / name) as made:
            made.execute(f"CREATE TABLE piwik_track(time {column}, uid TEXT, event_name TEXT)")
            made.executemany("INSERT INTO piwik_track VALUES (?, ?, ?)", rows)
            made.executescript(more)
        made.close()

    rows = [tuple(None if field == "\\N" else field for field in row) for row in events(200, 5)]
    make(
        "bare.sqlite",
        "TEXT",
        rows,
        "CREATE TABLE other(a); CREATE VIEW seen AS SELECT uid AS who, time AS moment, event_name AS what FROM piwik_track;",
    )
    make("epoch.sqlite", "INTEGER", [(1_491_000_000 + at, user, name) for at, (_, user, name) in enumerate(rows)])
    make(
        "odd.sqlite",
        "TEXT",
        [*rows, ("2017-04-03 10:00", "u001", "VIEW"), ("2017-04-03T10:00:00Z", "u002", "VIEW"), (None, "u003", "VIEW")],
    )
    make("empty.sqlite", "TEXT", [])


def folders(pool):
    """Directories as inputs: flat, nested, with files that are not logs, with links, empty."""
    copy = lambda source, to: ((pool / to).parent.mkdir(parents=True, exist_ok=True), shutil.copyfile(pool / source, pool / to))
    (
        copy("four.log", "logs/a.log"),
        copy("four.log.gz", "logs/b.log.gz"),
        copy("named.tsv.broken", "logs/deep/c.tsv"),
        copy("cloudflare.ndjson", "logs/deep/d.ndjson"),
    )
    copy("four.log", "odd-logs/a.log"), copy("four.log", "odd-logs/.hidden")
    (pool / "odd-logs/readme.txt").write_text("not a log\n")
    (pool / "odd-logs/_SUCCESS").touch()
    copy("combined.log", "linked/access.2024-01-16.log")
    os.symlink("access.2024-01-16.log", pool / "linked/access.log")
    (
        copy("events.tsv", "event-files/1.tsv"),
        copy("events.ndjson", "event-files/2.ndjson"),
        copy("events.csv.gz", "event-files/more/3.csv.gz"),
    )
    copy("events.tsv", "odd-events/1.tsv")
    (pool / "odd-events/_SUCCESS").touch()
    (pool / "nothing").mkdir()


def own(repository, pool):
    """The repository's samples, formats and seeds, each kind in its own folder."""
    for source, name in (("samples", "samples"), ("tests/formats", "formats"), ("fuzz/seeds", "seeds")):
        shutil.copytree(repository / source, pool / name)


def make(repository, pool, votekit):
    """Creates all inputs in the folder `pool`; `votekit` makes the files that only it can make."""
    own(repository, pool)
    for number, (name, (header, write)) in enumerate([*LOGS.items(), *EVENTS.items()]):
        rows = [write(row) for row in requests(160, number)] if name in LOGS else [write(*row) for row in events(240, number)]
        for ending, data in variants(header + "\n".join(rows) + "\n", number).items():
            if data is not None:
                (pool / (name + ending)).write_bytes(data)
    for name in ("four.log", "named.csv", "combined.log", "cloudflare.ndjson"):
        header, write = LOGS[name]
        text = header + "".join(write(row) + "\n" for row in requests(16_000, 77))
        (pool / f"large-{name}").write_bytes(broken(text, 3).encode(errors="replace"))
    for name in ("events.tsv", "events.csv", "events.ndjson"):
        header, write = EVENTS[name]
        text = header + "".join(write(*row) + "\n" for row in events(30_000, 78))
        (pool / f"large-{name}").write_bytes(broken(text, 4).encode(errors="replace"))
    for number in range(3):
        (pool / f"ballots-{number}.txt").write_text("\n".join(ballot_lines(60, number)) + "\n")
    (pool / "plain-ballots.txt").write_text("1\n2\n3\n2\n" * 2000)
    for name, text in LISTS.items():
        (pool / name).write_text(text)
    (pool / "empty").touch()
    (pool / "binary").write_bytes(random.Random(9).randbytes(4000))
    (pool / ".my.cnf").write_text("[client]\nuser = ann\npassword = secret\nport = 1\n")
    databases(pool)
    folders(pool)
    votekit("q1 load -q --events events.tsv events.csv --db loaded.db", pool)
    votekit("q1 load -q --events events.tsv --db exact.db --collation binary", pool)
    votekit(
        "init -q --ballots old.db --title Snack --candidate Ann --candidate Bo --candidate 薯片 --votes-per-voter 2 --allow-change",
        pool,
    )
    votekit("vote -q --ballots old.db --stdin < ballots-0.txt", pool)
    votekit("vote -q --ballots plain.db --stdin < plain-ballots.txt", pool)
