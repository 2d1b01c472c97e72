//! The callback driver against a small server: envelopes, attempts, duplicates, and the judgement of answers.

#![allow(clippy::unwrap_used, reason = "helpers of the tests unwrap too")]
#![allow(clippy::too_many_lines, reason = "the table of all types is one list")]

mod common;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use common::{NOW, Reaction, Receiver, Seen, account, standing, success};
use weikefu_wechat_simulator::{
    Answer, Broken, CipherError, Inbound, Kind, MessageCipher, Mode, Options, Retry, Simulator, Storm, Via,
    sample, signature,
};

async fn start(mode: Mode, options: Options, receiver: &Receiver) -> Simulator {
    let simulator = Simulator::start(account(mode), options).await.unwrap();
    simulator.set_callback(&receiver.url).unwrap();
    simulator
}

fn cipher() -> MessageCipher {
    MessageCipher::new(&account(Mode::Secure).aes_key).unwrap()
}

fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (value, _) = rest.split_once(&format!("</{name}>"))?;
    Some(
        value
            .strip_prefix("<![CDATA[")
            .and_then(|value| value.strip_suffix("]]>"))
            .unwrap_or(value),
    )
}

/// The plain document of a request, after checking what proves it.
fn opened(seen: &Seen, mode: Mode) -> String {
    let part = |name: &str| seen.query.get(name).map(String::as_str);
    let (timestamp, nonce) = (part("timestamp").unwrap(), part("nonce").unwrap());
    assert_eq!(
        part("signature"),
        Some(signature(&["AAAAA", timestamp, nonce]).as_str())
    );
    let body = String::from_utf8(seen.body.to_vec()).unwrap();
    if mode == Mode::Plaintext {
        assert_eq!(part("encrypt_type"), None);
        return body;
    }
    assert_eq!(part("encrypt_type"), Some("aes"));
    let sealed = element(&body, "Encrypt").unwrap();
    assert_eq!(
        part("msg_signature"),
        Some(signature(&["AAAAA", timestamp, nonce, sealed]).as_str())
    );
    assert_eq!(element(&body, "FromUserName").is_some(), mode == Mode::Compatible);
    String::from_utf8(cipher().open(sealed, &account(mode).app_id).unwrap()).unwrap()
}

#[tokio::test]
async fn every_mode_sends_what_the_document_describes() {
    for mode in [Mode::Plaintext, Mode::Compatible, Mode::Secure] {
        let receiver = Receiver::start(|_, _| success()).await;
        let simulator = start(mode, standing(), &receiver).await;
        let delivery = simulator.customer("oA").text("还有货吗]]>😀").await;
        assert_eq!((delivery.attempts.len(), delivery.answer), (1, Answer::Success));
        let seen = &receiver.seen()[0];
        assert_eq!(seen.query.get("openid").map(String::as_str), Some("oA"));
        let xml = opened(seen, mode);
        assert_eq!(element(&xml, "ToUserName"), Some("gh_97417a04a28d"));
        assert_eq!(element(&xml, "FromUserName"), Some("oA"));
        assert_eq!(element(&xml, "CreateTime"), Some(NOW.to_string().as_str()));
        assert!(
            xml.contains("<Content><![CDATA[还有货吗]]]]><![CDATA[>😀]]></Content>"),
            "{xml}"
        );
        assert!(element(&xml, "MsgId").unwrap().parse::<u64>().unwrap() > 1 << 53);
    }
}

#[tokio::test]
async fn the_address_is_verified_by_its_echo() {
    let echoing = Receiver::start(|seen, _| {
        let part = |name: &str| seen.query.get(name).cloned().unwrap_or_default();
        let proof = signature(&["AAAAA", &part("timestamp"), &part("nonce")]);
        let fits = seen.method == "GET" && proof == part("signature");
        if fits {
            Reaction::Answer(200, part("echostr"))
        } else {
            Reaction::Answer(403, String::new())
        }
    })
    .await;
    let simulator = start(Mode::Secure, standing(), &echoing).await;
    simulator.verify_url().await.unwrap();
    assert!(
        simulator
            .verify_url_with_token("wrong")
            .await
            .unwrap_err()
            .contains("403")
    );
    let blind = Receiver::start(|_, _| success()).await;
    simulator.set_callback(&blind.url).unwrap();
    assert!(simulator.verify_url().await.is_err());
    assert!(simulator.set_callback("https://example.com/").is_err());
}

#[tokio::test]
async fn silence_and_server_errors_are_repeated_three_times_in_all() {
    let receiver = Receiver::start(|_, before| match before {
        0 => Reaction::Hang,
        1 => Reaction::Answer(502, String::new()),
        _ => success(),
    })
    .await;
    let options = Options {
        answer_limit: Duration::from_millis(200),
        ..standing()
    };
    let simulator = start(Mode::Secure, options.clone(), &receiver).await;
    let delivery = simulator.customer("oA").text("hi").await;
    let answers: Vec<_> = delivery.attempts.iter().map(|attempt| &attempt.answer).collect();
    assert!(
        matches!(answers[..], [Answer::None(_), Answer::Http(502), Answer::Success]),
        "{answers:?}"
    );
    assert!(delivery.attempts[0].took >= Duration::from_millis(200));
    let seen = receiver.seen();
    let documents: HashSet<_> = seen.iter().map(|seen| opened(seen, Mode::Secure)).collect();
    assert_eq!(documents.len(), 1, "the message stays the same");
    let envelopes: HashSet<_> = seen.iter().map(|seen| seen.body.clone()).collect();
    assert_eq!(envelopes.len(), 3, "the ciphertext does not");

    let deaf = Receiver::start(|_, _| Reaction::Hang).await;
    let same = Options {
        retry: Retry::SameBytes,
        ..options
    };
    let simulator = start(Mode::Secure, same, &deaf).await;
    let delivery = simulator.customer("oA").text("hi").await;
    assert!(!delivery.is_accepted());
    let bytes: HashSet<_> = deaf.seen().iter().map(|seen| seen.body.clone()).collect();
    assert_eq!(
        (delivery.attempts.len(), deaf.seen().len(), bytes.len()),
        (3, 3, 1)
    );
}

#[tokio::test]
async fn refusals_and_nonsense_are_not_repeated() {
    for (status, body) in [
        (403, ""),
        (200, "ok"),
        (200, "{\"errcode\":0}"),
        (200, "success\n"),
        (200, "\"success\""),
    ] {
        let receiver = Receiver::start(move |_, _| Reaction::Answer(status, body.into())).await;
        let simulator = start(Mode::Plaintext, standing(), &receiver).await;
        let delivery = simulator.customer("oA").text("hi").await;
        assert_eq!(delivery.attempts.len(), 1);
        assert!(!delivery.is_accepted(), "{status} {body}");
    }
}

/// Every type and event once, with the elements that must be there.
fn everything() -> Vec<(Inbound, &'static str, &'static [&'static str])> {
    let jpg = || sample(Kind::Thumb);
    vec![
        (
            Inbound::text("").from_article(7, 1),
            "text",
            &["Content", "MsgDataId", "Idx"],
        ),
        (Inbound::menu_choice("1", "好"), "text", &["bizmsgmenuid"]),
        (
            Inbound::image(sample(Kind::Image)),
            "image",
            &["PicUrl", "MediaId"],
        ),
        (
            Inbound::voice(sample(Kind::Voice), Some("")),
            "voice",
            &["MediaId", "Format", "MediaId16K", "Recognition"],
        ),
        (
            Inbound::video(sample(Kind::Video), jpg()),
            "video",
            &["MediaId", "ThumbMediaId"],
        ),
        (
            Inbound::short_video(sample(Kind::Video), jpg()),
            "shortvideo",
            &["MediaId", "ThumbMediaId"],
        ),
        (
            Inbound::location(23.1, 113.3, ""),
            "location",
            &["Location_X", "Location_Y", "Scale", "Label"],
        ),
        (
            Inbound::link("t", "d", "https://a.example"),
            "link",
            &["Title", "Description", "Url"],
        ),
        (
            Inbound::mini_program_page("t", "wx1", "p", jpg()),
            "miniprogrampage",
            &["Title", "AppId", "PagePath", "ThumbUrl", "ThumbMediaId"],
        ),
        (Inbound::unknown("hologram", vec![]), "hologram", &[]),
        (
            Inbound::subscribe(Some("s")),
            "subscribe",
            &["EventKey", "Ticket"],
        ),
        (Inbound::subscribe(None), "subscribe", &["EventKey"]),
        (Inbound::unsubscribe(), "unsubscribe", &[]),
        (Inbound::scan("s"), "SCAN", &["EventKey", "Ticket"]),
        (
            Inbound::position(1.0, 2.0),
            "LOCATION",
            &["Latitude", "Longitude", "Precision"],
        ),
        (Inbound::click("k"), "CLICK", &["EventKey"]),
        (
            Inbound::view("https://a.example"),
            "VIEW",
            &["EventKey", "MenuId"],
        ),
        (
            Inbound::view_mini_program("p"),
            "view_miniprogram",
            &["EventKey", "MenuId"],
        ),
        (
            Inbound::scan_code("k", "r", false),
            "scancode_push",
            &["ScanCodeInfo", "ScanType", "ScanResult"],
        ),
        (
            Inbound::scan_code("k", "r", true),
            "scancode_waitmsg",
            &["ScanCodeInfo"],
        ),
        (
            Inbound::pictures_chosen("pic_sysphoto", "k", &["00"]),
            "pic_sysphoto",
            &["SendPicsInfo", "Count", "PicList", "PicMd5Sum"],
        ),
        (
            Inbound::location_selected("k", 1.0, 2.0, ""),
            "location_select",
            &["SendLocationInfo", "Poiname"],
        ),
        (
            Inbound::kf_session(true, "kf"),
            "kf_create_session",
            &["KfAccount"],
        ),
        (
            Inbound::kf_session(false, "kf"),
            "kf_close_session",
            &["KfAccount"],
        ),
        (
            Inbound::kf_switch("a", "b"),
            "kf_switch_session",
            &["FromKfAccount", "ToKfAccount"],
        ),
        (
            Inbound::template_finished(1, "failed:user block"),
            "TEMPLATESENDJOBFINISH",
            &["MsgID", "Status"],
        ),
        (
            Inbound::mass_finished(1, "send success", 9, 1),
            "MASSSENDJOBFINISH",
            &["MsgID", "SentCount", "ArticleUrl"],
        ),
        (
            Inbound::publish_finished(1, 0, "a"),
            "PUBLISHJOBFINISH",
            &["PublishEventInfo", "article_id"],
        ),
        (
            Inbound::privacy("user_authorization_revoke", "oA", "wx1", "1"),
            "user_authorization_revoke",
            &["OpenID", "AppID", "RevokeInfo"],
        ),
        (
            Inbound::subscribe_message("subscribe_msg_popup_event", "t", "accept"),
            "subscribe_msg_popup_event",
            &["List", "TemplateId"],
        ),
    ]
}

#[tokio::test]
async fn every_type_and_event_is_delivered() {
    let receiver = Receiver::start(|_, _| Reaction::Answer(200, String::new())).await;
    let simulator = start(Mode::Secure, standing(), &receiver).await;
    let customer = simulator.customer("oA");
    let mut last_id = 0;
    for (number, (inbound, name, elements)) in everything().into_iter().enumerate() {
        let delivery = customer.send(inbound).await;
        assert_eq!(delivery.answer, Answer::Empty, "{name}");
        let xml = opened(&receiver.seen()[number], Mode::Secure);
        assert!(
            element(&xml, "MsgType") == Some(name) || element(&xml, "Event") == Some(name),
            "{xml}"
        );
        for wanted in elements {
            assert!(element(&xml, wanted).is_some(), "{wanted} in {xml}");
        }
        if let Some(id) = element(&xml, "MsgId") {
            let id = id.parse::<u64>().unwrap();
            assert!(id > last_id, "ids grow");
            last_id = id;
        }
    }
}

#[tokio::test]
async fn a_storm_delivers_all_some_twice_and_not_in_order() {
    let receiver = Receiver::start(|_, _| success()).await;
    let simulator = start(Mode::Plaintext, standing(), &receiver).await;
    let callbacks: Vec<_> = (0..60)
        .map(|number| {
            simulator
                .customer(&format!("o{}", number % 5))
                .write(Inbound::text(number.to_string()))
        })
        .collect();
    let results = simulator
        .storm(
            callbacks.clone(),
            Storm {
                seed: 3,
                duplicates: 30,
                parallel: 8,
            },
        )
        .await;
    assert_eq!(results.len(), 90);
    assert!(results.iter().all(|(_, delivery)| delivery.is_accepted()));
    let mut counts = HashMap::new();
    let order: Vec<u64> = receiver
        .seen()
        .iter()
        .map(|seen| {
            element(&opened(seen, Mode::Plaintext), "MsgId")
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    for id in &order {
        *counts.entry(*id).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 60);
    assert!(counts.values().any(|count| *count > 1));
    assert!(!order.is_sorted());
}

#[tokio::test]
async fn broken_requests_are_broken_in_one_way_each() {
    for mode in [Mode::Plaintext, Mode::Compatible, Mode::Secure] {
        let receiver = Receiver::start(|_, _| Reaction::Answer(403, String::new())).await;
        let simulator = start(mode, standing(), &receiver).await;
        let callback = simulator.customer("oA").write(Inbound::text("hi"));
        let good = simulator.sign(&callback);
        for broken in Broken::sweep() {
            let request = simulator.broken(&callback, &broken);
            assert_ne!(
                (&request.query, &request.body),
                (&good.query, &good.body),
                "{broken:?}"
            );
            assert_eq!(simulator.post(&request).await.unwrap().status, 403);
        }
        let huge = simulator.broken(&callback, &Broken::Huge(10_000_000));
        assert!(huge.body.len() > 10_000_000);
        assert_eq!(simulator.post(&good).await.unwrap().status, 403);
        assert_eq!(receiver.seen().last().unwrap().body, good.body);
    }
    let simulator = Simulator::start(account(Mode::Secure), standing()).await.unwrap();
    let callback = simulator.customer("oA").write(Inbound::text("hi"));
    let open = |broken| {
        let request = simulator.broken(&callback, &broken);
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        cipher().open(element(&body, "Encrypt").unwrap(), &account(Mode::Secure).app_id)
    };
    assert!(matches!(open(Broken::AppId), Err(CipherError::AppId(_))));
    assert_eq!(open(Broken::TruncatedCipher), Err(CipherError::Ciphertext));
    assert!(matches!(
        open(Broken::LostBlock),
        Err(CipherError::Padding | CipherError::Length)
    ));
    assert_eq!(open(Broken::Padding), Err(CipherError::Padding));
    assert_eq!(open(Broken::Length), Err(CipherError::Length));
    assert_eq!(open(Broken::NotBase64), Err(CipherError::Ciphertext));
    assert!(open(Broken::Doctype).unwrap().starts_with(b"<!DOCTYPE"));
    assert!(String::from_utf8(open(Broken::InvalidUtf8).unwrap()).is_err());
}

/// A reply of the account to oA.
fn reply(inner: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[oA]]></ToUserName><FromUserName><![CDATA[gh_97417a04a28d]]></FromUserName>\
         <CreateTime>{NOW}</CreateTime>{inner}</xml>"
    )
}

fn sealed(message: &str, token: &str, app_id: &str) -> String {
    let encrypt = cipher().seal(message.as_bytes(), app_id);
    let proof = signature(&[token, "1713424427", "415670741", &encrypt]);
    format!(
        "<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt><MsgSignature><![CDATA[{proof}]]></MsgSignature>\
         <TimeStamp>1713424427</TimeStamp><Nonce><![CDATA[415670741]]></Nonce></xml>"
    )
}

async fn answered(mode: Mode, inbound: Inbound, body: String) -> (Answer, Simulator) {
    let receiver = Receiver::start(move |_, _| Reaction::Answer(200, body.clone())).await;
    let simulator = start(mode, standing(), &receiver).await;
    let answer = simulator.customer("oA").send(inbound).await.answer;
    (answer, simulator)
}

#[tokio::test]
async fn passive_replies_are_shown_and_cost_nothing() {
    let text = reply("<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[您好]]></Content>");
    let app_id = account(Mode::Secure).app_id;
    let cases = [
        (Mode::Plaintext, text.clone(), false),
        (Mode::Compatible, text.clone(), false),
        (Mode::Compatible, sealed(&text, "AAAAA", &app_id), true),
        (Mode::Secure, sealed(&text, "AAAAA", &app_id), true),
    ];
    for (mode, body, encrypted) in cases {
        let (answer, simulator) = answered(mode, Inbound::text("hi"), body).await;
        let Answer::Reply(reply) = answer else {
            panic!("{mode}: {answer:?}")
        };
        assert_eq!((reply.msg_type.as_str(), reply.encrypted), ("text", encrypted));
        let customer = simulator.customer("oA");
        let sent = customer.sent();
        assert_eq!((sent[0].text(), sent[0].via), ("您好", Via::Passive));
        assert_eq!(customer.quota().left, 5);
    }
}

#[tokio::test]
async fn replies_that_a_phone_would_not_show_are_malformed() {
    let text = |content: &str| {
        reply(&format!(
            "<MsgType>text</MsgType><Content><![CDATA[{content}]]></Content>"
        ))
    };
    let good = text("您好");
    let app_id = account(Mode::Secure).app_id;
    let article = "<item><Title>t</Title><Description/><PicUrl/><Url>u</Url></item>";
    let news = |count: usize| {
        let items = article.repeat(count);
        reply(&format!(
            "<MsgType>news</MsgType><ArticleCount>{count}</ArticleCount><Articles>{items}</Articles>"
        ))
    };
    let hi = || Inbound::text("hi");
    let bad = [
        (Mode::Secure, hi(), good.clone()),
        (Mode::Secure, hi(), sealed(&good, "BBBBB", &app_id)),
        (Mode::Secure, hi(), sealed(&good, "AAAAA", "wxother")),
        (Mode::Plaintext, hi(), sealed(&good, "AAAAA", &app_id)),
        (Mode::Plaintext, hi(), good.replace("[oA]", "[oB]")),
        (Mode::Plaintext, hi(), good.replace("gh_", "gx_")),
        (Mode::Plaintext, hi(), good.replace(&NOW.to_string(), "now")),
        (Mode::Plaintext, hi(), text("")),
        (Mode::Plaintext, hi(), text(&"x".repeat(2048))),
        (
            Mode::Plaintext,
            hi(),
            good.replace("<CreateTime>", "<Extra>1</Extra><CreateTime>"),
        ),
        (
            Mode::Plaintext,
            hi(),
            reply("<MsgType>image</MsgType><Image><MediaId>none</MediaId></Image>"),
        ),
        (Mode::Plaintext, hi(), reply("<MsgType>sticker</MsgType>")),
        (Mode::Plaintext, hi(), news(2)),
        (Mode::Plaintext, hi(), news(0)),
        (Mode::Plaintext, Inbound::click("k"), news(9)),
        (Mode::Plaintext, Inbound::unsubscribe(), good.clone()),
        (Mode::Plaintext, Inbound::view("https://a.example"), good.clone()),
    ];
    for (mode, inbound, body) in bad {
        let (answer, simulator) = answered(mode, inbound, body.clone()).await;
        assert!(matches!(answer, Answer::Malformed(_)), "{answer:?} for {body}");
        assert!(simulator.sent().is_empty());
    }
    for (inbound, body) in [
        (hi(), news(1)),
        (Inbound::click("k"), news(8)),
        (hi(), text(&"x".repeat(2047))),
    ] {
        let (answer, _) = answered(Mode::Plaintext, inbound, body.clone()).await;
        assert!(matches!(answer, Answer::Reply(_)), "{answer:?} for {body}");
    }
}
