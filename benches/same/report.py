"""Finds, groups and prints the differences between outcomes for benches/same.py."""

import difflib, re
from collections import defaultdict
from dataclasses import dataclass

LINES_MOST = 400


@dataclass(frozen=True)
class Difference:
    """One part of an outcome that differs, and the stderr of both binaries."""

    trial: object
    part: str
    old: str
    new: str
    old_said: str
    new_said: str


def text(data):
    return data.decode(errors="backslashreplace")


def differences(trial, old, new, with_stderr):
    """All parts of the outcome of `trial` in which old and new differ."""
    found = []
    if old.code != new.code:
        found.append(("exit code", f"{old.code}\n{text(old.stderr)}", f"{new.code}\n{text(new.stderr)}"))
    if old.stdout != new.stdout:
        found.append(("stdout", text(old.stdout), text(new.stdout)))
    for path in sorted(old.files.keys() | new.files.keys()):
        before, after = old.files.get(path, "not written"), new.files.get(path, "not written")
        if before != after:
            found.append((f"file {path}", before, after))
    if with_stderr and old.stderr != new.stderr:
        found.append(("stderr", text(old.stderr), text(new.stderr)))
    return [Difference(trial, *parts, text(old.stderr), text(new.stderr)) for parts in found]


def shape(line):
    """Masks names and numbers in `line`, so that differences with the same cause look alike."""
    line = re.sub(r'"[^"]*"', '"…"', line)
    line = re.sub(
        r"[\w/.-]*\.(?:log|tsv|csv|ndjson|db|sqlite|txt|gz|zst|xz|broken|crlf|cr|crcrlf|bom|utf16|utf16be|latin1|blank|comment|twice|cut|noend|headless|head|nul|blankfirst|badfirst|quote|long|spaces)\b[\w.]*",
        "FILE",
        line,
    )
    return re.sub(r"\d+(?:[.,]\d+)*", "0", line)[:160]


def first_changed(old, new):
    """The shapes of the first lines in which two texts differ."""
    before, after = old.splitlines(), new.splitlines()
    at = next((at for at, (one, other) in enumerate(zip(before, after)) if one != other), min(len(before), len(after)))
    return tuple(shape(lines[at]) if at < len(lines) else "(end)" for lines in (before, after))


def signature(difference):
    """Differences with the same signature are shown together."""
    words = re.search(r"votekit (?:-\S+ )*(\w*)", difference.trial.command)
    said = tuple(tuple(shape(line) for line in text.splitlines()[:2]) for text in (difference.old_said, difference.new_said))
    if difference.part == "stdout" and any(said) and difference.trial.command.count("votekit") < 2:
        # The figures of a result say little about the cause; stderr says more.
        return words and words[1], difference.part, said
    return words and words[1], re.sub(r"\d+", "0", difference.part), first_changed(difference.old, difference.new)


def grouped(found):
    """Groups differences by signature, the largest group first."""
    groups = defaultdict(list)
    for difference in found:
        groups[signature(difference)].append(difference)
    return sorted(groups.values(), key=lambda group: (group[0].part == "stderr", -len(group)))


def show(number, group, again):
    """Prints a group: its shortest command, the full difference, and the names of the others."""
    one = min(group, key=lambda difference: len(difference.trial.command) + len(difference.old) + len(difference.new))
    print(f"\n== {number}: {one.part}, {len(group)} × =====================================================")
    print(f"{one.trial.name}: inputs {' '.join(one.trial.inputs) or 'none'}" + (f"\n{one.trial.note}" if one.trial.note else ""))
    print("\n".join("  $ " + re.sub(r"(.)\1{60,}", r"\1\1\1…", line) for line in one.trial.command.splitlines()))
    print(f"  again: {again} --only {one.trial.name}")
    lines = list(difflib.unified_diff(one.old.splitlines(), one.new.splitlines(), "old", "new", lineterm="", n=2))
    print("\n".join("  | " + line for line in lines[:LINES_MOST]) or "  | the ends of lines alone")
    if len(lines) > LINES_MOST:
        print(f"  | … and {len(lines) - LINES_MOST} lines more")
    for side, said in (("old", one.old_said), ("new", one.new_said)):
        if said and one.part not in ("stderr", "exit code"):
            print(f"  {side} says: " + "\n            ".join(said.splitlines()[:6]))
    others = [difference.trial.name for difference in group if difference is not one]
    if others:
        print(f"  the same: {' '.join(others[:12])}" + (f" and {len(others) - 12} more" if len(others) > 12 else ""))
