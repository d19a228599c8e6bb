"""Random command lines for benches/same.py, made from all commands and options. Each depends only on the seed and its own number,
so that one can be made again without the others."""

import random, shlex
from pathlib import Path

import inputs
from trial import Trial

LOG_FORMATS = "four-columns tsv csv cloudfront cloudfront-realtime w3c common cloudflare google fastly akamai bunny nginx".split()
# First and last days of logs.
SPANS = [
    (
        ["2024-01-15", "2024-01-16", "15/1/2024", "2024-01-16T10:00", "2024-01-15T23:59:59"],
        ["2024-01-16", "2024-01-17", "17/1/2024", "2024-01-17T10:00", "2024-01-16T23:59"],
    ),
    (["01-15", "01-16", "08-24"], ["01-16", "01-17", "08-25"]),
    (["2019-08-24", "24/8/2019", "2019-08-24T09:00"], ["2019-08-25", "2019-08-26", "25/8/2019"]),
]
ODD_DAYS = ["2024-02-30", "yesterday", "1/16/2024", "2024-01-16 10:00", "20240116", ""]
INSTALL_DAYS = ["2017-03-30", "2017-04-01", "1/4/2017", "2017-04-02", "2017-04-05"]
FIRST_DAYS = ["2017-04-02", "2017-04-03", "2017-04-05", "3/4/2017"]
LAST_DAYS = ["2017-04-05", "2017-04-08", "2017-04-11", "2017-04-30"]
ODD_EVENT_DAYS = ["04-01", "2017-02-29", "never", "2016-12-31"]
KEYS = "day hour month ext type status host dir url cache x-edge-result-type CacheCacheStatus severity bytes".split()
ODD_KEYS = ["no-such-column", "DAY", ""]
COLUMNS = """
    date=0,size=2,url=3 date=0,time=1,size=2,url=3 date=0,size=5,url=4 time=0,size=1,url=2
    date=0,time=1,size=6,url=3,status=5 date=0,size=2,url=3,status=1 date=1,size=2,url=3 timestamp=2,size=3,url=7
""".split()
ODD_COLUMNS = ["date=0,size=40,url=3", "date=0,url=3", "size=x", "date=0,size=2,url=3,host=2,type=3"]
WHERES = """
    cache=Hit x-edge-result-type=Hit CacheCacheStatus=Miss status=200 severity=- cache= Cache=Hit
    httpRequest.status=200
""".split()
ODD_WHERES = ["no=such", "url=/", "=x", "nothing"]
TIMES = [
    "2026-11-24T10:00:00Z",
    "2026-11-24T12:00:00Z",
    "2026-11-24 11:55",
    "2026-11-24 12:05:00",
    "2026-11-25",
    "2020-01-01T00:00:00+08:00",
    "2030-01-01",
]
CHOICES = ["1", "2", "3", "9", "0", "-1", "Ann", "ann", "Bo", "薯片", "林林", "01", "nobody", "", "A n n", "An\nn"]
# Suffixes of inputs that most commands can read.
EASY = ["", ".broken", ".crlf", ".noend", ".gz", ".zst", ".blank", ".twice"]
# An odd value usually ends the run, so most lines have none.
ODD = 0.05


class Line:
    """Builds a command line word by word."""

    def __init__(self, dice, *words):
        self.dice, self.words = dice, list(words)

    def some(self, *options):
        """Adds each option of the rows (chance, option, values, odd values) by chance, with a value that is occasionally odd."""
        for chance, option, *values in options:
            if self.dice.random() < chance:
                usual, odd = [*values, [], []][:2]
                value = [self.dice.choice(odd if odd and self.dice.random() < ODD else usual)] if usual else []
                self.words += [option, *map(str, value)]
        return self

    def text(self):
        return " ".join(map(shlex.quote, self.words))

    def shared(self):
        """Adds options that all commands have."""
        self.some((0.4, "--format", ["json", "csv", "plain", "table"], ["xml", ""]), (0.1, self.dice.choice(["-q", "-v"])))
        return self.some((0.03, "--color", ["always", "never"], ["sometimes"]))


class Inputs:
    """Names of the inputs, by kind."""

    def __init__(self, pool):
        names = sorted(str(path.relative_to(pool)) for path in pool.rglob("*") if path.is_file())
        made = lambda kinds: [name for name in names if any(name.startswith(kind) for kind in kinds)]
        easy = lambda kinds: [name + ending for name in kinds for ending in EASY if (pool / (name + ending)).exists()]
        self.logs, self.easy_logs = made(inputs.LOGS), easy(inputs.LOGS)
        self.events, self.easy_events = made(inputs.EVENTS), easy(inputs.EVENTS)
        self.own = made(["samples/", "formats/"])
        self.seeds = made(["seeds/"])
        self.large_logs = made([f"large-{name}" for name in inputs.LOGS])
        self.large_events = made([f"large-{name}" for name in inputs.EVENTS])
        self.ballots = made(["ballots-", "plain-"])
        self.lists = list(inputs.LISTS)
        self.log_folders = ["logs", "logs", "odd-logs", "linked", "nothing", "formats", "seeds"]
        self.event_folders = ["event-files", "event-files", "odd-events", "nothing", "logs"]
        self.odd = ["empty", "binary", "old.db", "bare.sqlite", "no-such-file", "people.csv"]
        self.databases = made(["loaded.db", "exact.db"]) * 3 + [name for name in names if name.endswith(".sqlite")]
        self.databases += ["old.db", "empty", "binary", "no-such-file.db"]


def pick(dice, *ways):
    """A value from one of `ways`, which are pairs of weight and list."""
    return dice.choice(dice.choices([values for _, values in ways], [weight for weight, _ in ways])[0])


def some_logs(dice, have):
    """Usually the name of one log, sometimes several."""
    kinds = [(60, have.easy_logs), (40, have.logs), (14, have.own), (4, have.seeds), (5, have.log_folders), (2, have.odd)]
    kinds += [(4, have.large_logs), (1, have.events)]
    return [pick(dice, *kinds) for _ in range(dice.choices([1, 2, 3], [12, 2, 1])[0])]


def given(dice, command, names):
    """Gives `command` its inputs as arguments, on stdin, or both."""
    way = dice.choices(["names", "pipe", "stdin", "dash", "none"], [80, 8, 5, 5, 1])[0]
    words = " ".join(map(shlex.quote, names))
    if way == "dash":
        return f"cat {shlex.quote(names[0])} 2>&- | {command} - {' '.join(map(shlex.quote, names[1:]))}"
    return {
        "names": f"{command} {words}",
        "pipe": f"cat {words} 2>&- | {command}",
        "stdin": f"{command} < {shlex.quote(names[0])}",
        "none": command,
    }[way]


def rows_that_count(line):
    first, last = line.dice.choices(SPANS, [6, 1, 2])[0]
    return line.some(
        (0.25, "--from", first, ODD_DAYS),
        (0.25, "--to", last, ODD_DAYS),
        (0.08, "--utc-offset", ["+08:00", "-05:30", "+00:30"], ["8", "+24:00"]),
        (0.4, "--type", ["any", "any", "any", "image", "png", "image/png", "css,png", "text"], ["video", "nothing", "image/*"]),
        (0.08, "--ext", ["jpg", "png,css", ".jpg", "JPG", "gz"], [""]),
        (0.06, "--url", ["photo", "^/media", r"\.jpg$", "薯片"], ["("]),
        (0.08, "--status", ["200", "2xx", "200,206", "4XX,503"], ["ok", "0"]),
        (0.05, "--host", ["img.example.org", "www.example.org,img.example.org", "IMG.example.org"], ["none", ""]),
        (0.04, "--where", WHERES, ODD_WHERES),
    )


def how_read(line):
    line.some((0.06, "--log-format", LOG_FORMATS))
    if line.dice.random() < 0.05:
        line.some((1, "--columns", COLUMNS, ODD_COLUMNS), (0.4, "--delimiter", ["tab", "space", ",", "|", ";", "\\t"], ["ab"]))
    line.some((0.005, "--delimiter", ["space"]), (0.06, "--strict"))
    ways = [(0.06, "--sorted"), (0.15, "--rejects", ["bad.txt"], ["/dev/stdout", "nowhere/bad.txt", "four.log"])]
    return line.some(line.dice.choice(ways))


def answers(line):
    dice = line.dice
    if dice.random() < 0.55:
        keys = dice.sample(KEYS[:9] if dice.random() < 0.9 else KEYS, dice.choice([1, 1, 1, 2, 2, 3]))
        line.words += ["--by", ",".join([*keys, *(ODD_KEYS if dice.random() < ODD / 2 else [])])]
        line.some(
            (0.3, "--top", [1, 3, 10, 1000], [0]),
            (0.06, "--memory", ["1MiB", "2MB", "1GiB"], ["10", "lots"]),
            (0.12, "--chart"),
            (0.12, "--svg", ["out.svg"], ["four.log", "no/out.svg"]),
        )
    return line.some((0.1, "--human"), (0.005, "--top", [3]), (0.005, "--chart"))


def logsum(dice, have):
    names = some_logs(dice, have)
    line = answers(how_read(rows_that_count(Line(dice, "votekit", "logsum")))).shared()
    return given(dice, line.text(), names), names


def reading(line):
    return line.some(
        (0.15, "--collation", ["binary", "utf8_general_ci"], ["latin1"]),
        (0.08, "--strict"),
        (0.05, "--time", ["time", "TIME"], ["nope", ""]),
        (0.05, "--user", ["uid"], ["id", "note"]),
        (0.05, "--event-column", ["event_name"], ["what", "note"]),
    )


def curves(line):
    cohorts = ["2017-04-01..2017-04-05", "2017-03-29..2017-04-11"]
    by_day = (0.5, "--by", ["day"], ["week"])
    by_cohort = (0.7, "--cohorts", cohorts, ["2017-04-01", "2017-04-05..2017-04-01", "04-01..04-02"])
    before = len(line.words)
    line.some(by_day if line.dice.random() < 0.7 else by_cohort)
    drawn = 0.15 if len(line.words) > before else 0.01
    return line.some((drawn, "--chart"), (drawn, "--svg", ["out.svg"], ["events.tsv"]))


def question(line):
    if "--cohorts" not in line.words or line.dice.random() < ODD:
        line.some(
            (0.3, "--install-day", INSTALL_DAYS, ODD_EVENT_DAYS),
            (0.3, "--from", FIRST_DAYS, ODD_EVENT_DAYS),
            (0.3, "--to", LAST_DAYS, ODD_EVENT_DAYS),
        )
    return line.some((0.15, "--event", ["OPEN_APP", "open_app", "FIRST_INSTALL ", "VIEW", "premier lancement"], [""]))


def some_events(dice, have):
    kinds = [(50, have.easy_events), (30, have.events), (6, ["samples/piwik_track.tsv"]), (5, have.event_folders)]
    kinds += [(2, have.odd), (4, have.large_events), (1, have.logs)]
    return [pick(dice, *kinds) for _ in range(dice.choices([1, 2], [8, 1])[0])]


OTHER_NAMES = ["--time", "moment", "--user", "id", "--event-column", "what"]


def q1_events(dice, have):
    names = some_events(dice, have)
    line = question(curves(reading(Line(dice, "votekit", "q1")))).shared()
    line.some((0.02, "--print-sql"), (0.02, "--timeout", ["1s"], ["soon"]))
    if any("other-names" in name for name in names) and dice.random() < 0.9:
        line.words += OTHER_NAMES
    if dice.random() < 0.15:
        return f"cat {shlex.quote(names[0])} 2>&- | {line.text()} --events -", names
    return f"{line.text()} --events {' '.join(map(shlex.quote, names))}", names


SERVERS = """
    mysql://ann@127.0.0.1:1/db mysql://ann:pw@127.0.0.1:1/db?ssl-mode=required mariadb://127.0.0.1:1 mysql://x@/db?socket=nowhere.sock
    postgres://x/y mysql://ann@127.0.0.1:1/db?ssl-mode=odd mysql:// mysql://ann@127.0.0.1:1/db?ssl-mode=verify-ca&ssl-ca=empty
""".split()


def q1_database(dice, have):
    name = dice.choice(SERVERS if dice.random() < 0.1 else have.databases)
    line = question(curves(reading(Line(dice, "votekit", "q1", "--db", name)))).shared()
    line.some((0.05, "--table", ["piwik_track"], ["other", "nope"]))
    if name == "bare.sqlite" and dice.random() < 0.3:
        line.words += ["--time", "moment", "--user", "who", "--event-column", "what", "--table", "seen"]
    return line.text(), [name, ".my.cnf", "empty"]


def q1_load(dice, have):
    names = some_events(dice, have)
    target = dice.choices(["new.db", "loaded.db", "nowhere/new.db", "mysql://x/y"], [90, 4, 3, 3])[0]
    line = reading(Line(dice, "votekit", "q1", "load", "--db", target, "--events", *names)).shared()
    ask = question(curves(Line(dice, "votekit", "q1", "--db", target))).text()
    return f'{line.text()}; echo "[$?]"\n{ask}', [*names, *(["loaded.db"] if target == "loaded.db" else [])]


def init(dice, file):
    line = Line(dice, "votekit", "init", "--ballots", file).some((0.3, "--title", ["The board", "薯片?"], ["x" * 201, "a\tb"]))
    for name in dice.sample(["Ann", "Bo", "薯片", "Zoë", "a,b", 'say "hi"'], dice.choices([0, 2, 3], [1, 4, 4])[0]):
        line.some((1, "--candidate", [name], ["Ann", "ann", "7", "", "x\ny"]))
    line.some(
        (0.1, "--candidates", list(inputs.LISTS)),
        (0.3, "--votes-per-voter", [1, 2, 5], [0]),
        (0.15, "--voters", ["voters.csv", "tab-list.tsv"], list(inputs.LISTS)),
        (0.4, "--allow-change"),
        (0.08, "--opens", TIMES, ["later", ""]),
        (0.15, "--closes", TIMES[3:], ["later", TIMES[0]]),
    )
    return line.some((0.5 if "--closes" in line.words else 0.02, "--hide-until-closed")).shared().text()


def vote(dice, file):
    line = Line(dice, "votekit", "vote", "--ballots", file)
    line.some(
        (0.6, "--voter", ["u1", "u2", "u3", "u1 "], ["x" * 201, ""]),
        (0.3, "--key", ["k1", "k2", "k3"], [""]),
        (0.2, "--opinion", ["by far", "", "薯\n片"], ["x" * 10_001]),
    )
    line.some((0.3 if "--voter" in line.words else 0.01, "--change")).shared()
    return f"{line.text()} -- {shlex.quote(dice.choice(CHOICES[:3] if dice.random() < 0.8 else CHOICES))}"


def many(dice, file, have):
    line = Line(dice, "votekit", "vote", "--stdin", "--ballots", file).some((0.2, "--strict"), (0.02, "--key", ["k"])).shared()
    return f"{line.text()} < {dice.choice([*have.ballots[:3] * 2, *have.ballots, 'people.csv', 'empty', 'binary'])}"


def tally(dice, file):
    line = Line(dice, "votekit", "tally", "--ballots", file)
    way = dice.random()
    line.some(
        (0.15, "--window", ["1h", "90s", "1h30m", "2d"], ["0s", "5", "10 m"]),
        (1 if way < 0.15 else 0.01, "--recent"),
        (1 if 0.15 < way < 0.4 else 0.01, "--by", ["minute", "hour", "day"], ["week"]),
        (0.3 if way > 0.6 else 0.01, "--at", TIMES, ["later"]),
        (0.15 if way > 0.15 else 0.01, "--chart"),
        (0.1, "--svg", ["tally.svg"], ["b.db"]),
    )
    return line.shared().text()


def other(dice, file):
    """Adds candidates, export and check."""
    line = Line(dice, "votekit", dice.choice(["candidates", "candidates", "export", "export", "check"]), "--ballots", file)
    if line.words[1] != "candidates":
        return line.some((0.5 if line.words[1] == "export" else 0.02, "--with-voters")).shared().text()
    add = ["add", "--", dice.choice(["Cy", "Ann", "ann", "7", ""])]
    rename = ["rename", dice.choice(["1", "2", "9", "x"]), dice.choice(["Dee", "Bo", "3", "Bob"])]
    line.words += dice.choice([[], add, rename])
    return line.text()


def session(dice, have):
    """The life of a ballot file, with the exit code of each command."""
    file = dice.choices(["b.db", "ballots.db", "old.db", "plain.db", "people.csv", "no/b.db"], [60, 5, 20, 5, 1, 1])[0]
    made = [init(dice, file)] if file in ("b.db", "ballots.db") and dice.random() < 0.8 else []
    ways = [vote, lambda *of: many(*of, have), tally, other, init]
    commands = made + [dice.choices(ways, [6, 2, 3, 3, 0.4])[0](dice, file) for _ in range(dice.randrange(1, 8))]
    names = [*have.ballots, *have.lists, "empty", "binary", *([file] if file in ("old.db", "plain.db") else [])]
    return "\n".join(f'{command}; echo "[$?]"' for command in commands), names


BODIES = [
    *['{"candidate_id":1}', '{"candidate_id":2,"opinion":"test"}', '{"candidate_id":9}', "{}", '{"candidate_id":"1"}'],
    *['{"candidate_id":1,"voter":"u1"}', '{"candidate_id":2,"voter":"u1","change":true}', '{"candidate_id":1,"key":"k1"}'],
    *['{"candidate":"Ann"}', "not json", "", "[1]", '{"candidate_id":1,"more":2}', '{"candidate_id":1e0}'],
]
PATHS = """
    /result /result/ /result?window=30m /result?window=x /candidates /healthz /readyz /openapi.json / /nothing /assets/app.js /vote
""".split()


def request(dice):
    """The arguments of curl, the path last."""
    kind = dice.choice(["application/json"] * 6 + ["text/plain", "application/x-www-form-urlencoded"])
    key = dice.choice(["", "", "-H 'Idempotency-Key: k7' "])
    post = f"-H 'Content-Type: {kind}' {key}-d {shlex.quote(dice.choice(BODIES))} {dice.choice(['/vote', '/vote/'])}"
    form = f"-d 'candidate_id={dice.choice([1, 2, 9])}&key=f{dice.randrange(3)}' /"
    others = ["-X DELETE /vote", "-X OPTIONS /vote", "-H 'If-None-Match: *' /result", "-H 'Accept: text/html' /nothing"]
    return dice.choice([post] * 4 + [dice.choice(PATHS)] * 3 + [form, *others])


UNTIL_READY = (
    "for turn in {1..200}; do curl -s -o /dev/null 127.0.0.1:$PORT/healthz && break; "
    "kill -0 $child 2>/dev/null || break; sleep 0.02; done"
)


def service(dice, have):
    """A service on a free port: requests with full responses, its shutdown, and the content of the file."""
    file = dice.choice(["b.db", "b.db", "old.db", "ballots.db"])
    line = Line(dice, "votekit", "serve", *(["--ballots", file] if file != "ballots.db" else []))
    line.some((0.15, "--queue", [1, 100]), (0.1, "--rate-limit", ["3/h", "1000/s"]), (0.1, "--grace", ["1s", "2s"]))
    line.some((0.1, "--trust-proxy", ["127.0.0.1", "10.0.0.0/8"]))
    lines = [init(dice, file)] if file == "b.db" else []
    lines += [f"{line.text()} --listen 127.0.0.1:$PORT 2>served & child=$!", UNTIL_READY]
    for _ in range(dice.randrange(4, 14)):
        words, _, path = request(dice).rpartition(" ")
        lines.append(f'curl -s -i --max-time 5 {words} "127.0.0.1:$PORT{path}"; echo "[$?]"')
    lines += [
        "curl -s 127.0.0.1:$PORT/metrics | sed 's/ [^ ]*$//' | LC_ALL=C sort",
        'kill -TERM $child 2>/dev/null; wait $child; echo "[$?]"; rm served',
        f"votekit tally --ballots {file} --format json",
        f"votekit export --with-voters --ballots {file}",
    ]
    return "\n".join(lines), [*have.lists, *(["old.db"] if file == "old.db" else [])]


MISTYPED = [
    *["--nope", "--form json", "--format", "--from", "-qv", "--ballots", "--format json --format csv", "--help --nope"],
    *["--by day --by day", "--window", "a b c", "--version", "--db x --events y", "--chart --format json --by day", "--svg"],
    "--listen nowhere",
]
COMMANDS = ["logsum", "q1", "q1 load", "init", "vote", "tally", "candidates", "export", "check", "serve", "sum", ""]


def mistyped(dice, _):
    """Options that do not exist, are repeated, or belong to another command."""
    return f"votekit {dice.choice(COMMANDS)} {dice.choice(MISTYPED)}", []


def trial(seed, number, pool, have):
    """Makes command line `number` of `seed`."""
    dice = random.Random(f"{seed}/{number}")
    ways = [logsum, q1_events, q1_database, q1_load, session, service, mistyped]
    command, names = dice.choices(ways, [44, 19, 6, 4, 21, 3, 3])[0](dice, have)
    # A file that an option may overwrite is an input too.
    wanted = [name for name in dict.fromkeys([*names, "four.log", "events.tsv"]) if name in command or name == ".my.cnf"]
    return Trial(f"random/{number}", command, tuple(name for name in wanted if Path(pool, name).exists()))
