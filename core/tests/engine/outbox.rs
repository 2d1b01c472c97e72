//! The way out, with a carrier that does what the test says. Waits pass in no time.
use crate::shop::{SHOP, Shop};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;
use weikefu_channel::{Cause, Error, Receipt};
use weikefu_core::desk::{AgentSettings, Command, Effect, Happening, Reply};
use weikefu_core::feed::Subscription;
use weikefu_core::ids::{AgentId, ChannelId, ConversationId};
use weikefu_core::outbox::{Carrier, Carrying, Outbox};
use weikefu_core::records::{Conversation, Delivery, DeliveryState, Message, Way};

type Place = (ConversationId, u32);

/// What happens to a message that is handed over.
enum Fate {
    Arrives,
    Fails(Error),
    Panics,
}

struct Scripted {
    fates: Mutex<HashMap<Place, VecDeque<Fate>>>,
    carried: Mutex<Vec<Place>>,
    at_once: Mutex<HashSet<ConversationId>>,
    /// Nothing is carried before it opens.
    gate: Semaphore,
    /// Notices never end.
    deaf: bool,
}

impl Default for Scripted {
    fn default() -> Self {
        Scripted {
            fates: Mutex::default(),
            carried: Mutex::default(),
            at_once: Mutex::default(),
            gate: Semaphore::new(1),
            deaf: false,
        }
    }
}

impl Scripted {
    fn fate(self, place: Place, fates: impl IntoIterator<Item = Fate>) -> Self {
        self.fates
            .lock()
            .unwrap()
            .insert(place, fates.into_iter().collect());
        self
    }

    fn carried(&self, conversation: ConversationId) -> Vec<u32> {
        let carried = self.carried.lock().unwrap();
        carried
            .iter()
            .filter(|(id, _)| *id == conversation)
            .map(|(_, seq)| *seq)
            .collect()
    }
}

impl Carrier for Scripted {
    fn carry<'a>(
        &'a self,
        conversation: &'a Conversation,
        seq: u32,
        message: &'a Message,
    ) -> Carrying<'a, Result<Receipt, Error>> {
        Box::pin(async move {
            let id = conversation.id;
            assert_eq!(message.delivery.as_ref().unwrap().state, DeliveryState::Sending);
            assert!(
                self.at_once.lock().unwrap().insert(id),
                "two of one conversation at once"
            );
            self.carried.lock().unwrap().push((id, seq));
            drop(self.gate.acquire().await);
            for _ in 0..(id.0 + u64::from(seq)) % 5 {
                tokio::task::yield_now().await;
            }
            self.at_once.lock().unwrap().remove(&id);
            let fate = self
                .fates
                .lock()
                .unwrap()
                .get_mut(&(id, seq))
                .and_then(VecDeque::pop_front);
            match fate.unwrap_or(Fate::Arrives) {
                Fate::Arrives => Ok(Receipt {
                    upstream: Some(format!("up{seq}")),
                    proof: None,
                }),
                Fate::Fails(error) => Err(error),
                Fate::Panics => panic!("the carrier was told to panic"),
            }
        })
    }

    fn notify(
        &self,
        _channel: ChannelId,
        _peer: String,
        _agent: Option<AgentId>,
        _waiting: bool,
    ) -> Carrying<'_, ()> {
        Box::pin(async {
            if self.deaf {
                std::future::pending::<()>().await;
            }
        })
    }
}

/// A shop whose outbox runs.
struct Running {
    shop: Shop,
    carrier: Arc<Scripted>,
    events: Subscription,
    tell: mpsc::UnboundedSender<Effect>,
    _watch: std::sync::mpsc::Sender<()>,
}

/// Ends the process when a test waits for something that never comes: the clock it would wait by stands still.
fn watch() -> std::sync::mpsc::Sender<()> {
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let limit = std::time::Duration::from_mins(1);
        if ended.recv_timeout(limit) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            eprintln!("a message of the outbox did not come to its end within a minute");
            std::process::abort();
        }
    });
    done
}

impl Running {
    fn start(mut shop: Shop, carrier: Scripted) -> Self {
        let carrier = Arc::new(carrier);
        let feed = shop.engine.feed(SHOP).unwrap();
        let events = feed.subscribe(feed.last());
        let (tell, effects) = mpsc::unbounded_channel();
        let (_, none) = mpsc::unbounded_channel();
        let mut from_engine = std::mem::replace(&mut shop.effects, none);
        let forward = tell.clone();
        tokio::spawn(async move {
            while let Some(effect) = from_engine.recv().await {
                let _ = forward.send(effect);
            }
        });
        let (engine, trees) = (shop.engine.clone(), shop.trees.clone());
        let (broadcasts, _) = mpsc::unbounded_channel();
        let outbox = Outbox::new(engine, trees, Arc::clone(&carrier));
        tokio::spawn(outbox.run(effects, broadcasts));
        Running {
            shop,
            carrier,
            events,
            tell,
            _watch: watch(),
        }
    }

    fn delivery(&self, (id, seq): Place) -> Delivery {
        let message = self.shop.trees.messages.get(&(id, seq)).unwrap().unwrap();
        message.delivery.unwrap()
    }

    /// Waits until a message is not on its way any more.
    async fn settled(&self, place: Place) -> Delivery {
        loop {
            let delivery = self.delivery(place);
            if !matches!(delivery.state, DeliveryState::Queued | DeliveryState::Sending) {
                return delivery;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Waits until a message has come to an end that has not been seen before.
    async fn ends(&mut self, place: Place) -> Delivery {
        loop {
            let published = self.events.live.recv().await.unwrap();
            if let Happening::Message {
                conversation,
                seq,
                message,
                ..
            } = &published.event.what
                && (*conversation, *seq) == place
                && let Some(delivery) = &message.delivery
                && !matches!(delivery.state, DeliveryState::Queued | DeliveryState::Sending)
            {
                return delivery.clone();
            }
        }
    }
}

fn fails(kind: Cause) -> Fate {
    Fate::Fails(Error::new(kind, "told so"))
}

#[tokio::test(start_paused = true)]
async fn a_conversation_is_carried_in_order_and_one_by_one() {
    let carrier = Scripted {
        gate: Semaphore::new(0),
        ..Scripted::default()
    };
    let mut running = Running::start(Shop::open(), carrier);
    let agent = running.shop.agent(1).await;
    let mut conversations = Vec::new();
    for number in 0..5 {
        conversations.push(running.shop.served(agent, &format!("p{number}")).await);
    }
    let mut last = (ConversationId(0), 0);
    for number in 0..8 {
        for &conversation in &conversations {
            last = (
                conversation,
                running.shop.sent(agent, conversation, &number.to_string()).await,
            );
        }
    }
    running.carrier.gate.add_permits(1);
    running.ends(last).await;
    for &conversation in &conversations {
        running.settled((conversation, 9)).await;
        assert_eq!(running.carrier.carried(conversation), (2..=9).collect::<Vec<_>>());
        for seq in 2..=9 {
            let delivery = running.delivery((conversation, seq));
            assert_eq!(delivery.state, DeliveryState::Accepted, "{delivery:?}");
            assert_eq!(delivery.upstream, Some(format!("up{seq}")));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_four_times() {
    let place = |seq| (ConversationId::of(SHOP, 1), seq);
    let busy = || fails(Cause::Retryable);
    let carrier = Scripted::default()
        .fate(place(2), [busy(), busy(), busy(), Fate::Arrives])
        .fate(place(3), [busy(), busy(), busy(), busy(), Fate::Arrives]);
    let mut running = Running::start(Shop::open(), carrier);
    let agent = running.shop.agent(1).await;
    let conversation = running.shop.served(agent, "p").await;
    let begin = Instant::now();
    for text in ["a", "b", "c"] {
        running.shop.sent(agent, conversation, text).await;
    }
    assert_eq!(running.ends(place(2)).await.state, DeliveryState::Accepted);
    let waited = begin.elapsed().as_secs_f64();
    assert!(
        (7.0..=15.0).contains(&waited),
        "2 + 4 + 8 s, up to half less: {waited}"
    );
    let failed = running.ends(place(3)).await;
    assert_eq!(
        (failed.state, failed.cause),
        (DeliveryState::Failed, Some(Cause::Retryable))
    );
    assert_eq!(running.ends(place(4)).await.state, DeliveryState::Accepted);
    assert_eq!(running.carrier.carried(conversation), [2, 2, 2, 2, 3, 3, 3, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_knows_is_not_repeated_until_an_agent_says_so() {
    let place = |seq| (ConversationId::of(SHOP, 1), seq);
    let carrier = Scripted::default()
        .fate(place(2), [fails(Cause::Unknown)])
        .fate(place(3), [fails(Cause::WindowClosed)]);
    let mut running = Running::start(Shop::open(), carrier);
    let agent = running.shop.agent(1).await;
    let conversation = running.shop.served(agent, "p").await;
    for text in ["a", "b", "c"] {
        running.shop.sent(agent, conversation, text).await;
    }
    assert_eq!(running.ends(place(2)).await.state, DeliveryState::Unknown);
    let failed = running.ends(place(3)).await;
    assert_eq!(
        (failed.state, failed.cause),
        (DeliveryState::Failed, Some(Cause::WindowClosed))
    );
    assert_eq!(running.ends(place(4)).await.state, DeliveryState::Accepted);
    assert_eq!(running.carrier.carried(conversation), [2, 3, 4]);
    for seq in [2, 3] {
        running
            .shop
            .run(Command::Retry {
                agent,
                conversation,
                seq,
                force: false,
            })
            .await;
        assert_eq!(running.ends(place(seq)).await.state, DeliveryState::Accepted);
    }
    assert_eq!(running.carrier.carried(conversation), [2, 3, 4, 2, 3]);
    assert!(running.shop.trees.outbox.scan(&()).next().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_turn_too_many_carries_nothing() {
    let mut running = Running::start(Shop::open(), Scripted::default());
    let agent = running.shop.agent(1).await;
    let conversation = running.shop.served(agent, "p").await;
    let seq = running.shop.sent(agent, conversation, "a").await;
    for _ in 0..5 {
        let again = Effect::Carry {
            channel: ChannelId(1),
            conversation,
            seq,
        };
        running.tell.send(again).unwrap();
    }
    running.shop.sent(agent, conversation, "b").await;
    running.ends((conversation, seq + 1)).await;
    assert_eq!(running.carrier.carried(conversation), [seq, seq + 1]);
}

#[tokio::test(start_paused = true)]
async fn a_carrier_that_panics_or_is_deaf_holds_nothing_up() {
    let place = |seq| (ConversationId::of(SHOP, 1), seq);
    let mut carrier = Scripted::default().fate(place(2), [Fate::Panics]);
    carrier.deaf = true;
    let mut running = Running::start(Shop::open(), carrier);
    let agent = running.shop.agent(1).await;
    let conversation = running.shop.served(agent, "p").await;
    for text in ["a", "b"] {
        running.shop.sent(agent, conversation, text).await;
    }
    assert_eq!(running.ends(place(2)).await.state, DeliveryState::Unknown);
    assert_eq!(running.ends(place(3)).await.state, DeliveryState::Accepted);
}

#[tokio::test(start_paused = true)]
async fn a_restart_sends_what_was_queued_and_leaves_what_was_being_sent() {
    let shop = Shop::open();
    let agent = shop.agent(1).await;
    let conversation = shop.served(agent, "p").await;
    let sending = shop.sent(agent, conversation, "a").await;
    let queued = shop.sent(agent, conversation, "b").await;
    let other = shop.served(agent, "q").await;
    let others = shop.sent(agent, other, "c").await;
    shop.run(Command::Delivering {
        conversation,
        seq: sending,
    })
    .await;

    let shop = shop.restart().await;
    let mut running = Running::start(shop, Scripted::default());
    running.ends((other, others)).await;
    let delivery = running.settled((conversation, queued)).await;
    assert_eq!(delivery.state, DeliveryState::Accepted);
    assert_eq!(
        running.delivery((conversation, sending)).state,
        DeliveryState::Unknown
    );
    assert_eq!(running.carrier.carried(conversation), [queued]);
    assert_eq!(running.carrier.carried(other), [others]);
}

/// A customer writes on a channel that can answer at once, and is greeted in the answer.
async fn greeted(shop: &Shop) -> Place {
    let agent = shop.agent(1).await;
    shop.run(Command::SetOnline { agent, online: true }).await;
    shop.run(Command::Configure {
        agent,
        settings: AgentSettings::accepting(true, 5, "您好"),
    })
    .await;
    let Command::Receive {
        channel,
        mut inbound,
        rules,
    } = crate::shop::write("p", "1", "在吗")
    else {
        unreachable!();
    };
    inbound.passive = Some(2_047);
    let command = Command::Receive {
        channel,
        inbound,
        rules,
    };
    let Reply::Stored(stored) = shop.run(command.clone()).await else {
        panic!("an arrival is stored");
    };
    let passive = stored.passive.unwrap();
    assert_eq!(passive.text, "您好");
    let Reply::Stored(again) = shop.run(command).await else {
        panic!("an arrival is stored");
    };
    assert!(again.duplicate && again.passive.is_none());
    (ConversationId(passive.cursor.conversation), passive.cursor.seq)
}

#[tokio::test(start_paused = true)]
async fn a_text_in_an_answer_that_nobody_reports_is_unknown_and_never_carried() {
    let running = Running::start(Shop::open(), Scripted::default());
    let place = greeted(&running.shop).await;
    // The clock stands still but for those who wait.
    tokio::time::sleep(std::time::Duration::from_mins(1)).await;
    assert_eq!(running.settled(place).await.state, DeliveryState::Unknown);
    assert_eq!(running.carrier.carried(place.0), [] as [u32; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_crash_before_the_answer_makes_its_text_unknown() {
    let shop = Shop::open();
    let place = greeted(&shop).await;
    let mut running = Running::start(shop.restart().await, Scripted::default());
    let delivery = running.ends(place).await;
    assert_eq!(
        (delivery.state, delivery.way),
        (DeliveryState::Unknown, Way::Passive)
    );
    // An agent may send it again; then it goes like any other.
    running
        .shop
        .run(Command::Retry {
            agent: AgentId(1),
            conversation: place.0,
            seq: place.1,
            force: false,
        })
        .await;
    assert_eq!(running.ends(place).await.state, DeliveryState::Accepted);
    assert_eq!(running.carrier.carried(place.0), [place.1]);
}
