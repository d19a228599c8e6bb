"""What was sent, what was acknowledged, and what must therefore be found after a power failure."""
import collections
import dataclasses
import json
import subprocess


@dataclasses.dataclass
class Vote:
    key: str
    candidate: int
    voter: str | None = None
    opinion: str | None = None
    change: bool = False

    def line(self):
        """The vote as a line for `vote --stdin` and a body for `POST /vote`."""
        fields = {"candidate_id": self.candidate, "key": self.key}
        fields |= {"voter": self.voter} if self.voter else {}
        fields |= {"opinion": self.opinion} if self.opinion else {}
        fields |= {"change": True} if self.change else {}
        return json.dumps(fields)

    def arguments(self):
        found = [str(self.candidate), "--key", self.key]
        found += ["--voter", self.voter] if self.voter else []
        found += ["--opinion", self.opinion] if self.opinion else []
        return found + (["--change"] if self.change else [])


@dataclasses.dataclass
class Findings:
    """What is wrong with one image."""
    lost: int = 0
    doubled: int = 0
    corrupt: int = 0
    absent: int = 0
    notes: list = dataclasses.field(default_factory=list)

    def is_bad(self):
        return bool(self.lost or self.doubled or self.corrupt)

    def say(self, kind, count, note):
        if count:
            setattr(self, kind, getattr(self, kind) + count)
            self.notes.append(f"{kind}: {note}")


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120, **options)


class Ledger:
    """Votes into one ballot file."""

    def __init__(self, votekit):
        self.votekit = votekit
        self.sent = {}
        self.must = set()
        self.acknowledged = 0
        # Keys of one --strict run that was not acknowledged: all of them are there, or none.
        self.together = []
        # voter -> keys in the order sent: the standing vote is the last that must be there, or a later one.
        self.changes = {}
        self.made = False
        # Answers that were no acknowledgement, by status.
        self.refusals = collections.Counter()

    def send(self, vote):
        self.sent[vote.key] = vote
        if vote.voter:
            keys = self.changes.setdefault(vote.voter, [])
            if vote.key not in keys:
                keys.append(vote.key)

    def acknowledge(self, key):
        self.acknowledged += key not in self.must
        self.must.add(key)

    def verify(self, folder):
        """Opens the image in `folder` with a fresh votekit."""
        found = Findings()
        path = folder / "ballots.db"
        if not path.exists():
            found.say("lost", len(self.must) or int(self.made), "there is no ballots.db")
            return found, {}
        rows = self.read(path, found)
        if rows is None:
            return found, {}
        by_key = {}
        for row in rows:
            by_key.setdefault(row["key"], []).append(row)
        lost = self.must - by_key.keys()
        found.say("lost", len(lost), f"of {len(self.must)} acknowledged: {sorted(lost)[:5]}")
        doubled = [key for key, rows in by_key.items() if len(rows) > 1]
        found.say("doubled", len(doubled), doubled[:5])
        for key, (row, *_) in by_key.items():
            vote = self.sent.get(key)
            same = vote and (row["candidate_id"], row["opinion"], row["voter"]) == (
                vote.candidate, vote.opinion, vote.voter)
            found.say("corrupt", int(not same), f"key {key} is not what was sent")
        for keys in self.together:
            there = keys & by_key.keys()
            found.say("corrupt", int(0 < len(there) < len(keys)), f"--strict left {len(there)} of {len(keys)}")
        self.verify_standing(by_key, found)
        return found, by_key

    def read(self, path, found):
        """All votes of a file, or None where it is not sound."""
        check = run(self.votekit, "check", "--ballots", path)
        if check.returncode != 0:
            found.say("corrupt", 1, f"check: {check.stderr.strip()}")
            return None
        export = run(self.votekit, "export", "--with-voters", "--format", "json", "--ballots", path)
        tally = run(self.votekit, "tally", "--format", "json", "--ballots", path)
        if export.returncode or tally.returncode:
            found.say("corrupt", 1, f"export, tally: {export.stderr} {tally.stderr}")
            return None
        rows = json.loads(export.stdout)["votes"]
        standing = sum(row["replaced_by"] is None for row in rows)
        total = json.loads(tally.stdout)["votes"]
        found.say("corrupt", int(total != standing), f"tally says {total}, {standing} stand")
        return rows

    def verify_standing(self, by_key, found):
        for voter, keys in self.changes.items():
            standing = [key for key in keys for row in by_key.get(key, []) if row["replaced_by"] is None]
            there = [key for key in keys if key in by_key]
            found.say("corrupt", int(bool(there) and len(standing) != 1), f"{voter} has {len(standing)} votes")
            must = [at for at, key in enumerate(keys) if key in self.must]
            if standing and must:
                early = keys.index(standing[0]) < must[-1]
                found.say("lost", int(early), f"{voter}'s vote is {standing[0]}, not {keys[must[-1]]}")

    def retry(self, folder, there):
        """Sends everything once more under the same keys, as a voter without an answer does: each must count once."""
        found = Findings()
        path = folder / "ballots.db"
        lines = "".join(vote.line() + "\n" for vote in self.sent.values())
        again = run(self.votekit, "vote", "--stdin", "--ballots", path, "-q", input=lines)
        expected = f"{len(self.sent) - len(there)}\t{len(there)}\t0\n"
        if again.returncode or again.stdout != expected:
            found.say("corrupt", 1, f"sent again: {again.stdout!r} instead of {expected!r} {again.stderr}")
        rows = self.read(path, found)
        keys = [row["key"] for row in rows or []]
        found.say("doubled", len(keys) - len(set(keys)), "after the same keys were sent again")
        found.say("lost", len(self.sent.keys() - set(keys)) if rows is not None else 0, "after all were sent again")
        return found

    def power_on(self, there):
        """What was found after the failure is on disk from now on, and must stay."""
        self.must |= there.keys()
        self.together.clear()
        self.made = self.made or bool(there)
