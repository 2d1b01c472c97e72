//! The engine: one thread that owns all desks, decides their commands in groups, makes each group durable as
//! one transaction, and only then answers, publishes and acts.
use crate::desk::{Command, Desk, Effect, Outcome, Reply};
use crate::error::Refusal;
use crate::feed::Feed;
use crate::ids::{Millis, ShopId};
use crate::rebuild::rebuild;
use crate::trees::{Grouped, Trees};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};
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
}

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
        };
        std::thread::Builder::new()
            .name("desk".into())
            .spawn(move || thread.run(mailbox))?;
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
}

type Decided = (
    ShopId,
    Result<Outcome, Refusal>,
    oneshot::Sender<Result<Reply, Refusal>>,
);

impl Thread {
    fn run(mut self, mut mailbox: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(GROUP);
        while mailbox.blocking_recv_many(&mut jobs, GROUP) > 0 {
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

    fn group(&mut self, jobs: &mut Vec<Job>) -> Result<(), Error> {
        let mut txn = self.trees.db.begin();
        let mut bytes = 0;
        let mut decided: Vec<Decided> = Vec::with_capacity(jobs.len());
        let mut looks = Vec::new();
        for job in jobs.drain(..) {
            match job {
                Job::Decide {
                    shop,
                    command,
                    answer,
                } => {
                    let facts = Grouped {
                        trees: &self.trees,
                        txn: &txn,
                    };
                    let desk = desk(&mut self.desks, &self.feeds, &self.trees, shop)?;
                    let outcome = match desk.decide(&facts, command, now()) {
                        Err(Refusal::Store(error)) => return Err(error),
                        outcome => outcome,
                    };
                    for change in outcome.iter().flat_map(|outcome| &outcome.changes) {
                        self.trees.write(&mut txn, change)?;
                        bytes += change.weight();
                    }
                    decided.push((shop, outcome, answer));
                    if bytes >= GROUP_BYTES {
                        let full = std::mem::replace(&mut txn, self.trees.db.begin());
                        self.finish(full, &mut decided)?;
                        bytes = 0;
                    }
                }
                Job::Look { shop, look } => looks.push((shop, look)),
            }
        }
        self.finish(txn, &mut decided)?;
        // After the commit: nobody may see what is not durable yet.
        for (shop, look) in looks {
            look(desk(&mut self.desks, &self.feeds, &self.trees, shop)?);
        }
        Ok(())
    }

    /// Makes what was decided durable, then lets it out.
    fn finish(&self, txn: Txn, decided: &mut Vec<Decided>) -> Result<(), Error> {
        if !txn.is_empty() {
            self.trees.db.commit(txn)?;
        }
        for (shop, outcome, answer) in decided.drain(..) {
            self.release(shop, outcome, answer);
        }
        Ok(())
    }

    fn release(
        &self,
        shop: ShopId,
        outcome: Result<Outcome, Refusal>,
        answer: oneshot::Sender<Result<Reply, Refusal>>,
    ) {
        // A caller that has gone away does not need its answer.
        match outcome {
            Err(refusal) => drop(answer.send(Err(refusal))),
            Ok(Outcome {
                reply,
                events,
                effects,
                ..
            }) => {
                drop(answer.send(Ok(reply)));
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
