//! Durable messages a second: closed loop, all systems in turn, every answer and every stored row checked.

use super::{Bench, PATIENCE, PEOPLE, UNWATCHED};
use crate::arguments::Group;
use crate::figures::{median, percentile, range, ratio};
use crate::load::{self, Next, Ran};
use crate::machine::{self, Meter};
use crate::problem::Outcome;
use crate::report::Row;
use crate::requests::{self, Author};
use crate::systems::{Kind, System};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// Before each step: opens the conversations, fills the caches, and tells how many callbacks to sign.
const WARM_UP: Duration = Duration::from_millis(500);
/// Callbacks signed before a step, at most: 100 MB.
const SIGNED: usize = 100_000;

/// What is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Posts,
    Frames,
    Wechat,
}

impl Case {
    pub(crate) const ALL: [Case; 3] = [Case::Posts, Case::Frames, Case::Wechat];

    pub(crate) fn group(self) -> Group {
        match self {
            Case::Posts => Group::Posts,
            Case::Frames => Group::Frames,
            Case::Wechat => Group::Wechat,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Case::Posts => "visitor's POST -> durable -> answer",
            Case::Frames => "visitor's frame -> durable -> ack",
            Case::Wechat => "WeChat callback, secure -> durable -> answer",
        }
    }

    fn budget(self) -> &'static str {
        match self {
            Case::Wechat => ">= 0.2 x, aim 0.35 x",
            _ => ">= 0.3 x, aim 0.5 x",
        }
    }
}

/// One system at one number of connections in one rotation.
struct Step {
    kind: Kind,
    connections: usize,
    rate: f64,
    p50: f64,
    p99: f64,
    /// Server's processor time a message, microseconds.
    cpu: f64,
}

/// Measures a case and reports it.
pub(super) async fn measure(bench: &mut Bench<'_>, systems: &mut [System], case: Case) -> Outcome {
    let author = Rc::new(Author::new());
    let all: Vec<usize> = bench
        .options
        .connections
        .iter()
        .map(|n| usize::from(*n))
        .collect();
    let mut rotations: Vec<Vec<Step>> = Vec::new();
    for rotation in 0..bench.options.rotations() {
        let mut steps = Vec::new();
        for &connections in &all {
            for system in systems.iter_mut() {
                machine::quiet(bench.options.patience()).await?;
                steps.push(step(bench, system, case, connections, rotation, &author).await?);
            }
        }
        rotations.push(steps);
    }
    let rows = all
        .iter()
        .flat_map(|connections| rows(&rotations, *connections, case))
        .collect();
    bench.report.group(case.title(), rows);
    Ok(())
}

async fn step(
    bench: &mut Bench<'_>,
    system: &mut System,
    case: Case,
    connections: usize,
    rotation: usize,
    author: &Rc<Author>,
) -> Outcome<Step> {
    let mut messages = Messages {
        case,
        // Another visitor each time, so that one who sends alone is never too fast.
        first: rotation * 3 + connections,
        author: Rc::clone(author),
        signed: Vec::new().into(),
    };
    let shown_before = system
        .console
        .as_ref()
        .map_or(0, crate::client::Console::messages);
    system.count_new().await?;
    let warm = send(bench, system, &messages, connections, WARM_UP).await?;
    let lasting = bench.options.step();
    if case == Case::Wechat {
        let wanted = (warm.good as f64 / warm.took * lasting.as_secs_f64() * 1.3) as usize;
        let path = &system.wechat;
        messages.signed = (0..wanted.clamp(1, SIGNED))
            .map(|customer| requests::callback(&bench.account, path, customer, UNWATCHED).into())
            .collect();
    }
    let meter = Meter::start(system.server.pid())?;
    let ran = send(bench, system, &messages, connections, lasting).await?;
    let reading = meter.read()?;
    bench.report.noise(reading.others);
    check(bench, system, case, &[&warm, &ran], shown_before).await?;
    Ok(Step {
        kind: system.kind,
        connections,
        rate: ran.good as f64 / ran.took,
        p50: percentile(&ran.latencies, 0.5),
        p99: percentile(&ran.latencies, 0.99),
        cpu: reading.server * 1e6 / (ran.good as f64).max(1.0),
    })
}

/// What a step sends.
struct Messages {
    case: Case,
    first: usize,
    author: Rc<Author>,
    signed: Rc<[Rc<[u8]>]>,
}

async fn send(
    bench: &Bench<'_>,
    system: &System,
    messages: &Messages,
    connections: usize,
    lasting: Duration,
) -> Outcome<Ran> {
    let (kind, address) = (system.kind, &system.server.address);
    let author = Rc::clone(&messages.author);
    if messages.case == Case::Frames {
        let mut sockets = Vec::new();
        for n in 0..connections {
            let visitor = &system.visitors[(messages.first + n) % PEOPLE];
            sockets.push(system.socket(visitor).await?);
        }
        let next: Next<String> = Rc::new(move || Some(author.frame(UNWATCHED)));
        return load::frames(sockets, lasting, next).await;
    }
    let turn = Cell::new(messages.first);
    let next: Next<Rc<[u8]>> = if messages.case == Case::Posts {
        let (visitors, path) = (system.visitors.clone(), system.h5.clone());
        Rc::new(move || {
            let visitor = &visitors[turn.replace(turn.get() + 1) % visitors.len()];
            Some(author.post(&path, visitor, UNWATCHED).into())
        })
    } else if messages.signed.is_empty() {
        let (account, path) = (Rc::clone(&bench.account), system.wechat.clone());
        Rc::new(move || {
            let customer = turn.replace(turn.get() + 1);
            Some(requests::callback(&account, &path, customer, UNWATCHED).into())
        })
    } else {
        turn.set(0);
        let signed = Rc::clone(&messages.signed);
        Rc::new(move || {
            let n = turn.replace(turn.get() + 1);
            // The floors know no repetitions and may get everything again.
            let n = if kind == Kind::Weikefu {
                n
            } else {
                n % signed.len()
            };
            signed.get(n).cloned()
        })
    };
    load::posts(address, connections, lasting, next, move |status, body| {
        System::is_good(kind, status, body)
    })
    .await
}

/// Every good answer must be a stored row and must have been shown; refusals are told.
async fn check(
    bench: &mut Bench<'_>,
    system: &mut System,
    case: Case,
    runs: &[&Ran],
    shown_before: u64,
) -> Outcome {
    let name = system.kind.name();
    let good: u64 = runs.iter().map(|ran| ran.good).sum();
    for ran in runs {
        if let Some(refusal) = &ran.refusal {
            let refused = ran.refused;
            bench
                .report
                .wrong(format!("{name}: {refused} refusals, the first: {refusal}"));
        }
    }
    if let Some(stored) = system.count_new().await?
        && stored != good
    {
        bench
            .report
            .wrong(format!("{name}: {good} good answers, {stored} rows stored"));
    }
    if let Some(console) = &system.console {
        let resets = console.resets();
        console.until(shown_before + good, PATIENCE).await?;
        if resets > 0 {
            bench.report.note(format!(
                "{name}, {}: the agent's socket fell behind and was told to reload",
                case.title()
            ));
        }
    }
    Ok(())
}

fn rows(rotations: &[Vec<Step>], connections: usize, case: Case) -> Vec<Row> {
    let row = |what: &str, unit, of: fn(&Step) -> f64, budget| {
        let samples = |kind: Kind| {
            let steps = rotations.iter().flatten();
            steps
                .filter(move |step| step.kind == kind && step.connections == connections)
                .map(of)
                .collect::<Vec<_>>()
        };
        let [http, store, weikefu] = [Kind::FloorHttp, Kind::FloorStore, Kind::Weikefu].map(samples);
        let quotients = std::iter::zip(&weikefu, &store).filter_map(|(part, whole)| ratio(*part, *whole));
        Row {
            what: format!("{connections:>2} conn: {what}"),
            unit,
            floor_http: Some(median(http)),
            of_floor_store: Some(median(quotients)),
            floor_store: Some(median(store)),
            range: Some(range(weikefu.iter().copied())),
            weikefu: median(weikefu),
            budget,
        }
    };
    let rate = if connections == 64 { case.budget() } else { "" };
    // One message at a time pays for every wake-up alone; the budget is meant for a server that is in use.
    let cpu = if connections >= 16 {
        "<= 150 us, aim 100"
    } else {
        ""
    };
    vec![
        row("messages", "1/s", |step| step.rate, rate),
        row("p50", "ms", |step| step.p50, ""),
        row("p99", "ms", |step| step.p99, ""),
        row("server CPU", "us/msg", |step| step.cpu, cpu),
    ]
}
