use super::*;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;
use weikefu_channel::abi::FrameKind;

fn fixture() -> PathBuf {
    std::env::current_exe()
        .unwrap()
        .with_file_name("libweikefu_fixture.so")
}

/// What loading from a `noexec` file system falls back to.
#[test]
fn a_library_loads_from_memory() {
    let handle = from_memory(&std::fs::read(fixture()).unwrap()).unwrap();
    // SAFETY: the fixture is a plugin.
    let symbol: Symbol<*const RawPlugin> = unsafe { handle.get(SYMBOL.as_bytes()) }.unwrap();
    // SAFETY: the same.
    unsafe { check(symbol.into_raw().cast(), "memory") }.unwrap();
    // Also shows that the loader does not take this for the file before, which had a descriptor as well.
    assert!(from_memory(b"no library").is_err());
}

/// Counts answers by id and keeps the ids of the plugin's own calls.
#[derive(Default)]
struct Counter(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    answers: HashMap<u64, usize>,
    asked: Vec<u64>,
}

impl Receiver for Counter {
    fn receive(&self, frame: Result<Frame<'_>, Malformed>) {
        let (frame, mut counts) = (frame.unwrap(), self.0.lock().unwrap());
        match frame.kind {
            FrameKind::Reply | FrameKind::Error => *counts.answers.entry(frame.id).or_default() += 1,
            FrameKind::Call => counts.asked.push(frame.id),
            FrameKind::Cancel | FrameKind::Event | FrameKind::Wake => {}
        }
    }
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below
    }
}

/// Frames of every kind, in any order, some of them malformed, against the bare table.
#[test]
fn ten_thousand_random_frames_leave_no_call_without_an_answer_or_with_two() {
    const OPS: [&[u8]; 7] = [
        b"channel.send",
        b"channel.open",
        b"webhooks.receive",
        b"sockets.message",
        b"x",
        b"",
        b"\xff\xfe",
    ];
    const HEADS: [&[u8]; 8] = [
        b"{}",
        b"",
        b"{",
        br#"{"connection":1,"url":"hang"}"#,
        br#"{"connection":2,"url":"store"}"#,
        br#"{"url":"sleep?ms=1"}"#,
        br#"{"url":"echo"}"#,
        br#"{"kind":"nonsense","message":3}"#,
    ];
    let counter = Arc::new(Counter::default());
    let table = open(&fixture(), &[], "fixture").unwrap();
    let door = Door::open(counter.clone());
    let guest = table.create(door, b"{}").unwrap();
    guest.post(&Frame {
        kind: FrameKind::Call,
        id: 1,
        op: "channel.open",
        head: b"{}",
        body: b"",
    });
    let asked = counter.0.lock().unwrap().asked[0];
    guest.post(&Frame {
        kind: FrameKind::Reply,
        id: asked,
        op: "",
        head: b"{}",
        body: b"",
    });
    assert_eq!(counter.0.lock().unwrap().answers[&1], 1);

    let mut dice = Dice(0x1234_5678_9abc_def1);
    let (mut calls, mut cancelled) = (Vec::new(), Vec::new());
    for number in 0..10_000_u64 {
        let asked = counter.0.lock().unwrap().asked.len();
        // Answers go to calls of the plugin that may be over; cancellations to calls that may be answered.
        let (kind, id) = match dice.roll(10) {
            0..5 => (1, 1000 + number),
            5 => (
                2 + dice.roll(2) as u32,
                counter.0.lock().unwrap().asked[dice.roll(asked)],
            ),
            6 => (4, 1000 + dice.roll(10_000) as u64),
            7 => (4, calls.last().copied().unwrap_or(0)),
            8 => (5 + dice.roll(2) as u32, 0),
            _ => (dice.roll(1000) as u32 + 7, number),
        };
        match kind {
            1 => calls.push(id),
            4 => cancelled.push(id),
            _ => {}
        }
        let mut raw = RawFrame {
            size: size_of::<RawFrame>() as u32,
            kind,
            id,
            op: RawSlice::of(OPS[dice.roll(OPS.len())]),
            head: RawSlice::of(HEADS[dice.roll(HEADS.len())]),
            body: RawSlice::of(&HEADS[3][..dice.roll(20)]),
        };
        match dice.roll(50) {
            0 => raw.head.len = usize::MAX,
            1 => raw.body.len = (32 << 20) + 1,
            2 => raw.op.len = 65,
            _ => {}
        }
        // SAFETY: the slices are static, or longer than what a plugin may look at.
        unsafe { (table.post)(guest.this, &raw const raw) };
    }
    let hanging = {
        let counts = counter.0.lock().unwrap();
        assert!(
            counts.answers.values().all(|answers| *answers == 1),
            "an answer too many"
        );
        calls
            .iter()
            .filter(|id| !counts.answers.contains_key(id) && !cancelled.contains(id))
            .count()
    };
    // Some hang because they were told to or because the host never answers them; the plugin goes on.
    assert!(hanging < calls.len() / 2, "{hanging} of {}", calls.len());
    guest.post(&Frame {
        kind: FrameKind::Call,
        id: 2,
        op: "webhooks.receive",
        head: br#"{"url":"echo"}"#,
        body: b"",
    });
    assert_eq!(counter.0.lock().unwrap().answers[&2], 1);
    guest.destroy();
    door.close();
}
