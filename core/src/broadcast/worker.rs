//! Looks after broadcasts: makes plans, and has every one that is under way carried by a runner of its own.
use super::audience::{Gathering, Platforms, filter, gather};
use super::calendar::Calendar;
use super::plan::Plan;
use super::runner::Runner;
use crate::desk::{BroadcastCommand, CastOutcome, Command, DeliveryResult, Desk, Row};
use crate::engine::{Engine, now};
use crate::error::Refusal;
use crate::ids::{BroadcastId, CustomerId, Millis, ShopId};
use crate::outbox::{Carrier, Outbox};
use crate::people::People;
use crate::records::{Broadcast, BroadcastDraft, Progress, Silence};
use crate::trees::Trees;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, mpsc};
use weikefu_channel::Words;

/// Plans that are kept; an older one is made again when somebody asks.
const PLANS: usize = 8;

/// All broadcasts of an installation.
pub struct Broadcasts<C> {
    pub(super) engine: Engine,
    pub(super) trees: Trees,
    pub(super) carrier: Arc<C>,
    people: People,
    plans: Mutex<VecDeque<(BroadcastId, Arc<Plan>)>>,
    running: Mutex<HashMap<BroadcastId, Arc<Notify>>>,
}

impl<C: Carrier + Platforms> Broadcasts<C> {
    /// Nothing is carried before [`Broadcasts::run`].
    pub fn new(engine: Engine, trees: Trees, carrier: Arc<C>, people: People) -> Arc<Self> {
        Arc::new(Broadcasts {
            engine,
            trees,
            carrier,
            people,
            plans: Mutex::default(),
            running: Mutex::default(),
        })
    }

    /// A broadcast of a shop, and how far it has come.
    pub fn get(&self, shop: ShopId, id: BroadcastId) -> Result<(Broadcast, Progress), Refusal> {
        let broadcast = self
            .trees
            .broadcasts
            .get(&id)?
            .filter(|broadcast| broadcast.id.shop() == shop)
            .ok_or(Refusal::NotFound("broadcast"))?;
        Ok((
            broadcast,
            self.trees.broadcast_progress.get(&id)?.unwrap_or_default(),
        ))
    }

    /// Makes a plan of a broadcast as things are now.
    pub async fn plan(&self, shop: ShopId, id: BroadcastId) -> Result<Arc<Plan>, Refusal> {
        let (broadcast, _) = self.get(shop, id)?;
        let now = now();
        let rows = self.gather(shop, broadcast.draft, None, now).await?;
        let plan = Arc::new(Plan::of(&rows, broadcast.revision, now));
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        plans.retain(|(known, _)| *known != id);
        if plans.len() == PLANS {
            plans.pop_front();
        }
        plans.push_back((id, Arc::clone(&plan)));
        Ok(plan)
    }

    /// The last plan of a broadcast as it is, or a new one.
    pub async fn known_plan(&self, shop: ShopId, id: BroadcastId) -> Result<Arc<Plan>, Refusal> {
        let (broadcast, _) = self.get(shop, id)?;
        let known = {
            let plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
            let known = plans
                .iter()
                .find(|(known, plan)| *known == id && plan.revision == broadcast.revision);
            known.map(|(_, plan)| Arc::clone(plan))
        };
        match known {
            Some(plan) => Ok(plan),
            None => self.plan(shop, id).await,
        }
    }

    /// How many customers a draft means.
    pub async fn count(&self, shop: ShopId, draft: BroadcastDraft) -> Result<Plan, Refusal> {
        let now = now();
        let rows = self.gather(shop, draft, None, now).await?;
        Ok(Plan::of(&rows, 0, now))
    }

    /// Everybody a draft means, behind `after`.
    pub(super) async fn gather(
        &self,
        shop: ShopId,
        draft: BroadcastDraft,
        after: Option<CustomerId>,
        now: Millis,
    ) -> Result<Vec<Row>, Refusal> {
        let look = |desk: &Desk| {
            let open = desk.open().map(|conversation| conversation.customer).collect();
            (open, desk.settings().reserve)
        };
        let (open, reserve) = self.engine.look(shop, look).await?;
        let (platforms, day) = (self.carrier.platforms(shop), self.calendar(shop)?.day(now));
        let window = platforms.iter().map(|it| it.window).max().unwrap_or_default();
        let wanted = filter(&draft, now - window)?;
        let channels = platforms.iter().map(|it| it.channel).collect();
        let mut chosen = self.people.addresses(shop, &wanted, channels).await?;
        if let Some(after) = after {
            chosen.retain(|(id, ..)| *id > after);
        }
        let trees = self.trees.clone();
        let by = Gathering {
            platforms,
            chosen,
            open,
            draft,
            reserve,
            day,
            now,
        };
        tokio::task::spawn_blocking(move || gather(&trees, shop, &by))
            .await
            .map_err(|_| Refusal::Unavailable)?
    }

    /// The shop's own days.
    pub fn calendar(&self, shop: ShopId) -> Result<Calendar, Refusal> {
        let shop = self.trees.shops.get(&shop)?.ok_or(Refusal::NotFound("shop"))?;
        Ok(Calendar::of(&shop.zone))
    }

    /// The shop's hours of silence.
    pub fn silence(&self, shop: ShopId) -> Result<Silence, Refusal> {
        Ok(self.trees.silences.get(&shop)?.unwrap_or_default())
    }

    pub(super) async fn order(
        &self,
        id: BroadcastId,
        command: BroadcastCommand,
    ) -> Result<crate::desk::Reply, Refusal> {
        self.engine.execute(id.shop(), Command::Broadcast(command)).await
    }

    /// Takes up what the last run left, then everything that is woken, until the engine ends.
    pub async fn run(
        self: Arc<Self>,
        outbox: Arc<Outbox<C>>,
        mut woken: mpsc::UnboundedReceiver<BroadcastId>,
    ) {
        self.recover().await;
        let live: Vec<BroadcastId> = self
            .trees
            .broadcasts_live
            .scan(&())
            .filter_map(|entry| Some(entry.ok()?.0))
            .collect();
        for id in live {
            self.wake(&outbox, id);
        }
        while let Some(id) = woken.recv().await {
            self.wake(&outbox, id);
        }
    }

    /// What was being handed over when the process ended may have arrived: nobody knows.
    async fn recover(&self) {
        let left: Vec<(BroadcastId, u32)> = self
            .trees
            .recipients_sending
            .scan(&())
            .filter_map(|entry| Some(entry.ok()?.0))
            .collect();
        for (id, n) in left {
            let reason = Words::new(
                "发送过程中服务器重启，客户可能已收到；不会自动重发。",
                "The server restarted while this was being sent; the customer may have received it. It is not sent again.",
            );
            let outcome = CastOutcome::Delivered(DeliveryResult::Unknown { reason });
            let command = BroadcastCommand::Settle {
                broadcast: id,
                n,
                outcome,
            };
            if let Err(refusal) = self.order(id, command).await {
                tracing::warn!(broadcast = %id, n, %refusal, "a recipient could not be recorded");
            }
        }
    }

    /// Has a runner look at a broadcast; there is never more than one.
    fn wake(self: &Arc<Self>, outbox: &Arc<Outbox<C>>, id: BroadcastId) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bell) = running.get(&id) {
            bell.notify_one();
            return;
        }
        let bell = Arc::new(Notify::new());
        running.insert(id, Arc::clone(&bell));
        drop(running);
        let (me, outbox) = (Arc::clone(self), Arc::clone(outbox));
        tokio::spawn(async move {
            let mut runner = Runner::new(Arc::clone(&me), outbox, id, bell);
            loop {
                let ended = runner.run().await;
                // Whoever wakes it from here on waits for this lock, and what woke it is stored.
                let mut running = me.running.lock().unwrap_or_else(PoisonError::into_inner);
                let more = !ended && me.is_active(id);
                if !more {
                    running.remove(&id);
                    return;
                }
            }
        });
    }

    fn is_active(&self, id: BroadcastId) -> bool {
        let broadcast = self.trees.broadcasts.get(&id);
        broadcast.is_ok_and(|broadcast| broadcast.is_some_and(|broadcast| broadcast.state.is_active()))
    }
}
