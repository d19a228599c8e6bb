#!/usr/bin/env python3
"""Tests the service against its own description: openapi.py VOTEKIT SCHEMATHESIS

Starts `votekit serve` on a free port and lets schemathesis send what /openapi.json allows and what it does not: no response
may be a 500 or differ from the description. /events, which never ends, has its own tests.
"""
import subprocess, sys, tempfile
from pathlib import Path

votekit, schemathesis = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
with tempfile.TemporaryDirectory() as folder:
    server = subprocess.Popen([votekit, "serve", "--listen", "127.0.0.1:0"], cwd=folder, stderr=subprocess.PIPE, text=True)
    try:
        url = next(line.split("http://")[1].split()[0] for line in server.stderr if "http://" in line)
        # Votes for unknown candidates are refused, which the description cannot express.
        done = subprocess.run(
            [schemathesis, "run", f"http://{url}/openapi.json", "--exclude-path", "/events", "--checks", "all",
             "--exclude-checks", "positive_data_acceptance", "--max-examples", "50", "--generation-deterministic"],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
        if done.returncode or server.poll() is not None:
            sys.exit(f"{done.stdout}\nthe service does not match its description")
        print("the service matches its description:", done.stdout.strip().splitlines()[-1].strip("= "))
    finally:
        server.kill()
