"""What is done while the power fails. Each makes its steps from a seed, so that a trial run, which counts the events, and the
run with the power cut do the same."""
import http.client
import json
import random as randoms
import re
import signal
import subprocess
import threading
import time
import uuid

from ledger import Findings, Ledger, Vote, run


def opinion(random):
    length = random.choice([0, 0, 5, 60, 900, 9000])
    return "".join(random.choice("abcdefgh 薯") for _ in range(length)).strip() or None


def new_vote(random, number_of_candidates=3, **fields):
    key = str(uuid.UUID(int=random.getrandbits(128)))
    fields.setdefault("opinion", opinion(random))
    return Vote(key, random.randint(1, number_of_candidates), **fields)


class Workload:
    """A workload on a ballot file."""
    generations = 3
    trial = True

    def __init__(self, votekit):
        self.votekit = votekit

    def state(self):
        return Ledger(self.votekit)

    def verify(self, state, folder):
        found, there = state.verify(folder)
        if not found.is_bad() and state.sent:
            again = self.retry(state, folder, there)
            found.lost += again.lost
            found.doubled += again.doubled
            found.corrupt += again.corrupt
            found.notes += again.notes
        return found, there

    def retry(self, state, folder, there):
        return state.retry(folder, there)

    def vote(self, place, vote, state):
        state.send(vote)
        done = run(self.votekit, "vote", *vote.arguments(), "--ballots", place / "ballots.db")
        if done.returncode == 0:
            state.acknowledge(vote.key)
        return done.returncode == 0


class Votes(Workload):
    """A process a vote; the first makes the file."""

    def steps(self, random, generation):
        return [new_vote(random) for _ in range(random.randint(1, 6))]

    def run(self, disk, steps, state, random):
        for vote in steps:
            # Where the disk fails but the power is on, the voter tries again, under the same key.
            if not any(self.vote(disk.place, vote, state) or disk.is_cut() for _ in range(3)) or disk.is_cut():
                return


class Vacuumed:
    """The same into a file that `VACUUM INTO` has written, as one restores it from a backup: it has a rollback journal."""

    def base(self, folder):
        old, base = folder / "old", folder / "restored"
        old.mkdir()
        base.mkdir()
        run(self.votekit, "init", *"--candidate a --candidate b --candidate c".split(), "--ballots", old / "ballots.db")
        run("sqlite3", old / "ballots.db", f"VACUUM INTO '{base / 'ballots.db'}'")
        return base


class Together(Workload):
    """Four processes at once, also for the first vote."""

    def steps(self, random, generation):
        return [[new_vote(random) for _ in range(4)] for _ in range(random.randint(1, 3))]

    def run(self, disk, steps, state, random):
        for votes in steps:
            threads = [threading.Thread(target=self.vote, args=(disk.place, vote, state)) for vote in votes]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]


class Init(Workload):
    """`votekit init`: exit code 0 means that the file is there, with all that was asked for."""
    generations = 1

    def steps(self, random, generation):
        return [f"candidate {number}" for number in range(random.choice([2, 200]))]

    def run(self, disk, steps, state, random):
        names = [part for name in steps for part in ("--candidate", name)]
        done = run(self.votekit, "init", *names, "--ballots", disk.place / "ballots.db")
        state.made = done.returncode == 0
        state.acknowledged = int(state.made)
        state.names = steps

    def verify(self, state, folder):
        found, there = state.verify(folder)
        path = folder / "ballots.db"
        if path.exists() and not found.is_bad():
            listed = run(self.votekit, "candidates", "--ballots", path).stdout.splitlines()
            same = [line.split("\t")[1] for line in listed] == state.names
            found.say("corrupt", int(not same), "other candidates than asked for")
        return found, there


class Bulk(Workload):
    """`vote --stdin` with keys; also batches that make the sorted path, and a slow pipe."""
    strict = False
    sizes = (20, 1500, 11000)

    def steps(self, random, generation):
        sizes = [random.choice(self.sizes) for _ in range(2)]
        votes = [[new_vote(random, opinion=None) for _ in range(size)] for size in sizes]
        return [(batch, random.random() < 0.4) for batch in votes]

    def run(self, disk, steps, state, random):
        for votes, slow in steps:
            [state.send(vote) for vote in votes]
            command = [self.votekit, "vote", "--stdin", "--ballots", disk.place / "ballots.db", "-q"]
            command += ["--strict"] if self.strict else []
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            feeder = threading.Thread(target=self.feed, args=(process.stdin, votes, slow))
            feeder.start()
            out, error = process.stdout.read().decode(), process.stderr.read().decode()
            feeder.join()
            # What it reports: all with exit code 0, else how many until then.
            until = re.search(r"until then (\d+) stored, (\d+) repeated", error)
            count = len(votes) if process.wait() == 0 else sum(map(int, until.groups())) if until else 0
            if process.returncode == 0 and out != f"{len(votes)}\t0\t0\n":
                raise RuntimeError(f"not as expected: {out!r}")
            [state.acknowledge(vote.key) for vote in votes[:count]]
            if process.returncode != 0:
                if self.strict:
                    state.together.append({vote.key for vote in votes})
                return

    @staticmethod
    def feed(pipe, votes, slow):
        size = max(1, len(votes) // 7) if slow else len(votes)
        try:
            for at in range(0, len(votes), size):
                pipe.write("".join(vote.line() + "\n" for vote in votes[at:at + size]).encode())
                pipe.flush()
                time.sleep(0.03 if slow else 0)
            pipe.close()
        except BrokenPipeError:
            pass


class Strict(Bulk):
    """The same with `--strict`: all or none."""
    strict = True


class Spill(Bulk):
    """More than the page cache of a bulk load holds (64 MiB), so that pages are in the log before the commit is."""
    generations = 1

    def steps(self, random, generation):
        votes = [new_vote(random, opinion=None) for _ in range(11_000)]
        for vote in votes:
            vote.opinion = vote.key * 220
        return [(votes[:500], False), (votes[500:], False)]


class Change(Workload):
    """One vote a voter, changed over and over: by itself, and many lines at once."""
    generations = 2

    def steps(self, random, generation):
        voters = [f"u{number}" for number in range(4)]
        steps = []
        for _ in range(random.randint(2, 5)):
            vote = lambda: new_vote(random, 2, voter=random.choice(voters), change=True)
            steps.append(vote() if random.random() < 0.7 else [vote() for _ in range(6)])
        return steps

    def run(self, disk, steps, state, random):
        path = disk.place / "ballots.db"
        if not path.exists():
            names = ["--candidate", "Ann", "--candidate", "Bo", "--votes-per-voter", "1", "--allow-change"]
            state.made = run(self.votekit, "init", *names, "--ballots", path).returncode == 0
            if not state.made:
                return
        for step in steps:
            if isinstance(step, Vote):
                if not self.vote(disk.place, step, state):
                    return
                continue
            [state.send(vote) for vote in step]
            lines = "".join(vote.line() + "\n" for vote in step)
            if run(self.votekit, "vote", "--stdin", "--ballots", path, "-q", input=lines).returncode != 0:
                return
            [state.acknowledge(vote.key) for vote in step]

    def retry(self, state, folder, there):
        # Only those whose answer is known: what was not acknowledged would come after what was sent later.
        found = Findings()
        lines = "".join(state.sent[key].line() + "\n" for key in there)
        again = run(self.votekit, "vote", "--stdin", "--ballots", folder / "ballots.db", "-q", input=lines)
        if (again.returncode or again.stdout != f"0\t{len(there)}\t0\n") and there:
            found.say("corrupt", 1, f"sent again: {again.stdout!r} {again.stderr}")
        return found


class Serve(Workload):
    """`votekit serve` under 32 connections with an Idempotency-Key each; 200 is the acknowledgement."""
    trial = False
    connections = 32
    events_most = 7000
    term = False

    def steps(self, random, generation):
        return random.getrandbits(60)

    def run(self, disk, steps, state, random):
        if not self.term and random.random() < 0.5:
            # In the first checkpoint, which writes hundreds of pages, or soon after, when the log begins anew.
            disk.arm(30_000)
            disk.arm_when(random.randint(1, 500), "write ballots.db#")
        command = [self.votekit, "serve", "--listen", "127.0.0.1:0"]
        # Where no file is named, the first is made.
        process = subprocess.Popen(command, stderr=subprocess.PIPE, cwd=disk.place, text=True)
        port = None
        while not port and (line := process.stderr.readline()):
            served = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            port = served and int(served[1])
        threading.Thread(target=process.stderr.read, daemon=True).start()
        stop = threading.Event()
        clients = []
        if port:
            seeds = [random.getrandbits(60) for _ in range(self.connections)]
            clients = [threading.Thread(target=self.client, args=(port, seed, state, stop)) for seed in seeds]
            if random.random() < 0.3:
                # Somebody votes into the same file at the same time.
                clients.append(threading.Thread(target=self.process_votes, args=(disk.place, state, stop, seeds[0] + 1)))
            [client.start() for client in clients]
            self.wait(disk, process, random)
        # The power is off: nothing runs any more.
        if not self.term:
            process.kill()
        stop.set()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        [client.join() for client in clients]

    def process_votes(self, place, state, stop, seed):
        random = randoms.Random(seed)
        while not stop.is_set() and self.vote(place, new_vote(random), state):
            pass

    def wait(self, disk, process, random):
        until = time.monotonic() + 12
        while time.monotonic() < until and not disk.is_cut() and process.poll() is None:
            time.sleep(0.01)

    def client(self, port, seed, state, stop):
        random = randoms.Random(seed)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        while not stop.is_set():
            vote = new_vote(random)
            if len(vote.opinion or "") > 1000:
                vote.opinion = vote.opinion[:1000].strip()
            state.send(vote)
            # Who is told of a failure tries again, under the same key.
            while not stop.is_set():
                status, text = self.post(connection, vote)
                if status is None:
                    return
                if status == 200:
                    if json.loads(text).get("success") is not True:
                        raise RuntimeError(f"200 without success: {text!r}")
                    state.acknowledge(vote.key)
                    break
                state.refusals[status] += 1
                time.sleep(0.01)

    @staticmethod
    def post(connection, vote):
        body = {"candidate_id": vote.candidate} | ({"opinion": vote.opinion} if vote.opinion else {})
        headers = {"Content-Type": "application/json", "Idempotency-Key": vote.key}
        try:
            connection.request("POST", "/vote", json.dumps(body).encode(), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return None, b""


class Terminate(Serve):
    """`serve` ended by SIGTERM; the power fails in its last commits, its checkpoint, or after it."""
    term = True
    events_most = 0

    def wait(self, disk, process, random):
        time.sleep(random.uniform(0.05, 0.6))
        # The last batches take some 50 events, the checkpoint hundreds.
        if random.random() < 0.9:
            disk.arm(random.randint(1, random.choice([30, 150, 600])))
        process.send_signal(signal.SIGTERM)


class VotesVacuumed(Vacuumed, Votes):
    pass


class ServeVacuumed(Vacuumed, Serve):
    pass


class Files(Workload):
    """Files that a command leaves behind: whole or absent."""
    generations = 1
    made = ()

    def state(self):
        return {"done": False, "before": {}}

    def names(self):
        return self.made

    def run(self, disk, steps, state, random):
        state["done"] = self.make(disk.place)

    def verify(self, state, folder):
        found = Findings()
        for name in self.made:
            path = folder / name
            if not path.exists():
                found.absent += state["done"]
                continue
            found.say("corrupt", int(not self.is_whole(path)), f"{name} is not whole: {path.stat().st_size} bytes")
        return found, {}


class Load(Files):
    """`q1 load`."""
    made = ("events.db",)

    def __init__(self, votekit):
        super().__init__(votekit)
        lines = ["time\tuid\tevent_name"]
        for number in range(6000):
            name = "FIRST_INSTALL" if number % 3 == 0 else "open"
            lines.append(f"2017-04-{1 + number % 9:02} 10:00:{number % 60:02}\tuser{number * 7919 % 2003}\t{name}")
        self.events = "\n".join(lines) + "\n"
        self.rows = len(lines) - 1
        self.expected = run(votekit, "q1", "-", input=self.events).stdout

    def steps(self, random, generation):
        return None

    def make(self, place):
        path = place / "events.db"
        return run(self.votekit, "q1", "load", "-", "--db", path, input=self.events).returncode == 0

    def is_whole(self, path):
        sound = run("sqlite3", path, "PRAGMA integrity_check; SELECT count(*) FROM piwik_track;").stdout
        return sound == f"ok\n{self.rows}\n" and run(self.votekit, "q1", "--db", path).stdout == self.expected


class Written(Files):
    """`--rejects` and `--svg`, new and over old files."""
    made = ("rejects.tsv", "log.svg", "q1.svg", "tally.svg")

    def __init__(self, votekit):
        super().__init__(votekit)
        rows = (f"{24 + n % 3}/8/2019\t10:00:0{n % 10}\t{n if n % 5 else 'none'}\t/a/{n}.jpg\n" for n in range(3000))
        self.log = "# date\ttime\tsize\turl\n" + "".join(rows)
        self.whole = {}

    def steps(self, random, generation):
        return None

    def make(self, place):
        log = run(self.votekit, "logsum", self.folder / "cdn.log", "--by", "day", "--rejects", place / "rejects.tsv",
                  "--svg", place / "log.svg").returncode == 0
        q1 = run(self.votekit, "q1", "--sample", "--by", "day", "--svg", place / "q1.svg").returncode == 0
        tally = run(self.votekit, "tally", "--ballots", self.folder / "ballots.db", "--svg", place / "tally.svg")
        return log and q1 and tally.returncode == 0

    def prepare(self, folder):
        """What the files are on a disk that never fails, and an older edition of each."""
        self.folder = folder
        (folder / "cdn.log").write_text(self.log)
        run(self.votekit, "vote", "2", "--ballots", folder / "ballots.db")
        (folder / "whole").mkdir()
        if not self.make(folder / "whole"):
            raise RuntimeError("the files could not be made even on a good disk")
        self.whole = {name: (folder / "whole" / name).read_bytes() for name in self.made}
        self.old = b"an older edition\n" * 3000

    def is_whole(self, path):
        return path.read_bytes() in (self.whole[path.name], self.old)


class Replaced(Written):
    """The same over files that are there: the old or the new one, whole."""

    def base(self, folder):
        old = folder / "old"
        old.mkdir()
        [(old / name).write_bytes(self.old) for name in self.made]
        return old

    def verify(self, state, folder):
        found, there = super().verify(state, folder)
        missing = [name for name in self.made if not (folder / name).exists()]
        found.say("lost", len(missing), f"neither the old nor the new: {missing}")
        found.absent = sum(state["done"] and (folder / name).exists() and (folder / name).read_bytes() == self.old
                           for name in self.made)
        return found, there


class Handles(Votes):
    """Votes, and between them `set`, `close` and `open`: what was acknowledged stands in the history."""

    def steps(self, random, generation):
        return [(new_vote(random), f"title {random.getrandbits(64):x}") for _ in range(random.randint(1, 4))]

    def run(self, disk, steps, state, random):
        state.done = getattr(state, "done", [])
        for vote, title in steps:
            if not self.vote(disk.place, vote, state):
                return
            for command, mark in [(["set", "--title", title], title), (["close"], "closed"), (["open"], "opened")]:
                done = run(self.votekit, *command, "--ballots", disk.place / "ballots.db")
                if done.returncode != 0:
                    return
                state.done.append(mark)
                state.acknowledged += 1

    def verify(self, state, folder):
        found, there = super().verify(state, folder)
        path = folder / "ballots.db"
        if path.exists() and not found.is_bad():
            history = run(self.votekit, "history", "--format", "json", "--ballots", path)
            whats = [one["what"] for one in json.loads(history.stdout)["history"]]
            lost, at = [], 0
            for mark in getattr(state, "done", []):
                next_at = next((n for n in range(at, len(whats)) if mark in whats[n]), None)
                if next_at is None:
                    lost.append(mark)
                else:
                    at = next_at + 1
            found.say("lost", len(lost), f"of what was done to the vote: {lost[:3]}")
        return found, there

    def retry(self, state, folder, there):
        # The power may have failed while voting was closed.
        run(self.votekit, "open", "-q", "--ballots", folder / "ballots.db")
        return super().retry(state, folder, there)


class Copies(Workload):
    """`backup` and `reset`: a copy that was acknowledged is there, sound, with every vote; nothing of a reset is half done."""
    generations = 1

    def steps(self, random, generation):
        return [new_vote(random, opinion=None) for _ in range(random.randint(1, 5))]

    def run(self, disk, steps, state, random):
        state.copied = state.reset = None
        for vote in steps:
            if not self.vote(disk.place, vote, state):
                return
        path = disk.place / "ballots.db"
        if run(self.votekit, "backup", disk.place / "copy.db", "--ballots", path).returncode != 0:
            return
        state.copied = set(state.must)
        done = run(self.votekit, "reset", "--yes", "--format", "json", "--ballots", path)
        if done.returncode == 0:
            state.reset = json.loads(done.stdout)["resets"][0]["backup"].rsplit("/", 1)[-1]
            state.acknowledged += 2

    def verify(self, state, folder):
        found = Findings()
        if getattr(state, "copied", None) is not None:
            self.look_at_copy(state, folder / "copy.db", state.copied, found)
        if getattr(state, "reset", None):
            self.look_at_copy(state, folder / state.reset, state.must, found)
        path = folder / "ballots.db"
        if not path.exists():
            found.say("lost", len(state.must), "there is no ballots.db")
            return found, {}
        rows = state.read(path, found)
        keys = {row["key"] for row in rows or []}
        if getattr(state, "reset", None):
            found.say("corrupt", len(keys), "votes after a reset that was acknowledged")
        elif keys and not state.must <= keys:
            found.say("lost", len(state.must - keys), "a reset took some votes and not others")
        elif not keys and state.must and getattr(state, "copied", None) is None:
            found.say("lost", len(state.must), "no vote is left, and nothing was reset")
        return found, {}

    def look_at_copy(self, state, path, keys, found):
        if not path.exists():
            found.say("lost", len(keys) or 1, f"{path.name} is not there")
            return
        rows = state.read(path, found)
        there = {row["key"] for row in rows or []}
        found.say("lost", len(keys - there), f"votes that {path.name} lacks")


ALL = {
    "init": Init,
    "votes": Votes,
    "together": Together,
    "stdin": Bulk,
    "stdin-strict": Strict,
    "serve": Serve,
    "serve-term": Terminate,
    "change": Change,
    "votes-vacuumed": VotesVacuumed,
    "serve-vacuumed": ServeVacuumed,
    "q1-load": Load,
    "files": Written,
    "files-replaced": Replaced,
    "stdin-large": Spill,
    "handles": Handles,
    "copies": Copies,
}
