//! How soon a message is acknowledged and on the agent's screen, at a pace any shop may see.

use super::{Bench, PATIENCE, UNWATCHED};
use crate::figures::{median, percentile, range, ratio};
use crate::load;
use crate::machine::{self, Meter};
use crate::paced::{self, Delivered};
use crate::problem::{Outcome, wrong};
use crate::report::Row;
use crate::requests::{self, Author};
use crate::systems::{Kind, System};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// Messages a second.
const PACES: [u32; 2] = [20, 200];
/// Visitors who write in turn.
const WRITERS: usize = 20;

/// How a message comes in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Frame,
    Callback,
}

struct Step {
    kind: Kind,
    way: Way,
    pace: u32,
    delivered: Delivered,
    /// Server's processor time a message, microseconds.
    cpu: f64,
}

/// Measures and reports.
pub(super) async fn measure(bench: &mut Bench<'_>, systems: &mut [System]) -> Outcome {
    let mut steps = Vec::new();
    for _ in 0..bench.options.rotations() {
        for way in [Way::Frame, Way::Callback] {
            for pace in PACES {
                for system in systems.iter().filter(|system| paced::has_agent(system.kind)) {
                    machine::quiet(bench.options.patience()).await?;
                    steps.push(step(bench, system, way, pace).await?);
                }
            }
        }
    }
    for (way, title) in [
        (Way::Frame, "visitor's frame, open loop"),
        (Way::Callback, "WeChat callback, secure, open loop"),
    ] {
        let rows = PACES.iter().flat_map(|pace| rows(&steps, way, *pace)).collect();
        bench.report.group(title, rows);
    }
    Ok(())
}

async fn step(bench: &mut Bench<'_>, system: &System, way: Way, pace: u32) -> Outcome<Step> {
    let Some(console) = &system.console else {
        return wrong("a system without an agent cannot show him anything");
    };
    let author = Author::new();
    let count = bench.options.step().as_secs() as usize * pace as usize;
    let plan = (count, Duration::from_secs(1) / pace);
    // Everybody's conversation is open before the clock runs.
    let before = console.messages();
    let (meter, delivered) = if way == Way::Frame {
        let mut sockets = Vec::new();
        for visitor in system.visitors.iter().take(WRITERS) {
            let mut socket = system.socket(visitor).await?;
            socket.send(author.frame(UNWATCHED)).await?;
            while !load::is_answer(&socket.next().await?) {}
            sockets.push(socket);
        }
        console.until(before + WRITERS as u64, PATIENCE).await?;
        let meter = Meter::start(system.server.pid())?;
        let frame = |number| author.frame(number);
        (meter, paced::frames(sockets, console, plan, frame).await?)
    } else {
        let account = Rc::clone(&bench.account);
        let path = system.wechat.clone();
        let request = move |number: usize| requests::callback(&account, &path, number % WRITERS, number);
        let (account, path) = (Rc::clone(&bench.account), system.wechat.clone());
        let left = Cell::new(WRITERS);
        let next: load::Next<Rc<[u8]>> = Rc::new(move || {
            let customer = left.get().checked_sub(1)?;
            left.set(customer);
            Some(requests::callback(&account, &path, customer, UNWATCHED).into())
        });
        let kind = system.kind;
        let good = move |status, body: &[u8]| System::is_good(kind, status, body);
        load::posts(&system.server.address, 1, PATIENCE, next, good).await?;
        console.until(before + WRITERS as u64, PATIENCE).await?;
        let meter = Meter::start(system.server.pid())?;
        (meter, paced::posts(system, console, plan, request).await?)
    };
    let reading = meter.read()?;
    bench.report.noise(reading.others);
    Ok(Step {
        kind: system.kind,
        way,
        pace,
        delivered,
        cpu: reading.server * 1e6 / count as f64,
    })
}

fn rows(steps: &[Step], way: Way, pace: u32) -> Vec<Row> {
    let row = |what: &str, unit, of: fn(&Step) -> f64, budget| {
        let samples = |kind: Kind| {
            steps
                .iter()
                .filter(|step| step.kind == kind && step.way == way && step.pace == pace)
                .map(of)
                .collect::<Vec<_>>()
        };
        let (store, weikefu) = (samples(Kind::FloorStore), samples(Kind::Weikefu));
        let quotients = std::iter::zip(&weikefu, &store).filter_map(|(part, whole)| ratio(*part, *whole));
        Row {
            what: format!("{pace:>3}/s: {what}"),
            unit,
            floor_http: None,
            of_floor_store: Some(median(quotients)),
            floor_store: Some(median(store)),
            range: Some(range(weikefu.iter().copied())),
            weikefu: median(weikefu),
            budget,
        }
    };
    let busy = pace == 200;
    let answered = if way == Way::Frame {
        "send -> ack"
    } else {
        "send -> answer"
    };
    vec![
        row(
            &format!("{answered} p50"),
            "ms",
            |step| percentile(&step.delivered.answered, 0.5),
            "",
        ),
        row(
            &format!("{answered} p99"),
            "ms",
            |step| percentile(&step.delivered.answered, 0.99),
            "",
        ),
        row(
            "send -> agent's socket p50",
            "ms",
            |step| percentile(&step.delivered.shown, 0.5),
            if busy { "<= 2 ms, aim 1 ms" } else { "" },
        ),
        row(
            "send -> agent's socket p99",
            "ms",
            |step| percentile(&step.delivered.shown, 0.99),
            if busy { "<= 3 x, aim 2 x" } else { "" },
        ),
        row("server CPU", "us/msg", |step| step.cpu, ""),
    ]
}
