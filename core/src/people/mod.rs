//! Finding customers: an index over all of them in memory, made from the trees at start and kept by what the
//! engine commits.
//!
//! It holds nothing that is not stored, so a crash cannot hurt it, and it writes nothing. A server serves before
//! the index is ready; who asks meanwhile waits a while and is then told so. What was answered before a question
//! was asked is in the answer.
mod filter;
mod index;
mod load;
mod row;

pub use filter::{Did, Filter, Sight};

use crate::engine::{Committed, Engine};
use crate::error::Refusal;
use crate::ids::{AgentId, ChannelId, ConversationId, CustomerId, Millis, ShopId};
use crate::trees::Trees;
use index::{Index, Rows};
use row::Sieve;
use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// How long a question waits for an index that is being made.
const PATIENCE: Duration = Duration::from_secs(10);

/// A handle on the index. Clones are cheap.
#[derive(Clone)]
pub struct People {
    shared: Arc<Shared>,
    engine: Engine,
    trees: Trees,
    /// The way of the engine's news, for those who wait behind them.
    news: mpsc::UnboundedSender<Committed>,
    inbox: Arc<Mutex<Option<mpsc::UnboundedReceiver<Committed>>>>,
}

struct Shared {
    index: RwLock<Index>,
    state: watch::Sender<State>,
    /// Who waits until what was told before has been taken in; an empty message lets the first of them go.
    waiting: Mutex<VecDeque<oneshot::Sender<()>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Preparing,
    Ready,
    Failed,
}

/// A page of the list, the latest contact first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Who, with the last contact.
    pub customers: Vec<Found>,
    /// Where to go on; `None` on the last page.
    pub next: Option<Place>,
}

/// A place in the list: last contact and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Last contact.
    pub at: Millis,
    /// Who.
    pub customer: CustomerId,
}

/// A customer as the index knows them beyond their own record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Who.
    pub id: CustomerId,
    /// Last contact: a conversation's beginning, a message of either side, a behaviour.
    pub last_contact: Millis,
    /// All addresses, in the order they became known.
    pub addresses: Vec<(ChannelId, String)>,
    /// Open conversations with their owners; nobody while one waits.
    pub open: Vec<(ConversationId, Option<AgentId>)>,
}

impl People {
    /// A handle; nothing is read before [`People::start`] or the first question.
    #[must_use]
    pub fn new(engine: &Engine, trees: &Trees) -> Self {
        let (news, inbox) = mpsc::unbounded_channel();
        People {
            shared: Arc::new(Shared {
                index: RwLock::default(),
                state: watch::Sender::new(State::Preparing),
                waiting: Mutex::default(),
            }),
            engine: engine.clone(),
            trees: trees.clone(),
            news,
            inbox: Arc::new(Mutex::new(Some(inbox))),
        }
    }

    /// Begins to read what is stored, in the background. Once is enough.
    pub fn start(&self) {
        let inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(inbox) = inbox else {
            return;
        };
        // The engine's end is what ends this: no handle of our own may keep it.
        let (engine, trees, news) = (self.engine.clone(), self.trees.clone(), self.news.clone());
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            let observed = engine.observe(news).await;
            drop(engine);
            if observed.is_err() {
                shared.state.send_replace(State::Failed);
                return;
            }
            let keeping = std::thread::Builder::new().name("people".into());
            let failed = Arc::clone(&shared);
            if let Err(error) = keeping.spawn(move || keep(&shared, trees, inbox)) {
                tracing::error!(%error, "the customer list cannot be made");
                failed.state.send_replace(State::Failed);
            }
        });
    }

    /// Everybody who fits, ascending.
    pub async fn select(
        &self,
        shop: ShopId,
        filter: &Filter,
        sight: Sight,
    ) -> Result<Vec<CustomerId>, Refusal> {
        let chosen = move |rows: &Rows, sieve: &Sieve<'_>| -> Vec<CustomerId> {
            let numbers = rows.select(sieve);
            numbers.map(|number| CustomerId::of(shop, number)).collect()
        };
        self.ask(shop, filter, sight, chosen).await
    }

    /// The addresses on these channels of everybody who fits, in the order of customers.
    pub async fn addresses(
        &self,
        shop: ShopId,
        filter: &Filter,
        channels: Vec<ChannelId>,
    ) -> Result<Vec<(CustomerId, ChannelId, Box<str>)>, Refusal> {
        let known = move |rows: &Rows, sieve: &Sieve<'_>| {
            let mut known = Vec::new();
            for number in rows.select(sieve) {
                let theirs = rows.addresses(number).iter();
                let theirs = theirs.filter(|(on, _)| channels.contains(on)).cloned();
                known.extend(theirs.map(|(on, peer)| (CustomerId::of(shop, number), on, peer)));
            }
            known
        };
        self.ask(shop, filter, Sight::All, known).await
    }

    /// How many fit.
    pub async fn count(&self, shop: ShopId, filter: &Filter, sight: Sight) -> Result<usize, Refusal> {
        let counted = |rows: &Rows, sieve: &Sieve<'_>| rows.select(sieve).count();
        self.ask(shop, filter, sight, counted).await
    }

    /// Those who fit behind a place of the list, at most `limit`. A customer who is heard of meanwhile goes to the
    /// front; nobody comes twice, and nobody who stays where they are is left out.
    pub async fn page(
        &self,
        shop: ShopId,
        filter: &Filter,
        sight: Sight,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Page, Refusal> {
        let after = after.map(|place| (place.at, place.customer.number()));
        let places = move |rows: &Rows, sieve: &Sieve<'_>| -> Vec<(Millis, u32)> {
            rows.latest(sieve, after).take(limit + 1).collect()
        };
        let mut places = self.ask(shop, filter, sight, places).await?;
        let more = places.len() > limit;
        places.truncate(limit);
        let last = places.last().map(|(at, number)| Place {
            at: *at,
            customer: CustomerId::of(shop, *number),
        });
        let index = self.shared.index.read().unwrap_or_else(PoisonError::into_inner);
        let found = |(at, number): (Millis, u32)| Found {
            // Where it stood when the page was cut.
            last_contact: at,
            ..found(&index, CustomerId::of(shop, number))
        };
        Ok(Page {
            customers: places.into_iter().map(found).collect(),
            next: last.filter(|_| more),
        })
    }

    /// What the index knows of a customer; nothing of one it does not know.
    pub async fn found(&self, customer: CustomerId) -> Result<Found, Refusal> {
        self.up_to_date().await?;
        let index = self.shared.index.read().unwrap_or_else(PoisonError::into_inner);
        Ok(found(&index, customer))
    }

    /// The same of many at once, in their order.
    pub async fn found_all(&self, customers: &[CustomerId]) -> Result<Vec<Found>, Refusal> {
        self.up_to_date().await?;
        let index = self.shared.index.read().unwrap_or_else(PoisonError::into_inner);
        Ok(customers.iter().map(|id| found(&index, *id)).collect())
    }

    /// Whether the index is ready; a question asked now would not wait.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        *self.shared.state.borrow() == State::Ready
    }

    async fn ask<T: Send + 'static>(
        &self,
        shop: ShopId,
        filter: &Filter,
        sight: Sight,
        question: impl FnOnce(&Rows, &Sieve<'_>) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        filter.check()?;
        self.up_to_date().await?;
        let (shared, trees, filter) = (Arc::clone(&self.shared), self.trees.clone(), filter.clone());
        // Long enough not to be done between other people's requests.
        let asking = tokio::task::spawn_blocking(move || {
            let channels = channels(&trees, shop, &filter)?;
            let index = shared.index.read().unwrap_or_else(PoisonError::into_inner);
            let (empty, none) = (Rows::default(), HashSet::new());
            let rows = index.shop(shop).unwrap_or(&empty);
            let tags = index.shop(shop).map_or(&none, |rows| &rows.tags);
            Ok(question(rows, &Sieve::new(&filter, sight, channels, tags)))
        });
        asking.await.map_err(|_| Refusal::Unavailable)?
    }

    /// Waits until the index is ready and knows everything that has been answered by now.
    async fn up_to_date(&self) -> Result<(), Refusal> {
        self.start();
        let mut state = self.shared.state.subscribe();
        let ready = state.wait_for(|state| *state != State::Preparing);
        match tokio::time::timeout(PATIENCE, ready).await {
            Err(_) => return Err(Refusal::Preparing),
            Ok(Ok(state)) if *state == State::Ready => {}
            Ok(_) => return Err(Refusal::Unavailable),
        }
        let told = self.wait_behind()?;
        told.await.map_err(|_| Refusal::Unavailable)
    }

    /// Sends a mark after all that has been told, and hears when it is taken.
    fn wait_behind(&self) -> Result<oneshot::Receiver<()>, Refusal> {
        let (taken, wait) = oneshot::channel();
        self.shared
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(taken);
        let sent = self.news.send(Committed::default());
        sent.map(|()| wait).map_err(|_| Refusal::Unavailable)
    }
}

fn found(index: &Index, id: CustomerId) -> Found {
    let row = index.get(id);
    let open = |row: &row::Row| row.open.iter().map(|open| (open.id, open.owner)).collect();
    let addresses = |row: &row::Row| {
        let known = row.addresses.iter();
        known.map(|(on, peer)| (*on, peer.to_string())).collect()
    };
    Found {
        id,
        last_contact: row.map_or(0, |row| row.last),
        addresses: row.map(addresses).unwrap_or_default(),
        open: row.map(open).unwrap_or_default(),
    }
}

/// The channels a filter names, by number and by plugin.
fn channels(trees: &Trees, shop: ShopId, filter: &Filter) -> Result<Option<Vec<ChannelId>>, Refusal> {
    if filter.channel.is_none() && filter.plugin.is_none() {
        return Ok(None);
    }
    let mut channels = Vec::new();
    for entry in trees.channels.scan(&()) {
        let (id, record) = entry?;
        let fits = record.shop == shop
            && filter.channel.is_none_or(|channel| channel == id)
            && filter
                .plugin
                .as_ref()
                .is_none_or(|plugin| *plugin == record.plugin);
        if fits {
            channels.push(id);
        }
    }
    Ok(Some(channels))
}

/// Makes the index, then keeps it, until the engine has ended.
fn keep(shared: &Shared, trees: Trees, mut inbox: mpsc::UnboundedReceiver<Committed>) {
    let made = load::load(&trees);
    drop(trees);
    match made {
        Ok(made) => *shared.index.write().unwrap_or_else(PoisonError::into_inner) = made,
        Err(error) => {
            tracing::error!(%error, "the customer list cannot be made");
            shared.state.send_replace(State::Failed);
            return;
        }
    }
    shared.state.send_replace(State::Ready);
    while let Some(changes) = inbox.blocking_recv() {
        if changes.is_empty() {
            let first = shared
                .waiting
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop_front();
            let _ = first.map(|waits| waits.send(()));
            continue;
        }
        let mut index = shared.index.write().unwrap_or_else(PoisonError::into_inner);
        for change in changes.iter() {
            index.apply(change);
        }
    }
}
