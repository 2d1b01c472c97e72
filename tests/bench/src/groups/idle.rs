//! The price of silence: memory of visitors who are only there, processor time of chats that say nothing.

use super::{Bench, UNWATCHED};
use crate::client::Socket;
use crate::desk::{self, HELD, Installation};
use crate::load;
use crate::machine::{self, Meter};
use crate::problem::Outcome;
use crate::report::Row;
use crate::requests::Author;
use crate::systems::System;
use std::time::{Duration, Instant};

/// Until memory has settled.
const SETTLE: Duration = Duration::from_secs(2);
/// How often a visitor's page says that it is still there.
const PING: Duration = Duration::from_secs(25);
const SILENCE: Duration = Duration::from_secs(10);

/// Measures and reports.
pub(super) async fn measure(bench: &mut Bench<'_>) -> Outcome {
    let mut crowds = vec![1_000];
    if bench.options.large {
        crowds.push(10_000);
    }
    let mut rows = Vec::new();
    for crowd in crowds {
        rows.extend(memory(bench, crowd).await?);
    }
    rows.push(silence(bench).await?);
    bench.report.group("silence", rows);
    Ok(())
}

/// Memory of a fresh installation without and with visitors; then all of them leave at once.
async fn memory(bench: &mut Bench<'_>, crowd: usize) -> Outcome<Vec<Row>> {
    let floor = System::floor_store().await?;
    let (floor_idle, floor_crowded) = (settled(floor.server.pid()).await?, {
        let mut sockets = Vec::with_capacity(crowd);
        for _ in 0..crowd {
            sockets.push(Socket::open(&floor.server.address, "/ws", &[]).await?);
        }
        settled(floor.server.pid()).await?
    });
    drop(floor);

    let installation = Installation::new(bench.executable, &bench.account)?;
    let server = installation.start()?;
    let (pid, address) = (server.pid(), server.address.clone());
    // The first answer comes when the channels are open.
    let path = installation.h5.clone();
    let visitors = desk::visitors(&address, &path, 1).await?;
    let idle = settled(pid).await?;
    let system = System::of(server, &path);
    let visitors = [visitors, desk::visitors(&address, &path, crowd).await?].concat();
    let mut sockets = Vec::with_capacity(crowd);
    for visitor in &visitors[1..] {
        sockets.push(system.socket(visitor).await?);
    }
    let crowded = settled(pid).await?;
    drop(sockets);
    let left = Instant::now();
    let mut next = system.socket(&visitors[0]).await?;
    next.send(Author::new().frame(UNWATCHED)).await?;
    while !load::is_ack(&next.next().await?) {}
    let next_after = left.elapsed().as_secs_f64() * 1e3;

    let mib = |kib: f64| kib / 1024.0;
    let each = |with: f64, without: f64| (with - without) / crowd as f64;
    let (all, per_visitor) = if crowd > 1_000 {
        ("<= 200 MiB, aim 130", "<= 12 KiB, aim 8")
    } else {
        ("", "<= 12 KiB, aim 8")
    };
    let mut rows = Vec::new();
    if crowd == 1_000 {
        let row = Row::alone(
            "memory (PSS), nobody there",
            "MiB",
            &[mib(idle)],
            "<= 40 MiB, aim 30",
        );
        rows.push(row.beside(mib(floor_idle)));
    }
    rows.extend([
        Row::alone(
            format!("memory, {crowd} visitors' sockets"),
            "MiB",
            &[mib(crowded)],
            all,
        )
        .beside(mib(floor_crowded)),
        Row::alone(
            format!("  a visitor, of {crowd}"),
            "KiB",
            &[each(crowded, idle)],
            per_visitor,
        )
        .beside(each(floor_crowded, floor_idle)),
        Row::alone(
            format!("{crowd} leave at once: next one served"),
            "ms",
            &[next_after],
            "served",
        ),
    ]);
    system.server.stop()?;
    Ok(rows)
}

/// Memory once it stands still.
async fn settled(pid: u32) -> Outcome<f64> {
    tokio::time::sleep(SETTLE).await;
    machine::pss(pid)
}

/// Processor time of as many open chats as an agent can hold, heartbeats included.
async fn silence(bench: &mut Bench<'_>) -> Outcome<Row> {
    let author = Author::new();
    let system = System::weikefu(bench.executable, &bench.account, HELD).await?;
    let mut sockets = Vec::with_capacity(HELD);
    for visitor in &system.visitors {
        let mut socket = system.socket(visitor).await?;
        socket.send(author.frame(UNWATCHED)).await?;
        while !load::is_ack(&socket.next().await?) {}
        sockets.push(socket);
    }
    tokio::time::sleep(SETTLE).await;
    let mut clock = tokio::time::interval(PING / HELD as u32);
    let (meter, started) = (Meter::start(system.server.pid())?, Instant::now());
    // Less than one turn: the next ping of everybody would come after the end.
    for socket in &mut sockets {
        if started.elapsed() >= SILENCE {
            break;
        }
        clock.tick().await;
        socket.send("{\"type\":\"ping\"}".into()).await?;
    }
    let reading = meter.read()?;
    bench.report.noise(reading.others);
    let cores = reading.server / started.elapsed().as_secs_f64();
    Ok(Row::alone(
        format!("{HELD} silent chats, pings included"),
        "cores",
        &[cores],
        "<= 0.01, aim 0.005",
    ))
}
