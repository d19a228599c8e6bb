wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"candidate_id": 2}'
