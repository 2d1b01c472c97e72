//! What lies between an instance's thread and everybody else: letters in, frames out.
use crate::calls::{Calls, Declined, Outcome};
use crate::desk::Desk;
use crate::ffi::Receiver;
use crate::served::{Payload, read};
use crate::services::Services;
use crate::voice::Voice;
use crate::web::Web;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use weikefu_channel::abi::{Frame, FrameKind, Malformed};
use weikefu_channel::{Cause, Error};

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

impl Letter {
    fn plain(kind: FrameKind, id: u64, payload: Payload) -> Self {
        Letter::Frame {
            kind,
            id,
            op: "",
            payload,
            room: None,
        }
    }
}

/// Shared by the instance's handle, its thread, and the plugin through its door.
pub(crate) struct Mailbox {
    pub(crate) name: String,
    /// Room for calls that wait to be taken out.
    pub(crate) room: Arc<Semaphore>,
    letters: mpsc::Sender<Letter>,
    calls: Calls,
    desk: Desk,
    voice: Voice,
    wake_posted: AtomicBool,
    refusal: Mutex<Option<Error>>,
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
        let out = letters.clone();
        let carrier = Arc::new(move |id, answer: Outcome| {
            let letter = match answer {
                Ok(payload) => Letter::plain(FrameKind::Reply, id, payload),
                Err(error) => Letter::plain(FrameKind::Error, id, error_payload(&error)),
            };
            // The thread may have ended; then there is nobody left to tell.
            let _ = out.send(letter);
        });
        let mailbox = Mailbox {
            name: name.into(),
            room: Arc::new(Semaphore::new(size)),
            letters,
            calls: Calls::default(),
            voice: Voice::new(services.clone()),
            desk: Desk::new(services, web, runtime, carrier),
            wake_posted: AtomicBool::new(false),
            refusal: Mutex::default(),
        };
        (Arc::new(mailbox), inbox)
    }

    /// Puts a call into the mailbox. Dropping the ticket cancels it.
    pub(crate) fn call(
        self: &Arc<Self>,
        op: &'static str,
        payload: Payload,
        room: OwnedSemaphorePermit,
    ) -> Result<Ticket, Error> {
        let (id, receiver) = self.calls.add(op).map_err(|declined| match declined {
            Declined::Ended => self.closed(),
            Declined::Full => self.busy(),
        })?;
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

    fn put(&self, letter: Letter) {
        // The thread may have ended; then there is nobody left to tell.
        let _ = self.letters.send(letter);
    }

    pub(crate) fn stop(&self) {
        self.put(Letter::Stop);
    }

    pub(crate) fn busy(&self) -> Error {
        let name = &self.name;
        Error::told(
            Cause::Retryable,
            format!("渠道 {name} 正忙，请稍后重试"),
            format!("{name} has too much to do at the moment; try again shortly"),
        )
    }

    pub(crate) fn closed(&self) -> Error {
        let name = &self.name;
        Error::told(
            Cause::Retryable,
            format!("渠道 {name} 已关闭，请重新打开渠道后再试"),
            format!("{name} is closed; open the channel and try again"),
        )
    }

    pub(crate) fn quarantined(&self) -> bool {
        self.voice.quarantined()
    }

    /// Why `create` returned nothing.
    pub(crate) fn take_refusal(&self) -> Option<Error> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The thread has taken a letter out. False when nobody waits for this call any more.
    pub(crate) fn taken(&self, kind: FrameKind, id: u64) -> bool {
        match kind {
            FrameKind::Call => return self.calls.start(id),
            FrameKind::Wake => self.wake_posted.store(false, Ordering::Release),
            _ => {}
        }
        true
    }

    /// The instance is gone: nothing will be answered any more.
    pub(crate) fn end(&self) {
        self.calls.end(&self.closed());
        self.desk.end();
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
                let error = Error::new(Cause::Rejected, reason);
                return self.put(Letter::plain(FrameKind::Error, id, error_payload(&error)));
            }
            Err(Malformed {
                kind: Some(FrameKind::Reply | FrameKind::Error),
                id,
                reason,
            }) => {
                return self.calls.answered(id, Err(Error::new(Cause::Internal, reason)));
            }
            Err(Malformed { reason, .. }) => {
                return tracing::warn!(plugin = %self.name, reason, "a frame was ignored");
            }
        };
        let id = frame.id;
        match frame.kind {
            FrameKind::Call => self.desk.serve(&frame),
            FrameKind::Reply => self
                .calls
                .answered(id, Ok((frame.head.to_vec(), frame.body.to_vec()))),
            FrameKind::Error => {
                let error = read::<Error>("error", frame.head).unwrap_or_else(|error| error);
                if id == 0 {
                    *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                } else {
                    self.calls.answered(id, Err(error));
                }
            }
            FrameKind::Cancel => self.desk.cancel(id),
            FrameKind::Event => self.voice.event(&frame),
            FrameKind::Wake => {
                if !self.wake_posted.swap(true, Ordering::AcqRel) {
                    self.put(Letter::plain(FrameKind::Wake, 0, Payload::default()));
                }
            }
        }
    }
}

fn error_payload(error: &Error) -> Payload {
    (serde_json::to_vec(error).unwrap_or_default(), Vec::new())
}

/// A call under way.
pub(crate) struct Ticket {
    mailbox: Arc<Mailbox>,
    id: u64,
    op: &'static str,
    pub(crate) receiver: oneshot::Receiver<Outcome>,
}

impl Ticket {
    /// What to say when no answer came in time.
    pub(crate) fn late(&self, limit: Duration) -> Error {
        let (name, op, ms) = (&self.mailbox.name, self.op, limit.as_millis());
        let cause = self.mailbox.calls.unanswered(self.id);
        let zh = match cause {
            Cause::Unknown => "可能已经送达，请确认后再决定是否重发",
            _ => "请稍后重试",
        };
        Error::told(
            cause,
            format!("渠道 {name} 没有在 {ms} 毫秒内应答 {op}，{zh}"),
            format!("{name} did not answer {op} within {ms} ms"),
        )
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.mailbox.calls.forget(self.id) {
            self.mailbox
                .put(Letter::plain(FrameKind::Cancel, self.id, Payload::default()));
        }
    }
}
