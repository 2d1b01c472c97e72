//! What the kernel says of processes and of the machine. Linux only, as the product is.

use crate::problem::{Outcome, wrong};
use std::fs;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Ticks of `/proc/*/stat` in a second: `USER_HZ`, 100 on every architecture we build for.
const TICKS: f64 = 100.0;
/// Others may use this share of one processor in a quiet moment.
const QUIET: f64 = 0.3;

/// Unix milliseconds now.
pub(crate) fn unix_milliseconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

/// Unix seconds now.
pub(crate) fn unix_seconds() -> u64 {
    unix_milliseconds() / 1000
}

/// User and system time of a process and all its threads so far, seconds.
pub(crate) fn cpu(pid: u32) -> Outcome<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in brackets may hold anything; behind it utime is the 12th field and stime the 13th.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok());
    Ok(ticks.sum::<f64>() / TICKS)
}

/// Proportional set size of a process, KiB.
pub(crate) fn pss(pid: u32) -> Outcome<f64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    match line.and_then(|line| line.split_whitespace().next()?.parse().ok()) {
        Some(kib) => Ok(kib),
        None => wrong("the kernel does not tell the memory of a process (/proc/*/smaps_rollup)"),
    }
}

/// Time all processors spent working so far, seconds.
fn busy() -> Outcome<f64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let fields: Vec<f64> = stat
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .filter_map(|field| field.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal
    let idle: f64 = fields.iter().skip(3).take(2).sum();
    Ok((fields.iter().take(8).sum::<f64>() - idle) / TICKS)
}

/// Measures a stretch of time: the server's processor time, and what others used meanwhile.
pub(crate) struct Meter {
    pid: u32,
    started: Instant,
    server: f64,
    own: f64,
    all: f64,
}

/// What a [`Meter`] found.
#[derive(Clone, Copy)]
pub(crate) struct Reading {
    /// The server's processor time, seconds.
    pub(crate) server: f64,
    /// Processors used by other programs, on average.
    pub(crate) others: f64,
}

impl Meter {
    pub(crate) fn start(pid: u32) -> Outcome<Self> {
        Ok(Self {
            pid,
            started: Instant::now(),
            server: cpu(pid)?,
            own: cpu(std::process::id())?,
            all: busy()?,
        })
    }

    pub(crate) fn read(&self) -> Outcome<Reading> {
        let server = cpu(self.pid)? - self.server;
        let own = cpu(std::process::id())? - self.own;
        let all = busy()? - self.all;
        let others = (all - own - server) / self.started.elapsed().as_secs_f64();
        Ok(Reading {
            server,
            others: others.max(0.0),
        })
    }
}

/// Waits until others leave the processors alone, for at most `patience`.
pub(crate) async fn quiet(patience: Duration) -> Outcome {
    let started = Instant::now();
    while started.elapsed() < patience {
        let meter = Meter::start(std::process::id())?;
        tokio::time::sleep(Duration::from_millis(250)).await;
        // Both of its own counts are this process.
        if meter.read()?.others < QUIET {
            break;
        }
    }
    Ok(())
}

/// The processors and the load, for the record.
pub(crate) fn description() -> serde_json::Value {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let model = read("/proc/cpuinfo").lines().find_map(|line| {
        Some(
            line.strip_prefix("model name")?
                .split(':')
                .nth(1)?
                .trim()
                .to_owned(),
        )
    });
    serde_json::json!({
        "processors": std::thread::available_parallelism().map_or(0, usize::from),
        "model": model,
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "load_average": read("/proc/loadavg").trim(),
    })
}
