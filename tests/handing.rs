//! Customers change hands, wait, are told why, and are closed: presence, transfers and timers, live on every
//! screen and over restarts.
use crate::harness::{Agent, Shop, Socket, Visitor, eventually, now, text_of, texts};
use serde_json::{Value, json};

async fn hand(agent: &Agent, conversation: &Value, what: &str, to: &Value) -> crate::harness::Answer {
    let mut body = to.clone();
    body["epoch"] = conversation["epoch"].clone();
    agent
        .post(&format!("/conversations/{}/{what}", conversation["id"]), &body)
        .await
}

async fn set_shop(shop: &Shop, [nobody, busy]: [&str; 2], transfer_seconds: u32, away_seconds: u32) {
    let settings = json!({
        "nobody_text": nobody, "busy_text": busy,
        "transfer_seconds": transfer_seconds, "away_seconds": away_seconds, "reserve": 2,
    });
    let stored = shop.admin.put("/settings/shop", &settings).await.ok();
    assert_eq!(stored, settings);
    assert_eq!(shop.admin.get("/settings/shop").await, settings);
}

fn settings(close: bool, offline: bool) -> Value {
    json!({
        "auto": false, "limit": 0, "greeting": "",
        "close": { "on": close, "idle_minutes": 1, "text": "感谢咨询，再见" },
        "offline": { "on": offline, "text": "我暂时不在" },
    })
}

/// The next event about a conversation that `wanted` picks.
async fn heard(socket: &mut Socket, what: &str, mut wanted: impl FnMut(&Value) -> bool) -> Value {
    socket
        .until(what, |frame| {
            (frame["type"] == "event" && wanted(frame)).then(|| frame.clone())
        })
        .await
}

async fn accepted(shop: &Shop, agent: &Agent, text: &str) -> (Visitor, Value) {
    let (visitor, waits) = shop.asks(agent, text).await;
    let held = agent.accept(&waits).await.ok();
    (visitor, held)
}

#[tokio::test]
async fn a_customer_is_handed_over_with_a_note_the_customer_never_sees() {
    let shop = Shop::open().await;
    let (li, wang) = (shop.agent("li", "agent").await, shop.agent("wang", "agent").await);
    let (visitor, held) = accepted(&shop, &li, "想换货").await;
    let (mut at_li, mut at_wang) = (li.events(None).await, wang.events(None).await);
    let offer = json!({ "to": wang.id, "note": "老客户，已同意换货" });

    // Declined: it stays with the sender, and both hear it.
    let offered = hand(&li, &held, "transfer", &offer).await.ok();
    assert_eq!(
        (&offered["owner"], &offered["transfer"]["to"]),
        (&json!(li.id), &json!(wang.id))
    );
    let seen = heard(&mut at_wang, "the offer", |event| {
        event["conversation"]["transfer"]["to"] == wang.id
    })
    .await;
    assert_eq!(seen["conversation"]["transfer"]["note"], offer["note"]);
    let thread = wang
        .thread(
            held["customer"]["id"].as_u64().unwrap(),
            held["channel"]["id"].as_u64().unwrap(),
        )
        .await;
    assert_eq!(
        texts(&thread),
        ["想换货"],
        "the receiver reads what he is offered"
    );
    let mine = wang.conversation(&held["id"]).await;
    assert!(mine.is_some(), "what one is offered is on one's desk");
    hand(&wang, &held, "transfer/decline", &json!({})).await.ok();
    for socket in [&mut at_li, &mut at_wang] {
        let returned = heard(socket, "returned", |event| event["what"] == "returned").await;
        assert_eq!(
            (&returned["reason"], &returned["conversation"]),
            (&json!("declined"), &held["id"])
        );
    }

    // Taken: the owner changes on both screens, and what the note says is in the records.
    hand(&li, &held, "transfer", &offer).await.ok();
    let taken = hand(&wang, &held, "transfer/take", &json!({})).await.ok();
    assert_eq!(
        (&taken["owner"], &taken["transfer"]),
        (&json!(wang.id), &Value::Null)
    );
    let lost = heard(&mut at_li, "the change of hands", |event| {
        event["conversation"]["owner"] == wang.id
    })
    .await;
    assert_eq!(lost["conversation"]["last"], Value::Null, "no longer his to read");
    let note = heard(&mut at_wang, "the note", |event| {
        event["message"]["from"] == "note"
    })
    .await;
    assert_eq!(text_of(&note["message"]), offer["note"]);
    assert_eq!(
        hand(&wang, &held, "transfer/take", &json!({})).await.ok()["owner"],
        wang.id,
        "pressing again is fine"
    );
    assert_eq!(
        li.say(&held, "late", "我来").await.refused(),
        (403, "not_owner".into())
    );
    wang.say(&taken, "w", "您好，我来处理").await.ok();
    let read = eventually("the answer", async || {
        let thread = visitor.thread().await;
        (thread.len() == 2).then_some(thread)
    })
    .await;
    assert_eq!(
        texts(&read),
        ["想换货", "您好，我来处理"],
        "the note stays inside"
    );
    let (_socket, welcome) = visitor.connect(None).await;
    assert!(!welcome.to_string().contains("老客户"), "{welcome}");

    // Only to those who are there; what nobody offered cannot be taken.
    li.online(false).await;
    assert_eq!(
        hand(&wang, &taken, "transfer", &json!({ "to": li.id }))
            .await
            .refused(),
        (409, "receiver_offline".into())
    );
    assert_eq!(
        hand(&wang, &taken, "transfer/cancel", &json!({})).await.refused(),
        (409, "transfer_over".into())
    );
    assert_eq!(
        hand(&wang, &taken, "transfer", &json!({ "to": 999 }))
            .await
            .refused(),
        (409, "receiver_offline".into())
    );
}

#[tokio::test]
async fn an_offer_nobody_takes_goes_back_and_survives_a_restart() {
    let mut shop = Shop::open().await;
    let (li, wang) = (shop.agent("li", "agent").await, shop.agent("wang", "agent").await);
    set_shop(&shop, ["", ""], 10, 60).await;
    let (_visitor, held) = accepted(&shop, &li, "一").await;
    hand(&li, &held, "transfer", &json!({ "to": wang.id })).await.ok();
    shop.weikefu.kill();
    shop.weikefu.start_again().await;
    let until = li.conversation(&held["id"]).await.unwrap()["transfer"]["until"].clone();
    let mut at_li = li.events(None).await;
    let returned = heard(&mut at_li, "the timeout", |event| event["what"] == "returned").await;
    assert_eq!(returned["reason"], "timeout");
    assert!(now() >= until.as_i64().unwrap());
    let back = li.conversation(&held["id"]).await.unwrap();
    assert_eq!((&back["owner"], &back["transfer"]), (&json!(li.id), &Value::Null));
    assert_eq!(
        hand(&wang, &held, "transfer/take", &json!({})).await.refused(),
        (409, "transfer_over".into())
    );
}

#[tokio::test]
async fn an_agent_whose_page_dies_is_away_his_customers_are_told_and_he_comes_back() {
    let shop = Shop::open().await;
    let li = shop.agent("li", "agent").await;
    set_shop(&shop, ["", ""], 120, 15).await;
    li.put("/settings/mine", &settings(false, true)).await.ok();
    let mut at_admin = shop.admin.events(None).await;
    // Two pages: one that closes changes nothing.
    let (page, other) = (li.events(None).await, li.events(None).await);
    let (visitor, held) = accepted(&shop, &li, "在吗").await;
    drop(page);
    drop(other);
    let gone = heard(&mut at_admin, "he is away", |event| {
        event["agent"]["id"] == li.id && event["agent"]["presence"] == "lost"
    })
    .await;
    assert_eq!(
        (&gone["agent"]["online"], &gone["agent"]["active"]),
        (&json!(false), &json!(1))
    );
    let listed = shop.admin.get("/agents").await;
    let his = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] == li.id)
        .unwrap();
    assert_eq!(
        (&his["online"], &his["presence"]),
        (&json!(false), &json!("lost"))
    );
    let told = eventually("the customer is told", async || {
        let thread = visitor.thread().await;
        (thread.len() == 2).then_some(thread)
    })
    .await;
    assert_eq!(texts(&told), ["在吗", "我暂时不在"]);
    assert_eq!(
        li.say(&held, "x", "在").await.refused(),
        (409, "agent_offline".into())
    );
    // Once is enough.
    visitor.say("more", now(), "人呢").await.ok();
    assert_eq!(texts(&visitor.thread().await), ["在吗", "我暂时不在", "人呢"]);

    let _back = li.events(None).await;
    heard(&mut at_admin, "he is back", |event| {
        event["agent"]["id"] == li.id && event["agent"]["presence"] == "online"
    })
    .await;
    li.say(&held, "x", "在的").await.ok();
}

#[tokio::test]
async fn an_idle_conversation_closes_by_itself_even_when_the_server_was_away() {
    let mut shop = Shop::open().await;
    shop.admin
        .put("/settings/mine", &settings(true, false))
        .await
        .ok();
    let (answered, held) = accepted(&shop, &shop.admin, "多少钱").await;
    let (asking, kept) = accepted(&shop, &shop.admin, "还有货吗").await;
    let li = shop.agent("li", "agent").await;
    shop.admin.say(&held, "a", "十元").await.ok();
    let idle = shop.admin.conversation(&held["id"]).await.unwrap();
    let open = shop.admin.conversation(&kept["id"]).await.unwrap();
    assert_eq!(open["closes_at"], Value::Null, "who asks is not closed away");
    let closes_at = idle["closes_at"].as_i64().unwrap();
    shop.weikefu.kill();
    shop.weikefu.start_again().await;
    assert_eq!(
        shop.admin.conversation(&held["id"]).await.unwrap()["closes_at"],
        closes_at
    );
    let mut events = shop.admin.events(None).await;
    let mut at_li = li.events(None).await;
    let closed = heard(&mut events, "it closes", |event| {
        event["conversation"]["id"] == held["id"] && event["conversation"]["state"] == "closed"
    })
    .await;
    assert_eq!(closed["conversation"]["last"]["text"], "感谢咨询，再见");
    assert!(now() >= closes_at);
    let thread = eventually("the closing text", async || {
        let thread = answered.thread().await;
        (thread.len() == 3).then_some(thread)
    })
    .await;
    assert_eq!(texts(&thread), ["多少钱", "十元", "感谢咨询，再见"]);
    let kept = shop.admin.conversation(&kept["id"]).await.unwrap();
    assert_eq!(kept["state"], "active");
    assert_eq!(texts(&asking.thread().await), ["还有货吗"]);

    // Who had nothing to do with it hears that it is over and not what was said, by no door.
    li.online(false).await;
    let mut told = Vec::new();
    heard(&mut at_li, "his own going", |event| {
        told.push(event.to_string());
        event["agent"]["id"] == li.id && event["agent"]["presence"] == "offline"
    })
    .await;
    let told = told.join("\n");
    assert!(told.contains(r#""state":"closed""#), "{told}");
    assert!(!told.contains("再见") && !told.contains("十元"), "{told}");
    let again = hand(&li, &held, "close", &json!({})).await.ok();
    assert_eq!(
        (&again["state"], &again["last"]),
        (&json!("closed"), &Value::Null)
    );
    let mine = hand(&shop.admin, &held, "close", &json!({})).await.ok();
    assert_eq!(mine["last"]["text"], "感谢咨询，再见");
}

#[tokio::test]
async fn who_served_a_customer_reads_how_it_ended_and_nobody_else() {
    let shop = Shop::open().await;
    let (li, wang) = (shop.agent("li", "agent").await, shop.agent("wang", "agent").await);
    let (visitor, held) = accepted(&shop, &li, "一").await;
    let mut sockets = [
        shop.admin.events(None).await,
        li.events(None).await,
        wang.events(None).await,
    ];
    li.close(&held).await.ok();
    for (socket, reads) in sockets.iter_mut().zip([true, true, false]) {
        let closed = heard(socket, "the end", |event| {
            event["conversation"]["state"] == "closed"
        })
        .await;
        assert_eq!(closed["conversation"]["id"], held["id"]);
        assert_eq!(closed["conversation"]["last"]["text"] == "一", reads, "{closed}");
    }
    // Who waits again is everybody's again.
    visitor.say("b", now(), "二").await.ok();
    for socket in &mut sockets {
        let waits = heard(socket, "the next", |event| {
            event["conversation"]["state"] == "waiting"
        })
        .await;
        assert_eq!(waits["conversation"]["last"]["text"], "二");
    }
}

#[tokio::test]
async fn who_waits_is_told_why_and_spam_is_deleted() {
    let shop = Shop::open().await;
    let li = shop.agent("li", "agent").await;
    set_shop(&shop, ["现在没有客服在线", "客服都在忙，请稍候"], 120, 60).await;
    let busy = shop.visitor().await;
    busy.say("a", now(), "在吗").await.ok();
    let waits = li.conversations().await.remove(0);
    assert_eq!(texts(&busy.thread().await), ["在吗", "客服都在忙，请稍候"]);
    li.online(false).await;
    shop.admin.online(false).await;
    let nobody = shop.visitor().await;
    nobody.say("a", now(), "有人吗").await.ok();
    assert_eq!(texts(&nobody.thread().await), ["有人吗", "现在没有客服在线"]);
    assert_eq!(
        li.accept(&waits).await.refused(),
        (409, "agent_offline".into()),
        "who is offline takes nobody"
    );

    // Deleted without a word; it is nobody's any more and stays in the records.
    let now_waits = li.conversation(&waits["id"]).await.unwrap();
    let deleted = hand(&li, &now_waits, "delete", &json!({})).await.ok();
    assert_eq!(
        (&deleted["state"], &deleted["dismissed"]),
        (&json!("closed"), &json!(true))
    );
    assert_eq!(li.conversation(&waits["id"]).await, None);
    assert_eq!(busy.thread().await.len(), 2);

    // A2.18: how many each holds, and to a senior what.
    shop.admin.online(true).await;
    let still = li.conversations().await.remove(0);
    let held = shop.admin.accept(&still).await.ok();
    let load = li.get("/desk/load").await;
    assert_eq!(load["waiting"], 0);
    let admin = |load: &Value| {
        let agents = load["agents"].as_array().unwrap();
        agents
            .iter()
            .find(|agent| agent["agent"] == shop.admin.id)
            .cloned()
            .unwrap()
    };
    assert_eq!(
        (&admin(&load)["active"], &admin(&load)["customers"]),
        (&json!(1), &json!([]))
    );
    let mine = shop.admin.get("/desk/load").await;
    assert_eq!(admin(&mine)["customers"][0]["conversation"], held["id"]);
    let senior = shop.agent("zhao", "senior").await;
    let others = senior.get("/desk/others").await;
    assert_eq!(others["conversations"][0]["id"], held["id"]);
}
