//! The engine: one thread that owns all desks, decides their commands in groups, makes each group durable as
//! one transaction, and only then answers, publishes and acts.
//!
//! It also owns time: once told to keep it, it wakes when a desk has something due, and has it decided like any
//! other command. A record that cannot be read refuses the command that needed it; a store that cannot be written
//! ends the engine.
use crate::desk::{Change, Command, Desk, Effect, Outcome, Reply};
use crate::error::Refusal;
use crate::feed::Feed;
use crate::ids::{Millis, ShopId};
use crate::rebuild::rebuild;
use crate::trees::{Grouped, Trees};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, oneshot};
use weikefu_storage::{Error, Txn};

/// Commands that may wait; more have to wait outside, which slows their senders down.
const MAILBOX: usize = 4096;
/// Commands of one group.
const GROUP: usize = 512;
/// Bytes of a group, about; with the largest single command on top it still fits one transaction.
const GROUP_BYTES: usize = 2 << 20;

#[allow(clippy::large_enum_variant)] // nearly all are of the large kind
enum Job {
    Decide {
        shop: ShopId,
        command: Command,
        answer: oneshot::Sender<Result<Reply, Refusal>>,
    },
    Look {
        shop: ShopId,
        look: Box<dyn FnOnce(&Desk) + Send>,
    },
    Observe {
        observer: mpsc::UnboundedSender<Committed>,
        answer: oneshot::Sender<()>,
    },
    KeepTime,
}

/// What one commit has made durable, in the order of the decisions, of whichever shops. Never empty.
pub type Committed = Arc<Vec<Change>>;

/// A desk whose timers fail is left alone that long, milliseconds.
const PAUSE: Millis = 60_000;
/// The longest sleep: the wall clock may be set meanwhile.
const NAP: Duration = Duration::from_secs(30);

/// A handle on the engine. Clones are cheap.
#[derive(Clone)]
pub struct Engine {
    jobs: mpsc::Sender<Job>,
    feeds: Arc<RwLock<HashMap<ShopId, Arc<Feed>>>>,
    trees: Trees,
}

impl Engine {
    /// Starts the engine on its own thread. What has to be done after a commit goes to `effects`.
    pub fn start(trees: Trees, effects: mpsc::UnboundedSender<Effect>) -> std::io::Result<Engine> {
        let (jobs, mailbox) = mpsc::channel(MAILBOX);
        let feeds = Arc::new(RwLock::new(HashMap::new()));
        let engine = Engine {
            jobs,
            feeds: Arc::clone(&feeds),
            trees: trees.clone(),
        };
        let thread = Thread {
            trees,
            feeds,
            desks: HashMap::new(),
            effects,
            observers: Vec::new(),
            paused: None,
        };
        let clock = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        std::thread::Builder::new()
            .name("desk".into())
            .spawn(move || thread.run(mailbox, &clock))?;
        Ok(engine)
    }

    /// Has a command decided. When this returns `Ok`, everything it caused is durable.
    pub async fn execute(&self, shop: ShopId, command: Command) -> Result<Reply, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.jobs
            .send(Job::Decide {
                shop,
                command,
                answer,
            })
            .await
            .map_err(|_| Refusal::Unavailable)?;
        answered.await.map_err(|_| Refusal::Unavailable)?
    }

    /// Looks at a desk's live state, between two groups.
    pub async fn look<T: Send + 'static>(
        &self,
        shop: ShopId,
        look: impl FnOnce(&Desk) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let (answer, answered) = oneshot::channel();
        let look = Box::new(move |desk: &Desk| drop(answer.send(look(desk))));
        self.jobs
            .send(Job::Look { shop, look })
            .await
            .map_err(|_| Refusal::Unavailable)?;
        answered.await.map_err(|_| Refusal::Unavailable)
    }

    /// Loads every shop's desk, and from now on does what becomes due. A server calls it once, before its agents
    /// can connect: whoever was online has to open a page again.
    pub async fn keep_time(&self) -> Result<(), Refusal> {
        self.jobs
            .send(Job::KeepTime)
            .await
            .map_err(|_| Refusal::Unavailable)
    }

    /// From now on every commit's changes are also sent to `observer`, until its receiver is dropped. When this
    /// returns, what was committed before is in the trees, and everything else will come: no gap, and nothing
    /// twice. It is sent before anybody hears of the commit. What is done with it is done on the other side.
    pub async fn observe(&self, observer: mpsc::UnboundedSender<Committed>) -> Result<(), Refusal> {
        let (answer, answered) = oneshot::channel();
        self.jobs
            .send(Job::Observe { observer, answer })
            .await
            .map_err(|_| Refusal::Unavailable)?;
        answered.await.map_err(|_| Refusal::Unavailable)
    }

    /// Waits until the engine has ended, which it does when the store fails.
    pub async fn ended(&self) {
        self.jobs.closed().await;
    }

    /// The feed of a shop's events.
    pub fn feed(&self, shop: ShopId) -> Result<Arc<Feed>, Refusal> {
        Ok(feed(&self.feeds, &self.trees, shop)?)
    }
}

fn feed(feeds: &RwLock<HashMap<ShopId, Arc<Feed>>>, trees: &Trees, shop: ShopId) -> Result<Arc<Feed>, Error> {
    if let Some(feed) = feeds.read().unwrap_or_else(PoisonError::into_inner).get(&shop) {
        return Ok(Arc::clone(feed));
    }
    let mut feeds = feeds.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(feed) = feeds.get(&shop) {
        return Ok(Arc::clone(feed));
    }
    // The desk's thread comes here before the first command of a shop: no event is ever missing from its feed.
    let last = trees.counters.get(&shop)?.unwrap_or_default().event - 1;
    let feed = Arc::new(Feed::new(last));
    feeds.insert(shop, Arc::clone(&feed));
    Ok(feed)
}

/// Unix milliseconds now.
#[must_use]
pub fn now() -> Millis {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_millis() as Millis)
}

struct Thread {
    trees: Trees,
    feeds: Arc<RwLock<HashMap<ShopId, Arc<Feed>>>>,
    desks: HashMap<ShopId, Desk>,
    effects: mpsc::UnboundedSender<Effect>,
    observers: Vec<mpsc::UnboundedSender<Committed>>,
    /// Until when a desk's timers rest because they failed; `None` while no time is kept.
    paused: Option<HashMap<ShopId, Millis>>,
}

type Asker = oneshot::Sender<Result<Reply, Refusal>>;
type Decided = (ShopId, Result<Outcome, Refusal>, Option<Asker>);

/// A group in the making.
struct Group {
    txn: Txn,
    bytes: usize,
    decided: Vec<Decided>,
}

impl Thread {
    fn run(mut self, mut mailbox: mpsc::Receiver<Job>, clock: &tokio::runtime::Runtime) {
        let mut jobs = Vec::with_capacity(GROUP);
        while clock.block_on(wait(&mut mailbox, &mut jobs, self.next_due())) {
            if let Err(error) = self.group(&mut jobs) {
                // The live state is ahead of the store. Answering nobody and dropping the mailbox makes every
                // caller hear "unavailable"; the process ends and starts from what is durable.
                // A store that was closed on purpose has not failed: this came too late.
                if !matches!(error, Error::Closed) {
                    tracing::error!(%error, "the store failed; nothing more is accepted");
                }
                return;
            }
        }
    }

    /// When the next desk has something to do by itself.
    fn next_due(&self) -> Option<Millis> {
        let paused = self.paused.as_ref()?;
        let due = |(shop, desk): (&ShopId, &Desk)| {
            let due = desk.next_due()?;
            Some(paused.get(shop).map_or(due, |until| due.max(*until)))
        };
        self.desks.iter().filter_map(due).min()
    }

    fn group(&mut self, jobs: &mut Vec<Job>) -> Result<(), Error> {
        let mut group = Group {
            txn: self.trees.db.begin(),
            bytes: 0,
            decided: Vec::with_capacity(jobs.len()),
        };
        let mut looks = Vec::new();
        for job in jobs.drain(..) {
            match job {
                Job::Decide {
                    shop,
                    command,
                    answer,
                } => self.decide(&mut group, shop, command, Some(answer))?,
                Job::Look { shop, look } => looks.push((shop, look)),
                Job::Observe { observer, answer } => {
                    self.finish(&mut group)?;
                    self.observers.push(observer);
                    let _ = answer.send(());
                }
                Job::KeepTime => self.keep_time(&mut group)?,
            }
        }
        self.tick(&mut group)?;
        self.finish(&mut group)?;
        // After the commit: nobody may see what is not durable yet.
        for (shop, look) in looks {
            match desk(&mut self.desks, &self.feeds, &self.trees, shop) {
                Ok(desk) => look(desk),
                // Whoever wanted to look hears that it is not available.
                Err(error) => damaged(shop, error)?,
            }
        }
        Ok(())
    }

    fn decide(
        &mut self,
        group: &mut Group,
        shop: ShopId,
        command: Command,
        answer: Option<Asker>,
    ) -> Result<(), Error> {
        let facts = Grouped {
            trees: &self.trees,
            txn: &group.txn,
        };
        let desk = match desk(&mut self.desks, &self.feeds, &self.trees, shop) {
            Ok(desk) => desk,
            Err(error) => {
                damaged(shop, error.clone())?;
                group.decided.push((shop, Err(error.into()), answer));
                return Ok(());
            }
        };
        let outcome = desk.decide(&facts, command, now());
        if let Err(Refusal::Store(error)) = &outcome {
            damaged(shop, error.clone())?;
        }
        if desk.is_torn() {
            // It had begun to change. What was decided before it is stored, then the desk is read again.
            self.finish(group)?;
            self.desks.remove(&shop);
        }
        for change in outcome.iter().flat_map(|outcome| &outcome.changes) {
            self.trees.write(&mut group.txn, change)?;
            group.bytes += change.weight();
        }
        group.decided.push((shop, outcome, answer));
        if group.bytes >= GROUP_BYTES {
            self.finish(group)?;
        }
        Ok(())
    }

    /// Loads all desks; one that cannot be read is left out, and so are its timers.
    fn keep_time(&mut self, group: &mut Group) -> Result<(), Error> {
        let mut shops = Vec::new();
        for entry in self.trees.shops.scan(&()) {
            match entry {
                Ok((shop, _)) => shops.push(shop),
                Err(error) => {
                    corrupt(error)?;
                }
            }
        }
        for shop in shops {
            self.decide(group, shop, Command::Started, None)?;
        }
        self.paused.get_or_insert_default();
        Ok(())
    }

    /// Has decided what is due.
    fn tick(&mut self, group: &mut Group) -> Result<(), Error> {
        let Some(paused) = &mut self.paused else {
            return Ok(());
        };
        let now = now();
        paused.retain(|_, until| *until > now);
        let is_due = |(shop, desk): (&ShopId, &Desk)| {
            let due = desk.next_due().is_some_and(|due| due <= now) && !paused.contains_key(shop);
            due.then_some(*shop)
        };
        let due: Vec<ShopId> = self.desks.iter().filter_map(is_due).collect();
        for shop in due {
            self.decide(group, shop, Command::Tick, None)?;
            let failed = group
                .decided
                .last()
                .is_some_and(|(_, outcome, _)| outcome.is_err());
            if let (true, Some(paused)) = (failed, &mut self.paused) {
                paused.insert(shop, now.saturating_add(PAUSE));
            }
        }
        Ok(())
    }

    /// Makes what was decided durable, then lets it out.
    fn finish(&mut self, group: &mut Group) -> Result<(), Error> {
        let txn = std::mem::replace(&mut group.txn, self.trees.db.begin());
        group.bytes = 0;
        if !txn.is_empty() {
            self.trees.db.commit(txn)?;
        }
        self.hand_out(group);
        for (shop, outcome, answer) in group.decided.drain(..) {
            self.release(shop, outcome, answer);
        }
        Ok(())
    }

    /// Gives the observers what has been committed; nothing is done when there is none.
    fn hand_out(&mut self, group: &mut Group) {
        if self.observers.is_empty() {
            return;
        }
        let mut changes = Vec::new();
        for outcome in group
            .decided
            .iter_mut()
            .filter_map(|(_, outcome, _)| outcome.as_mut().ok())
        {
            changes.append(&mut outcome.changes);
        }
        if !changes.is_empty() {
            let changes = Arc::new(changes);
            self.observers
                .retain(|observer| observer.send(Arc::clone(&changes)).is_ok());
        }
    }

    fn release(&self, shop: ShopId, outcome: Result<Outcome, Refusal>, answer: Option<Asker>) {
        // A caller that has gone away does not need its answer; the desk's own timers have none.
        let tell = |reply| {
            if let Some(answer) = answer {
                drop(answer.send(reply));
            }
        };
        match outcome {
            Err(refusal) => tell(Err(refusal)),
            Ok(Outcome {
                reply,
                events,
                effects,
                ..
            }) => {
                tell(Ok(reply));
                if !events.is_empty()
                    && let Ok(feed) = feed(&self.feeds, &self.trees, shop)
                {
                    feed.publish(events);
                }
                for effect in effects {
                    drop(self.effects.send(effect));
                }
            }
        }
    }
}

/// Waits for mail, but not longer than until something is due. `false` when there will be no more mail.
async fn wait(mailbox: &mut mpsc::Receiver<Job>, jobs: &mut Vec<Job>, due: Option<Millis>) -> bool {
    let Some(due) = due else {
        return mailbox.recv_many(jobs, GROUP).await > 0;
    };
    let left = Duration::from_millis(due.saturating_sub(now()).max(0).unsigned_abs());
    tokio::select! {
        biased;
        received = mailbox.recv_many(jobs, GROUP) => received > 0,
        () = tokio::time::sleep(left.min(NAP)) => true,
    }
}

/// A damaged record is a matter of whoever needed it; any other error is the store's end.
fn corrupt(error: Error) -> Result<Error, Error> {
    match error {
        Error::Corrupt { .. } => Ok(error),
        error => Err(error),
    }
}

/// The same, said in the log.
fn damaged(shop: ShopId, error: Error) -> Result<(), Error> {
    let error = corrupt(error)?;
    tracing::error!(%shop, %error, "a record is damaged; what needed it was refused, all else goes on");
    Ok(())
}

fn desk<'a>(
    desks: &'a mut HashMap<ShopId, Desk>,
    feeds: &RwLock<HashMap<ShopId, Arc<Feed>>>,
    trees: &Trees,
    shop: ShopId,
) -> Result<&'a mut Desk, Error> {
    match desks.entry(shop) {
        std::collections::hash_map::Entry::Occupied(known) => Ok(known.into_mut()),
        std::collections::hash_map::Entry::Vacant(new) => {
            feed(feeds, trees, shop)?;
            Ok(new.insert(rebuild(trees, shop)?))
        }
    }
}
