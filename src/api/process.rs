//! The process itself, as Prometheus' libraries report it in every language
//! (<https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>).
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Reads the figures of this process whenever they are asked for.
#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        // Where the system does not tell, the metrics are missing rather than 0.
        let Ok(process) = procfs::process::Process::myself() else { return Ok(()) };
        if let Ok(stat) = process.stat() {
            let cpu_secs = (stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64;
            let (cpu, help) = (ConstCounter::new(cpu_secs), "CPU time that the process took");
            put(&mut encoder, "process_cpu", help, Some(&Unit::Seconds), &cpu)?;
            let resident = ConstGauge::new((stat.rss * procfs::page_size()) as i64);
            put(&mut encoder, "process_resident_memory", "Memory in use", Some(&Unit::Bytes), &resident)?;
            let virtual_memory = ConstGauge::new(stat.vsize as i64);
            put(&mut encoder, "process_virtual_memory", "Memory addressed", Some(&Unit::Bytes), &virtual_memory)?;
            if let Some(start_secs) = start_secs(stat.starttime) {
                let (start, help) = (ConstGauge::new(start_secs), "When the process began, since 1970");
                put(&mut encoder, "process_start_time", help, Some(&Unit::Seconds), &start)?;
            }
        }
        if let Ok(open) = process.fd_count() {
            put(&mut encoder, "process_open_fds", "Open files", None, &ConstGauge::new(open as i64))?;
        }
        if let Ok(limits) = process.limits()
            && let procfs::process::LimitValue::Value(most) = limits.max_open_files.soft_limit
        {
            put(&mut encoder, "process_max_fds", "Open files at most", None, &ConstGauge::new(most as i64))?;
        }
        Ok(())
    }
}

/// Seconds since 1970 at which a process began that began `ticks` after the system did.
fn start_secs(ticks: u64) -> Option<f64> {
    let boot_secs = procfs::boot_time_secs().ok()?;
    Some(boot_secs as f64 + ticks as f64 / procfs::ticks_per_second() as f64)
}

fn put(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    unit: Option<&Unit>,
    metric: &impl EncodeMetric,
) -> fmt::Result {
    let encoder = encoder.encode_descriptor(name, help, unit, metric.metric_type())?;
    metric.encode(encoder)
}
