//! A full desk: two hundred agents and ten thousand connected visitors in one shop. How soon a customer has an
//! agent, how soon the lists show it, and what it takes.

use super::Bench;
use super::scene::{Found, Scene};
use crate::figures::{median, percentile, range, ratio};
use crate::problem::{Outcome, wrong};
use crate::report::Row;
use std::time::Duration;

/// Visitors' messages a second: each of ten thousand says something every hundred seconds.
const PACE: u32 = 100;
/// Every so many of them comes from somebody new.
const EVERY: usize = 5;
/// Customers a second that agents take by hand.
const BY_HAND: u32 = 10;
/// Files a process may hold beside its sockets.
const SPARE: u64 = 256;

/// A system's steps, one of each kind a rotation, and its memory in KiB.
struct Ran {
    automatic: Vec<Found>,
    by_hand: Vec<Found>,
    idle: f64,
    connected: f64,
    full: f64,
}

/// Measures and reports.
pub(super) async fn measure(bench: &mut Bench<'_>) -> Outcome {
    let (agents, visitors) = (
        usize::from(bench.options.agents),
        usize::from(bench.options.visitors),
    );
    enough_files(agents, visitors)?;
    // One after the other: both at once would need twice the open files. Paths of floor-store say nothing.
    let floor = run(bench, Scene::floor(agents, visitors, "/").await?).await?;
    let scene = Scene::weikefu(bench, agents, visitors).await?;
    let weikefu = run(bench, scene).await?;
    report(bench, agents, visitors, &floor, &weikefu);
    Ok(())
}

/// Every visitor, every agent's screen and every agent's requests are a file here, and in the server too.
fn enough_files(agents: usize, visitors: usize) -> Outcome {
    let limit = rlimit::increase_nofile_limit(u64::MAX)?;
    let needed = (visitors + 2 * agents) as u64 + SPARE;
    if limit >= needed {
        return Ok(());
    }
    wrong(format!(
        "{agents} agents and {visitors} visitors need {needed} open files and the limit is {limit}: raise it with \
         `ulimit -Hn {needed}` (as root) before, or measure fewer with --visitors"
    ))
}

async fn run(bench: &mut Bench<'_>, mut scene: Scene) -> Outcome<Ran> {
    let seconds = bench.options.step().as_secs() as usize;
    scene.open().await?;
    let (mut automatic, mut by_hand) = (Vec::new(), Vec::new());
    for _ in 0..bench.options.rotations() {
        let (count, pace) = (seconds * PACE as usize, Duration::from_secs(1) / PACE);
        automatic.push(scene.automatic(bench, count, pace, EVERY).await?);
        let (count, pace) = (seconds * BY_HAND as usize, Duration::from_secs(1) / BY_HAND);
        by_hand.push(scene.by_hand(bench, count, pace).await?);
    }
    Ok(Ran {
        automatic,
        by_hand,
        idle: scene.idle,
        connected: scene.connected,
        full: scene.memory().await?,
    })
}

fn report(bench: &mut Bench<'_>, agents: usize, visitors: usize, floor: &Ran, weikefu: &Ran) {
    let decision = "<= 20 ms";
    let list = "<= 100 ms";
    let automatic = |what, unit, of: &dyn Fn(&Found) -> f64, budget| {
        row(what, unit, &floor.automatic, &weikefu.automatic, of, budget)
    };
    let at = |share| move |samples: &[f64]| percentile(samples, share);
    let (p50, p99) = (at(0.5), at(0.99));
    let rows = vec![
        automatic("send -> ack p50", "ms", &|f| p50(&f.answered), ""),
        automatic("send -> ack p99", "ms", &|f| p99(&f.answered), ""),
        automatic("new: send -> agent has it p50", "ms", &|f| p50(&f.decided), ""),
        automatic(
            "new: send -> agent has it p99",
            "ms",
            &|f| p99(&f.decided),
            decision,
        ),
        automatic("ack -> owner, seniors p50", "ms", &|f| p50(&f.listed), ""),
        automatic("ack -> owner, seniors p99", "ms", &|f| p99(&f.listed), list),
        automatic("frames to agents", "1/s", &|f| f.frames, ""),
        automatic("server CPU", "cores", &|f| f.cores, ""),
    ];
    let title = format!("{agents} agents, {visitors} visitors, {PACE}/s");
    bench.report.group(&title, rows);

    let by_hand = |what, unit, of: &dyn Fn(&Found) -> f64, budget| {
        row(what, unit, &floor.by_hand, &weikefu.by_hand, of, budget)
    };
    let rows = vec![
        by_hand("accept -> answer p50", "ms", &|f| p50(&f.decided), ""),
        by_hand("accept -> answer p99", "ms", &|f| p99(&f.decided), decision),
        by_hand("waits: ack -> every list p50", "ms", &|f| p50(&f.listed), ""),
        by_hand("waits: ack -> every list p99", "ms", &|f| p99(&f.listed), list),
        by_hand("taken: answer -> every list p50", "ms", &|f| p50(&f.taken), ""),
        by_hand("taken: answer -> every list p99", "ms", &|f| p99(&f.taken), list),
        by_hand("frames to agents", "1/s", &|f| f.frames, ""),
        by_hand("server CPU", "cores", &|f| f.cores, ""),
    ];
    bench
        .report
        .group(&format!("the same, {BY_HAND}/s accepted by hand"), rows);

    let memory = |what, of: fn(&Ran) -> f64| {
        Row::alone(what, "MiB", &[of(weikefu) / 1024.0], "").beside(of(floor) / 1024.0)
    };
    let rows = vec![
        memory("memory (PSS), nobody there", |ran| ran.idle),
        memory("memory, all connected", |ran| ran.connected),
        memory("memory, after full load", |ran| ran.full),
    ];
    bench.report.group("the same, memory", rows);
}

fn row(
    what: &str,
    unit: &'static str,
    floor: &[Found],
    weikefu: &[Found],
    of: &dyn Fn(&Found) -> f64,
    budget: &'static str,
) -> Row {
    let samples = |steps: &[Found]| steps.iter().map(of).collect::<Vec<_>>();
    let (floor, weikefu) = (samples(floor), samples(weikefu));
    let row = Row {
        what: what.to_owned(),
        unit,
        weikefu: median(weikefu.iter().copied()),
        range: Some(range(weikefu.iter().copied())),
        floor_store: Some(median(floor.iter().copied())),
        budget,
        ..Row::default()
    };
    let of_floor_store = ratio(row.weikefu, row.floor_store.unwrap_or_default());
    Row {
        of_floor_store,
        ..row
    }
}
