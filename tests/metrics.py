#!/usr/bin/env python3
"""Reads the service's metrics as Prometheus does: metrics.py VOTEKIT, in a Python that has prometheus_client

Its parser of OpenMetrics is strict: wrong names, types, units or orders are errors.
"""
import subprocess, sys, tempfile, urllib.error, urllib.request
from pathlib import Path

from prometheus_client.openmetrics.parser import text_string_to_metric_families

votekit = Path(sys.argv[1]).resolve()
with tempfile.TemporaryDirectory() as folder:
    server = subprocess.Popen([votekit, "serve", "--listen", "127.0.0.1:0"], cwd=folder, stderr=subprocess.PIPE, text=True)
    try:
        url = next("http://" + line.split("http://")[1].split()[0] for line in server.stderr if "http://" in line)
        vote = urllib.request.Request(f"{url}/vote", b'{"candidate_id": 1}', {"Content-Type": "application/json"})
        urllib.request.urlopen(vote).close()
        try:
            urllib.request.urlopen(f"{url}/nothing")
        except urllib.error.HTTPError as error:
            assert error.code == 404
        with urllib.request.urlopen(f"{url}/metrics") as answer:
            assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0"), answer.headers
            families = {family.name: family for family in text_string_to_metric_families(answer.read().decode())}
    finally:
        server.kill()

kinds = {"votekit_votes": "counter", "votekit_http_requests": "counter", "votekit_vote_duration_seconds": "histogram",
         "votekit_queue_depth": "gauge", "votekit_build": "info", "process_cpu_seconds": "counter",
         "process_resident_memory_bytes": "gauge", "process_start_time_seconds": "gauge"}
for name, kind in kinds.items():
    assert families[name].type == kind, (name, families[name])
for name, family in families.items():
    assert name.startswith(("votekit_", "process_")) and family.documentation, family
codes = {sample.labels["code"]: sample.value for sample in families["votekit_http_requests"].samples if sample.value}
assert codes == {"200": 1, "404": 1}, codes
print(f"{len(families)} families of metrics are as Prometheus expects them")
