//! custom/send and custom/typing: each rule of shape, window and quota.

#![allow(clippy::unwrap_used, reason = "helpers of the tests unwrap too")]
#![allow(clippy::too_many_lines, reason = "the table of all shapes is one list")]

mod common;

use std::time::Duration;

use common::{Api, account, standing};
use serde_json::{Value, json};
use weikefu_wechat_simulator::{Inbound, Kind, Mode, Options, Quota, Simulator, WindowRules};

async fn start(options: Options) -> (Simulator, Api, String) {
    let simulator = Simulator::start(account(Mode::Plaintext), options).await.unwrap();
    let api = Api::of(&simulator);
    let token = api.token().await;
    (simulator, api, token)
}

fn generous() -> Options {
    let mut options = standing();
    options.rules.message.messages = 1000;
    options
}

#[tokio::test]
async fn each_type_has_its_shape() {
    let options = Options {
        articles: vec!["article_1".into()],
        ..generous()
    };
    let (simulator, api, token) = start(options).await;
    let customer = simulator.customer("oA");
    let _ = customer.write(Inbound::text("hi"));
    let image = api.upload(&token, Kind::Image).await;
    let voice = api.upload(&token, Kind::Voice).await;
    let video = api.upload(&token, Kind::Video).await;
    let thumb = api.upload(&token, Kind::Thumb).await;
    let article = json!({ "title": "榨汁机", "description": "￥199", "url": "https://shop.example/p/1",
                          "picurl": "https://shop.example/p/1.jpg" });
    let cases: Vec<(&str, Value, i64)> = vec![
        ("text", json!({ "content": "您好😀" }), 0),
        ("text", json!({ "content": "" }), 44004),
        ("text", json!({}), 44004),
        ("text", json!({ "content": 5 }), 40035),
        ("text", json!({ "content": "a", "color": "red" }), 40035),
        ("text", json!({ "content": "x".repeat(2000) }), 0),
        ("text", json!({ "content": "x".repeat(2001) }), 45002),
        ("text", json!({ "content": "啊".repeat(667) }), 45002),
        ("image", json!({ "media_id": image }), 0),
        ("image", json!({ "media_id": voice }), 40007),
        ("image", json!({ "media_id": "unknown" }), 40007),
        ("image", json!({}), 40007),
        ("voice", json!({ "media_id": voice }), 0),
        ("voice", json!({ "media_id": image }), 40007),
        (
            "video",
            json!({ "media_id": video, "thumb_media_id": thumb, "title": "t", "description": "d" }),
            0,
        ),
        (
            "video",
            json!({ "media_id": video, "title": "t", "description": "d" }),
            40007,
        ),
        (
            "video",
            json!({ "media_id": video, "thumb_media_id": image }),
            40007,
        ),
        (
            "music",
            json!({ "musicurl": "http://a.example/1", "hqmusicurl": "http://a.example/2",
                          "thumb_media_id": thumb }),
            0,
        ),
        (
            "music",
            json!({ "musicurl": "http://a.example/1", "thumb_media_id": thumb }),
            40035,
        ),
        ("news", json!({ "articles": [article] }), 0),
        ("news", json!({ "articles": [article, article] }), 45008),
        ("news", json!({ "articles": [] }), 44003),
        ("news", json!({}), 44003),
        (
            "news",
            json!({ "articles": [{ "title": "t", "url": "shop.example" }] }),
            40035,
        ),
        (
            "news",
            json!({ "articles": [{ "title": "t", "url": "https://a.example", "pic": "x" }] }),
            40035,
        ),
        ("mpnewsarticle", json!({ "article_id": "article_1" }), 0),
        ("mpnewsarticle", json!({ "article_id": "article_2" }), 53600),
        (
            "msgmenu",
            json!({ "head_content": "满意吗", "list": [{ "id": "1", "content": "满意" }],
                            "tail_content": "谢谢" }),
            0,
        ),
        ("msgmenu", json!({ "list": [] }), 40035),
        (
            "msgmenu",
            json!({ "list": [{ "id": 1, "content": "满意" }] }),
            40035,
        ),
        ("wxcard", json!({ "card_id": "c" }), 0),
        (
            "miniprogrampage",
            json!({ "title": "t", "appid": "wx1", "pagepath": "p", "thumb_media_id": thumb }),
            0,
        ),
        (
            "miniprogrampage",
            json!({ "title": "t", "pagepath": "p", "thumb_media_id": thumb }),
            40035,
        ),
        ("mpnews", json!({ "media_id": "m" }), 48008),
        ("link", json!({ "title": "t" }), 40008),
        ("sticker", json!({}), 40008),
    ];
    let good = cases.iter().filter(|(_, _, code)| *code == 0).count();
    for (msg_type, message, code) in cases {
        assert_eq!(
            api.send(&token, "oA", msg_type, message.clone()).await,
            code,
            "{msg_type} {message}"
        );
    }
    let sent = customer.sent();
    assert_eq!(
        sent.len(),
        good,
        "refused messages are not recorded and not counted"
    );
    assert_eq!(customer.quota().left as usize, 1000 - good);
    assert_eq!(sent[0].text(), "您好😀");
    let picture = sent.iter().find(|sent| sent.msg_type == "image").unwrap();
    assert_eq!(
        picture.media.as_ref().unwrap().bytes,
        weikefu_wechat_simulator::sample(Kind::Image)
    );
    assert_eq!(simulator.sent().len(), good);
}

#[tokio::test]
async fn the_envelope_is_checked_too() {
    let options = Options {
        kf_accounts: vec!["kf2001@gh_1a2b".into()],
        ..generous()
    };
    let (simulator, api, token) = start(options).await;
    let customer = simulator.customer("oA");
    let _ = customer.write(Inbound::text("hi"));
    let _ = simulator.stranger("oStranger");
    let cases: Vec<(&[u8], i64)> = vec![
        (b"", 44002),
        (b"[]", 47001),
        (b"{", 47001),
        (b"{\"touser\":\"oA\",\"msgtype\":\"text\",\"text\":{\"content\":\"\xff\"}}", 47001),
        (br#"{"touser":"oA","msgtype":"text","text":{"content":"\u4f60"}}"#, 40033),
        (br#"{"touser":"oA","msgtype":"text","text":{"content":"C:\\users"}}"#, 0),
        (br#"{"msgtype":"text","text":{"content":"a"}}"#, 40003),
        (br#"{"touser":"oB","msgtype":"text","text":{"content":"a"}}"#, 40003),
        (br#"{"touser":"oStranger","msgtype":"text","text":{"content":"a"}}"#, 43004),
        (br#"{"touser":"oA","text":{"content":"a"}}"#, 40008),
        (br#"{"touser":"oA","msgtype":"text"}"#, 44004),
        (br#"{"touser":"oA","msgtype":"text","text":"a"}"#, 40035),
        (br#"{"touser":"oA","msgtype":"text","text":{"content":"a"},"id":1}"#, 40035),
        (br#"{"touser":"oA","msgtype":"text","text":{"content":"a"},"customservice":{"kf_account":"kf2001@gh_1a2b"}}"#, 0),
        (br#"{"touser":"oA","msgtype":"text","text":{"content":"a"},"customservice":{"kf_account":"other"}}"#, 61452),
        (br#"{"touser":"oA","msgtype":"text","text":{"content":"a"},"aimsgcontext":{"is_ai_msg":1}}"#, 0),
    ];
    for (body, code) in cases {
        let text = String::from_utf8_lossy(body).into_owned();
        assert_eq!(
            api.send_raw(&token, body.to_vec()).await.errcode(),
            code,
            "{text}"
        );
    }
    assert_eq!(customer.sent()[1].kf_account.as_deref(), Some("kf2001@gh_1a2b"));
    assert_eq!(
        api.get(&format!("/cgi-bin/message/custom/send?access_token={token}"))
            .await
            .errcode(),
        43002
    );
    assert_eq!(api.send_raw("wrong", "{}").await.errcode(), 40014);
    assert_eq!(api.send_raw(&format!("{token}&x=1"), "{}").await.errcode(), 40035);
}

#[tokio::test]
async fn five_messages_in_two_days() {
    let (simulator, api, token) = start(standing()).await;
    let customer = simulator.customer("oA");
    assert_eq!(api.text(&token, "oA", "unasked").await, 45015);
    let _ = customer.write(Inbound::text("hi"));
    assert_eq!(
        customer.quota(),
        Quota {
            left: 5,
            until_ms: (common::NOW + 48 * 3600) * 1000
        }
    );
    for _ in 0..5 {
        assert_eq!(api.text(&token, "oA", "a").await, 0);
    }
    assert_eq!(api.text(&token, "oA", "a").await, 45047);
    let _ = customer.write(Inbound::text("again"));
    assert_eq!(api.text(&token, "oA", "a").await, 0);
    simulator.clock().advance(Duration::from_hours(48));
    let token = api.token().await;
    assert_eq!(api.text(&token, "oA", "late").await, 45015);
}

#[tokio::test]
async fn three_messages_in_a_minute_after_a_click_a_follow_or_a_scan() {
    let (simulator, api, token) = start(standing()).await;
    let openers = [
        Inbound::click("KF"),
        Inbound::subscribe(None),
        Inbound::subscribe(Some("store_1")),
        Inbound::scan("store_1"),
        Inbound::scan_code("k", "text", false),
        Inbound::scan_code("k", "text", true),
        Inbound::menu_choice("1", "满意"),
    ];
    for (number, opener) in openers.into_iter().enumerate() {
        let openid = format!("oOpen{number}");
        let customer = simulator.customer(&openid);
        let _ = customer.write(opener);
        for _ in 0..3 {
            assert_eq!(api.text(&token, &openid, "a").await, 0, "{number}");
        }
        assert_eq!(api.text(&token, &openid, "a").await, 45047, "{number}");
        simulator.clock().advance(Duration::from_mins(1));
        assert_eq!(api.text(&token, &openid, "a").await, 45015, "{number}");
    }
    let silent = [
        Inbound::position(1.0, 2.0),
        Inbound::view("https://shop.example"),
        Inbound::view_mini_program("pages/a"),
        Inbound::pictures_chosen("pic_weixin", "k", &["00"]),
        Inbound::location_selected("k", 1.0, 2.0, ""),
        Inbound::template_finished(1, "failed: system failed"),
    ];
    for (number, event) in silent.into_iter().enumerate() {
        let openid = format!("oShut{number}");
        let _ = simulator.customer(&openid).write(event);
        assert_eq!(api.text(&token, &openid, "a").await, 45015, "{number}");
    }
}

#[tokio::test]
async fn who_leaves_cannot_be_written_to_and_older_rules_can_be_chosen() {
    let options = Options {
        rules: WindowRules::of_year(2021),
        unfollowed_errcode: 45015,
        ..standing()
    };
    let (simulator, api, token) = start(options).await;
    let customer = simulator.customer("oA");
    let _ = customer.write(Inbound::text("hi"));
    for _ in 0..20 {
        assert_eq!(api.text(&token, "oA", "a").await, 0);
    }
    assert_eq!(api.text(&token, "oA", "a").await, 45047);
    let _ = customer.write(Inbound::unsubscribe());
    assert_eq!(api.text(&token, "oA", "a").await, 45015);
    let _ = customer.write(Inbound::subscribe(None));
    assert_eq!(api.text(&token, "oA", "a").await, 0);
}

#[tokio::test]
async fn typing_has_rules_of_its_own() {
    let (simulator, api, token) = start(standing()).await;
    let customer = simulator.customer("oA");
    let path = format!("/cgi-bin/message/custom/typing?access_token={token}");
    let typing = |command: &'static str| {
        let (api, path) = (&api, &path);
        async move {
            api.post(path, json!({ "touser": "oA", "command": command }).to_string())
                .await
                .errcode()
        }
    };
    assert_eq!(typing("Typing").await, 45080);
    let _ = customer.write(Inbound::text("hi"));
    assert_eq!(typing("typing").await, 45072);
    assert_eq!(typing("Typing").await, 0);
    assert!(customer.sees_typing());
    assert_eq!(typing("Typing").await, 45081);
    simulator.clock().advance(Duration::from_secs(15));
    assert!(!customer.sees_typing());
    assert_eq!(typing("Typing").await, 0);
    assert_eq!(typing("CancelTyping").await, 0);
    assert_eq!(typing("Typing").await, 0);
    assert_eq!(api.text(&token, "oA", "a").await, 0);
    assert!(!customer.sees_typing(), "a message ends it");
    simulator.clock().advance(Duration::from_secs(31));
    assert_eq!(typing("Typing").await, 45080);
    assert_eq!(
        api.post(&path, r#"{"touser":"oZ","command":"Typing"}"#)
            .await
            .errcode(),
        40003
    );
}
