//! A system with a full desk: its agents' screens, its visitors, and the two kinds of step they are put through.

use super::{Bench, PATIENCE};
use crate::child::Server;
use crate::client::{Screens, Wire};
use crate::crowd::{Acked, Crowd, Written};
use crate::desk::{self, HELD, Installation};
use crate::figures::sorted;
use crate::machine::{self, Meter};
use crate::problem::{Outcome, wrong};
use crate::requests::{Author, MARK};
use crate::systems::{AGENT, EVERYBODY, Kind};
use crate::team::{SENIORS, Team};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_local};

/// Until memory has settled.
const SETTLE: Duration = Duration::from_secs(2);
/// Numbers of requests to accept, apart from those of messages: the floor tells both alike.
const ACCEPTS: usize = 50_000_000;
/// Before the first step each of those who go on talking says something, at this pace.
const OPENING: Duration = Duration::from_micros(2_500);

/// See above.
pub(super) struct Scene {
    pub(super) kind: Kind,
    pub(super) server: Server,
    address: String,
    crowd: Crowd,
    screens: Screens,
    team: Option<Rc<Team>>,
    author: Author,
    /// The next number.
    number: usize,
    /// Visitors who go on talking; those behind them have said nothing yet.
    talking: usize,
    /// The next who has said nothing yet and gets an agent at once.
    fresh: usize,
    /// The next who has said nothing yet and has to wait.
    waiting: usize,
    /// Memory of the server in KiB: nobody there, everybody connected.
    pub(super) idle: f64,
    pub(super) connected: f64,
    _folder: Option<TempDir>,
    _installation: Option<Installation>,
}

/// What a step found: milliseconds in order of size.
pub(super) struct Found {
    pub(super) answered: Vec<f64>,
    /// From sending to the decision.
    pub(super) decided: Vec<f64>,
    /// From the acknowledgement to the last list that must show it.
    pub(super) listed: Vec<f64>,
    /// From the answer to a request to accept to the last list that must forget it.
    pub(super) taken: Vec<f64>,
    /// Processors the server used.
    pub(super) cores: f64,
    /// Frames a second to the agents.
    pub(super) frames: f64,
}

/// A request to accept: when it was sent and answered.
struct Accept {
    conversation: Option<u64>,
    number: usize,
    sent: Instant,
    answered: Instant,
}

type Accepts = Rc<RefCell<Vec<Outcome<Accept>>>>;

impl Scene {
    /// The floor, with as many agents' sockets and visitors.
    pub(super) async fn floor(agents: usize, visitors: usize, path: &str) -> Outcome<Self> {
        let folder = desk::scratch("floor")?;
        let mut command = std::process::Command::new(std::env::current_exe()?);
        command.arg("floor-store").arg(folder.path().join("log"));
        command.args(["--seniors", &SENIORS.to_string()]);
        let server = Server::start(command)?;
        let idle = settled(server.pid()).await?;
        let places = vec![(AGENT.to_owned(), Vec::new()); agents];
        Ok(Scene {
            _folder: Some(folder),
            ..Self::fill(Kind::FloorStore, server, places, path, visitors, idle).await?
        })
    }

    pub(super) async fn weikefu(bench: &Bench<'_>, agents: usize, visitors: usize) -> Outcome<Self> {
        let installation = Installation::new(bench.executable, &bench.account)?;
        let server = installation.start()?;
        // The first answer comes when the channels are open.
        desk::visitors(&server.address, &installation.h5, 1).await?;
        let idle = settled(server.pid()).await?;
        let team = Team::gather(&installation, &server.address, agents).await?;
        let places = team.places().await;
        let path = installation.h5.clone();
        Ok(Scene {
            team: Some(Rc::new(team)),
            _installation: Some(installation),
            ..Self::fill(Kind::Weikefu, server, places, &path, visitors, idle).await?
        })
    }

    async fn fill(
        kind: Kind,
        server: Server,
        places: Vec<crate::client::Place>,
        path: &str,
        visitors: usize,
        idle: f64,
    ) -> Outcome<Self> {
        let address = server.address.clone();
        let screens = Screens::open(&address, places).await?;
        let mut crowd = Crowd::new();
        let waiting = visitors / 5 * 4;
        crowd.come(kind, &address, path, waiting).await?;
        let path = if kind == Kind::Weikefu { path } else { EVERYBODY };
        crowd.come(kind, &address, path, visitors - waiting).await?;
        let connected = settled(server.pid()).await?;
        Ok(Scene {
            kind,
            server,
            address,
            talking: visitors / 5,
            fresh: visitors / 5,
            waiting,
            crowd,
            screens,
            team: None,
            author: Author::new(),
            number: 0,
            idle,
            connected,
            _folder: None,
            _installation: None,
        })
    }

    /// Everybody takes customers by themselves, and those who go on talking have an agent.
    pub(super) async fn open(&mut self) -> Outcome {
        self.settle(true).await?;
        let numbers = self.numbers(self.talking);
        let first = numbers.start;
        let author = &self.author;
        let (who, frame) = (|n| n - first, |n| author.frame(n));
        self.crowd
            .write(self.kind, numbers.clone(), OPENING, who, frame)
            .await?;
        self.until_seen(numbers.len(), |_| true).await?;
        self.crowd.take();
        Ok(())
    }

    /// Memory of the server once it stands still, KiB.
    pub(super) async fn memory(&self) -> Outcome<f64> {
        settled(self.server.pid()).await
    }

    async fn settle(&self, auto: bool) -> Outcome {
        match &self.team {
            Some(team) => team.settle(auto, HELD).await,
            None => Ok(()),
        }
    }

    fn numbers(&mut self, count: usize) -> std::ops::Range<usize> {
        let first = self.number;
        self.number += count;
        first..self.number
    }

    /// Chats go on, and every so often somebody new writes, who gets an agent at once.
    pub(super) async fn automatic(
        &mut self,
        bench: &mut Bench<'_>,
        count: usize,
        pace: Duration,
        every: usize,
    ) -> Outcome<Found> {
        self.settle(true).await?;
        let numbers = self.numbers(count);
        let (first, talking, fresh) = (numbers.start, self.talking, self.fresh);
        let is_new = |n: usize| (n - first).is_multiple_of(every);
        let who = |n: usize| {
            if is_new(n) {
                fresh + (n - first) / every
            } else {
                n % talking
            }
        };
        self.fresh += count.div_ceil(every);
        let written = self
            .step(bench, numbers.clone(), pace, who, |seen, n| seen.held.get(&n))
            .await?;
        let (written, cores, frames) = written;
        let seen = self.screens.look()?;
        let mut found = Found::new(&written, cores, frames);
        for acked in &written.acked {
            let n = acked.number;
            let arrivals = seen.held.get(&n);
            let owner = arrivals.and_then(|arrivals| arrivals.first_from(SENIORS));
            let seniors = arrivals.and_then(|arrivals| arrivals.all_of(SENIORS));
            let (Some(owner), Some(seniors), Some(sent)) = (owner, seniors, written.sent.get(&n)) else {
                return wrong(format!("message {n} did not come to its agents"));
            };
            if is_new(n) {
                found.decided.push(milliseconds(*sent, owner));
            }
            found.listed.push(milliseconds(acked.at, owner.max(seniors)));
        }
        drop(seen);
        found.sort();
        Ok(found)
    }

    /// New customers wait, on everybody's list, until an agent takes them, as soon as they are stored.
    pub(super) async fn by_hand(
        &mut self,
        bench: &mut Bench<'_>,
        count: usize,
        pace: Duration,
    ) -> Outcome<Found> {
        self.settle(false).await?;
        let accepts = Accepts::default();
        let numbers = self.numbers(count);
        let (first, waiting) = (numbers.start, self.waiting);
        self.waiting += count;
        let taking = self.take(self.crowd.listen(), Rc::clone(&accepts));
        let everybody = self.screens.count;
        let (written, cores, frames) = self
            .step(
                bench,
                numbers,
                pace,
                |n| waiting + n - first,
                |seen, n| seen.shown.get(&n),
            )
            .await?;
        let started = Instant::now();
        while accepts.borrow().len() < count && started.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // What was accepted last is still on its way to the lists.
        tokio::time::sleep(Duration::from_millis(500)).await;
        taking.abort();
        let seen = self.screens.look()?;
        let mut found = Found::new(&written, cores, frames);
        for acked in &written.acked {
            let listed = seen.shown.get(&acked.number);
            let Some(listed) = listed.and_then(|arrivals| arrivals.all_of(everybody)) else {
                return wrong("a waiting customer did not come to every agent's list");
            };
            found.listed.push(milliseconds(acked.at, listed));
        }
        for accept in accepts.take() {
            let accept = accept?;
            let forgotten = match accept.conversation {
                Some(conversation) => seen.taken.get(&conversation),
                None => seen.shown.get(&accept.number),
            };
            let Some(forgotten) = forgotten.and_then(|arrivals| arrivals.all_of(everybody)) else {
                return wrong("a customer was accepted and not every agent heard of it");
            };
            found.decided.push(milliseconds(accept.sent, accept.answered));
            found.taken.push(milliseconds(accept.answered, forgotten));
        }
        drop(seen);
        if found.decided.len() < count {
            return wrong(format!("{} of {count} were accepted", found.decided.len()));
        }
        found.sort();
        Ok(found)
    }

    /// Has agents in turn accept whatever was acknowledged.
    fn take(&mut self, mut acked: mpsc::UnboundedReceiver<Acked>, accepts: Accepts) -> JoinHandle<()> {
        let (team, address) = (self.team.clone(), self.address.clone());
        spawn_local(async move {
            let mut turn = 0;
            while let Some(acked) = acked.recv().await {
                turn += 1;
                let (team, address, accepts) = (team.clone(), address.clone(), Rc::clone(&accepts));
                spawn_local(async move {
                    let done = accept(team.as_deref(), &address, turn, acked).await;
                    accepts.borrow_mut().push(done);
                });
            }
        })
    }

    /// Writes, waits until everything has come, and tells what the server used.
    async fn step(
        &mut self,
        bench: &mut Bench<'_>,
        numbers: std::ops::Range<usize>,
        pace: Duration,
        who: impl Fn(usize) -> usize,
        seen: impl Fn(&crate::client::Seen, usize) -> Option<&crate::client::Arrivals>,
    ) -> Outcome<(Written, f64, f64)> {
        machine::quiet(bench.options.patience()).await?;
        self.screens.watch();
        let (meter, started) = (Meter::start(self.server.pid())?, Instant::now());
        let (author, count) = (&self.author, numbers.len());
        let frame = |n| author.frame(n);
        self.crowd
            .write(self.kind, numbers.clone(), pace, who, frame)
            .await?;
        self.until_seen(count, |all| numbers.clone().all(|n| seen(all, n).is_some()))
            .await?;
        let (reading, took) = (meter.read()?, started.elapsed().as_secs_f64());
        bench.report.noise(reading.others);
        let (frames, resets) = {
            let seen = self.screens.look()?;
            (seen.frames as f64 / took, seen.resets)
        };
        if resets > 0 {
            bench.report.wrong(format!(
                "{}: {resets} resets at the agents' sockets",
                self.kind.name()
            ));
        }
        Ok((self.crowd.take(), reading.server / took, frames))
    }

    /// Waits until so many have been acknowledged and have come to the screens, and then a moment for the others.
    async fn until_seen(&self, count: usize, seen: impl Fn(&crate::client::Seen) -> bool) -> Outcome {
        let started = Instant::now();
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let acked = self.crowd.acked()?;
            if acked == count && seen(&*self.screens.look()?) {
                break;
            }
            if started.elapsed() > PATIENCE {
                return wrong(format!("{acked} of {count} messages were acknowledged"));
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        Ok(())
    }
}

async fn accept(team: Option<&Team>, address: &str, turn: usize, acked: Acked) -> Outcome<Accept> {
    let number = ACCEPTS + acked.number;
    let (sent, answered);
    if let (Some(team), Some(conversation)) = (team, acked.conversation) {
        let member = team.member(turn);
        let mut member = member.lock().await;
        sent = Instant::now();
        member.accept(conversation).await?;
        answered = Instant::now();
    } else {
        let request = format!(
            "POST {EVERYBODY}accept HTTP/1.1\r\nhost: bench\r\n{MARK}: #{number}\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        let mut wire = Wire::open(address).await?;
        sent = Instant::now();
        let status = wire.exchange(request.as_bytes()).await?.status;
        answered = Instant::now();
        if status != 200 {
            return wrong(format!("the floor answered {status}"));
        }
    }
    Ok(Accept {
        conversation: acked.conversation,
        number,
        sent,
        answered,
    })
}

impl Found {
    fn new(written: &Written, cores: f64, frames: f64) -> Self {
        let answered = written.acked.iter().filter_map(|acked| {
            let sent = written.sent.get(&acked.number)?;
            Some(milliseconds(*sent, acked.at))
        });
        Found {
            answered: answered.collect(),
            decided: Vec::new(),
            listed: Vec::new(),
            taken: Vec::new(),
            cores,
            frames,
        }
    }

    fn sort(&mut self) {
        for samples in [
            &mut self.answered,
            &mut self.decided,
            &mut self.listed,
            &mut self.taken,
        ] {
            *samples = sorted(std::mem::take(samples));
        }
    }
}

/// Memory once it stands still.
async fn settled(pid: u32) -> Outcome<f64> {
    tokio::time::sleep(SETTLE).await;
    machine::pss(pid)
}

fn milliseconds(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64() * 1e3
}
