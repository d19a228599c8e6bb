#!/usr/bin/env python3
"""Holds the service to its own description: openapi.py VOTEKIT SCHEMATHESIS

Starts `votekit serve` on a free port and lets schemathesis ask it all that /openapi.json allows, and what it does not: no
answer may be a 500, or be outside of what the description says. /events, which never ends, is left to other tests.
"""
import subprocess, sys, tempfile
from pathlib import Path

votekit, schemathesis = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
with tempfile.TemporaryDirectory() as folder:
    server = subprocess.Popen([votekit, "serve", "--listen", "127.0.0.1:0"], cwd=folder, stderr=subprocess.PIPE, text=True)
    try:
        url = next(line.split("http://")[1].split()[0] for line in server.stderr if "http://" in line)
        # Votes for candidates that are not there are refused, which the description cannot tell beforehand.
        done = subprocess.run(
            [schemathesis, "run", f"http://{url}/openapi.json", "--exclude-path", "/events", "--checks", "all",
             "--exclude-checks", "positive_data_acceptance", "--max-examples", "50", "--generation-deterministic"],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
        if done.returncode or server.poll() is not None:
            sys.exit(f"{done.stdout}\nthe service does not keep to its description")
        print("the service keeps to its description:", done.stdout.strip().splitlines()[-1].strip("= "))
    finally:
        server.kill()
