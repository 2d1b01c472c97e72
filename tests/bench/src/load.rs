//! Closed loop: so many connections, each sends its next message when the last one has been answered.

use crate::client::{Socket, Wire};
use crate::figures::sorted;
use crate::problem::Outcome;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::spawn_local;

/// What came of it.
#[derive(Default)]
pub(crate) struct Ran {
    pub(crate) good: u64,
    pub(crate) refused: u64,
    /// The first answer that was not good.
    pub(crate) refusal: Option<String>,
    /// Until the last answer, seconds.
    pub(crate) took: f64,
    /// Of each good answer, milliseconds, in order of size.
    pub(crate) latencies: Vec<f64>,
}

impl Ran {
    fn note(&mut self, good: bool, sent: Instant, answer: impl FnOnce() -> String) {
        if good {
            self.good += 1;
            self.latencies.push(sent.elapsed().as_secs_f64() * 1e3);
        } else {
            self.refused += 1;
            self.refusal.get_or_insert_with(answer);
        }
    }
}

/// Gives the next message of any connection; the step ends early when there is none.
pub(crate) type Next<T> = Rc<dyn Fn() -> Option<T>>;

/// Posts for a while. What is sent is always answered before this returns.
pub(crate) async fn posts(
    address: &str,
    connections: usize,
    lasting: Duration,
    next: Next<Rc<[u8]>>,
    is_good: impl Fn(u16, &[u8]) -> bool + Clone + 'static,
) -> Outcome<Ran> {
    let mut wires = Vec::new();
    for _ in 0..connections {
        wires.push(Wire::open(address).await?);
    }
    run(wires, lasting, async move |mut wire: Wire, ran, until| {
        while Instant::now() < until {
            let Some(request) = next() else { break };
            let sent = Instant::now();
            let answer = wire.exchange(&request).await?;
            let good = is_good(answer.status, answer.body);
            let told = || format!("{} {}", answer.status, String::from_utf8_lossy(answer.body));
            ran.borrow_mut().note(good, sent, told);
        }
        Ok(())
    })
    .await
}

/// Sends frames through open sockets for a while, each after the acknowledgement of the one before.
pub(crate) async fn frames(sockets: Vec<Socket>, lasting: Duration, next: Next<String>) -> Outcome<Ran> {
    run(sockets, lasting, async move |mut socket: Socket, ran, until| {
        while Instant::now() < until {
            let Some(frame) = next() else { break };
            let sent = Instant::now();
            socket.send(frame).await?;
            let answer = loop {
                let frame = socket.next().await?;
                if is_answer(&frame) {
                    break frame;
                }
            };
            ran.borrow_mut().note(is_ack(&answer), sent, || answer.clone());
        }
        Ok(())
    })
    .await
}

pub(crate) fn is_ack(frame: &str) -> bool {
    frame.starts_with("{\"type\":\"ack\"")
}

/// Whether a frame answers one that was sent; the others tell news.
pub(crate) fn is_answer(frame: &str) -> bool {
    is_ack(frame) || frame.starts_with("{\"type\":\"error\"")
}

async fn run<T: 'static>(
    connections: Vec<T>,
    lasting: Duration,
    work: impl AsyncFn(T, Rc<RefCell<Ran>>, Instant) -> Outcome + 'static,
) -> Outcome<Ran> {
    let ran = Rc::new(RefCell::new(Ran::default()));
    let work = Rc::new(work);
    let started = Instant::now();
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|connection| {
            let (work, ran) = (Rc::clone(&work), Rc::clone(&ran));
            spawn_local(async move { work(connection, ran, started + lasting).await })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    let mut ran = ran.take();
    ran.took = started.elapsed().as_secs_f64();
    ran.latencies = sorted(ran.latencies);
    Ok(ran)
}
