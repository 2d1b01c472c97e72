//! Search over all messages: how soon an answer comes beside a scan of the same texts in memory, whether it finds
//! everything the scan finds, what the index takes, how fast it is made, and what keeping it costs the messages
//! that come in. In this group's tables the column of floor-store holds that scan, or the same without the index.

use super::Bench;
use crate::chat;
use crate::client::Session;
use crate::desk::{self, Installation};
use crate::figures::{median, percentile, range, ratio, sorted};
use crate::load;
use crate::machine;
use crate::problem::{Outcome, wrong};
use crate::report::Row;
use crate::requests::{Author, Visitor};
use crate::systems::{Kind, System};
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Messages of a conversation.
const EACH: usize = 100;
/// The filling may take this long; slower is an unfinished run.
const FILLING: Duration = Duration::from_hours(2);
/// The index may take this long to follow.
const FOLLOWING: Duration = Duration::from_mins(30);
/// Questions of each kind.
const QUESTIONS: usize = 200;
/// Questions whose answers are read to the end and compared.
const COMPARED: usize = 40;
/// Of a question that is compared, messages at most.
const WHOLE: usize = 2_000;
/// Connections of the load.
const CONNECTIONS: usize = 64;

/// Measures and reports.
pub(super) async fn measure(bench: &mut Bench<'_>) -> Outcome {
    inbound(bench).await?;
    let count = bench.options.messages as usize;
    let texts: Vec<String> = (0..count).map(chat::text).collect();
    let installation = Installation::new(bench.executable, &bench.account)?;
    let filled = fill(&installation, count).await?;
    let built = build(&installation, count)?;
    let server = installation.start()?;
    complete(&installation, count).await?;
    let mut session = installation.session(&server.address).await?;
    let questions = Questions::of(&texts);
    let mut rows = Vec::new();
    for (what, budget, asked) in questions.all() {
        rows.extend(times(&mut session, &texts, what, budget, asked).await?);
    }
    let memory = machine::pss(server.pid())? / 1024.0;
    let found = compare(bench, &mut session, &texts, &questions).await?;
    rows.push(Row::alone(
        "recall of compared questions",
        "%",
        &[found * 100.0],
        "100 %",
    ));
    bench.report.group(&format!("search, {count} messages"), rows);
    server.stop()?;

    let bytes = usage(&installation.data().join("search"))? as f64;
    let raw: usize = texts.iter().map(String::len).sum();
    let rows = vec![
        Row::alone("filling, index kept meanwhile", "msg/s", &[filled], ""),
        Row::alone(
            "making it anew (search rebuild)",
            "msg/s",
            &[count as f64 / built],
            "",
        ),
        Row::alone("  the same", "s", &[built], ""),
        Row::alone("index on the disk", "MB", &[bytes / 1e6], ""),
        Row::alone("  a message", "bytes", &[bytes / count as f64], ""),
        Row::alone("  of the raw text", "x", &[bytes / raw as f64], ""),
        Row::alone("memory (PSS) after all questions", "MiB", &[memory], ""),
    ];
    bench.report.group("the index", rows);
    Ok(())
}

/// What comes in a second with the index and without, in turn.
async fn inbound(bench: &mut Bench<'_>) -> Outcome {
    let step = bench.options.step();
    let mut rates: [Vec<f64>; 2] = Default::default();
    let mut cpus: [Vec<f64>; 2] = Default::default();
    for _ in 0..bench.options.rotations() {
        for (way, arguments) in [(0, &[] as &[&str]), (1, &["--no-search"])] {
            // Empty stores: what is measured is the index, not the size of the other tree.
            let installation = Installation::new(bench.executable, &bench.account)?;
            let server = installation.start_with(arguments)?;
            let visitors = desk::visitors(&server.address, &installation.h5, CONNECTIONS * 4).await?;
            machine::quiet(bench.options.patience()).await?;
            post(
                &server.address,
                &installation.h5,
                &visitors,
                usize::MAX,
                Duration::from_secs(2),
            )
            .await?;
            let meter = machine::Meter::start(server.pid())?;
            let ran = post(&server.address, &installation.h5, &visitors, usize::MAX, step).await?;
            let reading = meter.read()?;
            bench.report.noise(reading.others);
            rates[way].push(ran.good as f64 / ran.took);
            cpus[way].push(reading.server * 1e6 / (ran.good as f64).max(1.0));
            server.stop()?;
        }
    }
    let row = |what: &str, unit, [with, without]: &[Vec<f64>; 2], budget| {
        let quotients = std::iter::zip(with, without).filter_map(|(with, without)| ratio(*with, *without));
        Row {
            what: what.to_owned(),
            unit,
            floor_store: Some(median(without.iter().copied())),
            weikefu: median(with.iter().copied()),
            range: Some(range(with.iter().copied())),
            of_floor_store: Some(median(quotients)),
            budget,
            ..Row::default()
        }
    };
    let rows = vec![
        row("messages", "1/s", &rates, ">= 0.9 x"),
        row("server CPU", "us/msg", &cpus, ""),
    ];
    bench
        .report
        .group("inbound with the index (floor: without)", rows);
    Ok(())
}

/// Posts chat texts in order of their numbers, at most `count`.
async fn post(
    address: &str,
    path: &str,
    visitors: &[Visitor],
    count: usize,
    lasting: Duration,
) -> Outcome<load::Ran> {
    let (author, path, visitors, turn) = (Author::new(), path.to_owned(), visitors.to_vec(), Cell::new(0));
    let next: load::Next<Rc<[u8]>> = Rc::new(move || {
        let n = turn.replace(turn.get() + 1);
        (n < count).then(|| {
            author
                .say(&path, &visitors[n % visitors.len()], &chat::text(n))
                .into()
        })
    });
    let good = |status, body: &[u8]| System::is_good(Kind::Weikefu, status, body);
    load::posts(address, CONNECTIONS, lasting, next, good).await
}

/// Stores the messages, the index following; messages a second until all of them are found.
async fn fill(installation: &Installation, count: usize) -> Outcome<f64> {
    let server = installation.start()?;
    let visitors = desk::visitors(&server.address, &installation.h5, (count / EACH).max(CONNECTIONS)).await?;
    installation.choose_password(&server.address).await?;
    let started = Instant::now();
    let ran = post(&server.address, &installation.h5, &visitors, count, FILLING).await?;
    if ran.good < count as u64 {
        return wrong(format!(
            "{} of {count} messages were stored; refused: {:?}",
            ran.good, ran.refusal
        ));
    }
    let stored = started.elapsed();
    complete(installation, count).await?;
    println!(
        "stored in {:.0} s, all of it found {:.1} s later",
        stored.as_secs_f64(),
        started.elapsed().saturating_sub(stored).as_secs_f64()
    );
    server.stop()?;
    Ok(count as f64 / started.elapsed().as_secs_f64())
}

/// Waits until the index has everything.
async fn complete(installation: &Installation, count: usize) -> Outcome {
    let started = Instant::now();
    while started.elapsed() < FOLLOWING {
        let index = installation.order(&["search", "status"])?;
        if index["building"].is_null() && index["search_messages"].as_u64() >= Some(count as u64) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    wrong("the index does not follow")
}

/// Makes the index anew on the stopped store; seconds.
fn build(installation: &Installation, count: usize) -> Outcome<f64> {
    let started = Instant::now();
    let built = installation.order(&["search", "rebuild"])?;
    let took = started.elapsed().as_secs_f64();
    match built["search_messages"].as_u64() {
        Some(messages) if messages >= count as u64 => Ok(took),
        _ => wrong(format!("the index was made and has not everything: {built}")),
    }
}

/// What is asked.
struct Questions {
    pairs: Vec<String>,
    threes: Vec<String>,
    long: Vec<String>,
    latin: Vec<String>,
    digits: Vec<String>,
    two_letters: Vec<String>,
}

impl Questions {
    /// Cut from texts all over: what is often said is often asked.
    fn of(texts: &[String]) -> Self {
        let step = (texts.len() / (QUESTIONS * 40)).max(1);
        let sample = || texts.iter().step_by(step).enumerate();
        let chinese = |c: &char| ('\u{4e00}'..'\u{a000}').contains(c);
        let cut = |length: usize, fits: &dyn Fn(&[char]) -> bool| {
            let mut cut: Vec<String> = Vec::new();
            for (n, text) in sample() {
                let chars: Vec<char> = text.chars().collect();
                let places: Vec<&[char]> = chars.windows(length).filter(|part| fits(part)).collect();
                if let Some(part) = places.get(n * 7 % places.len().max(1)) {
                    let part: String = part.iter().collect();
                    if !cut.contains(&part) {
                        cut.push(part);
                    }
                }
                if cut.len() == QUESTIONS {
                    break;
                }
            }
            cut
        };
        let all = |part: &[char], fits: fn(&char) -> bool| part.iter().all(fits);
        Questions {
            pairs: cut(2, &|part| all(part, chinese)),
            threes: cut(3, &|part| all(part, chinese)),
            long: cut(8, &|part| !part.contains(&' ')),
            latin: cut(4, &|part| all(part, char::is_ascii_alphabetic)),
            digits: cut(6, &|part| all(part, char::is_ascii_digit)),
            two_letters: cut(2, &|part| all(part, char::is_ascii_alphanumeric)),
        }
    }

    fn all(&self) -> [(&'static str, &'static str, &[String]); 6] {
        [
            ("two Chinese characters", "<= 50 ms", &self.pairs),
            ("three Chinese characters", "", &self.threes),
            ("eight characters", "", &self.long),
            ("four letters", "", &self.latin),
            ("six digits", "", &self.digits),
            ("two letters or digits", "", &self.two_letters),
        ]
    }
}

fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// Answer times over HTTP, the newest twenty, beside a scan for all.
async fn times(
    session: &mut Session,
    texts: &[String],
    what: &str,
    budget: &'static str,
    asked: &[String],
) -> Outcome<Vec<Row>> {
    let (mut answers, mut scans) = (Vec::new(), Vec::new());
    for question in asked {
        let path = search(question, "");
        let sent = Instant::now();
        session.get(&path).await?;
        answers.push(sent.elapsed().as_secs_f64() * 1e3);
    }
    for question in asked.iter().step_by((asked.len() / 10).max(1)) {
        let started = Instant::now();
        let word = fold(question);
        std::hint::black_box(texts.iter().filter(|text| text.contains(&word)).count());
        scans.push(started.elapsed().as_secs_f64() * 1e3);
    }
    let (answers, scans) = (sorted(answers), sorted(scans));
    let row = |name: &str, share, budget| {
        Row::alone(
            format!("{what} ({}) {name}", asked.len()),
            "ms",
            &[percentile(&answers, share)],
            budget,
        )
        .beside(percentile(&scans, share))
    };
    Ok(vec![
        row("p50", 0.5, ""),
        row("p95", 0.95, budget),
        row("p99", 0.99, ""),
    ])
}

/// Reads answers to their end and compares them with a scan; the share of what the scan found.
async fn compare(
    bench: &mut Bench<'_>,
    session: &mut Session,
    texts: &[String],
    questions: &Questions,
) -> Outcome<f64> {
    let (mut there, mut missing, mut compared) = (0, 0, 0);
    for (what, _, asked) in questions.all() {
        let mut of_kind = 0;
        for question in asked {
            let word = fold(question);
            let mut expected: BTreeMap<&str, i64> = BTreeMap::new();
            let said = texts.iter().filter(|text| fold(text).contains(&word));
            for text in said.take(WHOLE + 1) {
                *expected.entry(text).or_default() += 1;
            }
            let count: i64 = expected.values().sum();
            if count > WHOLE as i64 || of_kind == COMPARED {
                continue;
            }
            of_kind += 1;
            compared += 1;
            there += count;
            let hits = everything(session, question).await?;
            for text in &hits {
                match expected.get_mut(text.as_str()) {
                    Some(left) => *left -= 1,
                    None => bench.report.wrong(format!("{question} found {text}")),
                }
            }
            missing += expected.values().map(|left| left.abs()).sum::<i64>();
        }
        println!("{what}: {of_kind} questions compared");
    }
    if missing > 0 {
        bench.report.wrong(format!(
            "{missing} of {there} messages were not found as often as they are there"
        ));
    }
    println!("{compared} questions compared, {there} messages");
    Ok(1.0 - missing as f64 / (there as f64).max(1.0))
}

/// The texts of all hits.
async fn everything(session: &mut Session, question: &str) -> Outcome<Vec<String>> {
    let (mut texts, mut after) = (Vec::new(), String::new());
    loop {
        let page: Value = session
            .get(&search(question, &format!("&limit=50{after}")))
            .await?;
        for hit in page["hits"].as_array().into_iter().flatten() {
            texts.push(desk::text(hit, "text")?);
        }
        let Some(next) = page["next"].as_str() else {
            return Ok(texts);
        };
        after = format!("&after={next}");
    }
}

/// The address of a question in the first shop.
fn search(question: &str, rest: &str) -> String {
    let mut path = "/api/shops/1/search?q=".to_owned();
    for byte in question.bytes() {
        let _ = write!(path, "%{byte:02X}");
    }
    path + rest
}

/// Bytes of a folder's files.
fn usage(folder: &Path) -> Outcome<u64> {
    let mut bytes = 0;
    for entry in folder.read_dir()? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}
