#!/usr/bin/env python3
"""Runs the examples in Markdown files and compares their output: readme.py VOTEKIT FILE.md…

In a ```console block, bash runs each line `$ command` (continued by lines that begin with `> `), and the lines below are its
expected output, stdout and stderr together. A line `...` matches any lines, `[..]` anything within a line. The commands of a
file run one after the other in a new folder that holds copies of samples/ and sql/, with votekit on the PATH.
"""
import os, re, shutil, subprocess, sys, tempfile
from pathlib import Path


def examples(text):
    """Finds the examples: [line number, command, expected output]."""
    found, fence = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            fence = line.strip() == "```console" if not fence else False
        elif fence and line.startswith("$ "):
            found.append([number, line[2:], ""])
        elif fence and line.startswith("> ") and found and not found[-1][2]:
            found[-1][1] += "\n" + line[2:]
        elif fence and found:
            found[-1][2] += line + "\n"
    return found


def matches(expected, printed):
    parts = [".*" if line == "..." else re.escape(line.rstrip()).replace(r"\[\.\.\]", "[^\n]*") for line in expected.splitlines()]
    lines = "\n".join(line.rstrip() for line in printed.splitlines())
    return re.fullmatch("\n".join(parts), lines, re.S)


def run(command, folder, env):
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    return done.stdout.decode(errors="replace")


def main():
    votekit, files = Path(sys.argv[1]).resolve(), [Path(name) for name in sys.argv[2:]]
    top = Path(__file__).resolve().parent.parent
    passed = failed = 0
    for file in files:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("samples", "sql"):
                shutil.copytree(top / name, Path(folder, name))
            env = {"PATH": f"{votekit.parent}:{os.environ['PATH']}", "HOME": folder, "LC_ALL": "C.UTF-8", "TERM": "dumb"}
            for line, command, expected in examples(file.read_text()):
                printed = run(command, folder, env)
                if matches(expected, printed):
                    passed += 1
                else:
                    failed += 1
                    print(f"{file}:{line}: $ {command}\n--- expected\n{expected}--- printed\n{printed}")
    if not passed + failed:
        sys.exit("no examples found")
    print(f"examples: {passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
