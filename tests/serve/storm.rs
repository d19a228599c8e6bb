//! The real service under load and failure: crowds, kills, retries, full disks, slow clients, two services on one file.
use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::disk::{SmallDisk, left_out};
use crate::http::{Client, Server, numbered, stdout, stored, total, until};

const VOTES: u64 = 10_000;
const CONNECTIONS: u64 = 64;

/// Another program's lock on the ballot file, under which nobody can write.
struct Lock {
    holder: Child,
}

impl Lock {
    fn take(folder: &Path) -> Option<Lock> {
        let mut shell = Command::new("sqlite3");
        shell.arg(folder.join("ballots.db")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let Ok(mut holder) = shell.spawn() else {
            left_out("Debian's sqlite3");
            return None;
        };
        let begin = b"PRAGMA busy_timeout = 60000;\nBEGIN IMMEDIATE;\nSELECT 'held';\n";
        holder.stdin.as_mut().unwrap().write_all(begin).unwrap();
        let told = BufReader::new(holder.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(told.into_iter().any(|line| line == "held"));
        Some(Lock { holder })
    }

    fn release(mut self) {
        self.holder.stdin.take().unwrap().write_all(b"ROLLBACK;\n.quit\n").unwrap();
        self.holder.wait().unwrap();
    }
}

fn sound(folder: &Path) {
    assert_eq!(stdout(folder, &["check"]), "");
}

#[test]
fn killed_in_the_middle_every_acknowledged_vote_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let address = server.address;
    let (acknowledged, count) = (Mutex::new(Vec::new()), AtomicU64::new(0));
    thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            let (acknowledged, count) = (&acknowledged, &count);
            scope.spawn(move || {
                let Ok(mut client) = Client::connect(address) else { return };
                for number in (connection..VOTES).step_by(CONNECTIONS as usize) {
                    match client.vote(&numbered(number), &[]) {
                        Ok(reply) if reply.status == 200 => {
                            acknowledged.lock().unwrap().push(number);
                            count.fetch_add(1, Ordering::Relaxed);
                        }
                        _ => return,
                    }
                }
            });
        }
        until("half of them are in", || count.load(Ordering::Relaxed) >= VOTES / 2);
        server.kill();
    });
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!((VOTES / 2..VOTES).contains(&(acknowledged.len() as u64)), "killed in the middle");
    let stored = stored(folder.path(), "ballots.db");
    assert!(acknowledged.iter().all(|number| stored.get(number) == Some(&1)), "an acknowledged vote is not there once");
    assert!(stored.values().all(|times| *times == 1));
    sound(folder.path());
}

#[test]
fn killed_and_started_again_votes_that_are_retried_with_keys_count_once() {
    let folder = tempfile::tempdir().unwrap();
    let address = Mutex::new(None);
    let count = AtomicU64::new(0);
    thread::scope(|scope| {
        let mut server = Server::start(folder.path(), &[]);
        *address.lock().unwrap() = Some(server.address);
        for connection in 0..CONNECTIONS {
            let (address, count) = (&address, &count);
            scope.spawn(move || {
                let connect = || Client::connect(address.lock().unwrap().unwrap());
                let mut client = connect();
                for number in (connection..VOTES).step_by(CONNECTIONS as usize) {
                    let key = format!("Idempotency-Key: k{number}");
                    until("the vote is acknowledged", || {
                        let reply =
                            client.as_mut().ok().and_then(|client| client.vote(&numbered(number), &[&key]).ok());
                        let done = reply.is_some_and(|reply| reply.status == 200);
                        if !done {
                            client = connect();
                        }
                        done
                    });
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for part in [1, 2, 3] {
            until("the next part is in", || count.load(Ordering::Relaxed) >= VOTES * part / 4);
            server.kill();
            server = Server::start(folder.path(), &[]);
            *address.lock().unwrap() = Some(server.address);
        }
        until("all are in", || count.load(Ordering::Relaxed) == VOTES);
    });
    let stored = stored(folder.path(), "ballots.db");
    assert_eq!((stored.len() as u64, stored.values().max()), (VOTES, Some(&1)));
    sound(folder.path());
}

#[test]
fn told_to_end_under_load_it_answers_what_it_took_and_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let address = server.address;
    let acknowledged = AtomicU64::new(0);
    thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            let acknowledged = &acknowledged;
            scope.spawn(move || {
                let mut client = Client::connect(address).unwrap();
                // Until the service closes the connection.
                while let Ok(reply) = client.vote(&numbered(connection), &[]) {
                    assert_eq!(reply.status, 200, "what was taken is answered");
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                    if reply.header("connection") == Some("close") {
                        return;
                    }
                }
            });
        }
        let mut idle = Client::connect(address).unwrap();
        let mut stream = Client::connect(address).unwrap();
        stream.send(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        stream.head().unwrap();
        until("votes come in", || acknowledged.load(Ordering::Relaxed) > 1000);
        let begun = Instant::now();
        server.signal("-TERM");
        let (exit, told) = server.wait();
        assert!(exit.success(), "{told}");
        assert!(begun.elapsed() < Duration::from_secs(9), "it did not wait for the grace to end: {told}");
        assert!(idle.line().is_err(), "idle connections are closed");
    });
    assert_eq!(total(folder.path()), acknowledged.into_inner());
    assert!(!folder.path().join("ballots.db-wal").exists(), "all of it is in the file");
    sound(folder.path());
}

#[test]
fn a_full_disk_is_said_in_the_contracts_form_and_passes() {
    let Some(disk) = SmallDisk::mount("2m") else { return };
    let mut server = Server::start(disk.path(), &[]);
    assert_eq!(server.post(&numbered(0)).status, 200);
    let filler = disk.fill();
    let mut client = server.client();
    let mut votes = 1;
    let refused = loop {
        // The WAL may have room for a few more.
        let reply = client.vote(&numbered(votes), &[]).unwrap();
        if reply.status != 200 {
            break reply;
        }
        votes += 1;
    };
    assert_eq!((refused.status, refused.json()["success"].as_bool()), (503, Some(false)), "{refused:?}");
    assert!(refused.json()["error_message"].as_str().unwrap().contains("no room"), "{refused:?}");
    assert!(!refused.text().contains("ballots.db"), "no path of the machine is told: {refused:?}");
    assert!(server.is_running());
    assert_eq!(server.get("/healthz").status, 200);
    fs::remove_file(filler).unwrap();
    until("votes are taken again", || client.vote(&numbered(votes), &[]).unwrap().status == 200);
    assert_eq!(total(disk.path()), votes + 1);
    assert_eq!(stored(disk.path(), "ballots.db").values().max(), Some(&1));
    server.signal("-TERM");
    let (exit, told) = server.wait();
    assert!(exit.success() && told.contains("full"), "the log says why: {told}");
    sound(disk.path());
}

#[test]
fn a_queue_that_is_kept_full_refuses_at_once_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--queue", "2"]);
    let address = server.address;
    let (good, refused) = (AtomicU64::new(0), AtomicU64::new(0));
    // Another program locks the file: the writer has to wait, and the queue fills up.
    let Some(lock) = Lock::take(folder.path()) else { return };
    thread::scope(|scope| {
        for number in 0..CONNECTIONS {
            let (good, refused) = (&good, &refused);
            scope.spawn(move || {
                let mut client = Client::connect(address).unwrap();
                loop {
                    let begun = Instant::now();
                    let reply = client.vote(&numbered(number), &[]).unwrap();
                    match reply.status {
                        200 => break good.fetch_add(1, Ordering::Relaxed),
                        503 => {
                            assert_eq!(reply.header("retry-after"), Some("1"), "{reply:?}");
                            assert!(reply.json()["type"].as_str().unwrap().ends_with("overloaded"), "{reply:?}");
                            assert!(begun.elapsed() < Duration::from_secs(5), "at once rather than late");
                            refused.fetch_add(1, Ordering::Relaxed);
                            thread::sleep(Duration::from_millis(5));
                        }
                        _ => panic!("{reply:?}"),
                    }
                }
            });
        }
        until("many are refused", || refused.load(Ordering::Relaxed) > 500);
        assert_eq!(good.load(Ordering::Relaxed), 0, "the lock was held");
        assert_eq!(server.get("/result").status, 200, "results can be read meanwhile");
        lock.release();
        until("all are in", || good.load(Ordering::Relaxed) == CONNECTIONS);
    });
    assert_eq!(total(folder.path()), CONNECTIONS);
    assert_eq!(stored(folder.path(), "ballots.db").values().max(), Some(&1));
    let metrics = server.get("/metrics").text();
    let overloaded = format!("votekit_votes_total{{outcome=\"overloaded\"}} {}", refused.into_inner());
    assert!(metrics.lines().any(|line| line == overloaded), "{metrics}");
}

#[test]
fn a_thousand_slow_clients_hold_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--keep-alive", "20s"]);
    let mut slow: Vec<Client> = (0..1000).map(|_| server.client()).collect();
    for (number, client) in slow.iter_mut().enumerate() {
        let part: &[u8] = match number % 3 {
            0 => b"",
            1 => b"POST /vote HTTP/1.1\r\nHost: a\r\nContent-Type: appl",
            _ => {
                b"POST /vote HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n{\"can"
            }
        };
        client.send(part).unwrap();
    }
    let mut client = server.client();
    for _ in 0..200 {
        let begun = Instant::now();
        assert_eq!(client.vote(r#"{"candidate_id": 1}"#, &[]).unwrap().status, 200);
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
    assert_eq!(total(folder.path()), 200);
    // A client that does not finish its body gets an error and is disconnected; one that does not finish its head is just
    // disconnected.
    let late = slow[2].reply("POST").unwrap();
    assert_eq!((late.status, late.json()["type"].as_str()), (408, Some("urn:votekit:problem:too-slow")));
    assert!(slow[1].line().is_err());
    assert_eq!(total(folder.path()), 200);
}

#[test]
fn connections_beyond_the_most_wait_until_one_closes() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--connections", "4"]);
    let mut streams: Vec<Client> = (0..4).map(|_| server.client()).collect();
    for (number, stream) in streams.iter_mut().enumerate() {
        stream.send(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let status = stream.head().unwrap().status;
        assert_eq!(status, if number < 2 { 200 } else { 503 }, "half of them may be event streams");
    }
    let mut fifth = server.client();
    fifth.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    drop(streams.pop());
    assert_eq!(fifth.head().unwrap().status, 200);
}

#[test]
fn two_services_on_one_file_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let servers = [Server::start(folder.path(), &[]), Server::start(folder.path(), &[])];
    let addresses = servers.each_ref().map(|server| server.address);
    thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            scope.spawn(move || {
                let mut client = Client::connect(addresses[connection as usize % 2]).unwrap();
                for number in (connection..VOTES).step_by(CONNECTIONS as usize) {
                    assert_eq!(client.vote(&numbered(number), &[]).unwrap().status, 200);
                }
            });
        }
    });
    let stored = stored(folder.path(), "ballots.db");
    assert_eq!((stored.len() as u64, stored.values().max()), (VOTES, Some(&1)));
    for server in &servers {
        let result = || server.get("/result").json();
        until("both know all", || {
            let votes: u64 = result()[0].as_array().unwrap().iter().map(|of| of["num_vote"].as_u64().unwrap()).sum();
            votes == VOTES
        });
    }
    sound(folder.path());
}

#[test]
fn a_client_that_goes_before_its_vote_is_written_takes_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let Some(lock) = Lock::take(folder.path()) else { return };
    let send = |number: u64| {
        let (mut client, body) = (server.client(), numbered(number));
        let head = "POST /vote HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length";
        client.send(format!("{head}: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
        client
    };
    let depth = |wanted: &str| {
        let line = format!("votekit_queue_depth {wanted}");
        until("so many wait", || server.get("/metrics").text().lines().any(|told| told == line));
    };
    // The writer takes this vote and waits for the lock.
    let mut first = send(0);
    depth("0");
    thread::sleep(Duration::from_millis(300));
    let (gone, mut stays) = (send(1), send(2));
    depth("2");
    drop(gone);
    thread::sleep(Duration::from_millis(300));
    lock.release();
    assert_eq!((first.reply("POST").unwrap().status, stays.reply("POST").unwrap().status), (200, 200));
    let mut there: Vec<u64> = stored(folder.path(), "ballots.db").into_keys().collect();
    there.sort_unstable();
    assert_eq!(there, [0, 2]);
    assert!(server.get("/metrics").text().contains("votekit_votes_total{outcome=\"abandoned\"} 1"));
}

#[test]
fn a_file_that_is_moved_away_takes_no_votes_that_nobody_would_find() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    assert_eq!(server.post(&numbered(0)).status, 200);
    let (here, there) = (folder.path().join("ballots.db"), folder.path().join("away.db"));
    fs::rename(&here, &there).unwrap();
    let refused = server.post(&numbered(1));
    assert_eq!((refused.status, refused.json()["type"].as_str()), (500, Some("urn:votekit:problem:storage-failed")));
    assert_eq!(server.get("/result").status, 500);
    until("the service says that it is not ready", || server.get("/readyz").status == 503);
    fs::rename(&there, &here).unwrap();
    assert_eq!(server.post(&numbered(2)).status, 200);
    until("it is ready again", || server.get("/readyz").status == 200);
    server.signal("-TERM");
    let (exit, told) = server.wait();
    assert!(exit.success() && told.contains("moved, deleted or replaced"), "{told}");
    assert_eq!(stored(folder.path(), "ballots.db"), HashMap::from([(0, 1), (2, 1)]));
    sound(folder.path());
}

#[test]
fn without_its_wal_it_takes_no_votes_and_saves_those_it_took_when_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    assert_eq!(server.post(&numbered(0)).status, 200);
    fs::remove_file(folder.path().join("ballots.db-wal")).unwrap();
    let refused = server.post(&numbered(1));
    assert_eq!((refused.status, refused.json()["type"].as_str()), (500, Some("urn:votekit:problem:storage-failed")));
    until("the service says that it is not ready", || server.get("/readyz").status == 503);
    server.signal("-TERM");
    let (exit, told) = server.wait();
    assert!(exit.success() && told.contains("…-wal was moved, deleted or replaced"), "{told}");
    assert_eq!(stored(folder.path(), "ballots.db"), HashMap::from([(0, 1)]));
    sound(folder.path());
}

#[test]
fn a_vote_waits_some_seconds_for_another_program_and_is_then_told_to_come_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let Some(lock) = Lock::take(folder.path()) else { return };
    let refused = server.post(&numbered(1));
    assert_eq!(
        (refused.status, refused.json()["type"].as_str()),
        (503, Some("urn:votekit:problem:storage-unavailable"))
    );
    assert!(refused.text().contains("another program holds the votes"), "{refused:?}");
    lock.release();
    assert_eq!(server.post(&numbered(2)).status, 200);
    assert_eq!(stored(folder.path(), "ballots.db"), HashMap::from([(2, 1)]));
    server.signal("-TERM");
    let (_, told) = server.wait();
    assert!(told.contains("locked by another program for 6 s"), "{told}");
}

#[test]
fn told_to_end_while_another_program_holds_the_file_it_ends_in_time_and_nobody_is_told_of_success() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--grace", "1s"]);
    let Some(lock) = Lock::take(folder.path()) else { return };
    let (mut client, body) = (server.client(), numbered(1));
    let head = "POST /vote HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length";
    client.send(format!("{head}: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
    // Until the writer waits for the lock.
    thread::sleep(Duration::from_millis(500));
    let begun = Instant::now();
    server.signal("-TERM");
    let (exit, told) = server.wait();
    assert!(exit.success() && begun.elapsed() < Duration::from_secs(30), "{told}");
    assert!(told.contains("were not stored"), "{told}");
    assert!(client.reply("POST").is_err(), "no answer is better than a wrong one");
    lock.release();
    assert_eq!(total(folder.path()), 0);
    sound(folder.path());
}

#[test]
fn many_large_bodies_at_once_have_a_bounded_room() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let head = "POST /vote HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 65000\r\n\r\n{";
    let open = || {
        let mut client = server.client();
        client.send(head.as_bytes()).unwrap();
        client
    };
    let slow: Vec<Client> = (0..600).map(|_| open()).collect();
    let refused = until_some(|| {
        let reply = open().reply("POST").ok()?;
        (reply.status == 503).then_some(reply)
    });
    assert!(refused.json()["error_message"].as_str().unwrap().contains("long opinions"), "{refused:?}");
    assert_eq!(server.post(&numbered(1)).status, 200, "a small one always has room");
    drop(slow);
    let long = format!(r#"{{"candidate_id": 1, "opinion": "{}"}}"#, "a".repeat(9_000));
    until("there is room again", || server.post(&long).status == 200);
}

fn until_some<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let mut found = None;
    until("it answers so", || {
        found = ask();
        found.is_some()
    });
    found.unwrap()
}
