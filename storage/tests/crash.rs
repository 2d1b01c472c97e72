//! kill -9 at random moments, under load and during start-up, and a disk that takes no more.
#![allow(clippy::unwrap_used)] // helpers of tests may; clippy only knows the tests themselves

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use weikefu_storage::{Db, OpenError, Options, Tree, record};

// The records of the victim, as it writes them.
#[derive(Debug, Serialize, Deserialize)]
struct Message {
    text: String,
}
record!(Message, b"message1");

#[derive(Debug, Serialize, Deserialize)]
struct Mark(u64);
record!(Mark, b"mark1");

fn victim(mode: &str, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_storage-victim"));
    command
        .arg(mode)
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

/// Passes the lines of a process on as they come; the channel ends with the process.
fn lines(child: &mut Child) -> Receiver<String> {
    let output = BufReader::new(child.stdout.take().unwrap());
    let (tell, told) = channel();
    std::thread::spawn(move || {
        // A line without an end was cut off by the kill: it was never said.
        for line in output.split(b'\n').map_while(Result::ok) {
            if tell.send(String::from_utf8(line).unwrap()).is_err() {
                break;
            }
        }
    });
    told
}

/// Numbers without a pattern that anybody relies on; the seed is printed for the case of a failure.
struct Random(u64);

impl Random {
    fn new() -> Self {
        let seed = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_nanos() as u64;
        eprintln!("seed {seed}");
        Self(seed | 1)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Highest number each writer was told is stored.
type Told = BTreeMap<u64, u64>;

fn hear(line: &str, told: &mut Told) {
    let Some((writer, number)) = line.split_once(' ') else {
        return;
    };
    if let (Ok(writer), Ok(number)) = (writer.parse(), number.parse()) {
        let last = told.entry(writer).or_insert(0);
        assert!(number > *last, "told in order: {number} after {last}");
        *last = number;
    }
}

/// Opens what the victim left and checks every acknowledged transaction, and that none is torn.
fn check(folder: &Path, told: &Told) {
    let (db, _) = Db::open(folder, Options::default()).expect("it opens by itself");
    let messages: Tree<(u64, u64), Message> = db.tree("messages").unwrap();
    let index: Tree<(u64, u64), Mark> = db.tree("index").unwrap();
    let heads: Tree<u64, Mark> = db.tree("heads").unwrap();
    let heads: BTreeMap<u64, u64> = heads
        .scan(&())
        .map(|head| head.map(|(writer, Mark(last))| (writer, last)).unwrap())
        .collect();
    for (writer, last) in told {
        assert!(
            heads.get(writer) >= Some(last),
            "writer {writer} was told {last}, stored: {heads:?}"
        );
    }
    let mut stored = 0;
    for (writer, last) in &heads {
        let mut expected = 1..=*last;
        for message in messages.scan(writer) {
            let ((_, number), message) = message.unwrap();
            assert_eq!(Some(number), expected.next(), "messages of {writer} without gaps");
            let entry = index.get(&(number, *writer)).unwrap().map(|Mark(length)| length);
            assert_eq!(entry, Some(message.text.len() as u64), "the index agrees");
            stored += 1;
        }
        assert_eq!(expected.next(), None, "messages of {writer} up to its head");
    }
    assert_eq!(index.scan(&()).count(), stored, "no entry without a message");
    assert_eq!(db.stats().blob_files, 0);
}

#[test]
fn nothing_acknowledged_is_lost_to_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let (mut random, mut told, mut starts_killed) = (Random::new(), Told::new(), 0);
    let mut slowest_start = Duration::from_millis(5);
    for cycle in 0..100 {
        let started = Instant::now();
        let mut child = victim("load", folder.path()).spawn().unwrap();
        let lines = lines(&mut child);
        // Every other time the kill falls into the start itself.
        let delay = if cycle % 2 == 0 {
            Duration::from_micros(random.below(slowest_start.as_micros() as u64))
        } else {
            slowest_start + Duration::from_micros(random.below(60_000))
        };
        let mut open = false;
        loop {
            match lines.recv_timeout(delay.saturating_sub(started.elapsed())) {
                Ok(line) if line.starts_with("open") => {
                    open = true;
                    slowest_start = slowest_start.max(started.elapsed().min(Duration::from_millis(80)));
                }
                Ok(line) => hear(&line, &mut told),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => panic!("it ended by itself: {:?}", child.wait()),
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines {
            open |= line.starts_with("open");
            hear(&line, &mut told);
        }
        starts_killed += usize::from(!open);
        if cycle % 5 == 4 {
            check(folder.path(), &told);
        }
    }
    check(folder.path(), &told);
    eprintln!("told {told:?}, {starts_killed} starts killed");
    assert!(
        told.len() == 3 && told.values().sum::<u64>() > 100,
        "it did work: {told:?}"
    );
    assert!(
        starts_killed >= 10,
        "some kills fell into the start: {starts_killed}"
    );
}

#[test]
fn a_second_process_is_told_who_has_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = victim("hold", folder.path()).spawn().unwrap();
    let lines = lines(&mut child);
    assert_eq!(lines.recv().unwrap(), "open 0");
    let error = Db::open(folder.path(), Options::default()).unwrap_err();
    assert!(
        matches!(&error, OpenError::Locked { pid: Some(pid), .. } if *pid == child.id()),
        "{error}"
    );
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    Db::open(folder.path(), Options::default()).unwrap();
}

#[test]
fn a_disk_that_takes_no_more_stops_everything_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // The limit is in blocks of 512 bytes: three pieces of the log fit, then writing fails.
    let script = "trap '' XFSZ; ulimit -f 49152; exec \"$0\" fill \"$1\"";
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_storage-victim")])
        .arg(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{text} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut told = Told::new();
    text.lines().for_each(|line| hear(line, &mut told));
    assert!(told[&0] > 100, "it did work");
    let refusals: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("refused "))
        .collect();
    assert_eq!(refusals.len(), 3, "{refusals:?}");
    assert!(
        refusals[0].starts_with("store_io ") && refusals[0].contains("check the disk"),
        "{refusals:?}"
    );
    for refusal in &refusals[1..] {
        assert!(
            refusal.starts_with("store_poisoned ") && refusal.contains("check the disk"),
            "{refusal}"
        );
    }
    check(folder.path(), &told);
}
