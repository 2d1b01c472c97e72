//! What a plugin says without waiting for an answer: log lines, its health, its panics.
use crate::faults::{Chatter, Faults, PANICS, WINDOW};
use crate::served::read;
use crate::services::Services;
use serde::Deserialize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use weikefu_channel::abi::Frame;
use weikefu_channel::{Health, Level, Words};

/// Longest text that is passed on, bytes.
const MAX_TEXT: usize = 4096;

pub(crate) struct Voice {
    services: Arc<dyn Services>,
    faults: Mutex<Faults>,
    chatter: Mutex<Chatter>,
    quarantined: AtomicBool,
}

#[derive(Deserialize)]
struct Log {
    level: Level,
    message: String,
}

#[derive(Deserialize)]
struct Status {
    health: Health,
    text: String,
    #[serde(default)]
    text_zh: String,
}

#[derive(Deserialize)]
struct Panic {
    message: String,
    place: String,
}

impl Voice {
    pub(crate) fn new(services: Arc<dyn Services>) -> Self {
        Voice {
            services,
            faults: Mutex::default(),
            chatter: Mutex::new(Chatter::new(Instant::now())),
            quarantined: AtomicBool::new(false),
        }
    }

    /// Whether the instance has panicked too often.
    pub(crate) fn quarantined(&self) -> bool {
        self.quarantined.load(Ordering::Acquire)
    }

    /// Takes an event. One that cannot be read, or is not known, is nothing to fail for.
    pub(crate) fn event(&self, frame: &Frame<'_>) {
        match frame.op {
            "log" => {
                if let Ok(Log { level, message }) = read(frame.op, frame.head) {
                    self.log(level, &message);
                }
            }
            "status" => {
                if let Ok(Status {
                    health,
                    text,
                    text_zh,
                }) = read(frame.op, frame.head)
                {
                    // A plugin without Chinese words: better its own than none.
                    let zh = if text_zh.is_empty() { &text } else { &text_zh };
                    self.services
                        .status(health, &Words::new(shorten(zh), shorten(&text)));
                }
            }
            "panic" => {
                if let Ok(Panic { message, place }) = read(frame.op, frame.head) {
                    self.log(Level::Error, &format!("panicked at {place}: {message}"));
                }
                self.panicked();
            }
            _ => {}
        }
    }

    fn log(&self, level: Level, message: &str) {
        let admitted = self
            .chatter
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .admit(Instant::now());
        let Some(withheld) = admitted else { return };
        if withheld > 0 {
            self.services.log(
                Level::Warn,
                &format!("{withheld} lines of this plugin were withheld"),
            );
        }
        self.services.log(level, shorten(message));
    }

    fn panicked(&self) {
        let over = self
            .faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .count(Instant::now());
        if over && !self.quarantined.swap(true, Ordering::AcqRel) {
            let minutes = WINDOW.as_secs() / 60;
            let words = Words::new(
                format!("{minutes} 分钟内崩溃 {PANICS} 次，已停用；请查看日志，然后重新打开渠道"),
                format!(
                    "stopped after {PANICS} panics in {minutes} minutes; see the log, then open the channel again"
                ),
            );
            self.services.status(Health::Degraded, &words);
        }
    }
}

fn shorten(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or_default()
}
