//! Who gets which customer, who may do what with them, and what everybody sees of it.
use crate::harness::{Agent, Shop, Visitor, eventually, generous, now, text_of, texts};
use serde_json::{Value, json};
use weikefu_wechat_simulator::{Kind, Mode, sample};

/// The owner of a visitor's conversation, as the administrator's desk and the agents' see it.
async fn owner(agents: &[&Agent], text: &str) -> Option<u64> {
    for agent in agents {
        let known = agent.conversations().await;
        let found = known.into_iter().find(|known| known["last"]["text"] == text);
        if let Some(owner) = found.and_then(|found| found["owner"].as_u64()) {
            return Some(owner);
        }
    }
    None
}

async fn active(agent: &Agent) -> u64 {
    agent.desk().await["me"]["active"].as_u64().unwrap()
}

async fn waiting(agent: &Agent) -> Vec<Value> {
    let all = agent.conversations().await;
    all.into_iter()
        .filter(|known| known["state"] == "waiting")
        .collect()
}

#[tokio::test]
async fn customers_go_to_the_least_busy_up_to_each_limit_and_the_rest_wait_in_order() {
    let shop = Shop::open().await;
    let (li, wang) = (shop.agent("li", "agent").await, shop.agent("wang", "agent").await);
    li.online(false).await;
    wang.online(false).await;
    li.acceptance(true, 3, "").await;
    wang.acceptance(true, 2, "").await;
    let mut visitors = Vec::new();
    let come = async |n: usize| {
        let visitor = shop.visitor().await;
        visitor.say("a", now(), &format!("第{n}位")).await.ok();
        visitor
    };
    // Nobody is online: everybody waits.
    visitors.push(come(0).await);
    visitors.push(come(1).await);
    assert_eq!(waiting(&li).await.len(), 2);
    // The first who comes takes them all, up to the limit; then they are shared.
    li.online(true).await;
    assert_eq!((active(&li).await, active(&wang).await), (2, 0));
    wang.online(true).await;
    for n in 2..5 {
        visitors.push(come(n).await);
    }
    assert_eq!((active(&li).await, active(&wang).await), (3, 2));
    assert_eq!(
        owner(&[&li, &wang], "第2位").await,
        Some(wang.id),
        "the least busy"
    );
    for n in 5..8 {
        visitors.push(come(n).await);
    }
    let order: Vec<String> = waiting(&li)
        .await
        .iter()
        .map(|known| known["last"]["text"].to_string())
        .collect();
    assert_eq!(order, ["\"第5位\"", "\"第6位\"", "\"第7位\""]);
    assert_eq!(
        (active(&li).await, active(&wang).await),
        (3, 2),
        "never above the limit"
    );
    // A slot that frees is filled at once, by who has waited longest.
    let held = wang
        .conversations()
        .await
        .into_iter()
        .find(|known| known["owner"] == wang.id)
        .unwrap();
    assert_eq!(wang.close(&held).await.ok()["state"], "closed");
    assert_eq!(owner(&[&wang], "第5位").await, Some(wang.id));
    assert_eq!((active(&wang).await, waiting(&li).await.len()), (2, 2));
    // So is a higher limit.
    li.acceptance(true, 4, "").await;
    assert_eq!(owner(&[&li], "第6位").await, Some(li.id));
    // Offline keeps what one has and takes nobody new.
    li.online(false).await;
    assert_eq!(active(&li).await, 4);
    li.acceptance(true, 100, "").await;
    assert_eq!(waiting(&li).await.len(), 1);
}

#[tokio::test]
async fn of_many_who_accept_one_customer_exactly_one_gets_him() {
    let shop = Shop::open().await;
    let agents = [
        shop.agent("li", "agent").await,
        shop.agent("wang", "agent").await,
        shop.agent("zhao", "agent").await,
    ];
    for round in 0..15 {
        let text = format!("抢单{round}");
        let (_, conversation) = shop.asks(&agents[0], &text).await;
        let racing = agents.iter().map(|agent| agent.accept(&conversation));
        let answers = futures_util::future::join_all(racing).await;
        let won: Vec<usize> = (0..3).filter(|at| answers[*at].status == 200).collect();
        assert_eq!(won.len(), 1, "round {round}: {answers:?}");
        for (at, answer) in answers.iter().enumerate().filter(|(at, _)| !won.contains(at)) {
            assert_eq!(answer.refused(), (409, "conversation_taken".into()), "{at}");
        }
        let winner = &agents[won[0]];
        assert_eq!(answers[won[0]].json()["owner"], winner.id);
        // Pressing again does no harm to the winner.
        assert_eq!(winner.accept(&conversation).await.ok()["owner"], winner.id);
        for agent in &agents {
            let seen = agent.conversation(&conversation["id"]).await;
            assert_eq!(seen.is_some(), agent.id == winner.id);
        }
    }
}

#[tokio::test]
async fn by_hand_an_agent_may_go_above_the_limit_and_only_the_owner_acts() {
    let shop = Shop::open().await;
    let (li, wang) = (shop.agent("li", "agent").await, shop.agent("wang", "agent").await);
    li.acceptance(true, 1, "").await;
    li.online(true).await;
    let (first, _) = shop.asks(&li, "一").await;
    let (second, waits) = shop.asks(&li, "二").await;
    assert_eq!((active(&li).await, &waits["state"]), (1, &json!("waiting")));
    let held = li.accept(&waits).await.ok();
    assert_eq!(
        (active(&li).await, &held["state"], &held["owner"]),
        (2, &json!("active"), &json!(li.id))
    );

    let not_owner = (403, "not_owner".to_owned());
    assert_eq!(wang.say(&held, "w", "插话").await.refused(), not_owner);
    assert_eq!(wang.close(&held).await.refused(), not_owner);
    let path = format!("/conversations/{}", held["id"]);
    assert_eq!(
        wang.post(&format!("{path}/read"), &json!({ "seq": 1 }))
            .await
            .refused(),
        not_owner
    );
    assert_eq!(
        wang.post(&format!("{path}/typing"), &json!({})).await.refused(),
        not_owner
    );
    assert_eq!(
        wang.accept(&held).await.refused(),
        (409, "conversation_taken".into())
    );

    // An epoch of before: somebody else's change must not be overwritten.
    assert_eq!(
        li.close(&waits).await.refused(),
        (409, "conversation_taken".into())
    );
    assert_eq!(li.close(&held).await.ok()["state"], "closed");
    assert_eq!(
        li.close(&held).await.ok()["state"],
        "closed",
        "closing twice reaches the goal"
    );
    assert_eq!(
        li.say(&held, "late", "还在吗").await.refused(),
        (409, "conversation_closed".into())
    );
    assert_eq!(
        li.accept(&held).await.refused(),
        (409, "conversation_taken".into())
    );
    let gone = json!({ "id": 4_294_967_396_u64, "epoch": 1 });
    assert_eq!(li.accept(&gone).await.refused(), (404, "not_found".into()));
    // A supervisor may close what is another's.
    let of_li = li.conversations().await.remove(0);
    assert_eq!(shop.admin.close(&of_li).await.ok()["state"], "closed");

    // Who writes again begins a new conversation of the same customer, in the same thread.
    second.say("again", now(), "又来了").await.ok();
    let fresh = shop.found(&li, "又来了").await;
    assert_eq!(
        (&fresh["customer"]["id"], &fresh["last_seq"]),
        (&held["customer"]["id"], &json!(1))
    );
    assert!(fresh["id"].as_u64() > held["id"].as_u64());
    assert_eq!(texts(&shop.thread(&fresh).await), ["二", "又来了"]);
    assert_eq!(texts(&second.thread().await), ["二", "又来了"]);
    assert_eq!(texts(&first.thread().await), ["一"]);
}

#[tokio::test]
async fn a_greeting_reaches_customers_on_both_channels_once() {
    let (shop, official) = Shop::open_with(Mode::Secure, generous()).await;
    shop.admin
        .acceptance(true, 10, "您好，我是店主😀，有什么可以帮您？")
        .await;
    shop.admin.online(true).await;
    let visitor = shop.visitor().await;
    visitor.say("a", now(), "在吗").await.ok();
    let thread = eventually("the greeting", async || {
        let thread = visitor.thread().await;
        (thread.len() == 2).then_some(thread)
    })
    .await;
    assert_eq!(texts(&thread), ["在吗", "您好，我是店主😀，有什么可以帮您？"]);
    assert_eq!(thread[1]["from"], json!({ "who": "agent", "nickname": "店主" }));

    let customer = official.simulator.customer("oGreeted");
    assert!(customer.text("有人吗").await.is_accepted());
    let sent = customer.wait_for_sent(1).await.unwrap();
    assert_eq!(sent[0].text(), "您好，我是店主😀，有什么可以帮您？");
    customer.text("好的").await;
    let all = shop.admin.conversations().await;
    let conversation = all
        .into_iter()
        .find(|known| known["channel"]["plugin"] == "wechat")
        .unwrap();
    let thread = eventually("accepted", async || {
        let thread = shop.thread(&conversation).await;
        (thread.len() == 3 && thread[1]["delivery"]["state"] == "accepted").then_some(thread)
    })
    .await;
    assert_eq!(
        (&thread[1]["from"], &thread[1]["agent"]),
        (&json!("system"), &json!(shop.admin.id))
    );
    assert_eq!(customer.sent().len(), 1, "one greeting for one conversation");
}

#[tokio::test]
async fn what_has_been_read_is_counted() {
    let shop = Shop::open().await;
    let li = shop.agent("li", "agent").await;
    let (visitor, waits) = shop.asks(&li, "一").await;
    let held = li.accept(&waits).await.ok();
    visitor.say("b", now(), "二").await.ok();
    let unread = async || li.conversation(&held["id"]).await.unwrap()["unread"].clone();
    assert_eq!(unread().await, 2);
    let read = async |seq: u64| {
        let path = format!("/conversations/{}/read", held["id"]);
        assert_eq!(li.post(&path, &json!({ "seq": seq })).await.status, 204);
    };
    read(1).await;
    assert_ne!(unread().await, 0, "the second has not been seen");
    read(2).await;
    assert_eq!(unread().await, 0);
    visitor.say("c", now(), "三").await.ok();
    assert_eq!(unread().await, 1);
    li.say(&held, "answer", "好").await.ok();
    assert_eq!(unread().await, 0, "who answers has read");
}

#[tokio::test]
async fn the_same_client_id_is_the_same_message() {
    let shop = Shop::open().await;
    let (visitor, waits) = shop.asks(&shop.admin, "价格？").await;
    let held = shop.admin.accept(&waits).await.ok();
    let first = shop.admin.say(&held, "c-1", "199 元").await.ok();
    let again = shop.admin.say(&held, "c-1", "199 元").await.ok();
    assert_eq!((&again["seq"], &again["at"]), (&first["seq"], &first["at"]));
    let racing = (0..8).map(|_| shop.admin.say(&held, "c-2", "包邮"));
    let seqs: Vec<Value> = futures_util::future::join_all(racing)
        .await
        .iter()
        .map(|answer| answer.ok()["seq"].clone())
        .collect();
    assert!(seqs.iter().all(|seq| *seq == seqs[0]), "{seqs:?}");
    shop.admin
        .delivered(
            &held,
            &json!({ "conversation": held["id"], "seq": seqs[0] }),
            "accepted",
        )
        .await;
    assert_eq!(texts(&visitor.thread().await), ["价格？", "199 元", "包邮"]);
    for bad in ["", &"x".repeat(65)] {
        assert_eq!(
            shop.admin.say(&held, bad, "x").await.refused(),
            (422, "invalid".into())
        );
    }
    for empty in ["", " \n "] {
        assert_eq!(
            shop.admin.say(&held, "e", empty).await.refused(),
            (422, "invalid".into())
        );
    }
    // So is a visitor's, as long as it was written at the same time.
    let at = now();
    let one = visitor.say("v-1", at, "再问一下").await.ok();
    let two = visitor.say("v-1", at, "再问一下").await.ok();
    assert_eq!(
        (&two["cursor"], &two["duplicate"]),
        (&one["cursor"], &json!(true))
    );
}

/// Everything a socket tells until a text comes by.
async fn until_text(socket: &mut crate::harness::Socket, text: &str) -> Vec<Value> {
    let mut seen = Vec::new();
    socket
        .until(text, |frame| {
            seen.push(frame.clone());
            (frame["what"] == "message" && text_of(&frame["message"]) == text).then_some(())
        })
        .await;
    seen
}

#[tokio::test]
async fn events_reach_only_those_who_may_see_them() {
    let shop = Shop::open().await;
    let (li, wang) = (shop.agent("li", "agent").await, shop.agent("wang", "agent").await);
    let mut sockets = [
        li.events(None).await,
        wang.events(None).await,
        shop.admin.events(None).await,
    ];
    for socket in &mut sockets {
        assert_eq!(socket.next().await.unwrap()["type"], "hello");
    }
    let (visitor, waits) = shop.asks(&li, "等待时的话").await;
    let held = li.accept(&waits).await.ok();
    visitor.say("s", now(), "只给小李看的话").await.ok();
    li.say(&held, "a", "小李的回答").await.ok();
    let other = shop.visitor().await;
    other.say("end", now(), "大家都能看到").await.ok();
    let mut told = Vec::new();
    for socket in &mut sockets {
        told.push(until_text(socket, "大家都能看到").await);
    }
    let words = |frames: &[Value]| {
        let messages = frames.iter().filter(|frame| frame["what"] == "message");
        let mut words: Vec<String> = messages
            .map(|frame| text_of(&frame["message"]).to_owned())
            .collect();
        words.dedup();
        words
    };
    let all = ["等待时的话", "只给小李看的话", "小李的回答", "大家都能看到"];
    assert_eq!(words(&told[0]), all);
    assert_eq!(
        words(&told[1]),
        ["等待时的话", "大家都能看到"],
        "another agent's customer"
    );
    assert_eq!(words(&told[2]), all, "a supervisor sees what agents hold");
    let wangs = serde_json::to_string(&told[1]).unwrap();
    assert!(
        !wangs.contains("只给小李看的话") && !wangs.contains("小李的回答"),
        "not in a preview either"
    );
    // But that the customer has found somebody is for everybody: he leaves the waiting list.
    assert!(told[1].iter().any(|frame| {
        frame["what"] == "conversation"
            && frame["conversation"]["id"] == held["id"]
            && frame["conversation"]["owner"] == li.id
    }));
    for frames in &told {
        let numbers: Vec<u64> = frames.iter().filter_map(|frame| frame["n"].as_u64()).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }
    // What comes too late comes no other way: the same right holds for what is read later.
    let customer = held["customer"]["id"].as_u64().unwrap();
    let path = format!("/api/shops/1/customers/{customer}/messages?channel={}", shop.h5);
    let read = String::from_utf8(wang.browser.get(&path).await.body.to_vec()).unwrap();
    assert!(!read.contains("只给小李看的话"), "{read}");
}

#[tokio::test]
async fn nickname_and_picture_of_the_agent_are_what_the_visitor_sees() {
    let shop = Shop::open().await;
    let li = shop.agent("li", "agent").await;
    let (visitor, waits) = shop.asks(&li, "你是谁").await;
    li.accept(&waits).await.ok();
    let picture = sample(Kind::Image);
    let edit = async |body: Value| li.browser.json(http::Method::PATCH, "/api/me", &body).await;
    edit(json!({ "nickname": "小李😀" })).await.ok();
    let me = li.browser.avatar(&picture).await.ok();
    assert_eq!(me["nickname"], "小李😀");
    let path = me["avatar"].as_str().unwrap().to_owned();
    let drawn = li.browser.get(&path).await;
    assert_eq!(drawn.headers["content-type"], "image/jpeg");
    assert_ne!(drawn.body, picture, "redrawn");

    let (_, welcome) = visitor.connect(None).await;
    assert_eq!(welcome["service"]["state"], "active");
    assert_eq!(
        welcome["service"]["agent"],
        json!({ "nickname": "小李😀", "avatar": path })
    );
    // The other agents see it too, live and on their desks.
    let seen = shop.admin.desk().await["agents"].as_array().unwrap().clone();
    let seen = seen.iter().find(|agent| agent["id"] == li.id).unwrap();
    assert_eq!(
        (&seen["nickname"], &seen["avatar"]),
        (&json!("小李😀"), &json!(path))
    );

    assert_eq!(edit(json!({ "avatar": null })).await.ok()["avatar"], Value::Null);
    assert_eq!(
        edit(json!({ "nickname": "" })).await.refused(),
        (422, "invalid".into())
    );
    assert_eq!(
        edit(json!({ "nickname": "x".repeat(33) })).await.refused(),
        (422, "invalid".into())
    );
    // Any stored file by its id is not a picture of an agent.
    let media = li.upload("image/png", "a.png", &picture).await.ok();
    assert_eq!(
        edit(json!({ "avatar": media["id"] })).await.refused(),
        (422, "invalid".into())
    );
}

#[tokio::test]
async fn a_customers_name_and_remark_can_be_corrected() {
    let shop = Shop::open().await;
    let li = shop.agent("li", "agent").await;
    let mut listening = shop.admin.events(None).await;
    let (visitor, waits) = shop.asks(&li, "我姓张").await;
    let path = format!("/customers/{}", waits["customer"]["id"]);
    let edited = li
        .patch(&path, &json!({ "name": "张先生", "remark": "老客户，要发票" }))
        .await
        .ok();
    assert_eq!(
        (&edited["name"], &edited["remark"]),
        (&json!("张先生"), &json!("老客户，要发票"))
    );
    let told = listening.until("the new name", |frame| {
        (frame["conversation"]["customer"]["name"] == "张先生").then_some(())
    });
    told.await;
    let panel = li.get(&path).await;
    assert_eq!(
        (&panel["customer"]["name"], &panel["customer"]["conversations"]),
        (&json!("张先生"), &json!(1))
    );
    assert_eq!(panel["customer"]["channel"]["plugin"], "h5");
    // The visitor's own words do not undo it.
    visitor.say("b", now(), "谢谢").await.ok();
    assert_eq!(shop.found(&li, "谢谢").await["customer"]["name"], "张先生");
    for body in [
        json!({ "name": "x".repeat(65) }),
        json!({ "remark": "x".repeat(201) }),
    ] {
        assert_eq!(li.patch(&path, &body).await.refused(), (422, "invalid".into()));
    }
    assert_eq!(li.patch(&path, &json!({})).await.ok()["remark"], "老客户，要发票");
}

#[tokio::test]
async fn a_signed_identity_is_verified_and_pages_looked_at_are_behaviours() {
    let shop = Shop::open().await;
    let secret = "an identity secret of the shop";
    let setting = format!("identity_secret={secret}");
    shop.weikefu
        .order(&["channel", "set", &shop.h5.to_string(), "--set", &setting]);
    let expires = now() / 1000 + 600;
    let session = async |user: Value| {
        let body = json!({ "user": user });
        Visitor::session(shop.weikefu.address(), &shop.path, &body).await
    };
    let signed = |id: &str, expires: i64| {
        let sig = hmac(secret.as_bytes(), format!("{id}\n王女士\n{expires}").as_bytes());
        json!({ "id": id, "name": "王女士", "expires": expires, "sig": sig })
    };
    let mut forged = signed("u42", expires);
    forged["id"] = json!("u43");
    assert_eq!(session(forged).await.refused(), (403, "bad_identity".into()));
    let late = session(signed("u42", now() / 1000 - 1)).await;
    assert_eq!(late.refused(), (403, "identity_expired".into()));
    // The same member is the same customer, whatever device he comes with.
    for text in ["电脑上问", "手机上问"] {
        let opened = session(signed("u42", expires)).await.ok();
        assert_eq!(opened["verified"], true);
        let token = opened["token"].as_str().unwrap();
        let member = Visitor::with_token(shop.weikefu.address(), &shop.path, token);
        member.say(text, now(), text).await.ok();
    }
    let member = shop.found(&shop.admin, "手机上问").await;
    assert_eq!(
        (&member["customer"]["name"], &member["customer"]["verified"]),
        (&json!("王女士"), &json!(true))
    );
    assert_eq!(texts(&shop.thread(&member).await), ["电脑上问", "手机上问"]);

    let page = json!({ "page": { "url": "https://shop.example/p/1", "title": "榨汁机" } });
    let session = Visitor::session(shop.weikefu.address(), &shop.path, &page)
        .await
        .ok();
    assert_eq!(session["verified"], false);
    let visitor = Visitor::with_token(
        shop.weikefu.address(),
        &shop.path,
        session["token"].as_str().unwrap(),
    );
    visitor.say("a", now(), "这个有货吗").await.ok();
    let conversation = shop.found(&shop.admin, "这个有货吗").await;
    let path = format!("/customers/{}", conversation["customer"]["id"]);
    let behaviours = eventually("the page view", async || {
        let behaviours = shop.admin.get(&path).await["behaviours"]
            .as_array()
            .unwrap()
            .clone();
        (!behaviours.is_empty()).then_some(behaviours)
    })
    .await;
    assert_eq!(
        (&behaviours[0]["action"], &behaviours[0]["detail"]),
        (&json!("page_view"), &json!("https://shop.example/p/1"))
    );
}

/// HMAC-SHA256 as the widget's protocol tells shops to make it, in lower-case hexadecimal.
fn hmac(key: &[u8], message: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    assert!(key.len() <= 64);
    let pad = |byte: u8| -> Vec<u8> {
        let filled = key.iter().copied().chain(std::iter::repeat(0)).take(64);
        filled.map(|b| b ^ byte).collect()
    };
    let inner = Sha256::new()
        .chain_update(pad(0x36))
        .chain_update(message)
        .finalize();
    let outer = Sha256::new()
        .chain_update(pad(0x5c))
        .chain_update(inner)
        .finalize();
    outer
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}
