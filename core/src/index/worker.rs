//! The thread that keeps the index: follows, reads what is missing, commits, begins anew when it has to.
use super::following::{Following, Lost};
use super::known::Known;
use super::{Order, Shared};
use crate::desk::Change;
use crate::engine::Committed;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

/// From a message to its being found, about.
const COMMIT: Duration = Duration::from_secs(1);
/// The same while much is read.
const COMMIT_BUILDING: Duration = Duration::from_secs(3);
/// Before an index that could not be made is tried again.
const PAUSE: Duration = Duration::from_secs(30);
/// Commits that may wait; of more, only what they touch is noted.
const WAITING: usize = 2_000;

/// The worker.
struct Worker<'a> {
    shared: &'a Shared,
    changes: UnboundedReceiver<Committed>,
    orders: UnboundedReceiver<Order>,
    /// `None` while none can be made.
    following: Option<Following>,
    /// When the next commit is due, or the next try to make an index.
    due: Option<Instant>,
    /// When an index was made last because another could not be used.
    made: Option<Instant>,
    /// The files have not been compared with their checksums since they were opened.
    unverified: bool,
}

/// What there is to do next.
enum Next {
    Changes(Vec<Committed>),
    Order(Order),
    Due,
    /// Nothing waits, and something has to be read.
    Idle,
    End,
}

/// Works until it is told to stop or the engine has ended.
pub(super) fn run(shared: &Shared, changes: UnboundedReceiver<Committed>, orders: UnboundedReceiver<Order>) {
    let clock = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let clock = match clock {
        Ok(clock) => clock,
        Err(error) => return tracing::error!(%error, "the search index cannot be kept"),
    };
    let worker = Worker {
        shared,
        changes,
        orders,
        following: None,
        due: None,
        made: None,
        unverified: false,
    };
    // A store that was closed on purpose ends it too.
    if let Err(error) = worker.work(&clock)
        && !matches!(error, weikefu_storage::Error::Closed)
    {
        tracing::error!(%error, "the search index is not kept any more");
    }
}

impl Worker<'_> {
    fn work(mut self, clock: &tokio::runtime::Runtime) -> Result<(), weikefu_storage::Error> {
        *self.shared.known_mut() = Known::load(&self.shared.trees)?;
        match Following::resume(&self.shared.trees, &self.shared.folder) {
            Ok(following) => {
                self.shared.state_mut().bytes = following.bytes();
                self.following = Some(following);
                self.unverified = true;
            }
            Err(why) => self.anew(why)?,
        }
        loop {
            self.tell();
            let done = match clock.block_on(self.next()) {
                Next::Changes(changes) => self.take(&changes),
                Next::End | Next::Order(Order::Stop) => break,
                Next::Order(Order::Rebuild(begun)) => {
                    tracing::info!("the search index is made anew, as ordered");
                    self.close();
                    let begun_anew = self.begin();
                    let _ = begun.send(());
                    begun_anew
                }
                Next::Order(Order::Look(answer)) => {
                    // What the last process left open takes a moment: nobody has to hear of it.
                    let read = self.read_some();
                    self.tell();
                    let _ = answer.send(());
                    read
                }
                Next::Order(Order::Distrust) => self.following.as_ref().map_or(Ok(()), Following::verify),
                Next::Due => self.commit(),
                Next::Idle => self.read(),
            };
            if let Err(why) = done {
                self.anew(why)?;
            }
        }
        if let Some(following) = self.following.as_mut().filter(|following| following.dirty)
            && let Err(error) = following.commit()
        {
            // The next start finds out.
            tracing::warn!(%error, "the search index could not be written at the end");
        }
        self.shared.state_mut().finder = None;
        Ok(())
    }

    async fn next(&mut self) -> Next {
        let reading = self
            .following
            .as_ref()
            .is_some_and(|following| following.progress().is_some())
            || self.unverified;
        let due = self.due;
        let wait = async {
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        let mut changes = Vec::new();
        tokio::select! {
            biased;
            order = self.orders.recv() => order.map_or(Next::End, Next::Order),
            () = wait => Next::Due,
            count = self.changes.recv_many(&mut changes, WAITING) => match count {
                0 => Next::End,
                _ => Next::Changes(changes),
            },
            () = std::future::ready(()), if reading => Next::Idle,
        }
    }

    fn take(&mut self, commits: &[Committed]) -> Result<(), Lost> {
        let concerns = |changes: &Committed| changes.iter().any(Known::concerns);
        if commits.iter().any(concerns) {
            let mut known = self.shared.known_mut();
            commits
                .iter()
                .flat_map(|changes| changes.iter())
                .for_each(|change| known.follow(change));
        }
        let overflowing = self.changes.len() > WAITING;
        let Some(following) = self.following.as_mut() else {
            return Ok(());
        };
        for changes in commits {
            let changes: &[Change] = changes;
            if overflowing {
                following.skip(changes)?;
            } else {
                following.follow(changes)?;
            }
        }
        if following.dirty && self.due.is_none() {
            self.due = Some(Instant::now() + COMMIT);
        }
        Ok(())
    }

    /// Reads something that is missing; when nothing is, compares the files with their checksums once.
    fn read(&mut self) -> Result<(), Lost> {
        let Some(following) = self.following.as_mut() else {
            return Ok(());
        };
        if following.progress().is_none() {
            self.unverified = false;
            return following.verify();
        }
        following.step()?;
        if following.progress().is_none() {
            return self.commit();
        }
        self.due.get_or_insert_with(|| Instant::now() + COMMIT_BUILDING);
        Ok(())
    }

    /// Reads a bounded part of what is missing, if anything is.
    fn read_some(&mut self) -> Result<(), Lost> {
        match &self.following {
            Some(following) if following.progress().is_some() => self.read(),
            _ => Ok(()),
        }
    }

    fn commit(&mut self) -> Result<(), Lost> {
        self.due = None;
        let Some(following) = self.following.as_mut() else {
            return self.begin();
        };
        following.commit()?;
        self.shared.state_mut().bytes = following.bytes();
        Ok(())
    }

    /// The index cannot be used: makes a new one. When even that fails, later; only a store that fails ends it.
    fn anew(&mut self, why: Lost) -> Result<(), weikefu_storage::Error> {
        match why {
            Lost::Store(error) => return Err(error),
            Lost::Index(weikefu_search::Error::Missing(_)) => tracing::info!("the search index is made"),
            why => tracing::warn!(%why, "the search index is made anew, in the background"),
        }
        self.close();
        // One that fails at once would fail for ever: there may be no room on the disk.
        if self.made.is_some_and(|made| made.elapsed() < PAUSE) {
            self.due = Some(Instant::now() + PAUSE);
            return Ok(());
        }
        self.made = Some(Instant::now());
        match self.begin() {
            Ok(()) => Ok(()),
            Err(Lost::Store(error)) => Err(error),
            Err(error) => {
                tracing::error!(%error, "no search index can be made; tried again soon");
                self.due = Some(Instant::now() + PAUSE);
                Ok(())
            }
        }
    }

    fn close(&mut self) {
        self.shared.state_mut().finder = None;
        if let Some(Err(error)) = self.following.take().map(Following::close) {
            tracing::debug!(%error, "the search index was not closed in order");
        }
    }

    fn begin(&mut self) -> Result<(), Lost> {
        self.following = None;
        self.unverified = false;
        self.due = None;
        self.following = Some(Following::begin(&self.shared.trees, &self.shared.folder)?);
        self.tell();
        Ok(())
    }

    /// Tells those who ask how it stands.
    fn tell(&self) {
        let building = match &self.following {
            Some(following) => following.progress(),
            None => Some(super::Progress { done: 0, total: 0 }),
        };
        let mut state = self.shared.state_mut();
        state.building = building;
        if state.finder.is_none() {
            state.finder = self.following.as_ref().map(Following::finder);
        }
    }
}
