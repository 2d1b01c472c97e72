//! The channel as the host sees it, on the SDK's fake host.
mod desk;

use desk::{Desk, KEY, body, code, frames};
use serde_json::{Value, json};
use std::time::Duration;
use weikefu_channel::prelude::*;
use weikefu_channel::testing::{FakeHost, Sent};
use weikefu_plugin_h5::{H5, identity};

#[test]
fn the_manifest_declares_what_the_widget_does() {
    let manifest = H5::manifest();
    assert_eq!(manifest.id, "h5");
    assert_eq!(
        (manifest.names["zh-CN"].as_str(), manifest.names["en"].as_str()),
        ("H5 网页", "Web chat")
    );
    assert_eq!(manifest.accepts, [Kind::Text, Kind::Image]);
    assert_eq!(manifest.sends[&Kind::Text].max_bytes, Some(8_000));
    assert_eq!(manifest.sends.len(), 7);
    assert!(manifest.network.is_empty(), "it calls nobody");
}

#[test]
fn texts_the_shop_did_not_write_are_in_the_visitors_language() {
    let shown = |settings: Value, asked: Value, accept: &str| {
        let desk = Desk::open(settings);
        let request = Request::post_json("session", &asked).unwrap();
        let answer = desk.request(request.header("accept-language", accept));
        let config = body(&answer)["config"].clone();
        (config["title"].clone(), config["welcome"].clone())
    };
    let chinese = (json!("在线客服"), json!("您好，请问有什么可以帮您？"));
    let english = (json!("Customer service"), json!("Hello! How can we help you?"));
    for (settings, asked, accept, expected) in [
        (json!({}), json!({ "lang": "en" }), "zh-CN", &english),
        (json!({}), json!({ "lang": "zh-CN" }), "en", &chinese),
        (json!({}), json!({}), "en-GB,en;q=0.9", &english),
        (json!({}), json!({}), "fr", &chinese),
        (json!({ "language": "en" }), json!({}), "zh-CN", &english),
    ] {
        assert_eq!(
            &shown(settings, asked.clone(), accept),
            expected,
            "{asked} {accept}"
        );
    }
    // What the shop has written is sent as it is, also when that is nothing.
    let own = json!({ "title": "山间茶舍", "welcome": "" });
    let asked = json!({ "lang": "en" });
    assert_eq!(shown(own, asked, "en"), (json!("山间茶舍"), json!("")));

    let entry = |accept: &str| {
        let request = Request::get("entry").header("accept-language", accept);
        let answer = Desk::open(json!({})).request(request);
        assert!(answer.header_value("vary").unwrap().contains("accept-language"));
        body(&answer)["title"].clone()
    };
    assert_eq!((entry("en"), entry("zh-CN")), (english.0, chinese.0));
}

#[test]
fn a_session_is_continued_over_restarts_and_only_on_its_account() {
    let desk = Desk::open(json!({ "title": "小店" }));
    let first = desk.session(json!({ "lang": "en" }));
    assert_eq!(first["config"]["title"], "小店");
    assert_eq!(
        first["config"]["limits"],
        json!({ "text": 2000, "file": 10_485_760 })
    );
    assert_eq!(
        (&first["last"], &first["verified"]),
        (&Value::Null, &json!(false))
    );
    assert_eq!(
        desk.session(json!({ "token": first["token"] }))["token"],
        first["token"]
    );

    let restarted = Desk::open_on(FakeHost::new(), json!({}), &desk.fake.kv());
    assert_eq!(
        restarted.session(json!({ "token": first["token"] }))["token"],
        first["token"]
    );

    let other = Desk::open(json!({}));
    assert_ne!(
        other.session(json!({ "token": first["token"] }))["token"],
        first["token"]
    );
    for junk in [json!("junk"), json!("v1.x.y.z"), json!("")] {
        assert!(
            desk.session(json!({ "token": junk }))["token"]
                .as_str()
                .unwrap()
                .starts_with("v1.")
        );
    }
}

#[test]
fn a_damaged_token_secret_is_refused_and_not_replaced() {
    let fake = FakeHost::new();
    fake.set_kv("token-secret", b"short".to_vec());
    let opened = fake.run(H5::open(fake.host(), serde_json::from_value(json!({})).unwrap()));
    assert!(opened.err().unwrap().message.contains("damaged"));
    assert_eq!(fake.kv()["token-secret"], b"short");
}

#[test]
fn a_user_the_merchant_signed_for_is_the_same_peer_everywhere() {
    let desk = Desk::open(json!({ "identity_secret": KEY }));
    let expires = desk.fake.now() / 1_000 + 60;
    let user =
        |sig: String| json!({ "user": { "id": "42", "name": "小王", "expires": expires, "sig": sig } });
    let good = user(identity::sign(KEY, "42", "小王", expires));
    for _ in 0..2 {
        let session = desk.session(good.clone());
        assert_eq!(session["verified"], true);
        let token = session["token"].as_str().unwrap();
        assert_eq!(desk.write(token, "c1", 5, "hi").status, 200);
    }
    let written = desk.fake.emitted();
    assert!(
        written
            .iter()
            .all(|inbound| inbound.peer == "u:42" && inbound.profile.verified)
    );
    assert_eq!(written[0].profile.nickname.as_deref(), Some("小王"));

    let forged = desk.post(
        "session",
        None,
        &user(identity::sign("another secret, long", "42", "小王", expires)),
    );
    assert_eq!((forged.status, code(&forged).as_str()), (403, "bad_identity"));
    desk.fake.advance(Duration::from_secs(61));
    let late = desk.post("session", None, &good);
    assert_eq!((late.status, code(&late).as_str()), (403, "identity_expired"));
}

#[test]
fn a_message_sent_again_is_stored_once() {
    let desk = Desk::open(json!({}));
    let token = desk.token();
    let first = body(&desk.write(&token, "c1", 1_800_000_000_000, "你好"));
    assert_eq!(
        (&first["cursor"], &first["duplicate"]),
        (&json!("1.1"), &json!(false))
    );
    let again = body(&desk.write(&token, "c1", 1_800_000_000_000, "你好"));
    assert_eq!(
        (&again["cursor"], &again["duplicate"]),
        (&json!("1.1"), &json!(true))
    );
    assert_eq!(
        body(&desk.write(&token, "c2", 1_800_000_000_000, "你好"))["cursor"],
        "1.2"
    );
    let emitted = desk.fake.emitted();
    assert_eq!(
        (emitted[0].dedupe.as_str(), emitted[0].sent_at),
        ("c1", 1_800_000_000_000)
    );
    // A clock that is wrong is kept within bounds, and the same way at every try.
    desk.write(&token, "c3", i64::MAX, "a");
    desk.fake.advance(Duration::from_hours(1));
    let retried = body(&desk.write(&token, "c3", i64::MAX, "a"));
    assert_eq!(retried["duplicate"], true);
}

#[test]
fn what_cannot_be_stored_is_refused_in_the_visitors_language() {
    let desk = Desk::open(json!({}));
    let token = desk.token();
    let refused = desk.write(&token, "c1", 5, "  ");
    assert_eq!((refused.status, code(&refused).as_str()), (422, "empty"));
    let refused = desk.write(&token, "c1", 5, &"字".repeat(2_001));
    assert_eq!((refused.status, code(&refused).as_str()), (422, "too_long"));
    assert!(body(&refused)["message"].as_str().unwrap().contains("2000 字"));
    assert_eq!(desk.write(&token, "c1", 5, &"字".repeat(2_000)).status, 200);
    let english = Request::post_json("messages", &json!({}))
        .unwrap()
        .header("accept-language", "en");
    assert!(
        body(&desk.request(english))["message"]
            .as_str()
            .unwrap()
            .is_ascii()
    );

    desk.fake
        .fail_next("emit", Error::new(Cause::Retryable, "the disk is full"));
    let refused = desk.write(&token, "c2", 5, "hi");
    assert_eq!((refused.status, code(&refused).as_str()), (503, "unavailable"));
    assert!(refused.header_value("retry-after").is_some());
    desk.fake
        .fail_next("emit", Error::new(Cause::Rejected, "on the blacklist"));
    assert_eq!(code(&desk.write(&token, "c2", 5, "hi")), "refused");
    assert_eq!(code(&desk.write("nonsense", "c2", 5, "hi")), "bad_token");
}

#[test]
fn a_visitor_who_writes_too_fast_is_asked_to_wait() {
    let desk = Desk::open(json!({}));
    let (one, two) = (desk.token(), desk.token());
    for n in 0..20 {
        assert_eq!(desk.write(&one, &n.to_string(), 5, "hi").status, 200);
    }
    let refused = desk.write(&one, "20", 5, "hi");
    assert_eq!((refused.status, code(&refused).as_str()), (429, "too_fast"));
    let wait = body(&refused)["retry_after_ms"].as_u64().unwrap();
    assert_eq!(desk.write(&two, "20", 5, "hi").status, 200);
    desk.fake.advance(Duration::from_millis(wait));
    assert_eq!(desk.write(&one, "20", 5, "hi").status, 200);
}

#[test]
fn pictures_are_checked_by_what_they_are() {
    let desk = Desk::open(json!({}));
    let token = desk.token();
    let upload = |mime: &str, bytes: Vec<u8>| {
        let request = Request {
            method: "POST".into(),
            url: "media".into(),
            body: bytes,
            ..Request::default()
        };
        let request = request
            .header("content-type", mime)
            .header("x-file-name", "%E7%85%A7%E7%89%87.png");
        desk.request(request.header("authorization", format!("Bearer {token}")))
    };
    let media = body(&upload("image/png", vec![1; 100]));
    assert_eq!(
        (&media["mime"], &media["size"], &media["name"]),
        (&json!("image/png"), &json!(100), &json!("照片.png"))
    );
    assert_eq!(code(&upload("image/svg+xml", vec![1])), "unsupported_type");
    assert_eq!(code(&upload("text/html", vec![1])), "unsupported_type");
    assert_eq!(code(&upload("image/png", vec![])), "empty");
    let large = upload("image/png", vec![0; (10 << 20) + 1]);
    assert_eq!((large.status, code(&large).as_str()), (413, "too_large"));
    assert_eq!(upload("image/png", vec![0; 10 << 20]).status, 200);

    let send = |id: &str, media: &str| {
        let content = json!({ "kind": "image", "media": { "id": media } });
        let draft = json!({ "client_id": id, "created_at": 5, "content": content });
        desk.post("messages", Some(&token), &draft)
    };
    assert_eq!(send("c1", media["id"].as_str().unwrap()).status, 200);
    let What::Message {
        content: Content::Image { media: Some(stored) },
    } = desk.fake.emitted()[0].what.clone()
    else {
        panic!("not a picture")
    };
    assert_eq!((stored.mime.as_str(), stored.size), ("image/png", 100));
    assert_eq!(code(&send("c2", &"f".repeat(32))), "bad_media");
    // A file of the desk that is no picture does not become one; a picture is found again after a restart.
    let film = desk.fake.set_media("video/mp4", vec![1]);
    assert_eq!(code(&send("c3", &film.id)), "bad_media");
    let picture = desk.fake.set_media("image/webp", vec![1, 2]);
    assert_eq!(send("c4", &picture.id).status, 200);
}

#[test]
fn the_thread_is_read_in_pages_and_only_ones_own() {
    let desk = Desk::open(json!({}));
    let token = desk.token();
    for seq in 1..=5 {
        desk.store(1, seq, "x");
    }
    let page = body(&desk.get("messages?limit=2", Some(&token)));
    assert_eq!(desk::cursors(&page), ["1.4", "1.5"]);
    assert_eq!(page["more"], true);
    let page = body(&desk.get("messages?before=1.4&limit=2", Some(&token)));
    assert_eq!(desk::cursors(&page), ["1.2", "1.3"]);
    let page = body(&desk.get("messages?after=1.3&limit=5000", Some(&token)));
    assert_eq!(
        (desk::cursors(&page), &page["more"]),
        (vec!["1.4".into(), "1.5".into()], &json!(false))
    );
    for bad in [
        "messages?after=x",
        "messages?limit=many",
        "messages?after=1.1&before=1.3",
    ] {
        assert_eq!(desk.get(bad, Some(&token)).status, 400, "{bad}");
    }
    for closed in ["messages", "poll", "messages?after=1.1"] {
        assert_eq!(desk.get(closed, None).status, 401, "{closed}");
    }
    assert!(
        desk.asked()
            .iter()
            .all(|query| query.peer.starts_with("v:") && query.limit <= 200)
    );
}

#[test]
fn browsers_of_every_page_may_read_answers_and_refusals() {
    let desk = Desk::open(json!({}));
    let preflight = desk.request(Request {
        method: "OPTIONS".into(),
        url: "media".into(),
        ..Request::default()
    });
    assert_eq!(preflight.status, 204);
    let allowed = preflight.header_value("access-control-allow-headers").unwrap();
    for field in ["authorization", "content-type", "x-file-name"] {
        assert!(allowed.contains(field));
    }
    for url in ["entry", "messages", "nowhere"] {
        let answer = desk.get(url, None);
        assert_eq!(
            answer.header_value("access-control-allow-origin"),
            Some("*"),
            "{url}"
        );
        assert!(answer.header_value("access-control-allow-credentials").is_none());
    }
    assert_eq!(desk.get("nowhere", None).status, 404);
    assert_eq!(desk.get("session", None).status, 405);
    assert_eq!(body(&desk.get("entry", None))["color"], "#0b7a43");
}

#[test]
fn a_list_of_origins_shuts_other_pages_out() {
    let desk = Desk::open(json!({ "allowed_origins": ["https://shop.example"] }));
    let from = |origin: Option<&str>| {
        let request = Request::post_json("session", &json!({})).unwrap();
        let request = match origin {
            Some(origin) => request.header("origin", origin),
            None => request,
        };
        desk.request(request).status
    };
    assert_eq!(from(Some("https://shop.example")), 200);
    assert_eq!((from(Some("https://evil.example")), from(None)), (403, 403));
    assert_eq!(
        desk.open_socket(1, Some("https://evil.example")),
        ["origin_not_allowed", "close 1008"]
    );
    assert!(desk.open_socket(2, Some("https://shop.example")).is_empty());
}

#[test]
fn a_channel_that_is_switched_off_says_so() {
    let desk = Desk::open(json!({ "enabled": false }));
    for (method, url) in [
        ("GET", "entry"),
        ("POST", "session"),
        ("POST", "messages"),
        ("GET", "poll"),
    ] {
        let request = Request {
            method: method.into(),
            url: url.into(),
            ..Request::default()
        };
        let answer = desk.request(request);
        assert_eq!((answer.status, code(&answer).as_str()), (403, "closed"), "{url}");
    }
    assert_eq!(desk.open_socket(1, None), ["closed", "close 1008"]);
}

#[test]
fn a_page_view_reaches_the_desk_once_a_minute() {
    let desk = Desk::open(json!({}));
    let token = desk.token();
    let page =
        json!({ "token": token, "page": { "url": "https://shop.example/tea?id=1#top", "title": "茶" } });
    for _ in 0..3 {
        desk.session(page.clone());
    }
    desk.fake.settle();
    let views = desk.fake.emitted();
    assert_eq!(views.len(), 1);
    let What::Behaviour { behaviour } = &views[0].what else {
        panic!("not a behaviour")
    };
    assert_eq!(behaviour.action, Action::PageView);
    assert_eq!(behaviour.detail, "https://shop.example/tea?id=1");
    desk.fake.advance(Duration::from_mins(1));
    desk.session(page);
    desk.fake.settle();
    assert_eq!(desk.fake.emitted().len(), 2);
}

#[test]
fn a_socket_that_says_nothing_is_closed() {
    let desk = Desk::open(json!({}));
    desk.open_socket(1, None);
    desk.fake.advance(Duration::from_secs(16));
    assert!(matches!(
        desk.fake.take_sent(1).as_slice(),
        [Sent::Text(_), Sent::Close(1008, _)]
    ));
    let token = desk.token();
    desk.connect(2, &token, None);
    desk.fake.advance(Duration::from_mins(1));
    assert!(frames(&desk.fake, 2).is_empty());
}
