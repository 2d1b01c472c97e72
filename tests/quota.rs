//! Two thousand things done at random by customers, agents, the machine and the clock, on a platform that counts:
//! what the ledger has let go is never refused for its number, and what was kept back says why.
//!
//! The clock is the real one, with the shortest times there are: a minute until an idle conversation closes, fifteen
//! seconds until an agent without a page is away. So the run takes its time, most of which it sleeps.
use crate::harness::{Dice, Official, Shop, Socket, eventually, now, text_of};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use weikefu_wechat_simulator::{Callback, Customer, Fault, Inbound, Mode, Options};

const SEND: &str = "/cgi-bin/message/custom/send";
const GREETING: &str = "您好，请稍等";
const CLOSING: &str = "感谢咨询，再见";
const AWAY: &str = "我暂时不在";
const ACTIONS: u32 = 2_000;
const CUSTOMERS: u64 = 16;
/// So many at a time are left alone until their conversation closes by itself.
const ASLEEP: usize = 5;
/// Milliseconds until an agent without a page is away.
const PATIENCE: i64 = 15_000;
/// Milliseconds between two actions, at most.
const PAUSE: u64 = 120;
/// Answers of the platform that say: too many.
const SPENT: i64 = 45_047;

/// Messages by state and the reason of what was suppressed.
type States = BTreeMap<(String, String), u32>;

struct Run {
    dice: Dice,
    shop: Shop,
    official: Official,
    customers: Vec<Customer>,
    /// Callbacks the platform has not brought yet, by customer.
    held: Vec<(usize, Callback)>,
    /// How often the ledger refused.
    refused: BTreeMap<String, u32>,
    sent: u32,
    /// By customer and text: automatic texts of unknown outcome that an agent sent again.
    insisted: BTreeMap<(u64, String), usize>,
    /// Numbers of the customers at the desk.
    ids: Vec<u64>,
    /// Customers nobody disturbs, with the conversation that is to close by itself, and when.
    asleep: BTreeMap<usize, (Value, i64)>,
    /// Conversations that have closed by themselves.
    closed: u32,
    /// The agent's page.
    page: Option<Socket>,
    /// When the next one opens.
    page_at: i64,
    /// How often he was away because he had none.
    lost: u32,
}

impl Run {
    fn below(&mut self, limit: u64) -> usize {
        usize::try_from(self.dice.below(limit)).unwrap()
    }

    async fn act(&mut self, n: u32) {
        self.time_passes().await;
        let who = self.below(CUSTOMERS);
        if self.asleep.contains_key(&who) {
            return;
        }
        match self.dice.below(106) {
            100..105 => self.falls_asleep(who, n).await,
            105 if self.page.is_some() => self.leaves(),
            0..30 => self.writes(who, n).await,
            30..36 => self.does(who, Inbound::click("KF")).await,
            36..38 => self.does(who, Inbound::scan("store_1")).await,
            38..40 => self.comes_and_goes(who).await,
            40..44 => {
                if let Some((_, callback)) = self.held.pop() {
                    self.deliver(&callback).await;
                }
            }
            44..78 => self.answers(n).await,
            78..86 => self.accepts().await,
            86..91 => self.closes().await,
            91..93 => self.retries().await,
            93..96 => {
                let auto = self.dice.below(2) == 0;
                self.shop.admin.acceptance(auto, 200, GREETING).await;
            }
            96..98 => {
                let online = self.dice.below(3) > 0;
                // The switch is on the page.
                if self.page.is_some() {
                    self.shop.admin.online(online).await;
                }
            }
            98 => {
                let fault = if self.dice.below(2) == 0 {
                    Fault::Lost
                } else {
                    Fault::Http(502)
                };
                self.official.simulator.faults().once(SEND, fault);
            }
            _ if self.dice.below(3) == 0 => {
                self.shop.weikefu.kill();
                self.shop.weikefu.start_again().await;
                self.leaves();
            }
            _ => {}
        }
    }

    /// The agent's page is gone and comes back, now or much later.
    fn leaves(&mut self) {
        self.page = None;
        self.page_at = now() + i64::try_from(self.dice.below(2)).unwrap() * 17_000;
        self.page_at += i64::try_from(self.dice.below(6_000)).unwrap();
    }

    /// What happened by itself meanwhile.
    async fn time_passes(&mut self) {
        tokio::time::sleep(Duration::from_millis(self.dice.below(PAUSE))).await;
        if self.page.is_none() && now() >= self.page_at {
            let me = &self.shop.admin.desk().await["me"];
            self.lost += u32::from(me["presence"] == "lost");
            self.page = Some(self.shop.admin.events(None).await);
        }
        let due: Vec<usize> = self
            .asleep
            .iter()
            .filter(|(_, (_, at))| now() > *at)
            .map(|(who, _)| *who)
            .collect();
        for who in due {
            let (conversation, _) = &self.asleep[&who];
            if self.shop.admin.conversation(conversation).await.is_none() {
                self.asleep.remove(&who);
                self.closed += 1;
            }
        }
    }

    /// Somebody gets an answer and says nothing to it.
    async fn falls_asleep(&mut self, who: usize, n: u32) {
        let told = self.held.iter().all(|(whose, _)| *whose != who);
        if !told || self.asleep.len() == ASLEEP {
            return;
        }
        let all = self.shop.admin.conversations().await;
        let theirs = all
            .iter()
            .find(|known| known["customer"]["id"] == self.ids[who] && known["state"] == "active");
        let Some(conversation) = theirs else { return };
        self.answer(conversation, n).await;
        let idle = self.shop.admin.conversation(&conversation["id"]).await;
        if let Some(at) = idle.and_then(|idle| idle["closes_at"].as_i64()) {
            self.asleep.insert(who, (conversation["id"].clone(), at));
        }
    }

    async fn deliver(&self, callback: &Callback) {
        let delivery = self.official.simulator.deliver(callback).await;
        assert!(delivery.is_accepted(), "{:?}", delivery.answer);
    }

    async fn writes(&mut self, who: usize, n: u32) {
        let callback = self.customers[who].write(Inbound::text(format!("问{n}")));
        match self.dice.below(10) {
            // It comes later, perhaps after what was written next.
            0 => self.held.push((who, callback)),
            // It comes twice.
            1 => {
                self.deliver(&callback).await;
                self.deliver(&callback).await;
            }
            _ => self.deliver(&callback).await,
        }
    }

    async fn does(&self, who: usize, inbound: Inbound) {
        let callback = self.customers[who].write(inbound);
        self.deliver(&callback).await;
    }

    /// Somebody leaves and comes back. What the platform knows and has not told cannot be known, so nothing of
    /// theirs may be held.
    async fn comes_and_goes(&mut self, who: usize) {
        if self.held.iter().all(|(whose, _)| *whose != who) {
            self.does(who, Inbound::unsubscribe()).await;
            self.does(who, Inbound::subscribe(None)).await;
        }
    }

    async fn some(&mut self, state: &str) -> Option<Value> {
        let all = self.shop.admin.conversations().await;
        let left_alone = |known: &Value| self.asleep.values().any(|(id, _)| *id == known["id"]);
        let mut fit: Vec<Value> = all
            .into_iter()
            .filter(|known| known["state"] == state && !left_alone(known))
            .collect();
        (!fit.is_empty()).then(|| fit.swap_remove(self.below(fit.len() as u64)))
    }

    async fn answers(&mut self, n: u32) {
        if let Some(conversation) = self.some("active").await {
            self.answer(&conversation, n).await;
        }
    }

    async fn answer(&mut self, conversation: &Value, n: u32) {
        let admin = &self.shop.admin;
        let answer = admin.say(conversation, &n.to_string(), &format!("答{n}")).await;
        if answer.status == 200 {
            self.sent += 1;
        } else {
            let (status, code) = answer.refused();
            assert_eq!(status, 409, "{code}");
            *self.refused.entry(code).or_default() += 1;
        }
    }

    async fn accepts(&mut self) {
        if let Some(conversation) = self.some("waiting").await {
            self.shop.admin.accept(&conversation).await;
        }
    }

    async fn closes(&mut self) {
        if let Some(conversation) = self.some("active").await {
            self.shop.admin.close(&conversation).await.ok();
        }
    }

    async fn retries(&mut self) {
        let Some(conversation) = self.some("active").await else {
            return;
        };
        for message in self.shop.thread(&conversation).await {
            let state = message["delivery"]["state"].as_str().unwrap_or_default();
            if state == "failed" || state == "unknown" {
                let status = self.shop.admin.retry(&message).await.status;
                assert!([200, 409].contains(&status.as_u16()), "{status}");
                if state == "unknown" && message["from"] == "system" && status == 200 {
                    // It may have arrived, and the agent sends it again all the same.
                    let customer = conversation["customer"]["id"].as_u64().unwrap();
                    let text = text_of(&message).to_owned();
                    *self.insisted.entry((customer, text)).or_default() += 1;
                }
                return;
            }
        }
    }
}

impl Run {
    /// A shop with the shortest times there are; everybody has written once.
    async fn open() -> Self {
        let dice = Dice::thrown("quota");
        let (shop, official) = Shop::open_with(Mode::Secure, Options::default()).await;
        let times = json!({ "nobody_text": "", "busy_text": "", "transfer_seconds": 120, "away_seconds": PATIENCE / 1000, "reserve": 2 });
        shop.admin.put("/settings/shop", &times).await.ok();
        let settings = json!({
            "auto": true, "limit": 200, "greeting": GREETING,
            "close": { "on": true, "idle_minutes": 1, "text": CLOSING },
            "offline": { "on": true, "text": AWAY },
        });
        shop.admin.put("/settings/mine", &settings).await.ok();
        shop.admin.online(true).await;
        let page = shop.admin.events(None).await;
        let customers = (0..CUSTOMERS)
            .map(|n| official.simulator.customer(&format!("oQuota{n:02}")))
            .collect();
        let mut run = Run {
            dice,
            shop,
            official,
            customers,
            held: Vec::new(),
            refused: BTreeMap::new(),
            sent: 0,
            insisted: BTreeMap::new(),
            ids: Vec::new(),
            asleep: BTreeMap::new(),
            closed: 0,
            page: Some(page),
            page_at: 0,
            lost: 0,
        };
        for who in 0..run.customers.len() {
            let hello = format!("始{who}");
            run.does(who, Inbound::text(&hello)).await;
            let found = run.shop.found_by(&hello).await;
            run.ids.push(found["customer"]["id"].as_u64().unwrap());
        }
        run
    }

    /// Whether what one customer has heard is what the records say, counted by state and reason.
    async fn look_at(&self, who: usize, seen: &mut States) {
        // Everybody once more, so that everybody has an open conversation by which the thread is found.
        let done = format!("完{who}");
        self.does(who, Inbound::text(&done)).await;
        let conversation = self.shop.found_by(&done).await;
        let thread = settled(&self.shop, &conversation).await;
        let heard = self.customers[who].sent();
        let times = |text: &str| heard.iter().filter(|sent| sent.text() == text).count();
        let mut automatic: BTreeMap<String, [usize; 2]> = BTreeMap::new();
        for message in &thread {
            let delivery = &message["delivery"];
            let Some(state) = delivery["state"].as_str() else {
                continue;
            };
            let why = delivery["suppressed"].as_str().unwrap_or_default();
            *seen.entry((state.to_owned(), why.to_owned())).or_default() += 1;
            assert_eq!(why.is_empty(), state != "suppressed", "{message}");
            assert_eq!(delivery["proof"].is_null(), state != "accepted", "{message}");
            if message["from"] == "system" {
                let [least, most] = automatic.entry(text_of(message).to_owned()).or_default();
                *least += usize::from(state == "accepted");
                *most += usize::from(state == "accepted" || state == "unknown");
            } else {
                let heard = times(text_of(message));
                match state {
                    "accepted" => assert!(heard >= 1, "{message}"),
                    "failed" | "suppressed" => assert_eq!(heard, 0, "{message}"),
                    _ => {}
                }
            }
        }
        for text in [GREETING, CLOSING, AWAY] {
            let [least, most] = automatic.remove(text).unwrap_or_default();
            let again = self.insisted.get(&(self.ids[who], text.to_owned()));
            let most = most + again.copied().unwrap_or_default();
            let heard = times(text);
            assert!(
                (least..=most).contains(&heard),
                "{text}: {heard} of {least} to {most}"
            );
        }
        assert_eq!(automatic, BTreeMap::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_actions_and_no_send_too_many() {
    let mut run = Run::open().await;
    for n in 0..ACTIONS {
        run.act(n).await;
    }
    // Whoever is still left alone is closed away, and the agent, whose page is gone, is away.
    run.shop.admin.online(true).await;
    run.page = None;
    let since = now();
    run.page_at = since + PATIENCE + 5_000;
    while !run.asleep.is_empty() || run.page.is_none() {
        assert!(now() - since < 120_000, "{:?} never closed", run.asleep);
        run.time_passes().await;
    }
    run.shop.admin.online(true).await;
    let mut seen = States::new();
    for who in 0..run.customers.len() {
        run.look_at(who, &mut seen).await;
    }
    println!(
        "sent {}, refused here {:?}, closed by themselves {}, away {}, states {seen:?}",
        run.sent, run.refused, run.closed, run.lost
    );
    let calls = run.official.simulator.calls(SEND);
    let too_many = calls.iter().filter(|call| call.errcode == Some(SPENT)).count();
    assert_eq!(too_many, 0, "of {} sends", calls.len());
    assert_eq!(run.official.simulator.violations(), []);
    assert!(calls.len() > 100, "{} sends say little", calls.len());
    let by_ledger = |code: &str| run.refused.get(code).copied().unwrap_or_default();
    let refused = by_ledger("reach_spent") + by_ledger("reach_closed");
    assert!(refused > 5, "{:?}", run.refused);
    assert!(run.closed >= 3, "{} closed by themselves", run.closed);
    assert!(run.lost >= 1, "never away");
    let kept_back: u32 = seen
        .iter()
        .filter(|((state, _), _)| state == "suppressed")
        .map(|(_, count)| count)
        .sum();
    assert!(kept_back > 0, "{seen:?}");
}

/// A thread of which nothing is on its way any more.
async fn settled(shop: &Shop, conversation: &Value) -> Vec<Value> {
    eventually("everything sent", async || {
        let thread = shop.thread(conversation).await;
        let leaving = |message: &Value| {
            let state = &message["delivery"]["state"];
            *state == json!("queued") || *state == json!("sending")
        };
        (!thread.iter().any(leaving)).then_some(thread)
    })
    .await
}

impl Shop {
    /// The open conversation of the customer who has written a text.
    async fn found_by(&self, text: &str) -> Value {
        eventually(text, async || {
            for conversation in self.admin.conversations().await {
                let thread = self.thread(&conversation).await;
                if thread.iter().any(|message| text_of(message) == text) {
                    return Some(conversation);
                }
            }
            None
        })
        .await
    }
}
