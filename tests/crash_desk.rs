//! Killed in the middle of transfers, closings and greetings: nobody is lost and nothing is said twice.
//!
//! Closings cannot be hurried: a minute of silence is the shortest. So a crowd of visitors falls silent one after the
//! other while the first kills happen, and once their time has come the kills are aimed at the moments they close.
use crate::harness::{Agent, Dice, Shop, Visitor, eventually, now, text_of, texts};
use http::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::watch;

const KILLS: usize = 50;
const GREETING: &str = "欢迎光临";
const CLOSING: &str = "感谢咨询";
/// Visitors who write once.
const SILENT: usize = 40;
/// Milliseconds until a silent visitor's conversation closes by itself.
const IDLE: i64 = 60_000;

/// Asks; there may be no server just now.
async fn ask(agent: &Agent, method: Method, path: &str, body: &Value) -> Option<Value> {
    let headers = [("content-type", "application/json")];
    let path = format!("/api/shops/1{path}");
    let body = if method == Method::GET {
        String::new()
    } else {
        body.to_string()
    };
    let answer = agent.browser.try_send(method, &path, &headers, body).await.ok()?;
    (answer.status == 200).then(|| answer.ok())
}

/// An agent who accepts, offers, takes, answers and closes whatever he sees, in any order.
async fn serve(
    agent: Agent,
    all: Vec<u64>,
    mut dice: Dice,
    stopping: watch::Receiver<bool>,
) -> BTreeMap<&'static str, u32> {
    let mut done = BTreeMap::new();
    let mut n = 0;
    while !*stopping.borrow() {
        let desk = ask(&agent, Method::GET, "/desk", &Value::Null).await;
        let known = desk.as_ref().and_then(|desk| desk["conversations"].as_array());
        for conversation in known.into_iter().flatten() {
            let left_alone = conversation["id"].as_u64().unwrap() % 2 == 1;
            if left_alone && conversation["closes_at"].is_i64() {
                // Answered and silent: it closes by itself in the middle of all this.
                continue;
            }
            n += 1;
            let mine = conversation["owner"] == agent.id;
            let offered = conversation["transfer"]["to"] == agent.id;
            let to = all[dice.below(all.len() as u64) as usize];
            let epoch = &conversation["epoch"];
            let (what, body) = match (dice.below(8), mine, offered) {
                (0..=4, _, true) => ("transfer/take", json!({ "epoch": epoch })),
                (_, _, true) => ("transfer/decline", json!({ "epoch": epoch })),
                (0..=3, true, _) => (
                    "transfer",
                    json!({ "epoch": epoch, "to": to, "note": format!("note {n}") }),
                ),
                (4 | 5, true, _) => {
                    let content = json!({ "kind": "text", "text": format!("answer {n}") });
                    (
                        "messages",
                        json!({ "client_id": format!("{}-{n}", agent.id), "content": content }),
                    )
                }
                (6, true, _) if dice.below(6) == 0 => ("close", json!({ "epoch": epoch })),
                (0..=3, false, _) => ("accept", json!({ "epoch": epoch })),
                _ => continue,
            };
            let path = format!("/conversations/{}/{what}", conversation["id"]);
            if ask(&agent, Method::POST, &path, &body).await.is_some() {
                *done.entry(what).or_default() += 1;
            }
        }
        tokio::time::sleep(Duration::from_millis(30 + dice.below(60))).await;
    }
    done
}

/// A visitor who writes now and then; some fall silent, so that they are closed away.
async fn write(visitor: Visitor, name: usize, mut dice: Dice, stopping: watch::Receiver<bool>) {
    let mut n = 0;
    while !*stopping.borrow() {
        if name.is_multiple_of(2) || n < 2 {
            let _ = visitor
                .try_say(&format!("m{n}"), now(), &format!("visitor{name} {n}"))
                .await;
            n += 1;
        }
        tokio::time::sleep(Duration::from_millis(200 + dice.below(1500))).await;
    }
}

/// A visitor of the crowd: asks once, when his turn has come, and waits until it is stored.
async fn ask_once(visitor: Visitor, name: usize, turn: Duration) {
    tokio::time::sleep(turn).await;
    let at = now();
    let text = format!("visitor{name} 0");
    eventually("the question is stored", async || {
        let answer = visitor.try_say("once", at, &text).await.ok()?;
        answer.status.is_success().then_some(())
    })
    .await;
}

/// An agent who answers everybody once and leaves it at that.
async fn answer_once(agent: Agent, stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        let desk = ask(&agent, Method::GET, "/desk", &Value::Null).await;
        let known = desk.as_ref().and_then(|desk| desk["conversations"].as_array());
        for conversation in known.into_iter().flatten() {
            if conversation["owner"] == agent.id && conversation["closes_at"].is_null() {
                let content = json!({ "kind": "text", "text": "answer" });
                let body = json!({ "client_id": conversation["id"].to_string(), "content": content });
                let path = format!("/conversations/{}/messages", conversation["id"]);
                ask(&agent, Method::POST, &path, &body).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How long the server lives this time: until a conversation closes, give or take a little, if one is about to.
async fn lifetime(shop: &Shop, dice: &mut Dice, started: i64) -> Duration {
    let age = now() - started;
    let due = open(shop).await.into_values();
    let due = due.filter_map(|conversation| conversation["closes_at"].as_i64());
    let next = due.filter(|at| (0..4_000).contains(&(at - now()))).min();
    let millis = match next {
        Some(at) => at - now() + i64::try_from(dice.below(120)).unwrap() - 40,
        // The first are to be silent for a minute before most of the kills.
        None if age < IDLE => 1_500 + i64::try_from(dice.below(1_500)).unwrap(),
        None => 300 + i64::try_from(dice.below(900)).unwrap(),
    };
    Duration::from_millis(millis.max(0).unsigned_abs())
}

/// Everybody who is open, by the administrator's two lists.
async fn open(shop: &Shop) -> BTreeMap<u64, Value> {
    let mut all = shop.admin.conversations().await;
    let others = shop.admin.get("/desk/others").await;
    all.extend(others["conversations"].as_array().unwrap().iter().cloned());
    all.into_iter()
        .map(|conversation| (conversation["id"].as_u64().unwrap(), conversation))
        .collect()
}

/// Nobody is lost, nothing is said twice. Returns how often each text was said, and how many are open.
async fn check(shop: &Shop, visitors: &[Visitor], ids: &[u64]) -> (BTreeMap<&'static str, usize>, usize) {
    // Everybody who writes now is found: waiting, or with an owner who is at the desk.
    for (n, visitor) in visitors.iter().enumerate() {
        visitor.say("last", now(), &format!("visitor{n} last")).await.ok();
    }
    let listed = open(shop).await;
    let known: BTreeSet<u64> = ids.iter().copied().chain([shop.admin.id]).collect();
    for conversation in listed.values() {
        let owner = conversation["owner"].as_u64();
        assert_eq!(
            owner.is_some(),
            conversation["state"] == "active",
            "{conversation}"
        );
        assert!(owner.is_none_or(|owner| known.contains(&owner)), "{conversation}");
    }
    let channel = shop.h5;
    let mut said: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (n, visitor) in visitors.iter().enumerate() {
        let last = eventually("the visitor's thread is read", async || {
            visitor.thread().await.last().cloned()
        })
        .await;
        let cursor = last["cursor"].as_str().unwrap();
        let id: u64 = cursor.split('.').next().unwrap().parse().unwrap();
        let conversation = listed
            .get(&id)
            .unwrap_or_else(|| panic!("visitor {n} is in no list: {last}"));
        let customer = conversation["customer"]["id"].as_u64().unwrap();
        let thread = shop.admin.thread(customer, channel).await;
        let mut texts_of: BTreeMap<(u64, String), u32> = BTreeMap::new();
        let mut next: BTreeMap<u64, u64> = BTreeMap::new();
        for message in &thread {
            let conversation = message["conversation"].as_u64().unwrap();
            let seq = next.entry(conversation).or_insert(1);
            assert_eq!(message["seq"], *seq, "a gap for visitor {n}");
            *seq += 1;
            if let Some(auto) = message["auto"].as_str() {
                *texts_of.entry((conversation, auto.to_owned())).or_default() += 1;
            }
            for text in [GREETING, CLOSING] {
                *said.entry(text).or_default() += usize::from(text_of(message) == text);
            }
        }
        for ((conversation, auto), times) in texts_of {
            assert_eq!(times, 1, "visitor {n}, {auto} in {conversation}");
        }
        // The visitor has read all of that but notes and what was not sent.
        let for_visitor =
            |message: &&Value| message["from"] != "note" && message["delivery"]["state"] != "suppressed";
        let expected: Vec<Value> = thread.iter().filter(for_visitor).cloned().collect();
        assert_eq!(texts(&visitor.thread().await), texts(&expected), "visitor {n}");
    }
    (said, listed.len())
}

async fn storm(name: &str) {
    let mut dice = Dice::thrown(name);
    let mut shop = Shop::open().await;
    let times = json!({ "nobody_text": "", "busy_text": "都在忙", "transfer_seconds": 10, "away_seconds": 600, "reserve": 2 });
    shop.admin.put("/settings/shop", &times).await.ok();
    let agents = [shop.agent("li", "agent").await, shop.agent("wang", "agent").await];
    let settings = json!({
        "auto": true, "limit": 4, "greeting": GREETING,
        "close": { "on": true, "idle_minutes": 1, "text": CLOSING },
        "offline": { "on": false, "text": "" },
    });
    for agent in &agents {
        agent.put("/settings/mine", &settings).await.ok();
    }
    let ids: Vec<u64> = agents.iter().map(|agent| agent.id).collect();
    let patient = shop.agent("zhao", "agent").await;
    let mut many = settings.clone();
    many["limit"] = json!(200);
    patient.put("/settings/mine", &many).await.ok();
    let (end, stopping) = watch::channel(false);
    let mut visitors = Vec::new();
    let mut writing = tokio::task::JoinSet::new();
    for n in 0..12 {
        let visitor = shop.visitor().await;
        visitors.push(visitor.clone());
        writing.spawn(write(visitor, n, dice.of_its_own(n as u64), stopping.clone()));
    }
    for n in 12..12 + SILENT {
        let visitor = shop.visitor().await;
        visitors.push(visitor.clone());
        let turn = Duration::from_millis(dice.below(35_000));
        writing.spawn(ask_once(visitor, n, turn));
    }
    writing.spawn(answer_once(patient.clone(), stopping.clone()));
    let mut serving = tokio::task::JoinSet::new();
    for agent in &agents {
        let dice = dice.of_its_own(100 + agent.id);
        serving.spawn(serve(agent.clone(), ids.clone(), dice, stopping.clone()));
    }
    let started = now();
    for _ in 0..KILLS {
        let lifetime = lifetime(&shop, &mut dice, started).await;
        tokio::time::sleep(lifetime).await;
        shop.weikefu.kill();
        shop.weikefu.start_again().await;
    }
    end.send(true).unwrap();
    while writing.join_next().await.is_some() {}
    let mut done: BTreeMap<&str, u32> = BTreeMap::new();
    while let Some(counts) = serving.join_next().await {
        for (what, count) in counts.unwrap() {
            *done.entry(what).or_default() += count;
        }
    }

    let all: Vec<u64> = ids.iter().copied().chain([patient.id]).collect();
    let (said, open) = check(&shop, &visitors, &all).await;
    println!("{name}: {KILLS} kills, {done:?}, {said:?}, {open} open");
    for what in ["transfer", "transfer/take", "messages"] {
        assert!(
            done.get(what).is_some_and(|count| *count > 10),
            "hardly any {what}: {done:?}"
        );
    }
    assert!(said[GREETING] > 0, "{said:?}");
    assert!(said[CLOSING] >= 20, "hardly any closed by itself: {said:?}");
    let mut quiet = times;
    quiet["busy_text"] = json!("");
    // Whoever comes now is greeted by nobody.
    for agent in agents.iter().chain([&patient]) {
        agent.online(false).await;
    }
    shop.admin.put("/settings/shop", &quiet).await.ok();
    shop.still_works("fifty kills").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_lost_between_two_agents_in_fifty_kills() {
    storm("first hands").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_lost_between_two_agents_in_fifty_more() {
    storm("second hands").await;
}
