//! The instance's side of the mailbox: pending calls to the host and the tiny executor.
use crate::abi::{Frame, FrameKind, Line, MAX_BODY, MAX_HEAD};
use crate::error::{Cause, Error, Result};
use crate::executor::{Executor, Key, Work};
use serde::{Serialize, de::DeserializeOwned};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Connects an instance with its host.
pub struct Bridge {
    line: Arc<dyn Line>,
    executor: Executor,
    pending: RefCell<HashMap<u64, Slot>>,
    next: Cell<u64>,
    closed: Cell<bool>,
}

/// Head and body of an answer.
pub(crate) type Answer = (Vec<u8>, Vec<u8>);

enum Slot {
    Waiting(Option<Waker>),
    Done(Result<Answer>),
}

impl Bridge {
    pub(crate) fn new(line: Arc<dyn Line>) -> Self {
        Bridge {
            executor: Executor::new(line.clone()),
            line,
            pending: RefCell::default(),
            next: Cell::new(0),
            closed: Cell::new(false),
        }
    }

    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        op: &str,
        head: &impl Serialize,
        body: Vec<u8>,
    ) -> Result<(T, Vec<u8>)> {
        let head = encode(head)?;
        if head.len() > MAX_HEAD || body.len() > MAX_BODY {
            return Err(Error::new(
                Cause::Rejected,
                format!("{op}: larger than 1 MiB of head or 32 MiB of body"),
            ));
        }
        if self.closed.get() {
            return Err(Error::new(
                Cause::Internal,
                format!("{op}: the instance is closed"),
            ));
        }
        let id = self.next.get() + 1;
        self.next.set(id);
        self.pending.borrow_mut().insert(id, Slot::Waiting(None));
        self.line.post(&Frame {
            kind: FrameKind::Call,
            id,
            op,
            head: &head,
            body: &body,
        });
        drop((head, body));
        let (head, body) = HostCall { bridge: self, id }.await?;
        Ok((decode(op, &head)?, body))
    }

    pub(crate) fn event(&self, op: &str, head: &impl Serialize) {
        if let Ok(head) = encode(head) {
            self.line.post(&Frame {
                kind: FrameKind::Event,
                id: 0,
                op,
                head: &head,
                body: b"",
            });
        }
    }

    pub(crate) fn spawn(&self, future: Work) {
        if !self.closed.get() {
            self.executor.spawn(future);
        }
    }

    pub(crate) fn now(&self) -> i64 {
        self.line.now().unwrap_or_else(|| {
            let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            elapsed.map_or(0, |elapsed| elapsed.as_millis() as i64)
        })
    }

    pub(crate) fn executor(&self) -> &Executor {
        &self.executor
    }

    pub(crate) fn line(&self) -> &dyn Line {
        &*self.line
    }

    /// An answer of the host has come. Nobody may wait for it any more.
    pub(crate) fn deliver(&self, id: u64, answer: Result<Answer>) {
        let waker = match self.pending.borrow_mut().get_mut(&id) {
            Some(slot @ Slot::Waiting(_)) => match std::mem::replace(slot, Slot::Done(answer)) {
                Slot::Waiting(waker) => waker,
                Slot::Done(_) => None,
            },
            _ => None,
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Answers a call of the host.
    pub(crate) fn reply(&self, id: u64, answer: Result<Answer>) {
        let answer = answer.and_then(|(head, body)| {
            if head.len() > MAX_HEAD || body.len() > MAX_BODY {
                return Err(Error::new(
                    Cause::Internal,
                    "the plugin's answer is larger than a frame may be",
                ));
            }
            Ok((head, body))
        });
        match answer {
            Ok((head, body)) => {
                self.line.post(&Frame {
                    kind: FrameKind::Reply,
                    id,
                    op: "",
                    head: &head,
                    body: &body,
                });
            }
            Err(error) => post_error(&*self.line, id, &error),
        }
    }

    /// Polls what is ready and answers for what panicked.
    pub(crate) fn run(&self) {
        self.executor.run(|key, panic| {
            panic.report(&*self.line);
            if let Key::Call(id) = key {
                post_error(&*self.line, id, &panic.into());
            }
        });
    }

    /// Drops everything under way; nothing can be started afterwards.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        self.executor.clear(|panic| panic.report(&*self.line));
    }
}

/// A call of the host under way; dropping it tells the host that nobody waits.
struct HostCall<'a> {
    bridge: &'a Bridge,
    id: u64,
}

impl Future for HostCall<'_> {
    type Output = Result<Answer>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut pending = self.bridge.pending.borrow_mut();
        match pending.remove(&self.id) {
            Some(Slot::Done(answer)) => Poll::Ready(answer),
            Some(Slot::Waiting(Some(waker))) if waker.will_wake(cx.waker()) => {
                pending.insert(self.id, Slot::Waiting(Some(waker)));
                Poll::Pending
            }
            _ => {
                pending.insert(self.id, Slot::Waiting(Some(cx.waker().clone())));
                Poll::Pending
            }
        }
    }
}

impl Drop for HostCall<'_> {
    fn drop(&mut self) {
        let slot = self.bridge.pending.borrow_mut().remove(&self.id);
        if let Some(Slot::Waiting(_)) = slot {
            let cancel = Frame {
                kind: FrameKind::Cancel,
                id: self.id,
                op: "",
                head: b"",
                body: b"",
            };
            self.bridge.line.post(&cancel);
        }
    }
}

/// Posts an ERROR frame.
pub(crate) fn post_error(line: &dyn Line, id: u64, error: &Error) {
    let head = encode(error).unwrap_or_default();
    line.post(&Frame {
        kind: FrameKind::Error,
        id,
        op: "",
        head: &head,
        body: b"",
    });
}

/// Writes a head.
pub(crate) fn encode(head: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(head)
        .map_err(|e| Error::new(Cause::Internal, format!("cannot be written as JSON: {e}")))
}

/// Reads a head. The error says where and what was expected, never what stood there.
pub(crate) fn decode<T: DeserializeOwned>(op: &str, head: &[u8]) -> Result<T> {
    serde_json::from_slice(head).map_err(|e| {
        let (at, problem) = (e.column(), complaint(&e));
        Error::new(
            Cause::Internal,
            format!("{op}: the head is not what this build expects, byte {at}: {problem}"),
        )
    })
}

/// What serde expected, without the value it found: that may be a secret or a customer's words.
pub(crate) fn complaint(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(text, _)| text);
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => text.to_owned(),
    }
}
