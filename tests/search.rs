//! Search over all messages of a shop, through the executable: what is found, by whom, and that nothing is lost.
use crate::harness::{Agent, Dice, Shop, Visitor, Weikefu, eventually, now, text_of, texts};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::PathBuf;

/// A text as it stands in an address.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        let _ = write!(encoded, "%{byte:02X}");
        encoded
    })
}

async fn page(agent: &Agent, q: &str, rest: &str) -> Value {
    agent.get(&format!("/search?q={}{rest}", encoded(q))).await
}

/// All hits, newest first, read page by page. Waits until the index is complete.
async fn all(agent: &Agent, q: &str, rest: &str) -> Vec<Value> {
    eventually("a complete index", async || {
        let (mut hits, mut after): (Vec<Value>, String) = (Vec::new(), String::new());
        loop {
            let page = page(agent, q, &format!("{rest}{after}")).await;
            if page["building"] != Value::Null {
                return None;
            }
            hits.extend(page["hits"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next"].as_str() else {
                return Some(hits);
            };
            after = format!("&after={next}");
        }
    })
    .await
}

/// The texts of all hits, newest first.
async fn found(agent: &Agent, q: &str, rest: &str) -> Vec<String> {
    let hits = all(agent, q, rest).await;
    hits.iter()
        .map(|hit| hit["text"].as_str().unwrap().to_owned())
        .collect()
}

/// Waits until the texts found are these, in this order.
async fn until(agent: &Agent, q: &str, rest: &str, expected: &[&str]) {
    eventually(&format!("{q}{rest}: {expected:?}"), async || {
        (found(agent, q, rest).await == expected).then_some(())
    })
    .await;
}

fn shown(hit: &Value) -> String {
    let parts = hit["snippet"].as_array().unwrap();
    let show = |part: &Value| match (part["text"].as_str().unwrap(), &part["marked"]) {
        (text, Value::Bool(true)) => format!("[{text}]"),
        (text, _) => text.to_owned(),
    };
    parts.iter().map(show).collect()
}

#[tokio::test]
async fn messages_are_found_in_their_context_and_lead_to_their_place() {
    let shop = Shop::open().await;
    let li = shop.agent("li", "agent").await;
    let (visitor, waits) = shop.asks(&li, "请问怎么退货？").await;
    let held = li.accept(&waits).await.ok();
    li.say(&held, "1", "您好，退货请提供订单号，如 ＷＫ-20261123")
        .await
        .ok();
    let between = now();
    visitor
        .say("b", now(), "订单号 wk-20261199，Refund please 😂👍")
        .await
        .ok();
    shop.found(&li, "订单号 wk-20261199，Refund please 😂👍").await;
    let (_other, _) = shop.asks(&li, "发票怎么开").await;
    let [first, second, third] = [
        "请问怎么退货？",
        "您好，退货请提供订单号，如 ＷＫ-20261123",
        "订单号 wk-20261199，Refund please 😂👍",
    ];
    until(&li, "退货", "", &[second, first]).await;
    for (q, expected) in [
        ("订单号", &[third, second] as &[&str]),
        ("Wk-2026", &[third, second]),
        ("1123", &[second]),
        ("99，ref", &[third]),
        ("REFUND  PLEASE", &[third]),
        ("fu", &[third]),
        ("😂👍", &[third]),
        ("么退", &[first]),
        ("退货单", &[]),
        ("refunds", &[]),
        ("怎么", &["发票怎么开", first]),
    ] {
        assert_eq!(found(&li, q, "").await, expected, "{q}");
    }
    for (rest, expected) in [
        (format!("&agent={}", li.id), &[second, first] as &[&str]),
        (format!("&agent={}", shop.admin.id), &[]),
        (format!("&channel={}", shop.h5), &[second, first]),
        (format!("&channel={}", shop.h5 + 1), &[]),
        (format!("&to={between}"), &[second, first]),
        (format!("&from={}", between + 1), &[]),
        ("&from=&agent=".into(), &[second, first]),
        ("&limit=1".into(), &[second, first]),
    ] {
        assert_eq!(found(&li, "退货", &rest).await, expected, "{rest}");
    }

    let hit = &all(&li, "退货", "&limit=1").await[0];
    assert_eq!(shown(hit), "您好，[退货]请提供订单号，如 ＷＫ-20261123");
    assert_eq!(
        (
            &hit["customer"]["id"],
            &hit["conversation"],
            &hit["seq"],
            &hit["from"],
            &hit["agent"]
        ),
        (
            &held["customer"]["id"],
            &held["id"],
            &json!(2),
            &json!("agent"),
            &json!(li.id)
        )
    );
    assert_eq!(
        (
            text_of(&json!({ "content": hit["before"] })),
            &hit["behind"]["text"]
        ),
        (first, &json!(third))
    );
    assert_eq!(
        (&hit["channel"]["id"], &hit["state"]),
        (&json!(shop.h5), &json!("active"))
    );
    let jump = format!(
        "/customers/{}/messages?around={}&limit=1",
        hit["customer"]["id"],
        hit["place"].as_str().unwrap()
    );
    assert_eq!(
        texts(li.get(&jump).await["messages"].as_array().unwrap()),
        [second]
    );
}

#[tokio::test]
async fn a_question_out_of_bounds_is_refused_with_the_reason() {
    let shop = Shop::open().await;
    for q in ["", " ", "好", "a", " 1 ", &"长".repeat(65)] {
        let path = format!("/api/shops/1/search?q={}", encoded(q));
        let zh = shop.admin.browser.get(&path).await;
        assert_eq!(zh.refused(), (422, "invalid".into()), "{q:?}");
        let en = shop
            .admin
            .browser
            .clone()
            .with("accept-language", "en")
            .get(&path)
            .await
            .json();
        assert!(
            zh.json()["fields"]["q"]
                .as_str()
                .is_some_and(|text| !text.is_ascii())
        );
        assert!(en["fields"]["q"].as_str().is_some_and(str::is_ascii), "{en}");
    }
    assert_eq!(
        shop.admin.browser.get("/api/shops/1/search").await.refused(),
        (422, "invalid".into())
    );
    for rest in ["agent=x", "channel=-1", "from=x", "to=x", "after=1.2", "limit=x"] {
        let path = format!("/api/shops/1/search?q=ab&{rest}");
        assert_eq!(
            shop.admin.browser.get(&path).await.refused(),
            (400, "malformed".into()),
            "{rest}"
        );
    }
    assert_eq!(found(&shop.admin, &"长".repeat(64), "").await, [] as [&str; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_finds_what_he_may_read_and_pages_tell_nothing_of_the_rest() {
    let shop = Shop::open().await;
    let (li, wang) = (shop.agent("li", "agent").await, shop.agent("wang", "agent").await);
    let senior = shop.agent("zhao", "senior").await;
    // Many of Li's, one of Wang's at the beginning, one that waits at the end.
    let (_first, mine) = shop.asks(&wang, "秘密 第一条").await;
    let mine = wang.accept(&mine).await.ok();
    let mut hers = Vec::new();
    for n in 0..8 {
        let (visitor, waits) = shop.asks(&li, &format!("秘密 李{n}")).await;
        hers.push((visitor, li.accept(&waits).await.ok()));
    }
    until(
        &senior,
        "秘密",
        "&limit=3",
        &[
            "秘密 李7",
            "秘密 李6",
            "秘密 李5",
            "秘密 李4",
            "秘密 李3",
            "秘密 李2",
            "秘密 李1",
            "秘密 李0",
            "秘密 第一条",
        ],
    )
    .await;
    let only = page(&wang, "秘密", "&limit=1").await;
    assert_eq!(
        (only["hits"].as_array().unwrap().len(), &only["next"]),
        (1, &Value::Null),
        "{only}"
    );
    assert_eq!(found(&li, "秘密", "&limit=3").await.len(), 8);
    // What is closed stays with who has served it.
    li.close(&hers[0].1).await.ok();
    wang.close(&mine).await.ok();
    assert_eq!(found(&wang, "秘密", "").await, ["秘密 第一条"]);
    assert_eq!(found(&li, "秘密", "").await.len(), 8);
    // Who waits is everybody's, with all of his records.
    hers[0].0.say("again", now(), "秘密 又来").await.ok();
    until(
        &wang,
        "秘密",
        "&limit=1",
        &["秘密 又来", "秘密 李0", "秘密 第一条"],
    )
    .await;
    // Who is offered a customer may read; the note of it is the agents' alone.
    let note = json!({ "to": wang.id, "note": "小心：秘密客户", "epoch": hers[3].1["epoch"] });
    let path = format!("/conversations/{}/transfer", hers[3].1["id"]);
    let offered = li.post(&path, &note).await.ok();
    until(&wang, "李3", "", &["秘密 李3"]).await;
    let take = json!({ "epoch": offered["epoch"] });
    wang.post(&format!("{path}/take"), &take).await.ok();
    until(&wang, "小心", "", &["小心：秘密客户"]).await;
    // What Wang holds now is not Li's to read any more.
    until(&li, "李3", "", &[]).await;
    let seen = hers[3].0.thread().await;
    assert!(!texts(&seen).contains(&"小心：秘密客户"), "{seen:?}");
    // Another shop is another world.
    let made = shop
        .weikefu
        .order(&["shop", "add", "别人的店", "--login", "other"]);
    let password = made["administrator"]["one_time_password"].as_str().unwrap();
    let mut other = Agent::first_login(shop.weikefu.address(), "other", password).await;
    other.shop = 2;
    let h5 = shop.weikefu.order(&["channel", "add", "h5", "--shop", "2"]);
    let visitor = Visitor::arrive(shop.weikefu.address(), h5["path"].as_str().unwrap()).await;
    visitor.say("a", now(), "秘密 别人的").await.ok();
    until(&other, "秘密", "", &["秘密 别人的"]).await;
    assert_eq!(found(&senior, "秘密", "").await.len(), 11);
    assert_eq!(found(&senior, "别人的", "").await, [] as [&str; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blacklisted_customers_and_spam_are_not_found() {
    let mut shop = Shop::open().await;
    let (_nuisance, blocked) = shop.asks(&shop.admin, "刷单广告一").await;
    let (_spammer, spam) = shop.asks(&shop.admin, "刷单广告二").await;
    let (_fine, _) = shop.asks(&shop.admin, "刷单广告是什么").await;
    let [one, two, fine] = ["刷单广告一", "刷单广告二", "刷单广告是什么"];
    until(&shop.admin, "刷单", "", &[fine, two, one]).await;
    let path = format!("/customers/{}/blocked", blocked["customer"]["id"]);
    shop.admin.put(&path, &json!({ "blocked": true })).await.ok();
    until(&shop.admin, "刷单", "", &[fine, two]).await;
    let dismiss = format!("/conversations/{}/delete", spam["id"]);
    shop.admin
        .post(&dismiss, &json!({ "epoch": spam["epoch"] }))
        .await
        .ok();
    until(&shop.admin, "刷单", "", &[fine]).await;
    // The same after a start, and after the index has been made anew.
    shop.weikefu.kill();
    shop.weikefu.start_again().await;
    until(&shop.admin, "刷单", "", &[fine]).await;
    let built = shop.weikefu.order(&["search", "rebuild"]);
    assert_eq!(
        (&built["search_messages"], &built["building"]),
        (&json!(2), &Value::Null),
        "{built}"
    );
    until(&shop.admin, "刷单", "", &[fine]).await;
    shop.admin.put(&path, &json!({ "blocked": false })).await.ok();
    until(&shop.admin, "刷单", "", &[fine, one]).await;
}

/// Every stored text is found exactly once, and nothing else is.
async fn nothing_is_lost(shop: &Shop, visitors: &[Visitor]) -> usize {
    let mut stored = Vec::new();
    for visitor in visitors {
        let thread = visitor.thread().await;
        stored.extend(texts(&thread).into_iter().map(str::to_owned));
    }
    stored.sort();
    eventually("all of it is found", async || {
        let mut found = found(&shop.admin, "第几句", "&limit=50").await;
        found.sort();
        (found == stored).then_some(())
    })
    .await;
    stored.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_the_index_finds_every_stored_message_exactly_once() {
    let mut shop = Shop::open().await;
    let mut dice = Dice::thrown("killed while indexing");
    let mut visitors = Vec::new();
    for _ in 0..6 {
        visitors.push(shop.visitor().await);
    }
    let mut said = 0;
    for round in 0..8 {
        let writing: Vec<_> = visitors
            .iter()
            .enumerate()
            .map(|(n, visitor)| {
                let visitor = visitor.clone();
                tokio::spawn(async move {
                    for turn in 0.. {
                        let id = format!("{round}-{turn}");
                        let text = format!("第几句 {n}号 {round}轮 {turn}");
                        if visitor.try_say(&id, now(), &text).await.is_err() {
                            return;
                        }
                    }
                })
            })
            .collect();
        // Before the index has written anything, in the middle of its writing, or behind it.
        let moment = std::time::Duration::from_millis(dice.below(2_500));
        tokio::time::sleep(moment).await;
        shop.weikefu.kill();
        for writer in writing {
            writer.await.unwrap();
        }
        shop.weikefu.start_again().await;
        if round % 3 == 1 {
            // Some of it in conversations that were closed meanwhile.
            for conversation in shop.admin.conversations().await {
                let held = shop.admin.accept(&conversation).await.ok();
                shop.admin.close(&held).await.ok();
            }
        }
        let stored = nothing_is_lost(&shop, &visitors).await;
        assert!(stored >= said);
        said = stored;
    }
    assert!(said > 100, "{said}");
}

/// Something that happens to an index while nobody looks; the file that names its parts is given too.
type Harm = fn(&Weikefu, &std::path::Path);

fn index_files(weikefu: &Weikefu) -> Vec<PathBuf> {
    let folder = weikefu.data().join("search");
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_cannot_be_used_is_made_anew_by_itself() {
    let mut shop = Shop::open().await;
    // A damaged file may also make the engine of the index panic, which is caught.
    shop.weikefu.expect_panics();
    let visitor = shop.visitor().await;
    for n in 0..20 {
        visitor
            .say(&format!("{n}"), now(), &format!("第几句 {n}"))
            .await
            .ok();
    }
    let visitors = [visitor];
    assert_eq!(nothing_is_lost(&shop, &visitors).await, 20);
    let meta = shop.weikefu.data().join("search/meta.json");
    let first = std::fs::read_to_string(&meta).unwrap();
    let parts = |weikefu: &Weikefu, ending: &str| {
        let all = index_files(weikefu);
        all.into_iter()
            .filter(|path| path.extension().is_some_and(|extension| extension == ending))
            .collect::<Vec<_>>()
    };
    let harms: [(&str, Harm); 6] = [
        ("missing", |weikefu, _| {
            std::fs::remove_dir_all(weikefu.data().join("search")).unwrap();
        }),
        ("no folder", |weikefu, _| {
            std::fs::remove_dir_all(weikefu.data().join("search")).unwrap();
            std::fs::write(weikefu.data().join("search"), "x").unwrap();
        }),
        ("another version", |_, meta| {
            let text = std::fs::read_to_string(meta).unwrap();
            let older = text.replace("\"payload\": \"1\\n", "\"payload\": \"0\\n");
            let older = older.replace("\"payload\":\"1\\n", "\"payload\":\"0\\n");
            assert_ne!(text, older, "{text}");
            std::fs::write(meta, older).unwrap();
        }),
        ("another store", |_, meta| {
            let text = std::fs::read_to_string(meta).unwrap();
            let other = text.replace("{\\\"store\\\":", "{\\\"store\\\":1");
            assert_ne!(text, other, "{text}");
            std::fs::write(meta, other).unwrap();
        }),
        ("torn", |_, meta| {
            let text = std::fs::read(meta).unwrap();
            std::fs::write(meta, &text[..text.len() / 2]).unwrap();
        }),
        ("empty", |_, meta| std::fs::write(meta, "").unwrap()),
    ];
    for (what, harm) in harms {
        shop.weikefu.stop();
        harm(&shop.weikefu, &meta);
        shop.weikefu.start_again().await;
        assert_eq!(nothing_is_lost(&shop, &visitors).await, 20, "{what}");
    }
    // Any byte of any part.
    for ending in ["idx", "term", "pos", "fast"] {
        shop.weikefu.stop();
        let files = parts(&shop.weikefu, ending);
        assert!(!files.is_empty(), "{ending}");
        for file in &files {
            let mut bytes = std::fs::read(file).unwrap();
            let middle = bytes.len() / 3;
            bytes[middle] ^= 0x55;
            std::fs::write(file, bytes).unwrap();
        }
        shop.weikefu.start_again().await;
        eventually("a new index", async || {
            let known = index_files(&shop.weikefu);
            files.iter().all(|file| !known.contains(file)).then_some(())
        })
        .await;
        assert_eq!(nothing_is_lost(&shop, &visitors).await, 20, "{ending}");
    }
    assert_ne!(std::fs::read_to_string(&meta).unwrap(), first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_makes_the_index_anew_with_a_server_and_without() {
    let mut shop = Shop::open().await;
    let visitor = shop.visitor().await;
    for n in 0..5 {
        visitor
            .say(&format!("{n}"), now(), &format!("第几句 {n}"))
            .await
            .ok();
    }
    let visitors = [visitor];
    let expected = |built: &Value| {
        assert_eq!(
            (&built["search_messages"], &built["building"]),
            (&json!(5), &Value::Null),
            "{built}"
        );
        assert!(built["bytes"].as_u64() > Some(0));
    };
    expected(&shop.weikefu.order(&["search", "rebuild"]));
    assert_eq!(nothing_is_lost(&shop, &visitors).await, 5);
    expected(&shop.weikefu.order(&["search", "status"]));
    shop.weikefu.stop();
    expected(&shop.weikefu.order(&["search", "status"]));
    expected(&shop.weikefu.order(&["search", "rebuild"]));
    let said = shop.weikefu.say(&["search", "rebuild"]);
    assert!(said.code == 0 && said.out.contains("5 条消息"), "{said:?}");
    let said = shop.weikefu.english(&["search", "rebuild"]);
    assert!(said.code == 0 && said.out.contains("5 messages"), "{said:?}");
    shop.weikefu.start_again().await;
    assert_eq!(nothing_is_lost(&shop, &visitors).await, 5);
}
