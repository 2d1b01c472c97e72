//! Broadcasts through the real executable: who gets what, who does not and why, and that nobody gets it twice.
use crate::harness::{Official, Shop, eventually, skipped, sum_of};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use weikefu_wechat_simulator::{Customer, Fault, Inbound, Kind, Mode, Options, sample};

const SEND: &str = "/cgi-bin/message/custom/send";

/// A shop with an official account whose followers have just written, and are not talked with any more.
async fn shop_of(names: &[&str]) -> (Shop, Official, Vec<Customer>) {
    let (shop, official) = Shop::open_with(Mode::Secure, Options::default()).await;
    let mut customers = Vec::new();
    for name in names {
        customers.push(writes(&shop, &official, name).await);
    }
    (shop, official, customers)
}

/// Somebody writes and is dismissed: the window is open, the conversation is not.
async fn writes(shop: &Shop, official: &Official, name: &str) -> Customer {
    let customer = official.simulator.customer(name);
    let text = format!("{name} is here");
    assert!(customer.text(text.as_str()).await.is_accepted());
    let conversation = shop.found(&shop.admin, &text).await;
    dismiss(shop, &conversation).await;
    customer
}

async fn dismiss(shop: &Shop, conversation: &Value) {
    let path = format!("/conversations/{}/delete", conversation["id"]);
    let body = json!({ "epoch": conversation["epoch"] });
    shop.admin.post(&path, &body).await.ok();
}

fn got(customer: &Customer) -> Vec<String> {
    customer
        .sent()
        .iter()
        .map(|sent| sent.text().to_owned())
        .collect()
}

/// What a dry run says of each customer, by the address they have on the platform.
async fn verdicts(shop: &Shop, broadcast: &Value) -> (Value, BTreeMap<String, String>) {
    let (counts, rows) = shop.admin.dry_run(&broadcast["id"]).await;
    let mut verdicts = BTreeMap::new();
    for row in rows {
        let panel = shop.admin.get(&format!("/customers/{}", row["customer"])).await;
        let name = panel["customer"]["openid"]
            .as_str()
            .map_or_else(|| format!("#{}", row["customer"]), str::to_owned);
        let verdict = row["reason"].as_str().unwrap_or("will").to_owned();
        assert_eq!(row["will"], verdict == "will");
        assert_eq!(row["text"].is_null(), verdict == "will", "{row}");
        verdicts.insert(name, verdict);
    }
    assert_eq!(counts["total"], verdicts.len());
    (counts, verdicts)
}

#[tokio::test]
async fn a_text_reaches_everybody_once_and_stays_out_of_the_records() {
    let (shop, official, customers) = shop_of(&["oOne", "oTwo", "oThree"]).await;
    let counted = shop.admin.post("/broadcasts/count", &json!({})).await.ok();
    assert_eq!((&counted["total"], &counted["will"]), (&json!(3), &json!(3)));
    let draft = shop.admin.text_broadcast("one", "周末全场八折 😀").await;
    assert_eq!(
        (&draft["state"], &draft["revision"]),
        (&json!("draft"), &json!(1))
    );
    let again = shop.admin.text_broadcast("one", "周末全场八折 😀").await;
    assert_eq!(again["id"], draft["id"], "clicked twice, made once");
    let mut events = shop.admin.events(None).await;
    let done = shop.admin.run_broadcast(&draft, "done").await;
    assert_eq!(done["progress"]["accepted"], 3, "{done}");
    assert_eq!(sum_of(&done), 3);
    for customer in &customers {
        assert_eq!(got(customer), ["周末全场八折 😀"]);
    }
    // Started once more, nothing happens.
    shop.admin.order_broadcast(&draft, "start").await;
    let list = shop.admin.recipients(&done["id"], "").await;
    assert!(
        list.iter()
            .all(|row| row["state"] == "accepted" && row["proof"] == "errcode 0" && row["sent"] == 1),
        "{list:?}"
    );
    // The page heard of it.
    loop {
        let event = events.next().await.unwrap();
        if event["what"] == "broadcast" && event["broadcast"]["state"] == "done" {
            assert_eq!(event["broadcast"]["progress"]["accepted"], 3);
            break;
        }
    }
    // Neither in the thread nor in a conversation, and the desk holds nobody.
    for row in &list {
        let customer = row["customer"].as_u64().unwrap();
        let thread = shop.admin.thread(customer, official.channel).await;
        assert!(
            thread
                .iter()
                .all(|it| !it["content"]["text"].as_str().unwrap().contains("八折"))
        );
    }
    assert_eq!(shop.admin.conversations().await, Vec::<Value>::new());
    // A customer who answers is on the desk like anybody else, with a quota that knows of the broadcast.
    assert!(customers[0].text("还有货吗").await.is_accepted());
    let conversation = shop.found(&shop.admin, "还有货吗").await;
    let accepted = shop.admin.accept(&conversation).await.ok();
    let reply = shop.admin.say(&accepted, "a1", "有的").await.ok();
    shop.admin.delivered(&accepted, &reply, "accepted").await;
    assert_eq!(got(&customers[0]), ["周末全场八折 😀", "有的"]);
    assert_eq!(official.simulator.violations(), []);
}

#[tokio::test]
async fn pictures_and_articles_take_one_message_each_of_the_quota() {
    let (shop, _official, customers) = shop_of(&["oPictures"]).await;
    let png = sample(Kind::Image);
    let mut images = Vec::new();
    for n in 0..3 {
        let stored = shop
            .admin
            .upload("image/png", &format!("{n}.png"), &png)
            .await
            .ok();
        images.push(stored["id"].clone());
    }
    let draft = json!({ "client_id": "p", "kind": "images", "images": images, "through_night": true });
    let draft = shop.admin.post("/broadcasts", &draft).await.ok();
    assert_eq!(draft["messages_each"], 3);
    let done = shop.admin.run_broadcast(&draft, "done").await;
    assert_eq!(
        (&done["progress"]["accepted"], &done["progress"]["messages"]),
        (&json!(1), &json!(3))
    );
    let kinds: Vec<_> = customers[0]
        .sent()
        .into_iter()
        .map(|sent| sent.msg_type)
        .collect();
    assert_eq!(kinds, ["image", "image", "image"]);
    // Five in all, two of them kept for the agent: nothing is left for another one today.
    let cards = json!([{ "title": "新品", "url": "https://shop.example/a" }]);
    let draft = json!({ "client_id": "a", "kind": "articles", "cards": cards, "daily_limit": 2, "through_night": true });
    let articles = shop.admin.post("/broadcasts", &draft).await.ok();
    let (_, verdicts_now) = verdicts(&shop, &articles).await;
    assert_eq!(verdicts_now["oPictures"], "quota_reserved");
    // What is written within the second of a send opens nothing: seconds are all the platform tells.
    eventually("the window is open again", async || {
        let text = format!("谢谢 {}", crate::harness::now());
        assert!(customers[0].text(text.as_str()).await.is_accepted());
        let conversation = shop.found(&shop.admin, &text).await;
        dismiss(&shop, &conversation).await;
        let (_, now) = verdicts(&shop, &articles).await;
        (now["oPictures"] == "will").then_some(())
    })
    .await;
    let done = shop.admin.run_broadcast(&articles, "done").await;
    assert_eq!(done["progress"]["accepted"], 1, "{done}");
    assert_eq!(customers[0].sent().last().unwrap().msg_type, "news");
}

/// Customers by the address they have on the platform, out of a dry run over everybody.
async fn numbers(shop: &Shop) -> BTreeMap<String, u64> {
    let everybody = shop.admin.text_broadcast("who", "?").await;
    let (_, rows) = shop.admin.dry_run(&everybody["id"]).await;
    let mut ids = BTreeMap::new();
    for row in rows {
        let panel = shop.admin.get(&format!("/customers/{}", row["customer"])).await;
        let openid = panel["customer"]["openid"].as_str().unwrap_or("oScan");
        ids.insert(openid.to_owned(), row["customer"].as_u64().unwrap());
    }
    ids
}

/// Somebody writes, and an agent answers that often.
async fn answered(shop: &Shop, official: &Official, name: &str, count: usize) {
    let customer = official.simulator.customer(name);
    let text = format!("{name} again");
    assert!(customer.text(text.as_str()).await.is_accepted());
    let conversation = shop.found(&shop.admin, &text).await;
    let accepted = shop.admin.accept(&conversation).await.ok();
    for n in 0..count {
        let sent = shop
            .admin
            .say(&accepted, &format!("{name}{n}"), "回复")
            .await
            .ok();
        shop.admin.delivered(&accepted, &sent, "accepted").await;
    }
    let now = shop.admin.conversation(&accepted["id"]).await.unwrap();
    shop.admin.close(&now).await.ok();
}

/// One of several customers has got a broadcast today.
async fn got_one_today(shop: &Shop, customer: u64) {
    let tag = shop.admin.post("/tags", &json!({ "name": "先" })).await.ok();
    let tagged = json!({ "tags": [tag["id"]] });
    shop.admin
        .put(&format!("/customers/{customer}/tags"), &tagged)
        .await
        .ok();
    let draft = json!({ "client_id": "first", "kind": "text", "text": "早", "through_night": true,
        "filter": { "tags": [tag["id"]] } });
    let first = shop.admin.post("/broadcasts", &draft).await.ok();
    let done = shop.admin.run_broadcast(&first, "done").await;
    assert_eq!((sum_of(&done), &done["progress"]["accepted"]), (1, &json!(1)));
}

#[tokio::test]
async fn each_reason_of_a_dry_run_is_made_to_happen() {
    let (shop, official, customers) =
        shop_of(&["oWill", "oBlocked", "oGone", "oSpent", "oFew", "oToday"]).await;
    // Somebody who only scanned: a minute is all the platform gives for it.
    let scanned = official.simulator.customer("oScan");
    let event = scanned.write(Inbound::scan("store_1"));
    assert!(official.simulator.deliver(&event).await.is_accepted());
    let ids = numbers(&shop).await;
    got_one_today(&shop, ids["oToday"]).await;
    let blocked = json!({ "blocked": true });
    let path = format!("/customers/{}/blocked", ids["oBlocked"]);
    shop.admin.put(&path, &blocked).await.ok();
    let gone = customers[2].write(Inbound::unsubscribe());
    assert!(official.simulator.deliver(&gone).await.is_accepted());
    answered(&shop, &official, "oSpent", 5).await;
    answered(&shop, &official, "oFew", 3).await;
    let talks = official.simulator.customer("oTalks");
    assert!(talks.text("在吗").await.is_accepted());
    shop.found(&shop.admin, "在吗").await;
    let main = shop.admin.text_broadcast("main", "晚上好").await;
    let expected = BTreeMap::from([
        ("oWill", "will"),
        ("oBlocked", "blacklisted"),
        ("oGone", "unfollowed"),
        ("oSpent", "quota_spent"),
        ("oFew", "quota_reserved"),
        ("oToday", "got_today"),
        ("oTalks", "open_conversation"),
    ]);
    let (counts, mut said) = verdicts(&shop, &main).await;
    // Who has never written has no address to show in the panel; the minute may or may not be over.
    let scan = said
        .remove(&format!("#{}", ids["oScan"]))
        .or_else(|| said.remove("oScan"));
    assert!(
        matches!(scan.as_deref(), Some("will" | "window_over" | "quota_reserved")),
        "{scan:?}"
    );
    let said: BTreeMap<&str, &str> = said.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(said, expected);
    for reason in [
        "blacklisted",
        "unfollowed",
        "quota_spent",
        "got_today",
        "open_conversation",
    ] {
        assert_eq!(skipped(&counts["wont"], reason), 1, "{counts}");
    }
    // Switches of the draft open what they say.
    let bold = json!({ "revision": main["revision"], "kind": "text", "text": "晚上好", "also_open": true,
        "daily_limit": 2, "through_night": true });
    let main = shop
        .admin
        .put(&format!("/broadcasts/{}", main["id"]), &bold)
        .await
        .ok();
    let (_, said) = verdicts(&shop, &main).await;
    assert_eq!(
        (said["oTalks"].as_str(), said["oToday"].as_str()),
        ("will", "will")
    );
    // Nobody gets in by a closed entry, and nothing leaves there either.
    shop.admin
        .put(&format!("/entries/{}", official.channel), &json!({ "on": false }))
        .await
        .ok();
    let (counts, _) = verdicts(&shop, &main).await;
    assert_eq!(counts["will"], 0);
    assert!(skipped(&counts["wont"], "entry_off") > 0, "{counts}");
    shop.admin
        .put(&format!("/entries/{}", official.channel), &json!({ "on": true }))
        .await
        .ok();
    // What is started does as the dry run said.
    let done = shop.admin.run_broadcast(&main, "done").await;
    assert_eq!(sum_of(&done), done["progress"]["total"].as_u64().unwrap());
    assert_eq!(got(&talks), ["晚上好"]);
    assert_eq!(got(&customers[5]), ["早", "晚上好"]);
    for n in [1, 2] {
        assert_eq!(got(&customers[n]), Vec::<String>::new());
    }
    // A channel that is not there.
    let idle = shop.admin.text_broadcast("idle", "?").await;
    let channel = official.channel.to_string();
    shop.weikefu
        .order(&["channel", "set", &channel, "--enabled", "false"]);
    let last = json!({ "client_id": "last", "kind": "text", "text": "x", "through_night": true });
    let (status, _) = shop.admin.post("/broadcasts", &last).await.refused();
    assert_eq!(status, 422);
    let (counts, _) = verdicts(&shop, &idle).await;
    assert_eq!(counts["will"], 0);
    assert!(skipped(&counts["wont"], "channel_down") > 0, "{counts}");
}

#[tokio::test]
async fn a_lost_answer_is_unknown_a_refusal_is_told_and_a_busy_platform_is_asked_again() {
    let (shop, official, customers) = shop_of(&["oA", "oB", "oC", "oD"]).await;
    let faults = official.simulator.faults();
    for fault in [
        Fault::Lost,
        Fault::Errcode(45_015),
        Fault::Errcode(-1),
        Fault::TokenGone,
    ] {
        faults.once(SEND, fault);
    }
    let draft = shop.admin.text_broadcast("f", "一条").await;
    let done = shop.admin.run_broadcast(&draft, "done").await;
    let progress = &done["progress"];
    assert_eq!(
        (&progress["unknown"], &progress["failed"], &progress["accepted"]),
        (&json!(1), &json!(1), &json!(2)),
        "{done}"
    );
    let total: usize = customers.iter().map(|customer| got(customer).len()).sum();
    assert_eq!(total, 3, "the lost one arrived, the refused one did not");
    let unknown = shop.admin.recipients(&done["id"], "&state=unknown").await;
    assert!(
        unknown[0]["text"].as_str().unwrap().contains("可能已经送达"),
        "{unknown:?}"
    );
    let failed = shop.admin.recipients(&done["id"], "&state=failed").await;
    assert!(
        failed[0]["text"].as_str().unwrap().contains("45015"),
        "{failed:?}"
    );
}

#[tokio::test]
async fn an_account_that_is_at_fault_pauses_it_by_itself() {
    let (shop, official, customers) = shop_of(&["oA", "oB", "oC"]).await;
    official.simulator.faults().always(SEND, Fault::Errcode(48_001));
    let draft = shop.admin.text_broadcast("f", "一条").await;
    let paused = shop.admin.run_broadcast(&draft, "paused").await;
    assert!(
        paused["paused"]["reason"].as_str().unwrap().contains("48001"),
        "{paused}"
    );
    let settled = eventually("nothing is being sent", async || {
        let now = shop.admin.broadcast(&draft["id"]).await;
        (now["progress"]["sending"] == 0).then_some(now)
    })
    .await;
    assert_eq!(
        settled["progress"]["pending"], 3,
        "nobody has lost their turn: {settled}"
    );
    official.simulator.faults().clear_all();
    shop.admin.order_broadcast(&draft, "resume").await;
    shop.admin.broadcast_in(&draft["id"], "done").await;
    for customer in &customers {
        assert_eq!(got(customer), ["一条"]);
    }
}

/// Sends are slow enough to get in between.
fn slow(official: &Official) {
    let wait = Fault::Slow(std::time::Duration::from_millis(50));
    official.simulator.faults().always(SEND, wait);
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("oMany{n:03}")).collect()
}

async fn many(count: usize) -> (Shop, Official, Vec<Customer>) {
    let names = names(count);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    shop_of(&names).await
}

// The platform goes on while the server stops, on another thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paused_resumed_and_restarted_nobody_gets_it_twice() {
    let (mut shop, official, customers) = many(60).await;
    slow(&official);
    let draft = shop.admin.text_broadcast("p", "一次").await;
    shop.admin.order_broadcast(&draft, "start").await;
    assert!(official.simulator.wait_for_calls(SEND, 5).await);
    shop.weikefu
        .order(&["broadcast", "pause", &draft["id"].to_string()]);
    shop.admin.order_broadcast(&draft, "resume").await;
    let paused = shop.admin.order_broadcast(&draft, "pause").await;
    assert_eq!(
        (&paused["state"], &paused["paused"]["by"]),
        (&json!("paused"), &json!(shop.admin.id))
    );
    let still = eventually("nothing is being sent", async || {
        let now = shop.admin.broadcast(&draft["id"]).await;
        (now["progress"]["sending"] == 0).then_some(now)
    })
    .await;
    let before = official.simulator.calls(SEND).len();
    assert!(still["progress"]["pending"].as_u64().unwrap() > 0, "{still}");
    assert_eq!(sum_of(&still), 60);
    // Over a restart it stays paused, and what is known stays known.
    shop.weikefu.stop();
    shop.weikefu.start_again().await;
    let now = shop.admin.broadcast(&draft["id"]).await;
    assert_eq!(
        (&now["state"], &now["progress"]),
        (&json!("paused"), &still["progress"])
    );
    assert_eq!(official.simulator.calls(SEND).len(), before, "paused is paused");
    shop.admin.order_broadcast(&draft, "resume").await;
    // A stop in the middle makes nothing unknown: what leaves is waited for.
    assert!(official.simulator.wait_for_calls(SEND, before + 3).await);
    shop.weikefu.stop();
    official.simulator.faults().clear_all();
    shop.weikefu.start_again().await;
    let done = shop.admin.broadcast_in(&draft["id"], "done").await;
    let unknown = shop.admin.recipients(&draft["id"], "&state=unknown").await;
    assert_eq!(unknown, Vec::<Value>::new());
    assert_eq!(done["progress"]["accepted"], 60, "{done}");
    for customer in &customers {
        assert_eq!(got(customer), ["一次"]);
    }
    let (status, _) = shop.admin.remove_broadcast(&draft["id"]).await;
    assert_eq!(status, 422, "what was sent cannot be removed");
}

#[tokio::test]
async fn stopped_is_stopped_and_the_rest_is_told() {
    let (shop, official, customers) = many(40).await;
    slow(&official);
    let draft = shop.admin.text_broadcast("s", "一次").await;
    shop.admin.order_broadcast(&draft, "start").await;
    assert!(official.simulator.wait_for_calls(SEND, 5).await);
    shop.admin.order_broadcast(&draft, "stop").await;
    let stopped = eventually("everything has landed", async || {
        let now = shop.admin.broadcast(&draft["id"]).await;
        (now["progress"]["sending"] == 0).then_some(now)
    })
    .await;
    assert_eq!((&stopped["state"], sum_of(&stopped)), (&json!("stopped"), 40));
    let accepted = stopped["progress"]["accepted"].as_u64().unwrap();
    let rest = skipped(&stopped["progress"]["skipped"], "stopped");
    assert!(rest > 0 && accepted + rest == 40, "{stopped}");
    // The command line says the same.
    let id = draft["id"].to_string();
    let shown = shop.weikefu.order(&["broadcast", "show", &id]);
    assert_eq!(
        (&shown["state"], &shown["accepted"]),
        (&json!("stopped"), &json!(accepted))
    );
    assert_eq!(
        shop.weikefu.order(&["broadcast", "list"])["broadcasts"],
        json!([shown])
    );
    let said = shop.weikefu.say(&["broadcast", "show", &id]);
    assert!(
        said.out.contains("已停止") && said.out.contains("轮到该客户之前"),
        "{said:?}"
    );
    assert_eq!(
        shop.weikefu.try_order(&["broadcast", "pause", &id]).1["error"]["code"],
        "invalid"
    );
    assert_eq!(
        shop.weikefu.try_order(&["broadcast", "show", "7"]).1["error"]["code"],
        "invalid"
    );
    let list = shop
        .admin
        .recipients(&draft["id"], "&state=skipped&reason=stopped")
        .await;
    assert_eq!(list.len() as u64, rest);
    let heard: usize = customers.iter().map(|customer| got(customer).len()).sum();
    assert_eq!(heard as u64, accepted);
    let (status, code) = shop
        .admin
        .post(&format!("/broadcasts/{}/resume", draft["id"]), &json!({}))
        .await
        .refused();
    assert_eq!((status, code.as_str()), (422, "invalid"));
}

#[tokio::test]
async fn a_scheduled_one_begins_by_itself_also_after_a_restart() {
    let (mut shop, _official, customers) = shop_of(&["oLater"]).await;
    let draft = shop.admin.text_broadcast("later", "定时").await;
    let start = json!({ "revision": 1, "at": crate::harness::now() + 3_000 });
    let path = format!("/broadcasts/{}/start", draft["id"]);
    let scheduled = shop.admin.post(&path, &start).await.ok();
    assert_eq!(
        (&scheduled["state"], &scheduled["at"]),
        (&json!("scheduled"), &start["at"])
    );
    shop.weikefu.stop();
    assert_eq!(got(&customers[0]), Vec::<String>::new());
    shop.weikefu.start_again().await;
    shop.admin.broadcast_in(&draft["id"], "done").await;
    let sent = customers[0].sent();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].at_ms >= start["at"].as_u64().unwrap());
    // One for tomorrow can be called off.
    let draft = shop.admin.text_broadcast("tomorrow", "明天").await;
    let start = json!({ "revision": 1, "at": crate::harness::now() + 86_400_000 });
    let path = format!("/broadcasts/{}/start", draft["id"]);
    shop.admin.post(&path, &start).await.ok();
    let stopped = shop.admin.order_broadcast(&draft, "stop").await;
    assert_eq!((&stopped["state"], sum_of(&stopped)), (&json!("stopped"), 0));
    // One for next year is refused.
    let draft = shop.admin.text_broadcast("far", "明年").await;
    let start = json!({ "revision": 1, "at": crate::harness::now() + 400 * 86_400_000 });
    let path = format!("/broadcasts/{}/start", draft["id"]);
    assert_eq!(
        shop.admin.post(&path, &start).await.refused(),
        (422, "invalid".into())
    );
}

#[tokio::test]
async fn the_hours_of_silence_hold_it_back_until_they_end_or_somebody_says_so() {
    let (shop, official, customers) = shop_of(&["oSleeps"]).await;
    // All day but one minute that is not now: twelve hours away from it.
    let shanghai = (crate::harness::now() / 60_000 + 8 * 60) % 1440;
    let far = (shanghai + 720) % 1440;
    let silence = json!({ "silence": true, "from": (far + 1) % 1440, "to": far });
    assert_eq!(
        shop.admin.put("/broadcast-settings", &silence).await.ok(),
        silence
    );
    let draft = json!({ "client_id": "n", "kind": "text", "text": "夜里" });
    let draft = shop.admin.post("/broadcasts", &draft).await.ok();
    shop.admin.order_broadcast(&draft, "start").await;
    let waits = eventually("it waits", async || {
        let now = shop.admin.broadcast(&draft["id"]).await;
        (!now["progress"]["waiting"].is_null()).then_some(now)
    })
    .await;
    assert_eq!(waits["state"], "running");
    assert_eq!(waits["progress"]["waiting"]["why"], "silence");
    assert!(waits["progress"]["waiting"]["until"].as_i64().unwrap() > crate::harness::now());
    assert_eq!(official.simulator.calls(SEND).len(), 0);
    // Another one that was told to goes through at once.
    let loud = shop.admin.text_broadcast("loud", "急事").await;
    shop.admin.run_broadcast(&loud, "done").await;
    assert_eq!(got(&customers[0]), ["急事"]);
    // When the silence is taken away the first goes on, to somebody who has had one today.
    let off = json!({ "silence": false, "from": 0, "to": 0 });
    shop.admin.put("/broadcast-settings", &off).await.ok();
    shop.admin.order_broadcast(&draft, "pause").await;
    shop.admin.order_broadcast(&draft, "resume").await;
    let done = shop.admin.broadcast_in(&draft["id"], "done").await;
    assert_eq!(skipped(&done["progress"]["skipped"], "got_today"), 1, "{done}");
    assert_eq!(got(&customers[0]), ["急事"]);
    let wrong = json!({ "silence": true, "from": 1440, "to": 0 });
    assert_eq!(
        shop.admin.put("/broadcast-settings", &wrong).await.refused(),
        (422, "invalid".into())
    );
}

#[tokio::test]
async fn an_agent_broadcasts_by_no_route_and_hears_nothing_of_it() {
    let (shop, _official, customers) = shop_of(&["oOne"]).await;
    let (agent, senior) = (
        shop.agent("li", "agent").await,
        shop.agent("wang", "senior").await,
    );
    let draft = senior.text_broadcast("s", "你好").await;
    let id = &draft["id"];
    let mut deaf = agent.events(None).await;
    for (method, path) in [
        (http::Method::GET, "/broadcasts".to_owned()),
        (http::Method::POST, "/broadcasts".to_owned()),
        (http::Method::POST, "/broadcasts/count".to_owned()),
        (http::Method::GET, format!("/broadcasts/{id}")),
        (http::Method::PUT, format!("/broadcasts/{id}")),
        (http::Method::DELETE, format!("/broadcasts/{id}")),
        (http::Method::POST, format!("/broadcasts/{id}/plan")),
        (http::Method::GET, format!("/broadcasts/{id}/plan")),
        (http::Method::POST, format!("/broadcasts/{id}/start")),
        (http::Method::POST, format!("/broadcasts/{id}/pause")),
        (http::Method::POST, format!("/broadcasts/{id}/resume")),
        (http::Method::POST, format!("/broadcasts/{id}/stop")),
        (http::Method::GET, format!("/broadcasts/{id}/recipients")),
        (http::Method::GET, "/broadcast-settings".to_owned()),
        (http::Method::PUT, "/broadcast-settings".to_owned()),
    ] {
        let body = json!({ "client_id": "x", "kind": "text", "text": "x", "revision": 1, "silence": false,
            "from": 0, "to": 0 });
        let path = format!("/api/shops/1{path}");
        let answer = agent.browser.json(method.clone(), &path, &body).await;
        assert_eq!(answer.refused(), (403, "forbidden".into()), "{method} {path}");
    }
    let silent = json!({ "silence": false, "from": 0, "to": 0 });
    let refused = senior.put("/broadcast-settings", &silent).await.refused();
    assert_eq!(refused, (403, "forbidden".into()), "a senior reads them only");
    senior.run_broadcast(&draft, "done").await;
    assert_eq!(got(&customers[0]), ["你好"]);
    // Everything the agent heard until a tag was made says nothing of the broadcast.
    senior.post("/tags", &json!({ "name": "终" })).await.ok();
    loop {
        let event = deaf.next().await.unwrap();
        assert_ne!(event["what"], "broadcast", "{event}");
        if event["what"] == "changed" && event["topic"] == "tags" {
            break;
        }
    }
}

#[tokio::test]
async fn a_shop_has_its_own_broadcasts_and_customers() {
    let (shop, _official, customers) = shop_of(&["oMine"]).await;
    let made = shop
        .weikefu
        .order(&["shop", "add", "别人的店", "--login", "other"]);
    let password = made["administrator"]["one_time_password"].as_str().unwrap();
    let mut other = crate::harness::Agent::first_login(shop.weikefu.address(), "other", password).await;
    other.shop = 2;
    let counted = other.post("/broadcasts/count", &json!({})).await.ok();
    assert_eq!(counted["total"], 0, "another shop's customers are nobody's");
    let draft = json!({ "client_id": "x", "kind": "text", "text": "x" });
    assert_eq!(
        other.post("/broadcasts", &draft).await.refused().0,
        422,
        "no channel to carry it"
    );
    let mine = shop.admin.text_broadcast("mine", "你好").await;
    for order in ["start", "pause", "resume", "stop", "plan"] {
        let path = format!("/broadcasts/{}/{order}", mine["id"]);
        let refused = other.post(&path, &json!({ "revision": 1 })).await.refused();
        assert_eq!(refused, (404, "not_found".into()), "{order}");
    }
    assert_eq!(
        other.remove_broadcast(&mine["id"]).await,
        (404, "not_found".into())
    );
    assert_eq!(other.get("/broadcasts").await["rows"], json!([]));
    assert_eq!(got(&customers[0]), Vec::<String>::new());
    // One's own draft can go.
    assert_eq!(shop.admin.remove_broadcast(&mine["id"]).await.0, 204);
    assert_eq!(shop.admin.get("/broadcasts").await["rows"], json!([]));
}

#[tokio::test]
async fn what_a_broadcast_may_not_be_is_refused_with_the_next_step() {
    let (shop, official, _) = shop_of(&["oOne"]).await;
    let large = vec![0_u8; (1 << 20) + 1];
    let mut png = sample(Kind::Image).to_vec();
    png.extend(&large);
    let large = shop.admin.upload("image/png", "large.png", &png).await.ok();
    let fine = shop
        .admin
        .upload("image/png", "a.png", &sample(Kind::Image))
        .await
        .ok();
    let card = json!({ "title": "t", "url": "https://shop.example/" });
    for (draft, says) in [
        (json!({ "kind": "text", "text": "长".repeat(501) }), "500"),
        (json!({ "kind": "text", "text": "  " }), "文字"),
        (json!({ "kind": "images", "images": [] }), "图片"),
        (
            json!({ "kind": "images", "images": [fine["id"], fine["id"], fine["id"], fine["id"]] }),
            "3 张",
        ),
        (json!({ "kind": "images", "images": [large["id"]] }), "1 MB"),
        (
            json!({ "kind": "articles", "cards": [card, card, card, card, card, card] }),
            "5 项",
        ),
        (
            json!({ "kind": "articles", "cards": [{ "title": "t", "url": "javascript:1" }] }),
            "https://",
        ),
        (json!({ "kind": "products", "cards": [card] }), "商城"),
        (json!({ "kind": "text", "text": "x", "daily_limit": 11 }), "10"),
        (
            json!({ "kind": "text", "text": "x", "filter": { "tagz": [1] } }),
            "",
        ),
    ] {
        let mut draft = draft;
        draft["client_id"] = "x".into();
        let answer = shop.admin.post("/broadcasts", &draft).await;
        assert!(
            [400, 422].contains(&answer.status.as_u16()),
            "{draft}: {}",
            answer.status
        );
        let text = answer.json()["message"].as_str().unwrap_or_default().to_owned();
        assert!(text.contains(says), "{draft}: {text}");
    }
    // A draft somebody else has changed is not started unseen.
    let draft = shop.admin.text_broadcast("d", "一").await;
    let changed = json!({ "revision": 1, "kind": "text", "text": "二" });
    let path = format!("/broadcasts/{}", draft["id"]);
    assert_eq!(shop.admin.put(&path, &changed).await.ok()["revision"], 2);
    assert_eq!(
        shop.admin.put(&path, &changed).await.refused(),
        (409, "stale".into())
    );
    let start = shop
        .admin
        .post(&format!("{path}/start"), &json!({ "revision": 1 }))
        .await;
    assert_eq!(start.refused(), (409, "stale".into()));
    assert_eq!(official.simulator.calls(SEND).len(), 0);
}
