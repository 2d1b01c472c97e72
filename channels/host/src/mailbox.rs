//! What lies between an instance's thread and everybody else: letters in, answers out, services under way.
use crate::faults::{Chatter, Faults, PANICS, WINDOW};
use crate::ffi::Receiver;
use crate::served::{Payload, Serving, read, start};
use crate::services::Services;
use crate::web::Web;
use serde::Deserialize;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc};
use std::task::{Context, Poll, Waker};
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::AbortHandle;
use weikefu_channel::abi::{Frame, FrameKind, Malformed};
use weikefu_channel::{Cause, Error, Health, Level};

/// Calls of the host under way in one instance, long polls among them.
const MOST_CALLS: usize = 65_536;
/// Calls of one plugin instance under way in the host.
const MOST_SERVICES: usize = 16_384;

/// Something for the instance's thread.
pub(crate) enum Letter {
    /// A frame to hand over. A call holds its place in the mailbox until it is taken out.
    Frame {
        kind: FrameKind,
        id: u64,
        op: &'static str,
        payload: Payload,
        room: Option<OwnedSemaphorePermit>,
    },
    /// The end.
    Stop,
}

/// One call of the host.
struct Waiting {
    answer: oneshot::Sender<Result<Payload, Error>>,
    op: &'static str,
    /// The plugin has seen it.
    started: bool,
}

impl Waiting {
    /// What it means that no answer came: what a customer may already have received is never sent again by
    /// itself.
    fn unanswered(&self) -> Cause {
        if self.started && self.op == "channel.send" {
            Cause::Unknown
        } else {
            Cause::Retryable
        }
    }
}

/// Shared by the instance's handle, its thread, and the plugin through its door.
pub(crate) struct Mailbox {
    pub(crate) name: String,
    /// Room for calls that wait to be taken out.
    pub(crate) room: Arc<Semaphore>,
    letters: mpsc::Sender<Letter>,
    calls: Mutex<HashMap<u64, Waiting>>,
    next: AtomicU64,
    under_way: Mutex<HashMap<u64, Option<AbortHandle>>>,
    wake_posted: AtomicBool,
    refusal: Mutex<Option<Error>>,
    faults: Mutex<Faults>,
    chatter: Mutex<Chatter>,
    quarantined: AtomicBool,
    ended: AtomicBool,
    services: Arc<dyn Services>,
    web: Arc<Web>,
    runtime: tokio::runtime::Handle,
    myself: Weak<Mailbox>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Mailbox {
    pub(crate) fn new(
        name: &str,
        size: usize,
        services: Arc<dyn Services>,
        web: Web,
        runtime: tokio::runtime::Handle,
    ) -> (Arc<Self>, mpsc::Receiver<Letter>) {
        let (letters, inbox) = mpsc::channel();
        let mailbox = Arc::new_cyclic(|myself| Mailbox {
            name: name.into(),
            room: Arc::new(Semaphore::new(size)),
            letters,
            calls: Mutex::default(),
            next: AtomicU64::new(1),
            under_way: Mutex::default(),
            wake_posted: AtomicBool::new(false),
            refusal: Mutex::default(),
            faults: Mutex::default(),
            chatter: Mutex::new(Chatter::new(Instant::now())),
            quarantined: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            services,
            web: Arc::new(web),
            runtime,
            myself: myself.clone(),
        });
        (mailbox, inbox)
    }

    /// Puts a call into the mailbox. Dropping the ticket cancels it.
    pub(crate) fn call(
        self: &Arc<Self>,
        op: &'static str,
        payload: Payload,
        room: OwnedSemaphorePermit,
    ) -> Result<Ticket, Error> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (answer, receiver) = oneshot::channel();
        {
            let mut calls = lock(&self.calls);
            if self.ended.load(Ordering::Acquire) {
                return Err(self.closed());
            }
            if calls.len() >= MOST_CALLS {
                return Err(self.busy());
            }
            calls.insert(
                id,
                Waiting {
                    answer,
                    op,
                    started: false,
                },
            );
        }
        self.put(Letter::Frame {
            kind: FrameKind::Call,
            id,
            op,
            payload,
            room: Some(room),
        });
        Ok(Ticket {
            mailbox: self.clone(),
            id,
            receiver,
            op,
        })
    }

    /// Hands over an event nobody waits for.
    fn put(&self, letter: Letter) {
        // The thread may have ended; then there is nobody left to tell.
        let _ = self.letters.send(letter);
    }

    pub(crate) fn stop(&self) {
        self.put(Letter::Stop);
    }

    pub(crate) fn busy(&self) -> Error {
        Error::new(
            Cause::Retryable,
            format!(
                "{} has too much to do at the moment; try again shortly",
                self.name
            ),
        )
    }

    pub(crate) fn closed(&self) -> Error {
        Error::new(
            Cause::Retryable,
            format!("{} is closed; open the channel and try again", self.name),
        )
    }

    pub(crate) fn quarantined(&self) -> bool {
        self.quarantined.load(Ordering::Acquire)
    }

    pub(crate) fn take_refusal(&self) -> Option<Error> {
        lock(&self.refusal).take()
    }

    /// The thread has taken a letter out. False when nobody waits for this call any more.
    pub(crate) fn taken(&self, kind: FrameKind, id: u64) -> bool {
        match kind {
            FrameKind::Call => lock(&self.calls)
                .get_mut(&id)
                .map(|call| call.started = true)
                .is_some(),
            FrameKind::Wake => {
                self.wake_posted.store(false, Ordering::Release);
                true
            }
            _ => true,
        }
    }

    /// The instance is gone: nothing will be answered any more.
    pub(crate) fn end(&self) {
        let calls = {
            let mut calls = lock(&self.calls);
            self.ended.store(true, Ordering::Release);
            std::mem::take(&mut *calls)
        };
        for (_, call) in calls {
            // Its caller may have left.
            let error = Error {
                kind: call.unanswered(),
                ..self.closed()
            };
            let _ = call.answer.send(Err(error));
        }
        for (_, task) in std::mem::take(&mut *lock(&self.under_way)) {
            if let Some(task) = task {
                task.abort();
            }
        }
    }

    fn answered(&self, id: u64, answer: Result<Payload, Error>) {
        if let Some(call) = lock(&self.calls).remove(&id) {
            // Its caller may have left.
            let _ = call.answer.send(answer);
        }
    }

    /// Answers a plugin's call, unless it has cancelled it.
    fn served(&self, id: u64, answer: Result<Payload, Error>) {
        if lock(&self.under_way).remove(&id).is_some() {
            self.answer(id, answer);
        }
    }

    fn answer(&self, id: u64, answer: Result<Payload, Error>) {
        let (kind, payload) = match answer {
            Ok(payload) => (FrameKind::Reply, payload),
            Err(error) => (
                FrameKind::Error,
                (serde_json::to_vec(&error).unwrap_or_default(), Vec::new()),
            ),
        };
        self.put(Letter::Frame {
            kind,
            id,
            op: "",
            payload,
            room: None,
        });
    }

    fn serve(&self, frame: &Frame<'_>) {
        let id = frame.id;
        {
            let mut under_way = lock(&self.under_way);
            if under_way.len() >= MOST_SERVICES || under_way.contains_key(&id) {
                drop(under_way);
                let error = Error::new(Cause::Retryable, "too many calls of this plugin are under way");
                return self.answer(id, Err(error));
            }
            under_way.insert(id, None);
        }
        let mut serving = match start(&self.services, &self.web, frame.op, frame.head, frame.body) {
            Ok(serving) => serving,
            Err(error) => return self.served(id, Err(error)),
        };
        let entered = self.runtime.enter();
        let first = catch_unwind(AssertUnwindSafe(|| {
            serving.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        }));
        drop(entered);
        match first {
            Ok(Poll::Ready(answer)) => self.served(id, answer),
            Ok(Poll::Pending) => self.serve_on(id, serving),
            Err(_) => self.served(id, Err(host_panicked())),
        }
    }

    /// Goes on with an answer that was not there at once.
    fn serve_on(&self, id: u64, serving: Serving) {
        struct Owed(Weak<Mailbox>, u64);
        impl Drop for Owed {
            /// The task has ended without an answer: the service panicked, or the runtime ended.
            fn drop(&mut self) {
                if let Some(mailbox) = self.0.upgrade() {
                    mailbox.served(self.1, Err(host_panicked()));
                }
            }
        }
        let owed = Owed(self.myself.clone(), id);
        let task = self.runtime.spawn(async move {
            let owed = owed;
            let answer = serving.await;
            if let Some(mailbox) = owed.0.upgrade() {
                mailbox.served(owed.1, answer);
            }
        });
        if let Some(slot) = lock(&self.under_way).get_mut(&id) {
            *slot = Some(task.abort_handle());
        }
    }

    fn event(&self, frame: &Frame<'_>) {
        #[derive(Deserialize)]
        struct Log {
            level: Level,
            message: String,
        }
        #[derive(Deserialize)]
        struct Status {
            health: Health,
            text: String,
        }
        #[derive(Deserialize)]
        struct Panic {
            message: String,
            place: String,
        }
        match frame.op {
            "log" => {
                if let Ok(log) = read::<Log>(frame.op, frame.head) {
                    self.log(log.level, &log.message);
                }
            }
            "status" => {
                if let Ok(status) = read::<Status>(frame.op, frame.head) {
                    self.services.status(status.health, shorten(&status.text));
                }
            }
            "panic" => {
                if let Ok(panic) = read::<Panic>(frame.op, frame.head) {
                    self.log(
                        Level::Error,
                        &format!("panicked at {}: {}", panic.place, panic.message),
                    );
                }
                self.panicked();
            }
            _ => {}
        }
    }

    fn log(&self, level: Level, message: &str) {
        let admitted = lock(&self.chatter).admit(Instant::now());
        match admitted {
            None => {}
            Some(0) => self.services.log(level, shorten(message)),
            Some(withheld) => {
                self.services.log(
                    Level::Warn,
                    &format!("{withheld} lines of this plugin were withheld"),
                );
                self.services.log(level, shorten(message));
            }
        }
    }

    fn panicked(&self) {
        let over = lock(&self.faults).count(Instant::now());
        if over && !self.quarantined.swap(true, Ordering::AcqRel) {
            let minutes = WINDOW.as_secs() / 60;
            let text = format!(
                "stopped after {PANICS} panics in {minutes} minutes; see the log, then open the channel again"
            );
            self.services.status(Health::Degraded, &text);
        }
    }
}

impl Receiver for Mailbox {
    fn receive(&self, frame: Result<Frame<'_>, Malformed>) {
        let frame = match frame {
            Ok(frame) => frame,
            Err(Malformed {
                kind: Some(FrameKind::Call),
                id,
                reason,
            }) => {
                return self.answer(id, Err(Error::new(Cause::Rejected, reason)));
            }
            Err(Malformed {
                kind: Some(FrameKind::Reply | FrameKind::Error),
                id,
                reason,
            }) => {
                return self.answered(id, Err(Error::new(Cause::Internal, reason)));
            }
            Err(Malformed { reason, .. }) => {
                return tracing::warn!(plugin = %self.name, reason, "a frame was ignored");
            }
        };
        match frame.kind {
            FrameKind::Call => self.serve(&frame),
            FrameKind::Reply => self.answered(frame.id, Ok((frame.head.to_vec(), frame.body.to_vec()))),
            FrameKind::Error => {
                let error = read::<Error>("error", frame.head).unwrap_or_else(|error| error);
                if frame.id == 0 {
                    *lock(&self.refusal) = Some(error);
                } else {
                    self.answered(frame.id, Err(error));
                }
            }
            FrameKind::Cancel => {
                if let Some(Some(task)) = lock(&self.under_way).remove(&frame.id) {
                    task.abort();
                }
            }
            FrameKind::Event => self.event(&frame),
            FrameKind::Wake => {
                if !self.wake_posted.swap(true, Ordering::AcqRel) {
                    let payload = (Vec::new(), Vec::new());
                    self.put(Letter::Frame {
                        kind: FrameKind::Wake,
                        id: 0,
                        op: "",
                        payload,
                        room: None,
                    });
                }
            }
        }
    }
}

fn host_panicked() -> Error {
    Error::new(
        Cause::Internal,
        "the host could not finish this; its log says why",
    )
}

fn shorten(text: &str) -> &str {
    text.get(..text.floor_char_boundary(4096)).unwrap_or_default()
}

/// A call under way.
pub(crate) struct Ticket {
    mailbox: Arc<Mailbox>,
    id: u64,
    op: &'static str,
    pub(crate) receiver: oneshot::Receiver<Result<Payload, Error>>,
}

impl Ticket {
    /// What to say when no answer came in time.
    pub(crate) fn late(&self, limit: std::time::Duration) -> Error {
        let kind = lock(&self.mailbox.calls)
            .get(&self.id)
            .map_or(Cause::Retryable, Waiting::unanswered);
        Error::new(
            kind,
            format!(
                "{} did not answer {} within {} ms",
                self.mailbox.name,
                self.op,
                limit.as_millis()
            ),
        )
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let forgotten = lock(&self.mailbox.calls).remove(&self.id);
        if forgotten.is_some_and(|call| call.started) {
            let payload = (Vec::new(), Vec::new());
            self.mailbox.put(Letter::Frame {
                kind: FrameKind::Cancel,
                id: self.id,
                op: "",
                payload,
                room: None,
            });
        }
    }
}
