//! Carries one broadcast: waits for its time, stores its list, then sends, a few customers at a time. Every step is
//! stored before the next; it can end anywhere and another one goes on.
use super::audience::{Platform, Platforms};
use super::queue::Queue;
use super::turn::{Turn, carry, settle};
use super::worker::Broadcasts;
use crate::desk::{BroadcastCommand, CastOutcome, DeliveryResult, Hold, Pick, ROWS, Reply};
use crate::engine::now;
use crate::error::Refusal;
use crate::ids::{BroadcastId, ChannelId, Millis};
use crate::outbox::{Carrier, Held, Outbox, Pass};
use crate::records::{Broadcast, BroadcastState, Reason, Recipient, Skip, WaitReason, Waiting};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::{Id, JoinSet};
use tokio::time::Instant;
use weikefu_channel::{Content, Words};

/// Customers that are sent to at the same time, and while agents' messages are on their way.
const AT_ONCE: (usize, usize) = (16, 2);
/// How often progress is told.
const TOLD: Duration = Duration::from_millis(400);
/// The longest sleep: the wall clock may be set meanwhile.
const NAP: Duration = Duration::from_secs(30);
/// How long a customer with an agent's message on its way waits for a turn.
const TURN: Duration = Duration::from_millis(200);
/// A wait that is worth telling.
const LONG: Duration = Duration::from_secs(2);
/// Refusals one after the other that say that the message itself is at fault.
const STREAK: u32 = 50;

pub(super) struct Runner<C: Carrier> {
    all: Arc<Broadcasts<C>>,
    outbox: Arc<Outbox<C>>,
    id: BroadcastId,
    bell: Arc<Notify>,
    flying: JoinSet<Turn>,
    /// Who flies, for one that panics.
    who: HashMap<Id, u32>,
    queue: Queue,
    /// Channels that rest.
    resting: HashMap<ChannelId, Instant>,
    streak: u32,
    told: Option<Instant>,
}

/// It cannot go on: the process ends, or the store does.
struct Ended;

impl From<Refusal> for Ended {
    fn from(refusal: Refusal) -> Self {
        if !matches!(refusal, Refusal::Unavailable) {
            tracing::warn!(%refusal, "a broadcast cannot go on");
        }
        Ended
    }
}

impl From<weikefu_storage::Error> for Ended {
    fn from(error: weikefu_storage::Error) -> Self {
        Refusal::from(error).into()
    }
}

impl<C: Carrier + Platforms> Runner<C> {
    pub(super) fn new(
        all: Arc<Broadcasts<C>>,
        outbox: Arc<Outbox<C>>,
        id: BroadcastId,
        bell: Arc<Notify>,
    ) -> Self {
        Runner {
            all,
            outbox,
            id,
            bell,
            flying: JoinSet::new(),
            who: HashMap::new(),
            queue: Queue::new(id),
            resting: HashMap::new(),
            streak: 0,
            told: None,
        }
    }

    /// Does what there is to do until the broadcast rests or is over. Returns whether nothing can be done any more.
    pub(super) async fn run(&mut self) -> bool {
        let ended = loop {
            match self.step().await {
                Ok(true) => {}
                Ok(false) => break false,
                Err(Ended) => break true,
            }
        };
        // What flies is told by itself when it lands.
        while self.land().await {}
        ended
    }

    fn record(&self) -> Result<Option<Broadcast>, Ended> {
        Ok(self.all.trees.broadcasts.get(&self.id)?)
    }

    /// One state after the other. `false`: it rests or is over.
    async fn step(&mut self) -> Result<bool, Ended> {
        let Some(broadcast) = self.record()? else {
            return Ok(false);
        };
        match broadcast.state {
            BroadcastState::Scheduled => {
                let left = broadcast.at.unwrap_or_default().saturating_sub(now());
                if left > 0 {
                    self.sleep(Duration::from_millis(left.unsigned_abs())).await;
                } else {
                    let broadcast = self.id;
                    self.order(BroadcastCommand::Begin { broadcast }).await?;
                }
            }
            BroadcastState::Preparing => self.freeze(&broadcast).await?,
            BroadcastState::Running => return self.send(broadcast).await,
            _ => return Ok(false),
        }
        Ok(true)
    }

    async fn order(&self, command: BroadcastCommand) -> Result<Reply, Ended> {
        Ok(self.all.order(self.id, command).await?)
    }

    /// Until somebody rings, or for a while.
    async fn sleep(&self, long: Duration) {
        tokio::select! {
            () = self.bell.notified() => {}
            () = tokio::time::sleep(long.min(NAP)) => {}
        }
    }

    /// Stores the list, in slices. What a run before has stored stands.
    async fn freeze(&mut self, broadcast: &Broadcast) -> Result<(), Ended> {
        let progress = self
            .all
            .trees
            .broadcast_progress
            .get(&self.id)?
            .unwrap_or_default();
        let gathered = self
            .all
            .gather(self.id.shop(), broadcast.draft.clone(), progress.last, now())
            .await;
        let mut rows = match gathered {
            Ok(rows) => rows,
            Err(refusal @ Refusal::Invalid { .. }) => {
                let reason = Words::new(
                    refusal.text(crate::error::Language::Chinese),
                    refusal.text(crate::error::Language::English),
                );
                return self.pause(reason).await;
            }
            // The index of customers is being made, a moment after the start.
            Err(Refusal::Preparing) => {
                self.sleep(TURN).await;
                return Ok(());
            }
            Err(refusal) => return Err(refusal.into()),
        };
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(ROWS));
            let reply = self
                .order(BroadcastCommand::Freeze {
                    broadcast: self.id,
                    rows: std::mem::replace(&mut rows, rest),
                    complete: false,
                })
                .await?;
            let goes_on = matches!(reply, Reply::Broadcast(broadcast, _) if broadcast.state == BroadcastState::Preparing);
            if !goes_on {
                return Ok(());
            }
        }
        self.order(BroadcastCommand::Freeze {
            broadcast: self.id,
            rows,
            complete: true,
        })
        .await
        .map(drop)
    }

    /// Sends until it rests or is over.
    async fn send(&mut self, broadcast: Broadcast) -> Result<bool, Ended> {
        let parts: Arc<[Content]> = broadcast.draft.parts.iter().cloned().map(Content::from).collect();
        self.queue.reload(&self.all.trees)?;
        loop {
            let state = self.record()?.map(|broadcast| broadcast.state);
            if state != Some(BroadcastState::Running) {
                return Ok(true);
            }
            if !broadcast.draft.through_night && self.is_silent().await? {
                continue;
            }
            let picks = self.next_picks(&broadcast)?;
            if picks.is_empty() {
                if !self.pass_time().await? {
                    return Ok(true);
                }
                continue;
            }
            self.take(picks, &parts).await?;
            self.tell().await?;
        }
    }

    /// Sleeps a little through the hours of silence. `false`: there is no silence.
    async fn is_silent(&mut self) -> Result<bool, Ended> {
        let (at, shop) = (now(), self.id.shop());
        let silence = self.all.silence(shop)?;
        let Some(until) = self.all.calendar(shop)?.silent_until(at, &silence) else {
            return Ok(false);
        };
        while self.land().await {}
        self.wait(Some(Waiting {
            until,
            why: WaitReason::Silence,
        }))
        .await?;
        self.sleep(Duration::from_millis((until - at).unsigned_abs()))
            .await;
        Ok(true)
    }

    async fn wait(&self, waiting: Option<Waiting>) -> Result<(), Ended> {
        let broadcast = self.id;
        self.order(BroadcastCommand::Wait { broadcast, waiting })
            .await
            .map(drop)
    }

    /// Who is looked at next: those whose time has come again, then the list in its order.
    fn next_picks(&mut self, broadcast: &Broadcast) -> Result<Vec<Pick>, Ended> {
        let most = if self.outbox.is_busy() {
            AT_ONCE.1
        } else {
            AT_ONCE.0
        };
        let free = most.saturating_sub(self.flying.len());
        let rest = Instant::now();
        self.resting.retain(|_, until| *until > rest);
        if free == 0 || !self.resting.is_empty() {
            return Ok(Vec::new());
        }
        let places = self.queue.next(&self.all.trees, free)?;
        let platforms = self.all.carrier.platforms(self.id.shop());
        let kind = broadcast.draft.kind;
        let mut picks = Vec::with_capacity(places.len());
        for n in places {
            let Some(recipient) = self.all.trees.recipients.get(&(self.id, n))? else {
                continue;
            };
            let platform = platforms.iter().find(|it| it.channel == recipient.channel);
            let hold = match platform.map_or(Some(Skip::ChannelDown), |it: &Platform| it.hold(kind)) {
                Some(why) => Hold::Skip(why),
                None => Hold::Free,
            };
            picks.push(Pick { n, hold });
        }
        Ok(picks)
    }

    /// Marks who is sent to, durably, and lets their messages leave.
    async fn take(&mut self, mut picks: Vec<Pick>, parts: &Arc<[Content]>) -> Result<(), Ended> {
        let mut ready: HashMap<u32, (Recipient, Held<C>, Pass)> = HashMap::new();
        for pick in &mut picks {
            // Nothing more leaves because the process is about to end: the rest stays as it is.
            let pass = self.all.carrier.pass().ok_or(Ended)?;
            let Some(recipient) = self.all.trees.recipients.get(&(self.id, pick.n))? else {
                continue;
            };
            if pick.hold != Hold::Free {
                continue;
            }
            match self.outbox.hold(recipient.channel, &recipient.peer) {
                Some(held) => drop(ready.insert(pick.n, (recipient, held, pass))),
                // An agent is writing there at this moment, and goes first.
                None => pick.hold = Hold::Later,
            }
        }
        let again: Vec<u32> = picks
            .iter()
            .filter(|pick| pick.hold == Hold::Later)
            .map(|pick| pick.n)
            .collect();
        let day = self.all.calendar(self.id.shop())?.day(now());
        let reply = self
            .order(BroadcastCommand::Take {
                broadcast: self.id,
                picks,
                day,
            })
            .await?;
        let Reply::Taken(taken) = reply else {
            return Err(Ended);
        };
        let turn = Instant::now() + TURN;
        for n in again {
            self.queue.again(turn, n);
        }
        for (n, part) in taken {
            let Some((recipient, held, pass)) = ready.remove(&n) else {
                continue;
            };
            let carrying = carry(
                Arc::clone(&self.all),
                self.id,
                n,
                part,
                recipient,
                Arc::clone(parts),
            );
            let task = self.flying.spawn(async move {
                let turn = carrying.await;
                drop((held, pass));
                turn
            });
            self.who.insert(task.id(), n);
        }
        Ok(())
    }

    /// Waits until something lands, is due, or somebody rings. `false`: there is nothing left to wait for.
    async fn pass_time(&mut self) -> Result<bool, Ended> {
        let rest = self.resting.values().min().copied();
        let due = self.queue.due();
        let wake = match (rest, due) {
            (Some(rest), _) => Some(rest),
            (None, due) => due,
        };
        if let Some(rest) = rest
            && self.flying.is_empty()
        {
            let left = rest.saturating_duration_since(Instant::now());
            if left >= LONG {
                let until = now() + left.as_millis() as Millis;
                self.wait(Some(Waiting {
                    until,
                    why: WaitReason::RateLimited,
                }))
                .await?;
            }
        }
        if self.flying.is_empty() && wake.is_none() {
            return Ok(false);
        }
        let nap = wake.map_or(NAP, |wake| wake.saturating_duration_since(Instant::now()));
        let flies = !self.flying.is_empty();
        tokio::select! {
            () = self.bell.notified() => {}
            () = tokio::time::sleep(nap.min(NAP)) => {}
            landed = self.flying.join_next_with_id(), if flies => {
                self.landed(landed).await?;
                // Several that are there are looked at together.
                while let Some(landed) = self.flying.try_join_next_with_id() {
                    self.landed(Some(landed)).await?;
                }
            }
        }
        self.tell().await?;
        Ok(true)
    }

    /// Waits for one that flies; `false` when none does.
    async fn land(&mut self) -> bool {
        let landed = self.flying.join_next_with_id().await;
        let flew = landed.is_some();
        // The store has ended, and this with it.
        let _ = self.landed(landed).await;
        flew
    }

    async fn landed(
        &mut self,
        landed: Option<Result<(Id, Turn), tokio::task::JoinError>>,
    ) -> Result<(), Ended> {
        let turn = match landed {
            None => return Ok(()),
            Some(Ok((task, turn))) => {
                self.who.remove(&task);
                turn
            }
            Some(Err(error)) => {
                // A carrier that panics loses one answer. One that is cancelled because the process ends has not
                // gone wrong.
                let n = self.who.remove(&error.id());
                if let (true, Some(n)) = (error.is_panic(), n) {
                    let reason = Words::new(
                        "发送时程序出错，客户可能已收到；不会自动重发。",
                        "The program failed while this was being sent; the customer may have received it. It is not sent again.",
                    );
                    let outcome = CastOutcome::Delivered(DeliveryResult::Unknown { reason });
                    settle(&self.all, self.id, n, outcome).await?;
                }
                return Ok(());
            }
        };
        let at = Instant::now();
        if let Some(wait) = turn.again {
            self.queue.again(at + wait, turn.n);
        }
        if let Some(rest) = turn.rest {
            let until = self.resting.entry(turn.channel).or_insert(at);
            *until = (*until).max(at + rest);
        }
        match turn.taken {
            Some(Ok(())) => self.streak = 0,
            Some(Err(reason)) => {
                self.streak += 1;
                if self.streak >= STREAK {
                    self.streak = 0;
                    self.pause(reason).await?;
                }
            }
            None => {}
        }
        match turn.fatal {
            Some(reason) => self.pause(reason).await,
            None => Ok(()),
        }
    }

    /// It pauses by itself.
    async fn pause(&self, Words { zh, en }: Words) -> Result<(), Ended> {
        let command = BroadcastCommand::Pause {
            broadcast: self.id,
            by: None,
            reason: Some(Reason { zh, en }),
        };
        match self.all.order(self.id, command).await {
            // Somebody else has ended it.
            Ok(_) | Err(Refusal::Invalid { .. }) => Ok(()),
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Tells how far it has come, a few times a second at most.
    async fn tell(&mut self) -> Result<(), Ended> {
        let at = Instant::now();
        if self.told.is_some_and(|told| at < told + TOLD) {
            return Ok(());
        }
        self.told = Some(at);
        let resting = !self.resting.is_empty();
        let waits = self.all.trees.broadcast_progress.get(&self.id)?;
        if !resting && waits.is_some_and(|progress| progress.waiting.is_some()) {
            return self.wait(None).await;
        }
        let broadcast = self.id;
        self.order(BroadcastCommand::Tell { broadcast }).await.map(drop)
    }
}
