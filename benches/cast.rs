//! Measures small batches, as a service casts them: `cargo bench --profile quick --bench cast -- [BALLOTS [SECS [VOTES_PER_SEC]]]`.
//!
//! Casts batches of BALLOTS plain ballots (default 200) for SECS seconds (default 5) into a file in the current folder, at full
//! speed or at a given rate. Prints votes per second, CPU time per vote of the casting thread, and the time per batch.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that cannot go on says where")]
use std::time::{Duration, Instant};

use votekit::ballot::{Ballot, Choice, Settings, Setup, SystemClock};
use votekit::store;

/// CPU time of the calling thread, as counted by the kernel.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|text| text.parse::<u64>().ok());
    let (ballots, secs, rate) = (numbers.next().unwrap_or(200), numbers.next().unwrap_or(5), numbers.next());
    let folder = tempfile::tempdir_in(".").unwrap();
    let place = folder.path().join("cast.db").to_str().unwrap().to_owned();
    let candidates = Setup::first().candidates;
    let mut votes = store::create(
        &place,
        &Setup { settings: Settings::default(), candidates, voters: Vec::new(), ..Setup::first() },
    )
    .unwrap();
    let batch: Vec<Ballot> = (0..ballots).map(|at| Ballot::plain(Choice::Id((at % 3 + 1) as i64))).collect();

    let mut took = Vec::new();
    let (begun, cpu_begun) = (Instant::now(), cpu());
    while begun.elapsed() < Duration::from_secs(secs) {
        if let Some(rate) = rate {
            let due = Duration::from_secs_f64((took.len() as u64 * ballots) as f64 / rate as f64);
            std::thread::sleep(due.saturating_sub(begun.elapsed()));
        }
        let batch_begun = Instant::now();
        votes.cast(&batch, &SystemClock).unwrap();
        took.push(batch_begun.elapsed());
    }
    let (wall, cpu) = (begun.elapsed(), cpu() - cpu_begun);
    let cast = took.len() as u64 * ballots;
    took.sort();
    let quantile = |of: f64| took[((took.len() - 1) as f64 * of) as usize].as_secs_f64() * 1e3;
    println!(
        "{ballots} a batch: {:.0} votes/s, {:.2} us of CPU a vote ({:.0} % of a core), a batch {:.2} ms (median) {:.2} (p99) {:.2} (p99.9) {:.2} (most)",
        cast as f64 / wall.as_secs_f64(),
        cpu.as_secs_f64() * 1e6 / cast as f64,
        cpu.as_secs_f64() / wall.as_secs_f64() * 100.0,
        quantile(0.5),
        quantile(0.99),
        quantile(0.999),
        quantile(1.0),
    );
}
