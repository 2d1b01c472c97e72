//! Two thousand things done at random by customers, agents and the machine, on a platform that counts: what the
//! ledger has let go is never refused for its number, and what was kept back says why.
use crate::harness::{Dice, Official, Shop, eventually, text_of};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use weikefu_wechat_simulator::{Callback, Customer, Fault, Inbound, Mode, Options};

const SEND: &str = "/cgi-bin/message/custom/send";
const GREETING: &str = "您好，请稍等";
const ACTIONS: u32 = 2_000;
const CUSTOMERS: u64 = 12;
/// Answers of the platform that say: too many.
const SPENT: i64 = 45_047;

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
    /// By customer: automatic texts of unknown outcome that an agent sent again.
    insisted: BTreeMap<String, usize>,
}

impl Run {
    fn below(&mut self, limit: u64) -> usize {
        usize::try_from(self.dice.below(limit)).unwrap()
    }

    async fn act(&mut self, n: u32) {
        let who = self.below(CUSTOMERS);
        match self.dice.below(100) {
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
                self.shop.admin.online(online).await;
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
            }
            _ => {}
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

    async fn does(&mut self, who: usize, inbound: Inbound) {
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
        let mut fit: Vec<Value> = all.into_iter().filter(|known| known["state"] == state).collect();
        (!fit.is_empty()).then(|| fit.swap_remove(self.below(fit.len() as u64)))
    }

    async fn answers(&mut self, n: u32) {
        let Some(conversation) = self.some("active").await else {
            return;
        };
        let answer = self
            .shop
            .admin
            .say(&conversation, &n.to_string(), &format!("答{n}"))
            .await;
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
                    let customer = conversation["customer"]["id"].to_string();
                    *self.insisted.entry(customer).or_default() += 1;
                }
                return;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_actions_and_no_send_too_many() {
    let dice = Dice::thrown("quota");
    let (shop, official) = Shop::open_with(Mode::Secure, Options::default()).await;
    shop.admin.acceptance(true, 200, GREETING).await;
    shop.admin.online(true).await;
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
    };
    for n in 0..ACTIONS {
        run.act(n).await;
    }
    let mut seen: BTreeMap<(String, String), u32> = BTreeMap::new();
    for who in 0..run.customers.len() {
        // Everybody once more, so that everybody has an open conversation by which the thread is found.
        run.does(who, Inbound::text(format!("完{who}"))).await;
        let conversation = run.shop.found_of(who).await;
        let thread = settled(&run.shop, &conversation).await;
        let heard = run.customers[who].sent();
        let times = |text: &str| heard.iter().filter(|sent| sent.text() == text).count();
        let mut greetings = (0, 0);
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
                greetings.0 += usize::from(state == "accepted");
                greetings.1 += usize::from(state == "accepted" || state == "unknown");
            } else {
                let heard = times(text_of(message));
                match state {
                    "accepted" => assert!(heard >= 1, "{message}"),
                    "failed" | "suppressed" => assert_eq!(heard, 0, "{message}"),
                    _ => {}
                }
            }
        }
        let heard = times(GREETING);
        let customer = conversation["customer"]["id"].to_string();
        greetings.1 += run.insisted.get(&customer).copied().unwrap_or_default();
        assert!(
            (greetings.0..=greetings.1).contains(&heard),
            "{heard} of {greetings:?}"
        );
    }
    println!(
        "sent {}, refused here {:?}, states {seen:?}",
        run.sent, run.refused
    );
    let calls = run.official.simulator.calls(SEND);
    let too_many = calls.iter().filter(|call| call.errcode == Some(SPENT)).count();
    assert_eq!(too_many, 0, "of {} sends", calls.len());
    assert_eq!(run.official.simulator.violations(), []);
    assert!(calls.len() > 100, "{} sends say little", calls.len());
    assert!(run.refused.values().sum::<u32>() > 20, "{:?}", run.refused);
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
    /// The conversation of the customer who wrote last of all that they are done.
    async fn found_of(&self, who: usize) -> Value {
        let done = format!("完{who}");
        eventually(&done, async || {
            for conversation in self.admin.conversations().await {
                let thread = self.thread(&conversation).await;
                if thread.iter().any(|message| text_of(message) == done) {
                    return Some(conversation);
                }
            }
            None
        })
        .await
    }
}
