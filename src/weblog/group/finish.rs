//! Merges the workers' tables.
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use parking_lot::Mutex;

use super::best::Best;
use super::grouped::Grouped;
use super::limits::GroupError;
use super::spill::{PARTS, Spill};
use super::worker::{Grouping, Groups};
use crate::threads;

/// Merges the workers' groups.
///
/// # Errors
/// When a worker failed, or the groups of all workers outgrow the memory.
pub fn finish(grouping: &Grouping, workers: Vec<Groups>) -> Result<Grouped, GroupError> {
    let mut workers = workers;
    workers.iter_mut().for_each(Groups::flush);
    if let Some(error) = workers.iter_mut().find_map(|worker| worker.error.take()) {
        return Err(error);
    }
    if workers.iter().all(|worker| worker.spill.is_none()) {
        let mut tables = workers.into_iter().map(|worker| worker.table);
        let mut all = tables.next().unwrap_or_else(|| grouping.table());
        for table in tables {
            table.iter().for_each(|(key, sum)| all.add(key, sum));
        }
        let mut best = Best::new(grouping.options);
        best.take(&all);
        best.limit_memory(1)?;
        return Ok(best.grouped(false));
    }
    let mut spills = Vec::new();
    for mut worker in workers {
        worker.spill_all()?;
        spills.extend(worker.spill);
    }
    finish_parts(grouping, &spills)
}

/// Merges spilled tables part by part, several parts at a time.
fn finish_parts(grouping: &Grouping, spills: &[Spill]) -> Result<Grouped, GroupError> {
    let options = grouping.options;
    let next = AtomicUsize::new(0);
    let all = Mutex::new(Best::new(options));
    let work = || -> Result<(), GroupError> {
        let mut best = Best::new(options);
        let mut table = grouping.table();
        loop {
            let part = next.fetch_add(1, Relaxed);
            if part >= PARTS {
                break;
            }
            table.clear();
            for spill in spills {
                spill.read_part(part, &mut table).map_err(GroupError::spill)?;
                if table.used_bytes() > options.table_bytes() {
                    return Err(options.too_many());
                }
            }
            best.take(&table);
            best.limit_memory(options.workers)?;
        }
        let mut all = all.lock();
        all.join(best);
        all.limit_memory(1)
    };
    threads::on_each(options.workers, work).into_iter().collect::<Result<(), _>>()?;
    Ok(all.into_inner().grouped(true))
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::grouped::Sum;
    use super::super::limits::GroupOptions;
    use super::*;

    fn grouped(requests: &[(Vec<u8>, u64)], options: GroupOptions) -> Result<Grouped, GroupError> {
        let grouping = Grouping::new(options);
        let mut workers: Vec<Groups> = (0..options.workers).map(|_| grouping.worker()).collect();
        for (at, (key, bytes)) in requests.iter().enumerate() {
            let worker = &mut workers[at % options.workers];
            worker.add(key, *bytes);
            if bytes % 3 == 0 {
                worker.again(7);
            }
        }
        finish(&grouping, workers)
    }

    /// The same result, computed with a plain map.
    fn expected(requests: &[(Vec<u8>, u64)], top: Option<usize>) -> (Vec<(Vec<u8>, Sum)>, Sum, Sum) {
        let mut sums: BTreeMap<Vec<u8>, Sum> = BTreeMap::new();
        for (key, bytes) in requests {
            let sum = sums.entry(key.clone()).or_default();
            sum.add(Sum { bytes: u128::from(*bytes), requests: 1 });
            if bytes % 3 == 0 {
                sum.add(Sum { bytes: 7, requests: 1 });
            }
        }
        let mut rows: Vec<(Vec<u8>, Sum)> = sums.into_iter().collect();
        // The sort is stable, so groups with equal sums stay in key order.
        rows.sort_by_key(|(_, sum)| Reverse(*sum));
        let total = |rows: &[(Vec<u8>, Sum)]| {
            rows.iter().fold(Sum::default(), |mut all, (_, sum)| {
                all.add(*sum);
                all
            })
        };
        let whole = total(&rows);
        let rest = rows.split_off(top.unwrap_or(usize::MAX).min(rows.len()));
        (rows, total(&rest), whole)
    }

    proptest! {
        #[test]
        fn rows_and_rest_are_the_whole_whatever_the_memory(
            requests in proptest::collection::vec((proptest::collection::vec(0u8..4, 0..5), 0u64..50), 0..400),
            top in proptest::option::of(1usize..20),
            workers in 1usize..4,
            memory_bytes in prop_oneof![Just(1usize << 20), 100usize..3000],
        ) {
            // Without `top`, all groups must fit.
            let memory_bytes = if top.is_none() { 1 << 22 } else { memory_bytes.max(workers * 200) };
            let result = match grouped(&requests, GroupOptions { top, memory_bytes, workers, may_spill: true }) {
                // Too little memory for even one of 256 parts.
                Err(GroupError::TooMany { .. }) if memory_bytes < 3000 => return Ok(()),
                result => result.unwrap(),
            };
            let (rows, other, total) = expected(&requests, top);
            let found: Vec<(Vec<u8>, Sum)> = result.rows.into_iter().map(|row| (row.key.0, row.sum)).collect();
            prop_assert_eq!(found, rows);
            prop_assert_eq!(result.other, other);
            prop_assert_eq!(result.total, total);
        }
    }

    #[test]
    fn a_table_that_outgrows_its_memory_is_counted_exactly_from_disk() {
        let requests: Vec<(Vec<u8>, u64)> =
            (0..20_000u64).map(|n| (format!("/url/{}", n * 7919 % 5000).into_bytes(), n % 11)).collect();
        let options = GroupOptions { top: Some(10), memory_bytes: 64 << 10, workers: 2, may_spill: true };
        let result = grouped(&requests, options).unwrap();
        assert!(result.spilled);
        assert_eq!(result.groups, 5000);
        let (rows, other, total) = expected(&requests, Some(10));
        assert_eq!((result.other, result.total), (other, total));
        assert_eq!(result.rows.into_iter().map(|row| (row.key.0, row.sum)).collect::<Vec<_>>(), rows);
    }

    #[test]
    fn groups_that_do_not_fit_fail_early() {
        let grouping = Grouping::new(GroupOptions { top: None, memory_bytes: 1 << 20, workers: 1, may_spill: true });
        let mut groups = grouping.worker();
        let many = (0..100_000).take_while(|n| {
            groups.add(format!("{n}").as_bytes(), 1);
            groups.again(1);
            !groups.failed()
        });
        assert!(many.count() < 10_000);
        assert!(matches!(finish(&grouping, vec![groups]), Err(GroupError::TooMany { .. })));
    }

    #[test]
    fn the_largest_groups_are_limited_too() {
        let requests: Vec<(Vec<u8>, u64)> =
            (0..5000u64).map(|n| (format!("{n}{}", "x".repeat(1000)).into_bytes(), n)).collect();
        for (memory_bytes, workers) in [(1 << 20, 1), (1 << 20, 2), (8 << 20, 1), (8 << 20, 2)] {
            let result =
                |top| grouped(&requests, GroupOptions { top: Some(top), memory_bytes, workers, may_spill: true });
            assert_eq!(result(10).unwrap().rows.len(), 10);
            assert!(matches!(result(4000), Err(GroupError::TooMany { .. })), "{memory_bytes} {workers}");
        }
        let options = GroupOptions { top: Some(4000), memory_bytes: 64 << 20, workers: 2, may_spill: true };
        assert_eq!(grouped(&requests, options).unwrap().rows.len(), 4000);
    }

    #[test]
    fn sums_go_beyond_64_bits() {
        let grouping = Grouping::new(GroupOptions { top: None, memory_bytes: 1 << 20, workers: 2, may_spill: true });
        let workers = [(), ()].map(|()| {
            let mut groups = grouping.worker();
            groups.add(b"a", u64::MAX);
            groups.again(u64::MAX);
            groups
        });
        let result = finish(&grouping, workers.into()).unwrap();
        assert_eq!(result.total.bytes, u128::from(u64::MAX) * 4);
        assert_eq!(result.rows[0].sum, Sum { bytes: u128::from(u64::MAX) * 4, requests: 4 });
    }
}
