//! What nobody should send, on both channels: refused rightly or stored rightly, and nobody else notices.
use crate::harness::{Answer, Browser, Official, Shop, Visitor, eventually, generous, now, text_of, texts};
use http::Method;
use serde_json::{Value, json};
use weikefu_wechat_simulator::{Broken, Callback, Clock, Customer, Inbound, Mode, Options};

/// What a broken callback is answered, by mode. `None`: it is stored, for there is nothing wrong with it here.
fn expected(broken: &Broken, mode: Mode) -> Option<u16> {
    let plain = mode == Mode::Plaintext;
    match broken {
        Broken::Signature | Broken::MsgSignature | Broken::OtherAccount => Some(403),
        // A fitting signature around a plain message is what these modes allow.
        Broken::PlainBody => (mode == Mode::Secure).then_some(403),
        Broken::AppId => (!plain).then_some(403),
        // An `Encrypt` that nobody asked for.
        Broken::TruncatedCipher
        | Broken::LostBlock
        | Broken::Padding
        | Broken::Length
        | Broken::NotBase64 => (!plain).then_some(400),
        // The platform may leave the id away; then everything in the message is its identity.
        Broken::NoMsgId | Broken::BadMsgId => None,
        Broken::Huge(_) => Some(413),
        // A readable document that names no account; in compatible mode it is no document any more.
        Broken::NotXml if mode != Mode::Compatible => Some(403),
        _ => Some(400),
    }
}

/// Whether a customer's text arrives now, and as it was written.
async fn stored(shop: &Shop, customer: &Customer, text: &str) {
    let delivery = customer.text(text).await;
    assert!(delivery.is_accepted(), "{delivery:?}");
    shop.found(&shop.admin, text).await;
}

/// Everything a customer has written, as the desk has it.
async fn written(shop: &Shop, official: &Official, openid: &str) -> Vec<Value> {
    for conversation in shop.admin.conversations().await {
        let panel = shop
            .admin
            .get(&format!("/customers/{}", conversation["customer"]["id"]))
            .await;
        if panel["customer"]["openid"] == openid {
            assert_eq!(conversation["channel"]["id"], official.channel);
            return shop.thread(&conversation).await;
        }
    }
    Vec::new()
}

async fn sweep(mode: Mode) {
    let (shop, official) = Shop::open_with(mode, generous()).await;
    shop.take_everybody().await;
    let good = official.simulator.customer("oGood");
    let mut kinds = Broken::sweep();
    kinds.push(Broken::Huge(10 << 20));
    for (n, broken) in kinds.iter().enumerate() {
        let bad = official.simulator.customer(&format!("oBad{n}"));
        let callback = bad.write(Inbound::text("bad"));
        let request = official.simulator.broken(&callback, broken);
        let name = format!("{broken:?} in {mode} mode");
        let answer = official.simulator.post(&request).await.unwrap();
        let kept = written(&shop, &official, bad.openid()).await;
        let refusal = expected(broken, mode);
        assert_eq!(answer.status, refusal.unwrap_or(200), "{name}");
        assert_eq!(answer.body == "success", refusal.is_none(), "{name}");
        let wanted = if refusal.is_none() { &["bad"][..] } else { &[] };
        assert_eq!(texts(&kept), wanted, "{name}");
        stored(&shop, &good, &format!("after {n}")).await;
    }
    let all = written(&shop, &official, "oGood").await;
    let wanted: Vec<String> = (0..kinds.len()).map(|n| format!("after {n}")).collect();
    assert_eq!(texts(&all), wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_callbacks_in_secure_mode() {
    sweep(Mode::Secure).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_callbacks_in_compatible_mode() {
    sweep(Mode::Compatible).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_callbacks_in_plaintext_mode() {
    sweep(Mode::Plaintext).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replayed_request_is_the_same_message_in_every_mode() {
    for mode in [Mode::Secure, Mode::Compatible, Mode::Plaintext] {
        let (shop, official) = Shop::open_with(mode, generous()).await;
        shop.take_everybody().await;
        let customer = official.simulator.customer("oReplayed");
        let request = official.simulator.sign(&customer.write(Inbound::text("一次")));
        for _ in 0..5 {
            let answer = official.simulator.post(&request).await.unwrap();
            assert_eq!(
                (answer.status, answer.body.as_ref()),
                (200, b"success".as_ref()),
                "{mode}"
            );
        }
        // The nonce and signature of one message around the body of another.
        let mut swapped = official.simulator.sign(&customer.write(Inbound::text("伪造")));
        swapped.query.clone_from(&request.query);
        let answer = official.simulator.post(&swapped).await.unwrap();
        // Compatible mode must look at the encrypted part, not at the readable one beside it.
        if mode != Mode::Plaintext {
            assert_eq!(answer.status, 403, "{mode}");
            assert_eq!(
                texts(&written(&shop, &official, "oReplayed").await),
                ["一次"],
                "{mode}"
            );
        }
        stored(&shop, &official.simulator.customer("oNext"), "下一位").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_request_out_of_an_old_log_is_refused() {
    let past = u64::try_from(now() / 1000 - 1200).unwrap();
    let options = Options {
        clock: Clock::standing_at(past),
        ..generous()
    };
    let (shop, official) = Shop::open_with(Mode::Plaintext, options).await;
    shop.take_everybody().await;
    let customer = official.simulator.customer("oOld");
    let request = official.simulator.sign(&customer.write(Inbound::text("旧")));
    assert_eq!(official.simulator.post(&request).await.unwrap().status, 403);
    official
        .simulator
        .clock()
        .advance(std::time::Duration::from_mins(20));
    stored(&shop, &customer, "新").await;
    assert_eq!(texts(&written(&shop, &official, "oOld").await), ["新"]);
}

/// The callback with another id.
fn with_id(mut callback: Callback, id: &str) -> Callback {
    let old = format!("<MsgId>{}</MsgId>", callback.msg_id.unwrap());
    assert!(callback.xml.contains(&old));
    callback.xml = callback.xml.replace(&old, &format!("<MsgId>{id}</MsgId>"));
    callback
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_above_what_a_double_can_count_stay_apart() {
    let (shop, official) = Shop::open_with(Mode::Secure, generous()).await;
    shop.take_everybody().await;
    let customer = official.simulator.customer("oBigIds");
    let ids = [
        "9007199254740992",
        "9007199254740993",
        "9007199254740994",
        "18446744073709551614",
        "18446744073709551615",
        "99999999999999999999999999999999",
        &"9".repeat(200),
    ];
    // All in one second, so that nothing but the id tells them apart.
    let first = customer.write(Inbound::text(""));
    for id in ids {
        let mut callback = with_id(first.clone(), id);
        callback.xml = callback.xml.replace("<Content>", &format!("<Content>{id}"));
        for _ in 0..2 {
            assert!(official.simulator.deliver(&callback).await.is_accepted());
        }
    }
    let all = written(&shop, &official, "oBigIds").await;
    assert_eq!(texts(&all), ids);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_text_a_customer_can_write_is_kept_as_it_is() {
    let (shop, official) = Shop::open_with(Mode::Secure, generous()).await;
    shop.take_everybody().await;
    let customer = official.simulator.customer("oTexts");
    let long = "长".repeat(5000);
    let people = "👨‍👩‍👧‍👦🏳️‍🌈".repeat(500);
    let given = [
        "",
        long.as_str(),
        people.as_str(),
        "😀𠮷𝒳🇨🇳",
        "<b>&amp; ]]> \" ' \\ \u{200f}\u{202e}x",
        " 前后空白 ",
        "一\n二\t三",
        "\u{fffd}\u{feff}",
    ];
    for text in given {
        assert!(customer.text(text).await.is_accepted(), "{text}");
    }
    let all = written(&shop, &official, "oTexts").await;
    assert_eq!(texts(&all), given);
    // And the way back: what the agent writes is what the customer reads.
    let conversation = shop.admin.conversations().await.remove(0);
    for (n, text) in [
        "😀𠮷𝒳🇨🇳",
        "<a href=\"https://a.example/?b=1&c=2\">\\n</a>",
        "一\n二",
    ]
    .iter()
    .enumerate()
    {
        shop.admin.say(&conversation, &format!("a{n}"), text).await.ok();
        assert_eq!(customer.wait_for_sent(n + 1).await.unwrap()[n].text(), *text);
    }
    let too_long = shop.admin.say(&conversation, "long", &"长".repeat(667)).await;
    assert_eq!(too_long.refused(), (422, "invalid".into()));
    assert!(too_long.json()["message"].as_str().unwrap().contains("2000"));
}

/// Posts bytes to the widget's channel.
async fn raw(visitor: &Visitor, path: &str, mime: &str, body: Vec<u8>) -> Answer {
    let headers = [("content-type", mime)];
    let path = format!("{}{path}", visitor.path);
    visitor
        .browser
        .try_send(Method::POST, &path, &headers, body)
        .await
        .unwrap()
}

/// What is wrong, the body, and the refusal.
#[allow(clippy::too_many_lines)] // one table
fn nonsense() -> Vec<(&'static str, Vec<u8>, u16, &'static str)> {
    let message = |change: fn(&mut Value)| {
        let mut message =
            json!({ "client_id": "a", "created_at": now(), "content": { "kind": "text", "text": "x" } });
        change(&mut message);
        message.to_string().into_bytes()
    };
    vec![
        ("nothing", Vec::new(), 400, "bad_request"),
        ("no JSON", b"{".to_vec(), 400, "bad_request"),
        ("deep", "[".repeat(20_000).into_bytes(), 400, "bad_request"),
        (
            "not UTF-8",
            b"{\"client_id\":\"\xff\xc0\"}".to_vec(),
            400,
            "bad_request",
        ),
        (
            "half a character",
            br#"{"client_id":"a","created_at":1700000000000,"content":{"kind":"text","text":"\ud83d"}}"#
                .to_vec(),
            400,
            "bad_request",
        ),
        (
            "no id",
            message(|m| m["client_id"] = json!("")),
            400,
            "bad_request",
        ),
        (
            "a long id",
            message(|m| m["client_id"] = json!("x".repeat(65))),
            400,
            "bad_request",
        ),
        (
            "a numeric id",
            message(|m| m["client_id"] = json!(5)),
            400,
            "bad_request",
        ),
        (
            "no time",
            message(|m| m["created_at"] = Value::Null),
            400,
            "bad_request",
        ),
        (
            "no content",
            message(|m| m["content"] = Value::Null),
            400,
            "bad_request",
        ),
        (
            "another kind",
            message(|m| m["content"]["kind"] = json!("mini_program")),
            400,
            "bad_request",
        ),
        (
            "an empty text",
            message(|m| m["content"]["text"] = json!("")),
            422,
            "empty",
        ),
        (
            "blanks",
            message(|m| m["content"]["text"] = json!(" \n\u{0}")),
            422,
            "empty",
        ),
        (
            "2,001 characters",
            message(|m| m["content"]["text"] = json!("😀".repeat(2001))),
            422,
            "too_long",
        ),
        (
            "5,000 characters",
            message(|m| m["content"]["text"] = json!("长".repeat(5000))),
            422,
            "too_long",
        ),
        (
            "64 KiB",
            message(|m| m["content"]["text"] = json!("x".repeat(65 << 10))),
            413,
            "too_large",
        ),
        ("10 MB", vec![b' '; 10 << 20], 413, "too_large"),
        (
            "a picture nobody uploaded",
            message(|m| m["content"] = json!({ "kind": "image", "media": { "id": "0".repeat(32) } })),
            422,
            "bad_media",
        ),
        (
            "a path as a picture",
            message(|m| m["content"] = json!({ "kind": "image", "media": { "id": "../../etc/passwd" } })),
            422,
            "bad_media",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_cannot_write_nonsense() {
    let shop = Shop::open().await;
    let visitor = shop.visitor().await;
    for (what, body, status, code) in nonsense() {
        let answer = raw(&visitor, "messages", "application/json", body).await;
        assert_eq!(answer.refused(), (status, code.to_owned()), "{what}");
        assert!(answer.json()["message"].is_string(), "{what}");
        shop.still_works(what).await;
    }
    for (what, mime, body, status) in [
        ("no picture", "image/png", b"<svg onload=alert(1)>".to_vec(), 415),
        ("a program", "application/x-msdownload", b"MZ".to_vec(), 415),
        ("an empty picture", "image/png", Vec::new(), 422),
        ("a large picture", "image/png", vec![0; (10 << 20) + 1], 413),
        ("a huge picture", "image/png", vec![0; 21 << 20], 413),
    ] {
        assert_eq!(raw(&visitor, "media", mime, body).await.status, status, "{what}");
    }
    assert_eq!(visitor.thread().await, [] as [Value; 0]);
    // What is odd and allowed.
    let edge = "😀".repeat(2000);
    visitor.say(&"i".repeat(64), i64::MAX, &edge).await.ok();
    visitor.say("early", i64::MIN, "𠮷").await.ok();
    assert_eq!(texts(&visitor.thread().await), [edge.as_str(), "𠮷"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_opens_one_visitors_thread_only() {
    let shop = Shop::open().await;
    let visitor = shop.visitor().await;
    visitor.say("a", now(), "我的秘密").await.ok();
    let other = shop.visitor().await;
    assert_eq!(other.thread().await, [] as [Value; 0]);
    let mut flipped = visitor.token.clone().into_bytes();
    let last = flipped.len() - 1;
    flipped[last] = if flipped[last] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    let foreign = shop.weikefu.order(&["channel", "add", "h5"]);
    for (what, path, token) in [
        ("none", shop.path.as_str(), ""),
        ("nonsense", shop.path.as_str(), "xyz"),
        ("long", shop.path.as_str(), &"x".repeat(8000)),
        ("changed", shop.path.as_str(), flipped.as_str()),
        (
            "cut",
            shop.path.as_str(),
            &visitor.token[..visitor.token.len() - 2],
        ),
        (
            "of another channel",
            foreign["path"].as_str().unwrap(),
            visitor.token.as_str(),
        ),
    ] {
        let thief = Visitor::with_token(shop.weikefu.address(), path, token);
        let read = thief.browser.get(&format!("{path}messages")).await;
        assert_eq!(read.refused(), (401, "bad_token".into()), "{what}");
        assert_eq!(
            thief.say("x", now(), "x").await.refused(),
            (401, "bad_token".into()),
            "{what}"
        );
        let opened = Browser::new(shop.weikefu.address())
            .socket(&format!("{path}ws"))
            .await;
        let mut socket = opened;
        socket
            .send(&json!({ "type": "hello", "token": token, "after": null }))
            .await;
        assert_eq!(socket.next().await.unwrap()["code"], "bad_token", "{what}");
        assert_eq!(socket.next().await, None, "{what}");
    }
    assert_eq!(texts(&visitor.thread().await), ["我的秘密"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_one_visitor_holds_up_nobody_else() {
    let shop = Shop::open().await;
    shop.weikefu.order(&[
        "channel",
        "set",
        &shop.h5.to_string(),
        "--set",
        "messages_per_10_seconds=20",
    ]);
    let flooding = shop.visitor().await;
    let mut stored = 0;
    let writing = (0..60).map(|n| {
        let flooding = flooding.clone();
        async move { flooding.say(&format!("{n}"), now(), "刷屏").await }
    });
    for answer in futures_util::future::join_all(writing).await {
        match answer.status.as_u16() {
            200 => stored += 1,
            status => {
                assert_eq!(
                    (status, answer.json()["code"].as_str().unwrap()),
                    (429, "too_fast")
                );
                assert!(answer.headers.contains_key("retry-after"));
            }
        }
    }
    assert!((20..60).contains(&stored), "{stored}");
    shop.still_works("a flood").await;
    let kept = flooding.thread().await;
    assert_eq!(kept.len(), stored);
    assert!(kept.iter().all(|message| text_of(message) == "刷屏"));
    eventually("it may write again", async || {
        let answer = flooding.say("late", 1_700_000_000_000, "好了").await;
        (answer.status == 200).then_some(())
    })
    .await;
}
