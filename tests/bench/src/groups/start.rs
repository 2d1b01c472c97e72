//! Time from spawning to serving with nothing and with a hundred thousand messages; what those take on the disk.

use super::{Bench, UNWATCHED};
use crate::child::Server;
use crate::desk::{self, HELD, Installation};
use crate::figures::median;
use crate::load;
use crate::problem::{Outcome, wrong};
use crate::report::Row;
use crate::requests::{Author, TEXT_BYTES};
use crate::systems::{Kind, System};
use std::cell::Cell;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

const MESSAGES: usize = 100_000;
/// Starts of each kind.
const STARTS: usize = 5;
/// The filling may take this long; slower is an unfinished run.
const FILLING: Duration = Duration::from_mins(10);

/// Measures and reports.
pub(super) async fn measure(bench: &mut Bench<'_>) -> Outcome {
    let mut floor = Vec::new();
    let mut empty = Vec::new();
    for _ in 0..STARTS {
        floor.push(seconds(System::floor_store().await?.server.listening_after));
        let folder = desk::scratch("empty")?;
        let server = desk::serve(bench.executable, &folder.path().join("data"), folder.path())?;
        empty.push(seconds(server.listening_after));
        // Nothing is stored that a polite stop would have to keep.
        server.kill()?;
    }
    let floor = median(floor);
    let budget = "<= 0.15 s, aim 0.1";
    let mut rows = vec![Row::alone("first start in an empty folder", "s", &empty, budget).beside(floor)];

    let installation = Installation::new(bench.executable, &bench.account)?;
    rows.extend(starts(&installation, "shop without messages", budget, floor, false).await?);
    let before = usage(&installation.data())?;
    fill(bench, &installation).await?;
    let after = usage(&installation.data())?;
    rows.extend(starts(&installation, "100,000 messages", budget, floor, false).await?);
    rows.extend(starts(&installation, "100,000 messages, after kill -9", "", floor, true).await?);

    let each = (after - before) as f64 / MESSAGES as f64;
    rows.push(Row::alone(
        format!("disk for a message of {TEXT_BYTES} bytes"),
        "bytes",
        &[each],
        "",
    ));
    rows.push(Row::alone(
        "  of the raw text",
        "x",
        &[each / TEXT_BYTES as f64],
        "<= 3 x, aim 2 x",
    ));
    bench.report.group("start and disk", rows);
    Ok(())
}

/// Starts again and again: until the line that says where it listens, and until a visitor is answered.
async fn starts(
    installation: &Installation,
    what: &str,
    budget: &'static str,
    floor: f64,
    hard: bool,
) -> Outcome<Vec<Row>> {
    let (mut listening, mut serving) = (Vec::new(), Vec::new());
    // The first one only ends the way the others are to find things.
    for round in 0..=STARTS {
        let server = installation.start()?;
        desk::visitors(&server.address, &installation.h5, 1).await?;
        if round > 0 {
            serving.push(seconds(server.started.elapsed()));
            listening.push(seconds(server.listening_after));
        }
        if hard { server.kill()? } else { server.stop()? }
    }
    Ok(vec![
        Row::alone(format!("{what}: until it listens"), "s", &listening, budget).beside(floor),
        Row::alone("  until a visitor is answered", "s", &serving, ""),
    ])
}

/// Stores a hundred thousand messages of as many visitors as an agent holds, counts them, stops.
async fn fill(bench: &mut Bench<'_>, installation: &Installation) -> Outcome {
    let server: Server = installation.start()?;
    let mut agent = installation.agent(&server.address, true).await?;
    let visitors = desk::visitors(&server.address, &installation.h5, HELD).await?;
    let (author, path, turn) = (Author::new(), installation.h5.clone(), Cell::new(0));
    let next: load::Next<Rc<[u8]>> = Rc::new(move || {
        let n = turn.replace(turn.get() + 1);
        (n < MESSAGES).then(|| author.post(&path, &visitors[n % HELD], UNWATCHED).into())
    });
    let good = |status, body: &[u8]| System::is_good(Kind::Weikefu, status, body);
    let ran = load::posts(&server.address, 64, FILLING, next, good).await?;
    if ran.good < MESSAGES as u64 {
        return wrong(format!(
            "{} of {MESSAGES} messages were stored; refused: {:?}",
            ran.good, ran.refusal
        ));
    }
    let stored = agent.count_new().await?;
    if stored != ran.good {
        bench
            .report
            .wrong(format!("{} good answers, {stored} rows stored", ran.good));
    }
    server.stop()
}

/// Bytes a folder takes on the disk.
fn usage(folder: &Path) -> Outcome<u64> {
    let mut bytes = 0;
    for entry in folder.read_dir()? {
        let entry = entry?;
        let data = entry.metadata()?;
        bytes += if data.is_dir() {
            usage(&entry.path())?
        } else {
            data.blocks() * 512
        };
    }
    Ok(bytes)
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}
