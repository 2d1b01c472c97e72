//! Open loop: messages at a fixed pace, whatever becomes of those before; each timed from its sending to its
//! acknowledgement and to its frame on the agent's screen.

use crate::client::{Console, Socket, Wire};
use crate::figures::sorted;
use crate::load::{is_ack, is_answer};
use crate::problem::{Outcome, wrong};
use crate::systems::{Kind, System};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::spawn_local;

/// How long the last ones may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came of it: milliseconds, in order of size.
pub(crate) struct Delivered {
    pub(crate) answered: Vec<f64>,
    pub(crate) shown: Vec<f64>,
}

/// When each message was sent and answered.
#[derive(Default)]
struct Times {
    sent: Vec<Instant>,
    answered: Vec<f64>,
    refusal: Option<String>,
}

/// Paces frames round-robin over the sockets.
pub(crate) async fn frames(
    sockets: Vec<Socket>,
    console: &Console,
    (count, pace): (usize, Duration),
    frame: impl Fn(usize) -> String,
) -> Outcome<Delivered> {
    use futures_util::SinkExt;
    let times = Rc::new(RefCell::new(Times::default()));
    let mut speakers = Vec::new();
    let mut listeners = Vec::new();
    for socket in sockets {
        let (speaker, mut listener) = socket.split();
        // A socket is answered in the order of its messages.
        let waiting = Rc::new(RefCell::new(VecDeque::new()));
        speakers.push((speaker, Rc::clone(&waiting)));
        let times = Rc::clone(&times);
        listeners.push(spawn_local(async move {
            while let Ok(frame) = listener.next().await {
                if is_answer(&frame) {
                    let number = waiting.borrow_mut().pop_front();
                    times.borrow_mut().answer(number, is_ack(&frame), &frame);
                }
            }
        }));
    }
    console.watch(count);
    let mut clock = clock(pace);
    for number in 0..count {
        clock.tick().await;
        let turn = number % speakers.len();
        let (speaker, waiting) = &mut speakers[turn];
        let text = frame(number);
        waiting.borrow_mut().push_back(number);
        times.borrow_mut().sent.push(Instant::now());
        speaker.send(text.into()).await?;
    }
    let delivered = finish(&times, console, count).await;
    listeners.iter().for_each(tokio::task::JoinHandle::abort);
    delivered
}

/// Paces requests over kept connections, enough of them that none has to wait.
pub(crate) async fn posts(
    system: &System,
    console: &Console,
    (count, pace): (usize, Duration),
    request: impl Fn(usize) -> Vec<u8>,
) -> Outcome<Delivered> {
    const CONNECTIONS: usize = 32;
    let times = Rc::new(RefCell::new(Times::default()));
    let kind = system.kind;
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut wire = Wire::open(&system.server.address).await?;
        let (sender, mut orders) = mpsc::unbounded_channel::<(usize, Vec<u8>)>();
        let times = Rc::clone(&times);
        spawn_local(async move {
            while let Some((number, request)) = orders.recv().await {
                let Ok(answer) = wire.exchange(&request).await else {
                    break;
                };
                let good = System::is_good(kind, answer.status, answer.body);
                let said = String::from_utf8_lossy(answer.body);
                times.borrow_mut().answer(Some(number), good, &said);
            }
        });
        connections.push(sender);
    }
    console.watch(count);
    let mut clock = clock(pace);
    for number in 0..count {
        clock.tick().await;
        let bytes = request(number);
        times.borrow_mut().sent.push(Instant::now());
        connections[number % CONNECTIONS].send((number, bytes))?;
    }
    finish(&times, console, count).await
}

fn clock(pace: Duration) -> tokio::time::Interval {
    let mut clock = tokio::time::interval(pace);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    clock
}

impl Times {
    fn answer(&mut self, number: Option<usize>, good: bool, said: &str) {
        let sent = number.and_then(|number| self.sent.get(number));
        match sent {
            Some(sent) if good => self.answered.push(milliseconds(*sent, Instant::now())),
            _ => {
                self.refusal.get_or_insert_with(|| said.to_owned());
            }
        }
    }
}

/// Waits for what is still under way. Everything must have been answered and shown.
async fn finish(times: &RefCell<Times>, console: &Console, count: usize) -> Outcome<Delivered> {
    let started = Instant::now();
    let mut arrivals = Vec::new();
    while started.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let answered = times.borrow().answered.len();
        if let Some(refusal) = &times.borrow().refusal {
            return wrong(format!("a message was refused: {refusal}"));
        }
        if answered == count && console.seen_all() {
            break;
        }
    }
    arrivals.extend(console.arrivals());
    let times = times.take();
    let shown: Vec<f64> = std::iter::zip(&times.sent, arrivals)
        .filter_map(|(sent, shown)| Some(milliseconds(*sent, shown?)))
        .collect();
    if times.answered.len() < count || shown.len() < count {
        return wrong(format!(
            "of {count} messages {} were answered and {} shown to the agent",
            times.answered.len(),
            shown.len()
        ));
    }
    Ok(Delivered {
        answered: sorted(times.answered),
        shown: sorted(shown),
    })
}

fn milliseconds(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64() * 1e3
}

/// The systems that show an agent anything.
pub(crate) fn has_agent(kind: Kind) -> bool {
    kind != Kind::FloorHttp
}
