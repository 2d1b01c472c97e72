//! A host for the tests of a plugin: everything in memory, time moved by hand, HTTP answered by a closure.
//! Same bridge, same executor and same frames as behind the real host; no thread, no socket.
//!
//! ```
//! use weikefu_channel::prelude::*;
//! use weikefu_channel::testing::FakeHost;
//!
//! let fake = FakeHost::new();
//! fake.on_http(|request| {
//!     assert_eq!(request.path(), "https://api.example/token");
//!     Response::json(200, &json!({ "token": "t-1" }))
//! });
//! let token = fake.run(async {
//!     let host = fake.host(); // what `Channel::open` is given
//!     let answer: serde_json::Value = host.http(Request::get("https://api.example/token")).await?.parse()?;
//!     host.kv_put("token", answer["token"].to_string().into_bytes()).await?;
//!     host.sleep(std::time::Duration::from_secs(7200)).await; // passes at once
//!     host.kv_get("token").await
//! });
//! assert_eq!(token, Ok(Some(b"\"t-1\"".to_vec())));
//! assert_eq!(fake.requests().len(), 1);
//! ```
mod services;

use crate::abi::{Frame, FrameKind, Line};
use crate::bridge::Bridge;
use crate::channel::Channel;
use crate::content::{Content, MediaRef};
use crate::error::{Cause, Error, Result};
use crate::host::{Health, Host, Level};
use crate::http::{Request, Response};
use crate::inbound::Inbound;
use crate::instance::read_config;
use crate::thread::{Thread, ThreadQuery};
use crate::words::Words;
use services::State;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake};
use std::time::{Duration, Instant};

/// Where the clock of a fresh [`FakeHost`] stands, Unix milliseconds.
pub const START: i64 = 1_700_000_000_000;

/// How long [`FakeHost::run`] waits in real time for another thread's waker before it gives up.
const PATIENCE: Duration = Duration::from_secs(5);

/// How far the clock may run on by itself in one [`FakeHost::run`], milliseconds: 30 days.
const LONGEST_WAIT: i64 = 30 * 24 * 3_600_000;

/// A host in memory. Clones are the same host.
#[derive(Clone)]
pub struct FakeHost(Rc<World>);

struct World {
    bridge: Rc<Bridge>,
    line: Arc<Queue>,
    state: RefCell<State>,
}

/// Collects what the instance posts.
struct Queue {
    frames: Mutex<VecDeque<Owned>>,
    now: AtomicI64,
    thread: std::thread::Thread,
}

struct Owned {
    kind: FrameKind,
    id: u64,
    op: String,
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Line for Queue {
    fn post(&self, frame: &Frame<'_>) {
        let owned = Owned {
            kind: frame.kind,
            id: frame.id,
            op: frame.op.into(),
            head: frame.head.to_vec(),
            body: frame.body.to_vec(),
        };
        self.frames
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(owned);
        self.thread.unpark();
    }

    fn now(&self) -> Option<i64> {
        Some(self.now.load(Ordering::Relaxed))
    }
}

struct MainWaker(AtomicBool, std::thread::Thread);

impl Wake for MainWaker {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
        self.1.unpark();
    }
}

/// A message the plugin sent to a socket, or the socket's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// [`Host::ws_send`].
    Text(String),
    /// [`Host::ws_close`].
    Close(u16, String),
}

/// A call of [`Host::amend`].
#[derive(Clone, Debug, PartialEq)]
pub struct Amended {
    /// The customer.
    pub peer: String,
    /// The message's key.
    pub dedupe: String,
    /// The message's time.
    pub sent_at: i64,
    /// What it says from now on.
    pub content: Content,
}

impl Default for FakeHost {
    fn default() -> Self {
        FakeHost::new()
    }
}

impl FakeHost {
    /// An empty host; the clock stands at [`START`], HTTP is refused as if the network were down.
    #[must_use]
    pub fn new() -> Self {
        let line = Arc::new(Queue {
            frames: Mutex::default(),
            now: AtomicI64::new(START),
            thread: std::thread::current(),
        });
        let bridge = Rc::new(Bridge::new(line.clone()));
        FakeHost(Rc::new(World {
            bridge,
            line,
            state: RefCell::default(),
        }))
    }

    /// The handle a plugin is given.
    #[must_use]
    pub fn host(&self) -> Host {
        Host::new(self.0.bridge.clone())
    }

    /// Opens a channel as the host would: reads the configuration, then calls [`Channel::open`].
    pub async fn open<C: Channel>(&self, config: serde_json::Value) -> Result<C> {
        let config = serde_json::to_vec(&config).map_err(|e| Error::new(Cause::Internal, e.to_string()))?;
        C::open(self.host(), read_config(&config)?).await
    }

    /// Runs a future, and what the plugin has spawned, until the future ends. Whenever nothing is left to do
    /// but to wait, the clock jumps to the next sleep's end. Call it as often as you like.
    ///
    /// # Panics
    /// When a spawned future panics, and when the future waits for something that cannot come.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let waker = Arc::new(MainWaker(AtomicBool::new(true), std::thread::current()));
        let started = self.now();
        loop {
            self.settle();
            if waker.0.swap(false, Ordering::AcqRel) {
                // The waker itself is told apart from the executor's: this future is not a task.
                self.0.bridge.executor().attend();
                let polled = future
                    .as_mut()
                    .poll(&mut Context::from_waker(&waker.clone().into()));
                if let Poll::Ready(output) = polled {
                    self.settle();
                    return output;
                }
                continue;
            }
            let next = self.0.state.borrow().next_sleep();
            if let Some(at) = next.filter(|at| at - started <= LONGEST_WAIT) {
                self.0.line.now.fetch_max(at, Ordering::Relaxed);
                self.wake_sleepers();
                continue;
            }
            let patience = Instant::now() + PATIENCE;
            while !waker.0.load(Ordering::Acquire) && !self.has_frames() {
                let left = patience.saturating_duration_since(Instant::now());
                assert!(
                    !left.is_zero(),
                    "the future waits for something that cannot come any more"
                );
                std::thread::park_timeout(left);
            }
        }
    }

    /// Lets the plugin's spawned futures run as far as they get without time passing.
    pub fn settle(&self) {
        loop {
            self.0.bridge.executor().attend();
            self.0.bridge.run();
            let frames =
                std::mem::take(&mut *self.0.line.frames.lock().unwrap_or_else(PoisonError::into_inner));
            if frames.is_empty() {
                return;
            }
            for frame in frames {
                self.serve(&frame);
            }
        }
    }

    /// Moves the clock on; sleeps that end meanwhile end in order.
    pub fn advance(&self, duration: Duration) {
        let end = self.now() + duration.as_millis() as i64;
        loop {
            self.settle();
            let next = self.0.state.borrow().next_sleep().filter(|at| *at <= end);
            let Some(at) = next else { break };
            self.0.line.now.fetch_max(at, Ordering::Relaxed);
            self.wake_sleepers();
        }
        self.0.line.now.fetch_max(end, Ordering::Relaxed);
        self.settle();
    }

    /// The clock, Unix milliseconds; also what [`Host::now`] answers.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.0.line.now.load(Ordering::Relaxed)
    }

    /// Answers HTTP requests from now on. The closure may itself count, assert and fail.
    pub fn on_http(&self, answer: impl FnMut(&Request) -> Result<Response> + 'static) {
        self.0.state.borrow_mut().on_http = Some(Box::new(answer));
    }

    /// Answers [`Host::thread`] from now on; without it every thread is empty.
    pub fn on_thread(&self, answer: impl FnMut(&ThreadQuery) -> Result<Thread> + 'static) {
        self.0.state.borrow_mut().on_thread = Some(Box::new(answer));
    }

    /// Lets the next call of this operation fail: `emit`, `kv.put`, `http`, `ws.send` …
    pub fn fail_next(&self, op: &str, error: Error) {
        self.0
            .state
            .borrow_mut()
            .failures
            .entry(op.into())
            .or_default()
            .push_back(error);
    }

    /// What was emitted, repetitions included, oldest first.
    #[must_use]
    pub fn emitted(&self) -> Vec<Inbound> {
        self.0.state.borrow().emitted.clone()
    }

    /// What was amended, oldest first.
    #[must_use]
    pub fn amended(&self) -> Vec<Amended> {
        self.0.state.borrow().amended.clone()
    }

    /// The HTTP requests made so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.0.state.borrow().requests.clone()
    }

    /// The account's store.
    #[must_use]
    pub fn kv(&self) -> BTreeMap<String, Vec<u8>> {
        self.0.state.borrow().kv.clone()
    }

    /// Writes into the account's store.
    pub fn set_kv(&self, key: &str, value: impl Into<Vec<u8>>) {
        self.0.state.borrow_mut().kv.insert(key.into(), value.into());
    }

    /// Stores a file and returns its reference.
    pub fn set_media(&self, mime: &str, bytes: impl Into<Vec<u8>>) -> MediaRef {
        self.0.state.borrow_mut().store_media(mime, None, bytes.into())
    }

    /// The stored files, in the order they came.
    #[must_use]
    pub fn media(&self) -> Vec<(MediaRef, Vec<u8>)> {
        self.0.state.borrow().media.clone()
    }

    /// Alarms that are set, by id, Unix milliseconds. They never go off by themselves: call
    /// [`crate::Channel::alarm`].
    #[must_use]
    pub fn alarms(&self) -> BTreeMap<String, i64> {
        self.0.state.borrow().alarms.clone()
    }

    /// Takes what was sent to a socket since the last time.
    #[must_use]
    pub fn take_sent(&self, connection: u64) -> Vec<Sent> {
        self.0
            .state
            .borrow_mut()
            .sent
            .remove(&connection)
            .unwrap_or_default()
    }

    /// Sends to this socket answer `NotFound` from now on.
    pub fn lose_socket(&self, connection: u64) {
        self.0.state.borrow_mut().lost.insert(connection);
    }

    /// The log lines so far.
    #[must_use]
    pub fn logs(&self) -> Vec<(Level, String)> {
        self.0.state.borrow().logs.clone()
    }

    /// What the plugin said last about its health.
    #[must_use]
    pub fn status(&self) -> Option<(Health, Words)> {
        self.0.state.borrow().status.clone()
    }

    fn has_frames(&self) -> bool {
        !self
            .0
            .line
            .frames
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }

    fn wake_sleepers(&self) {
        let due = self.0.state.borrow_mut().due(self.now());
        self.0.bridge.executor().attend();
        for id in due {
            self.0.bridge.deliver(id, Ok((b"{}".to_vec(), Vec::new())));
        }
    }

    fn serve(&self, frame: &Owned) {
        match frame.kind {
            FrameKind::Call => {
                let answer = services::serve(&self.0.state, self.now(), frame);
                if let Some(answer) = answer {
                    self.0.bridge.executor().attend();
                    self.0.bridge.deliver(frame.id, answer);
                }
            }
            FrameKind::Cancel => self.0.state.borrow_mut().forget_sleep(frame.id),
            FrameKind::Event if frame.op == "panic" => {
                panic!(
                    "a spawned future panicked: {}",
                    String::from_utf8_lossy(&frame.head)
                )
            }
            FrameKind::Event => services::note(&self.0.state, frame),
            FrameKind::Reply | FrameKind::Error | FrameKind::Wake => {}
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // The tasks hold the bridge that holds them.
        self.bridge.close();
    }
}

#[cfg(test)]
mod tests;
