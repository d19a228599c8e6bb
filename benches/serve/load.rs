//! Open-loop load on `POST /vote`: requests are due at fixed times however long answers take, and latency counts from the due time,
//! so that a stalled server cannot hide it (coordinated omission, <https://github.com/giltene/wrk2#wrk2>).
//!
//! load ADDRESS:PORT CONNECTIONS RATE:SECS[,RATE:SECS…] prints one line per phase and one per second.
#![allow(clippy::expect_used, reason = "a measurement that cannot go on says where")]
use std::collections::BTreeMap;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

const BODY: &str = r#"{"candidate_id": 2}"#;

/// The outcome of one request.
struct Shot {
    phase: usize,
    /// The second of the run in which it was answered.
    second: u64,
    status: u16,
    /// Latency since it was due.
    due_us: u32,
    /// Latency since it was sent.
    sent_us: u32,
}

#[derive(Clone)]
struct Phase {
    rate: f64,
    begins_secs: f64,
    ends_secs: f64,
}

fn phases(text: &str) -> Vec<Phase> {
    let mut begins_secs = 0.0;
    let phase = |text: &str| {
        let (rate, secs) = text.split_once(':').expect("RATE:SECS");
        let ends_secs = begins_secs + secs.parse::<f64>().expect("seconds");
        let phase = Phase { rate: rate.parse().expect("a rate"), begins_secs, ends_secs };
        begins_secs = ends_secs;
        phase
    };
    text.split(',').map(phase).collect()
}

/// Reads one response. Returns its status, or `None` if the connection has ended.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<u16> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(buffer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse::<usize>().ok()?;
        if body.len() >= length {
            return head.split(' ').nth(1)?.parse().ok();
        }
    }
}

async fn connection(address: String, number: u32, of: u32, phases: Vec<Phase>, begun: Instant) -> Vec<Shot> {
    let request = format!(
        "POST /vote HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    let (mut shots, mut buffer, mut stream) = (Vec::new(), Vec::new(), None);
    for (index, phase) in phases.iter().enumerate() {
        let step_secs = f64::from(of) / phase.rate;
        let mut due_secs = phase.begins_secs + step_secs * f64::from(number) / f64::from(of);
        while due_secs < phase.ends_secs {
            let due = begun + Duration::from_secs_f64(due_secs);
            due_secs += step_secs;
            sleep_until(due).await;
            // Requests left over from a finished phase are dropped: the crowd has gone.
            if begun.elapsed().as_secs_f64() > phase.ends_secs {
                break;
            }
            let sent = Instant::now();
            if stream.is_none() {
                stream = TcpStream::connect(&address).await.ok();
                stream.iter().for_each(|stream: &TcpStream| stream.set_nodelay(true).unwrap_or(()));
            }
            let status = match &mut stream {
                Some(open) => match open.write_all(request.as_bytes()).await {
                    Ok(()) => answer(open, &mut buffer).await,
                    Err(_) => None,
                },
                None => None,
            };
            if status.is_none() {
                stream = None;
            }
            let us = |since: Instant| u32::try_from(since.elapsed().as_micros()).unwrap_or(u32::MAX);
            let (second, status) = (begun.elapsed().as_secs(), status.unwrap_or(0));
            shots.push(Shot { phase: index, second, status, due_us: us(due), sent_us: us(sent) });
        }
    }
    shots
}

/// `p50 / p99 / max` in milliseconds.
fn quantiles(mut us: Vec<u32>) -> String {
    us.sort_unstable();
    let at = |share: f64| us.get(((us.len() as f64 * share) as usize).min(us.len().saturating_sub(1)));
    let ms = |us: Option<&u32>| us.map_or(0.0, |us| f64::from(*us) / 1e3);
    format!("{:.2} / {:.2} / {:.2} ms", ms(at(0.5)), ms(at(0.99)), ms(us.last()))
}

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let [_, address, connections, plan] = args.as_slice() else {
        eprintln!("load ADDRESS:PORT CONNECTIONS RATE:SECS[,RATE:SECS…]");
        std::process::exit(2);
    };
    let (of, phases) = (connections.parse::<u32>().expect("a number of connections"), phases(plan));
    let begun = Instant::now() + Duration::from_millis(200);
    let tasks: Vec<_> =
        (0..of).map(|number| tokio::spawn(connection(address.clone(), number, of, phases.clone(), begun))).collect();
    let mut shots = Vec::new();
    for task in tasks {
        shots.extend(task.await.expect("a connection's task"));
    }
    for (index, phase) in phases.iter().enumerate() {
        let secs = phase.ends_secs - phase.begins_secs;
        let of_phase = || shots.iter().filter(|shot| shot.phase == index);
        println!("phase {index}: offered {:.0}/s, sent {:.0}/s", phase.rate, of_phase().count() as f64 / secs);
        let mut by_status = BTreeMap::<u16, (Vec<u32>, Vec<u32>)>::new();
        for shot in of_phase() {
            let (due, sent) = by_status.entry(shot.status).or_default();
            due.push(shot.due_us);
            sent.push(shot.sent_us);
        }
        for (status, (due, sent)) in by_status {
            let rate = due.len() as f64 / secs;
            println!(
                "  {status}: {rate:.0}/s, p50/p99/max since due {}, since sent {}",
                quantiles(due),
                quantiles(sent)
            );
        }
    }
    let mut seconds = BTreeMap::<u64, (u64, u64)>::new();
    for shot in &shots {
        let (good, bad) = seconds.entry(shot.second).or_default();
        *(if shot.status == 200 { good } else { bad }) += 1;
    }
    for (second, (good, bad)) in seconds {
        println!("second {second}: {good} stored, {bad} not");
    }
}
