//! kill -9 in the middle of a broadcast to two thousand customers, the platform failing at random: nobody gets a message
//! twice, what is told of each customer is so, and all results together are the audience.
use crate::harness::{Dice, Official, Shop, eventually, sum_of};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use weikefu_wechat_simulator::{Fault, Inbound, Mode, Options, Storm};

const SEND: &str = "/cgi-bin/message/custom/send";
/// Kills of one test. Two of them run side by side.
const KILLS: usize = 50;
const CUSTOMERS: usize = 2_000;

struct Scene {
    dice: Dice,
    shop: Shop,
    official: Official,
}

impl Scene {
    async fn set(name: &str) -> Self {
        let (shop, official) = Shop::open_with(Mode::Plaintext, Options::default()).await;
        let arrivals: Vec<_> = (0..CUSTOMERS)
            .map(|n| {
                let customer = official.simulator.customer(&format!("oCast{n:04}"));
                customer.write(Inbound::text("在吗"))
            })
            .collect();
        let storm = Storm {
            seed: 1,
            duplicates: 0,
            parallel: 32,
        };
        for (n, delivery) in official.simulator.storm(arrivals, storm).await {
            assert!(delivery.is_accepted(), "{n}");
        }
        Scene {
            dice: Dice::thrown(name),
            shop,
            official,
        }
    }

    /// The platform does something wrong with some of the next calls.
    fn trouble(&mut self) {
        let faults = self.official.simulator.faults();
        faults.clear(SEND);
        for _ in 0..self.dice.below(12) {
            let fault = match self.dice.below(8) {
                0 => Fault::Slow(Duration::from_millis(self.dice.below(80))),
                1 => Fault::Lost,
                2 => Fault::Errcode(-1),
                3 => Fault::Errcode(45_015),
                4 => Fault::Errcode(45_047),
                5 => Fault::Errcode(45_009),
                6 => Fault::Cut,
                _ => Fault::TokenGone,
            };
            faults.once(SEND, fault);
        }
    }

    /// Waits until some more calls have come, or for a while: it may rest.
    async fn some_more(&mut self) {
        let wanted = self.official.simulator.calls(SEND).len() + self.dice.below(70) as usize;
        let longest = Duration::from_millis(self.dice.below(400));
        let started = Instant::now();
        while self.official.simulator.calls(SEND).len() < wanted && started.elapsed() < longest {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// What a customer has been told, by openid: how often each message came.
fn heard(official: &Official) -> BTreeMap<String, BTreeMap<String, usize>> {
    let mut heard: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for sent in official.simulator.sent() {
        *heard
            .entry(sent.openid)
            .or_default()
            .entry(sent.body.to_string())
            .or_default() += 1;
    }
    heard
}

/// A token that is refused twice in a row pauses a broadcast: somebody has to look at the account, and resumes it.
async fn goes_on(shop: &Shop, broadcast: &Value) {
    if broadcast["state"] == "paused" {
        let reason = broadcast["paused"]["reason"].as_str().unwrap();
        assert!(reason.contains("40001"), "{reason}");
        shop.admin.order_broadcast(broadcast, "resume").await;
    }
}

async fn crash(name: &str, draft: Value) {
    let mut scene = Scene::set(name).await;
    let draft = scene.shop.admin.post("/broadcasts", &draft).await.ok();
    let messages = draft["messages_each"].as_u64().unwrap();
    let plan = scene
        .shop
        .admin
        .post(&format!("/broadcasts/{}/plan", draft["id"]), &json!({}))
        .await
        .ok();
    assert_eq!(
        (&plan["total"], &plan["will"]),
        (&json!(CUSTOMERS), &json!(CUSTOMERS))
    );
    scene.shop.admin.order_broadcast(&draft, "start").await;
    let mut while_running = 0;
    for _ in 0..KILLS {
        scene.trouble();
        scene.some_more().await;
        scene.shop.weikefu.kill();
        if scene.dice.below(5) == 0 {
            let moment = Duration::from_micros(scene.dice.below(250_000));
            scene.shop.weikefu.start_and_kill(moment).await;
        }
        scene.shop.weikefu.start_again().await;
        let now = scene.shop.admin.broadcast(&draft["id"]).await;
        goes_on(&scene.shop, &now).await;
        while_running += usize::from(now["state"] != "done");
    }
    scene.official.simulator.faults().clear_all();
    // A limit that was answered before rests for long: the next start does not know of it.
    scene.shop.weikefu.stop();
    scene.shop.weikefu.start_again().await;
    let done = eventually("it is done", async || {
        let now = scene.shop.admin.broadcast(&draft["id"]).await;
        goes_on(&scene.shop, &now).await;
        (now["state"] == "done").then_some(now)
    })
    .await;
    assert_eq!(done["progress"]["total"], CUSTOMERS);
    assert_eq!(sum_of(&done), CUSTOMERS as u64, "{done}");

    let list = scene.shop.admin.recipients(&draft["id"], "").await;
    assert_eq!(list.len(), CUSTOMERS);
    let mut heard = heard(&scene.official);
    let mut results: BTreeMap<String, usize> = BTreeMap::new();
    let people = scene.shop.admin.conversations().await;
    let openids: BTreeMap<u64, String> = addresses(&scene, &people).await;
    for row in &list {
        let customer = row["customer"].as_u64().unwrap();
        let theirs = heard.remove(&openids[&customer]).unwrap_or_default();
        assert!(
            theirs.values().all(|times| *times == 1),
            "twice: {row} {theirs:?}"
        );
        let (told, got) = (row["sent"].as_u64().unwrap(), theirs.len() as u64);
        let state = row["state"].as_str().unwrap();
        match state {
            "accepted" => assert_eq!((told, got), (messages, messages), "{row}"),
            "unknown" => assert!(got == told || got == told + 1, "{row} {got}"),
            "failed" | "skipped" => assert_eq!(told, got, "{row}"),
            other => panic!("{other}: {row}"),
        }
        *results.entry(state.to_owned()).or_default() += 1;
    }
    assert_eq!(
        heard.len(),
        0,
        "somebody who is not on the list heard of it: {heard:?}"
    );
    for (state, count) in &results {
        if state != "skipped" {
            assert_eq!(done["progress"][state], *count, "{state}");
        }
    }
    println!("{name}: {KILLS} kills, {while_running} of them before the end; {results:?}");
    assert!(
        while_running > KILLS / 2,
        "it was over too early: {while_running}"
    );
    assert!(results["accepted"] > CUSTOMERS / 2, "{results:?}");
    assert!(results.contains_key("unknown"), "{results:?}");
}

/// The address of each customer, out of the panel.
async fn addresses(scene: &Scene, conversations: &[Value]) -> BTreeMap<u64, String> {
    let mut addresses = BTreeMap::new();
    for conversation in conversations {
        let customer = conversation["customer"]["id"].as_u64().unwrap();
        let panel = scene.shop.admin.get(&format!("/customers/{customer}")).await;
        let openid = panel["customer"]["openid"].as_str().unwrap().to_owned();
        addresses.insert(customer, openid);
    }
    addresses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_comes_once_over_fifty_kills() {
    let draft = json!({ "client_id": "crash", "kind": "text", "text": "群发", "also_open": true, "through_night": true });
    crash("text", draft).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_articles_come_once_over_fifty_more() {
    let card = |name: &str| json!({ "title": name, "url": format!("https://shop.example/{name}") });
    let draft = json!({ "client_id": "crash", "kind": "articles", "cards": [card("a"), card("b")], "also_open": true,
        "through_night": true });
    crash("articles", draft).await;
}
