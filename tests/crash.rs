//! kill -9 at random moments under load from both channels, start-up included: what was acknowledged is there
//! once and in order, what was not is there at most once, and the process starts again by itself.
use crate::harness::{Agent, Dice, Official, Shop, Visitor, eventually, generous, now, text_of, texts};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::watch;
use weikefu_wechat_simulator::{Customer, Mode};

/// Kills of one test. Four of them run side by side.
const KILLS: usize = 50;

/// What somebody wrote, by number, and whether it was acknowledged.
type Written = BTreeMap<usize, bool>;

/// Everybody who writes until told to stop.
#[derive(Clone)]
struct Load {
    stopping: watch::Receiver<bool>,
}

impl Load {
    fn goes_on(&self) -> bool {
        !*self.stopping.borrow()
    }

    /// Between two tries while nobody answers.
    async fn breath(&self) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    /// One message after another; the platform gives up on one after three tries.
    async fn wechat(self, name: String, customer: Customer) -> (String, Written) {
        let mut written = Written::new();
        for n in 0.. {
            if !self.goes_on() {
                break;
            }
            let delivery = customer.text(format!("{name} {n}")).await;
            written.insert(n, delivery.is_accepted());
            if !delivery.is_accepted() {
                self.breath().await;
            }
        }
        (name, written)
    }

    /// One message after another by POST; some are tried again until they are acknowledged, some given up, and
    /// some sent again although they were.
    async fn posts(self, name: String, visitor: Visitor, mut dice: Dice) -> (String, Written) {
        let mut written = Written::new();
        for n in 0.. {
            if !self.goes_on() {
                break;
            }
            let (id, at, text) = (format!("{name}-{n}"), now(), format!("{name} {n}"));
            let insists = dice.below(2) == 0;
            let mut cursor = None;
            loop {
                match visitor.try_say(&id, at, &text).await {
                    Ok(answer) if answer.status == 200 => {
                        let stored = answer.json();
                        let known = cursor.get_or_insert_with(|| stored["cursor"].clone());
                        assert_eq!(*known, stored["cursor"], "{text}");
                        written.insert(n, true);
                        if dice.below(4) > 0 {
                            break;
                        }
                    }
                    _ => {
                        written.entry(n).or_insert(false);
                        self.breath().await;
                        if !insists || !self.goes_on() {
                            break;
                        }
                    }
                }
            }
        }
        (name, written)
    }

    /// As the widget does it: what is not acknowledged is kept and sent again after the next welcome.
    async fn socket(self, name: String, visitor: Visitor) -> (String, Written) {
        let mut written = Written::new();
        let mut unsent: BTreeMap<String, (usize, i64)> = BTreeMap::new();
        let mut n = 0;
        while self.goes_on() {
            let Some((mut socket, welcome)) = visitor.try_connect(None).await else {
                self.breath().await;
                continue;
            };
            if welcome["type"] != "welcome" {
                continue;
            }
            let mut broken = false;
            while !broken && self.goes_on() {
                while unsent.len() < 3 {
                    unsent.insert(format!("{name}-{n:06}"), (n, now()));
                    written.insert(n, false);
                    n += 1;
                }
                for (id, (n, at)) in &unsent {
                    let content = json!({ "kind": "text", "text": format!("{name} {n}") });
                    let frame =
                        json!({ "type": "send", "client_id": id, "created_at": at, "content": content });
                    broken |= socket.try_send(&frame).await.is_err();
                }
                while !broken && !unsent.is_empty() {
                    match socket.next().await {
                        Some(frame) if frame["type"] == "ack" => {
                            // A second acknowledgement of the same message may come.
                            if let Some((n, _)) = unsent.remove(frame["client_id"].as_str().unwrap()) {
                                written.insert(n, true);
                            }
                        }
                        Some(frame) => assert_ne!(frame["type"], "error", "{frame}"),
                        None => broken = true,
                    }
                }
            }
        }
        (name, written)
    }

    /// The agent answers everybody in turn; half of what gets no answer is tried once more.
    async fn agent(self, agent: Agent, conversations: Vec<Value>, mut dice: Dice) -> Vec<(Value, Written)> {
        let mut all: Vec<Written> = vec![Written::new(); conversations.len()];
        for n in 0.. {
            if !self.goes_on() {
                break;
            }
            let to = n % conversations.len();
            for _ in 0..=dice.below(2) {
                let path = format!("/api/shops/1/conversations/{}/messages", conversations[to]["id"]);
                let text = json!({ "kind": "text", "text": format!("agent {n}") });
                let body = json!({ "client_id": format!("agent-{n}"), "content": text }).to_string();
                let headers = [("content-type", "application/json")];
                let sent = agent.browser.try_send(http::Method::POST, &path, &headers, body);
                let stored = sent.await.is_ok_and(|answer| answer.status == 200);
                *all[to].entry(n).or_default() |= stored;
                if stored {
                    break;
                }
                self.breath().await;
            }
        }
        conversations.into_iter().zip(all).collect()
    }
}

/// What a side of a thread says, as numbers; every text is `<name> <number>`.
fn numbers(thread: &[Value], name: &str) -> Vec<usize> {
    let number = |text: &str| text.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
    texts(thread).into_iter().filter_map(number).collect()
}

/// Each acknowledged one once and in order, all others at most once.
fn check(what: &str, kept: &[usize], written: &Written) {
    assert!(
        kept.is_sorted_by(|a, b| a < b),
        "{what}: out of order or twice: {kept:?}"
    );
    let kept: BTreeSet<usize> = kept.iter().copied().collect();
    for (n, acknowledged) in written {
        assert!(
            !acknowledged || kept.contains(n),
            "{what}: {n} was acknowledged and is gone"
        );
    }
    assert!(
        kept.iter().all(|n| written.contains_key(n)),
        "{what}: more than was written"
    );
}

struct Scene {
    shop: Shop,
    official: Official,
    customers: Vec<Customer>,
    visitors: Vec<Visitor>,
}

impl Scene {
    /// Six customers, three on each channel, all held by the administrator.
    async fn set() -> Self {
        let (shop, official) = Shop::open_with(Mode::Secure, generous()).await;
        shop.take_everybody().await;
        let mut customers = Vec::new();
        let mut visitors = Vec::new();
        for n in 0..3 {
            let customer = official.simulator.customer(&format!("oCrash{n}"));
            assert!(customer.text(format!("wechat{n} begins")).await.is_accepted());
            customers.push(customer);
            let visitor = shop.visitor().await;
            visitor.say("begin", now(), &format!("h5{n} begins")).await.ok();
            visitors.push(visitor);
        }
        Scene {
            shop,
            official,
            customers,
            visitors,
        }
    }

    /// The thread that begins with a name.
    async fn threads(&self) -> BTreeMap<String, (Value, Vec<Value>)> {
        let mut threads = BTreeMap::new();
        for conversation in self.shop.admin.conversations().await {
            let thread = self.shop.thread(&conversation).await;
            let (name, _) = text_of(&thread[0]).split_once(' ').unwrap();
            let seqs: Vec<u64> = thread
                .iter()
                .map(|message| message["seq"].as_u64().unwrap())
                .collect();
            assert_eq!(
                seqs,
                (1..=thread.len() as u64).collect::<Vec<_>>(),
                "{name}: a gap"
            );
            assert!(
                thread
                    .iter()
                    .all(|message| message["conversation"] == conversation["id"])
            );
            assert_eq!(conversation["last_seq"], thread.len() as u64);
            threads.insert(name.to_owned(), (conversation, thread));
        }
        threads
    }
}

async fn crash(name: &str) {
    let mut dice = Dice::thrown(name);
    let mut scene = Scene::set().await;
    let conversations = scene.shop.admin.conversations().await;
    assert_eq!(conversations.len(), 6);
    let (stop, stopping) = watch::channel(false);
    let load = Load { stopping };
    let mut writing = tokio::task::JoinSet::new();
    for (n, customer) in scene.customers.iter().enumerate() {
        writing.spawn(load.clone().wechat(format!("wechat{n}"), customer.clone()));
    }
    let [one, two, three] = [0, 1, 2].map(|n| scene.visitors[n].clone());
    writing.spawn(load.clone().posts("h50".into(), one, dice.of_its_own(1)));
    writing.spawn(load.clone().posts("h51".into(), two, dice.of_its_own(2)));
    writing.spawn(load.clone().socket("h52".into(), three));
    let answering = tokio::spawn(load.agent(scene.shop.admin.clone(), conversations, dice.of_its_own(3)));

    let mut while_starting = 0;
    for _ in 0..KILLS {
        if dice.below(4) == 0 {
            scene.shop.weikefu.kill();
            let moment = Duration::from_micros(dice.below(250_000));
            scene.shop.weikefu.start_and_kill(moment).await;
            while_starting += 1;
        } else {
            tokio::time::sleep(Duration::from_micros(dice.below(200_000))).await;
            scene.shop.weikefu.kill();
        }
        scene.shop.weikefu.start_again().await;
    }
    stop.send(true).unwrap();
    let mut written: BTreeMap<String, Written> = BTreeMap::new();
    while let Some(done) = writing.join_next().await {
        written.extend([done.unwrap()]);
    }
    let answered = answering.await.unwrap();

    // Nothing stays on its way: what was leaving when a process died is unknown, the rest has left.
    let threads = eventually("everything has left", async || {
        let threads = scene.threads().await;
        let state = |message: &Value| message["delivery"]["state"].as_str().unwrap_or("none").to_owned();
        let all = threads.values().flat_map(|(_, thread)| thread);
        let done = |message: &Value| ["none", "accepted", "unknown"].contains(&state(message).as_str());
        all.clone().all(done).then_some(threads)
    })
    .await;
    assert_eq!(threads.len(), 6);
    for (name, written) in &written {
        check(name, &numbers(&threads[name].1, name), written);
    }
    for (conversation, written) in &answered {
        let (name, (_, thread)) = threads
            .iter()
            .find(|(_, known)| known.0["id"] == conversation["id"])
            .unwrap();
        check(&format!("to {name}"), &numbers(thread, "agent"), written);
    }
    // The visitors see the same; WeChat has heard everything that was taken, and nothing twice.
    for (n, visitor) in scene.visitors.iter().enumerate() {
        let (name, mine) = (format!("h5{n}"), visitor.thread().await);
        assert_eq!(texts(&mine), texts(&threads[&name].1), "{name}");
    }
    for (n, customer) in scene.customers.iter().enumerate() {
        let (name, sent) = (format!("wechat{n}"), customer.sent());
        let heard: Vec<&str> = sent.iter().map(weikefu_wechat_simulator::Sent::text).collect();
        let unique: BTreeSet<&str> = heard.iter().copied().collect();
        assert_eq!(
            unique.len(),
            heard.len(),
            "{name} heard something twice: {heard:?}"
        );
        for message in &threads[&name].1 {
            let accepted = message["delivery"]["state"] == "accepted";
            assert!(
                !accepted || unique.contains(text_of(message)),
                "{name} did not hear {message}"
            );
        }
    }
    let (stored, acknowledged): (usize, usize) = (
        threads.values().map(|(_, thread)| thread.len()).sum(),
        written
            .values()
            .chain(answered.iter().map(|(_, w)| w))
            .flat_map(|w| w.values())
            .filter(|a| **a)
            .count(),
    );
    println!(
        "{name}: {KILLS} kills, {while_starting} of them while starting; {stored} messages, {acknowledged} acknowledged"
    );
    assert!(acknowledged > KILLS, "there was hardly any load: {acknowledged}");
    // And it goes on: the next start is clean, the next message is stored.
    assert_eq!(scene.official.simulator.violations(), []);
    scene.shop.weikefu.stop();
    scene.shop.weikefu.start_again().await;
    scene.shop.still_works("fifty kills").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_in_fifty_kills() {
    crash("first fifty").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_in_fifty_more() {
    crash("second fifty").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_in_a_third_fifty() {
    crash("third fifty").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_in_a_fourth_fifty() {
    crash("fourth fifty").await;
}
