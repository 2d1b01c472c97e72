//! Ten thousand connected visitors: all are there, ping as their pages do, and write at a fixed pace.

use crate::client::{Session, Socket, Speaker};
use crate::load::{is_ack, is_answer};
use crate::problem::{Outcome, wrong};
use crate::systems::Kind;
use futures_util::SinkExt;
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_local};

/// How often a visitor's page says that it is still there.
const PING: Duration = Duration::from_secs(25);

/// A message that was acknowledged.
#[derive(Clone, Copy)]
pub(crate) struct Acked {
    pub(crate) number: usize,
    pub(crate) at: Instant,
    /// Of weikefu.
    pub(crate) conversation: Option<u64>,
}

/// What became of what they wrote.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) sent: HashMap<usize, Instant>,
    pub(crate) acked: Vec<Acked>,
    refusal: Option<String>,
}

/// Acknowledgements as they come, for whoever goes on from there.
type News = Rc<RefCell<Option<mpsc::UnboundedSender<Acked>>>>;
type Waiting = Rc<RefCell<VecDeque<usize>>>;

struct Visitor {
    speaker: Speaker,
    waiting: Waiting,
    _listener: Listening,
}

/// Ends with its visitor.
struct Listening(JoinHandle<()>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Everybody who is connected.
pub(crate) struct Crowd {
    visitors: Vec<Visitor>,
    written: Rc<RefCell<Written>>,
    news: News,
    /// The next to ping.
    next: usize,
}

impl Crowd {
    /// Nobody yet.
    pub(crate) fn new() -> Self {
        Crowd {
            visitors: Vec::new(),
            written: Rc::default(),
            news: News::default(),
            next: 0,
        }
    }

    /// What is acknowledged from now on.
    pub(crate) fn listen(&self) -> mpsc::UnboundedReceiver<Acked> {
        let (sender, acked) = mpsc::unbounded_channel();
        *self.news.borrow_mut() = Some(sender);
        acked
    }

    /// So many more visitors, each with a session of its own where there are any.
    pub(crate) async fn come(&mut self, kind: Kind, address: &str, path: &str, count: usize) -> Outcome {
        let mut door = Session::open(address).await?;
        for _ in 0..count {
            let mut socket = Socket::open(address, &format!("{path}ws"), &[]).await?;
            if kind == Kind::Weikefu {
                let (_, entered) = door.call("POST", &format!("{path}session"), "{}").await?;
                let hello = serde_json::json!({ "type": "hello", "token": entered["token"] });
                socket.send(hello.to_string()).await?;
                let welcome = socket.next().await?;
                if !welcome.contains("\"type\":\"welcome\"") {
                    return wrong(format!("a visitor was not welcomed: {welcome}"));
                }
            }
            self.seat(socket);
        }
        Ok(())
    }

    fn seat(&mut self, socket: Socket) {
        let (speaker, mut listener) = socket.split();
        let waiting = Waiting::default();
        let (expected, written, news) = (
            Rc::clone(&waiting),
            Rc::clone(&self.written),
            Rc::clone(&self.news),
        );
        let listening = spawn_local(async move {
            while let Ok(frame) = listener.next().await {
                if !is_answer(&frame) {
                    continue;
                }
                let at = Instant::now();
                // A socket is answered in the order of its messages.
                match expected.borrow_mut().pop_front() {
                    Some(number) if is_ack(&frame) => {
                        let acked = Acked {
                            number,
                            at,
                            conversation: conversation(&frame),
                        };
                        written.borrow_mut().acked.push(acked);
                        if let Some(news) = &*news.borrow() {
                            // Nobody may be waiting for it any more.
                            let _ = news.send(acked);
                        }
                    }
                    _ => {
                        written.borrow_mut().refusal.get_or_insert(frame);
                    }
                }
            }
        });
        self.visitors.push(Visitor {
            speaker,
            waiting,
            _listener: Listening(listening),
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.visitors.len()
    }

    /// Writes at a pace, whatever becomes of those before; `who` names the visitor of each number. Everybody
    /// pings meanwhile.
    pub(crate) async fn write(
        &mut self,
        kind: Kind,
        numbers: std::ops::Range<usize>,
        pace: Duration,
        who: impl Fn(usize) -> usize,
        frame: impl Fn(usize) -> String,
    ) -> Outcome {
        let mut clock = tokio::time::interval(pace);
        let mut pings = tokio::time::interval(PING / self.len().max(1) as u32);
        for number in numbers {
            loop {
                tokio::select! {
                    biased;
                    _ = clock.tick() => break,
                    _ = pings.tick() => self.ping(kind).await?,
                }
            }
            let Some(visitor) = self.visitors.get_mut(who(number)) else {
                return wrong("there are fewer visitors than messages need");
            };
            visitor.waiting.borrow_mut().push_back(number);
            let text = frame(number);
            self.written.borrow_mut().sent.insert(number, Instant::now());
            visitor.speaker.send(text.into()).await?;
        }
        Ok(())
    }

    async fn ping(&mut self, kind: Kind) -> Outcome {
        self.next = (self.next + 1) % self.visitors.len();
        // To the floor every frame is a message; a control frame costs it about what a ping costs weikefu.
        let frame = if kind == Kind::Weikefu {
            tokio_tungstenite::tungstenite::Message::text("{\"type\":\"ping\"}")
        } else {
            tokio_tungstenite::tungstenite::Message::Ping(bytes::Bytes::new())
        };
        Ok(self.visitors[self.next].speaker.send(frame).await?)
    }

    /// How many have been acknowledged; an error when one was refused.
    pub(crate) fn acked(&self) -> Outcome<usize> {
        let written = self.written.borrow();
        match &written.refusal {
            Some(refusal) => wrong(format!("a visitor's message was refused: {refusal}")),
            None => Ok(written.acked.len()),
        }
    }

    /// What became of everything since the last time.
    pub(crate) fn take(&self) -> Written {
        self.written.take()
    }
}

/// The conversation an acknowledgement names: `"cursor":"conversation.sequence"`.
fn conversation(ack: &str) -> Option<u64> {
    const PLACE: &str = "\"cursor\":\"";
    let place = &ack[ack.find(PLACE)? + PLACE.len()..];
    place.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_names_the_conversation() {
        let ack = "{\"type\":\"ack\",\"client_id\":\"a\",\"cursor\":\"4503.12\",\"at\":1}";
        assert_eq!(conversation(ack), Some(4503));
        assert_eq!(conversation("{\"type\":\"ack\",\"stored\":7}"), None);
    }
}
