//! What the platform pushes: verification, the three modes, refusals, repetitions.
use super::*;
use crate::envelope::MAX_BODY;
use proptest::prelude::*;

fn contents(stage: &Stage) -> Vec<Content> {
    let of = |inbound: Inbound| match inbound.what {
        What::Message { content } => content,
        What::Behaviour { behaviour } => {
            Content::text(format!("{:?} {}", behaviour.action, behaviour.detail))
        }
    };
    stage.fake.emitted().into_iter().map(of).collect()
}

/// Refused with this status, told nothing, stored nothing.
fn refused(stage: &Stage, account: &WeChat, request: Request, status: u16) {
    let response = stage.receive(account, request);
    assert_eq!(body(&response), (status, "refused"));
    assert_eq!(stage.fake.emitted(), []);
    let (level, line) = stage.fake.logs().pop().unwrap();
    assert_eq!(level, Level::Warn);
    assert!(
        line.starts_with("callback refused: ") && !line.contains("AAAA") && !line.contains("s3cret"),
        "{line}"
    );
}

#[test]
fn the_address_is_verified_in_every_mode() {
    for mode in ["plaintext", "compatible", "secure"] {
        let stage = Stage::new().with("mode", mode);
        let account = stage.open();
        let signature = "f464b24fc39322e44b38aa78f5edd27bd1441696";
        let url = |signature: &str| {
            format!("?signature={signature}&echostr=49%2B5\"x&timestamp=1714036504&nonce=1514711492")
        };
        let response = stage.receive(&account, Request::get(url(signature)));
        assert_eq!(body(&response), (200, "49+5\"x"));
        for wrong in ["", "f464b24fc39322e44b38aa78f5edd27bd1441697"] {
            assert_eq!(
                body(&stage.receive(&account, Request::get(url(wrong)))),
                (403, "refused")
            );
        }
        assert_eq!(stage.receive(&account, Request::get("")).status, 400);
        let put = Request {
            method: "PUT".into(),
            ..Request::get(url(signature))
        };
        assert_eq!(stage.receive(&account, put).status, 405);
    }
}

#[test]
fn a_message_arrives_in_every_mode() {
    let stage = Stage::new().with("mode", "plaintext");
    let request = stage.plain(&text("1", "还有货吗😀"));
    assert_eq!(body(&stage.receive(&stage.open(), request)), (200, "success"));
    assert_eq!(contents(&stage), [Content::text("还有货吗😀")]);

    let stage = Stage::new();
    let request = stage.secure(&text("1", "还有货吗😀"));
    assert_eq!(body(&stage.receive(&stage.open(), request)), (200, "success"));
    assert_eq!(contents(&stage), [Content::text("还有货吗😀")]);
    let inbound = stage.fake.emitted().remove(0);
    assert_eq!((inbound.peer.as_str(), inbound.dedupe.as_str()), ("oAbC", "1"));
    assert_eq!(inbound.sent_at, 1_700_000_000_000);

    // Compatible: the encrypted copy is what counts; a plain push is taken too.
    let stage = Stage::new().with("mode", "compatible");
    let account = stage.open();
    let key = AesKey::parse(&"A".repeat(43)).unwrap();
    let sealed = key.seal([1; 16], text("1", "genuine").as_bytes(), APP);
    let beside = "<MsgType>text</MsgType><FromUserName>oEvil</FromUserName><Content>forged</Content>";
    assert_eq!(stage.receive(&account, stage.sealed(&sealed, beside)).status, 200);
    assert_eq!(
        stage.receive(&account, stage.plain(&text("2", "plain"))).status,
        200
    );
    assert_eq!(
        contents(&stage),
        [Content::text("genuine"), Content::text("plain")]
    );
}

#[test]
fn a_json_push_arrives() {
    let stage = Stage::new();
    let message = r#"{"ToUserName":"gh_1","FromUserName":"oAbC","CreateTime":1700000000,"MsgType":"text","Content":"hi","MsgId":9007199254740993}"#;
    assert_eq!(stage.receive(&stage.open(), stage.secure(message)).status, 200);
    assert_eq!(stage.fake.emitted()[0].dedupe, "9007199254740993");
}

#[test]
fn secure_mode_takes_nothing_less() {
    let stage = Stage::new();
    let account = stage.open();
    refused(&stage, &account, stage.plain(&text("1", "x")), 403);
    let told = stage.fake.status().unwrap().1;
    assert!(
        told.zh.contains("安全模式") && told.en.contains("secure mode"),
        "{told:?}"
    );
    // The right `signature` alone proves nothing about the body.
    let genuine = stage.secure(&text("1", "x"));
    let without = genuine.url.split("&msg_signature").next().unwrap().to_owned();
    refused(
        &stage,
        &account,
        Request {
            url: without,
            ..genuine.clone()
        },
        403,
    );
    let key = AesKey::parse(&"A".repeat(43)).unwrap();
    let other = format!(
        "<xml><Encrypt>{}</Encrypt></xml>",
        key.seal([1; 16], b"<xml/>", APP)
    );
    refused(
        &stage,
        &account,
        Request {
            body: other.into(),
            ..genuine.clone()
        },
        403,
    );
    // And the account goes on working.
    assert_eq!(stage.receive(&account, genuine).status, 200);
    assert_eq!(stage.fake.status().unwrap(), (Health::Healthy, Words::default()));
}

#[test]
fn wrong_account_wrong_key_and_damage_are_refused() {
    let stage = Stage::new();
    let account = stage.open();
    let key = AesKey::parse(&"A".repeat(43)).unwrap();
    let message = text("1", "x");
    refused(
        &stage,
        &account,
        stage.sealed(&key.seal([1; 16], message.as_bytes(), "wxother"), ""),
        403,
    );
    assert!(stage.fake.status().unwrap().1.zh.contains("AppID"));
    let foreign = AesKey::parse(&"b".repeat(43)).unwrap();
    refused(
        &stage,
        &account,
        stage.sealed(&foreign.seal([1; 16], message.as_bytes(), APP), ""),
        400,
    );
    let sealed = key.seal([1; 16], message.as_bytes(), APP);
    for cut in [1, 4, 40, 64, sealed.len() - 1] {
        refused(&stage, &account, stage.sealed(&sealed[..cut], ""), 400);
    }
    refused(&stage, &account, stage.secure("<xml"), 400);
    refused(&stage, &account, stage.secure("<!DOCTYPE x><xml/>"), 400);
    refused(
        &stage,
        &account,
        stage.secure("<xml><FromUserName>o</FromUserName></xml>"),
        400,
    );
    let bytes = key.seal([1; 16], b"<xml><Content>\xff</Content></xml>", APP);
    refused(&stage, &account, stage.sealed(&bytes, ""), 400);
}

#[test]
fn hostile_bodies_are_refused_before_anything_else() {
    let stage = Stage::new().with("mode", "plaintext");
    let account = stage.open();
    let dtd = "<!DOCTYPE x [<!ENTITY a \"b\">]>";
    refused(
        &stage,
        &account,
        stage.plain(&format!("{dtd}{}", text("1", "x"))),
        400,
    );
    refused(
        &stage,
        &account,
        stage.plain(&text("1", &"x".repeat(MAX_BODY))),
        413,
    );
    let mut invalid = stage.plain(&text("1", "x"));
    invalid.body.splice(20..20, [0xff, 0xfe]);
    refused(&stage, &account, invalid, 400);
    refused(&stage, &account, stage.plain(&"<a>".repeat(50)), 400);
    refused(&stage, &account, stage.plain(""), 400);
    refused(
        &stage,
        &account,
        Request {
            url: "callback".into(),
            ..stage.plain(&text("1", "x"))
        },
        400,
    );
    let wrong = stage.plain(&text("1", "x"));
    refused(
        &stage,
        &account,
        Request {
            url: wrong.url.replace("nonce=n1", "nonce=n3"),
            ..wrong
        },
        403,
    );
    assert_eq!(stage.receive(&account, stage.plain(&text("1", "x"))).status, 200);
}

#[test]
fn another_accounts_push_is_refused_when_the_original_id_is_known() {
    let stage = Stage::new().with("original_id", "gh_other");
    let account = stage.open();
    refused(&stage, &account, stage.secure(&text("1", "x")), 403);
    let stage = Stage::new().with("original_id", "gh_1a2b");
    assert_eq!(
        stage.receive(&stage.open(), stage.secure(&text("1", "x"))).status,
        200
    );
}

#[test]
fn a_replay_is_one_message_and_an_old_plain_address_is_refused() {
    let stage = Stage::new();
    let account = stage.open();
    let request = stage.secure(&text("24681012141618202", "once"));
    for _ in 0..3 {
        assert_eq!(body(&stage.receive(&account, request.clone())), (200, "success"));
    }
    // Signed over the content: however late, it is the same message.
    stage.fake.advance(Duration::from_hours(24));
    assert_eq!(stage.receive(&account, request).status, 200);
    let keys: Vec<_> = stage
        .fake
        .emitted()
        .iter()
        .map(|i| (i.dedupe.clone(), i.sent_at))
        .collect();
    assert_eq!(keys, vec![("24681012141618202".to_owned(), 1_700_000_000_000); 4]);

    let stage = Stage::new().with("mode", "plaintext");
    let account = stage.open();
    let logged = stage.plain(&text("1", "x"));
    let forged = Request {
        body: text("2", "forged").into(),
        ..logged.clone()
    };
    stage.fake.advance(Duration::from_mins(10));
    assert_eq!(stage.receive(&account, logged).status, 200);
    stage.fake.advance(Duration::from_secs(1));
    assert_eq!(stage.receive(&account, forged).status, 403);
    assert_eq!(stage.fake.emitted().len(), 1);
    assert!(stage.fake.status().unwrap().1.zh.contains("校准"));
}

#[test]
fn the_previous_key_opens_while_keys_change() {
    let stage = Stage::new().with("previous_aes_key", &"b".repeat(43));
    let account = stage.open();
    let old = AesKey::parse(&"b".repeat(43)).unwrap();
    let sealed = old.seal([3; 16], text("1", "late").as_bytes(), APP);
    assert_eq!(stage.receive(&account, stage.sealed(&sealed, "")).status, 200);
    assert_eq!(
        stage.receive(&account, stage.secure(&text("2", "new"))).status,
        200
    );
    assert_eq!(stage.fake.emitted().len(), 2);
}

#[test]
fn success_means_durable() {
    let stage = Stage::new();
    let account = stage.open();
    for kind in [Cause::Retryable, Cause::Internal] {
        stage.fake.fail_next("emit", Error::new(kind, "the disk is full"));
        assert_eq!(stage.receive(&account, stage.secure(&text("1", "x"))).status, 500);
    }
    stage
        .fake
        .fail_next("emit", Error::new(Cause::Rejected, "blocked"));
    assert_eq!(stage.receive(&account, stage.secure(&text("1", "x"))).status, 200);
    assert_eq!(stage.fake.emitted(), []);
    assert_eq!(stage.receive(&account, stage.secure(&text("1", "x"))).status, 200);
    assert_eq!(stage.fake.emitted().len(), 1);
}

#[test]
fn texts_of_zero_and_five_thousand_characters_are_stored() {
    let stage = Stage::new();
    let account = stage.open();
    let long = "长😀".repeat(2_500);
    for (id, content) in [("1", ""), ("2", long.as_str())] {
        assert_eq!(
            stage.receive(&account, stage.secure(&text(id, content))).status,
            200
        );
    }
    assert_eq!(contents(&stage), [Content::text(""), Content::text(long)]);
}

#[test]
fn events_become_behaviours() {
    let stage = Stage::new();
    let account = stage.open();
    let event = |name: &str, key: &str| {
        push(
            "event",
            "",
            &format!("<Event>{name}</Event><EventKey>{key}</EventKey>"),
        )
        .replace("<MsgId></MsgId>", "")
    };
    for (name, key) in [
        ("subscribe", "qrscene_a"),
        ("CLICK", "KF"),
        ("CLICK", "KF"),
        ("unheard_of", ""),
    ] {
        assert_eq!(
            body(&stage.receive(&account, stage.secure(&event(name, key)))),
            (200, "success")
        );
    }
    let expected = ["Follow a", "MenuClick KF", "MenuClick KF", "Other unheard_of"].map(Content::text);
    assert_eq!(contents(&stage), expected);
    let keys: Vec<_> = stage
        .fake
        .emitted()
        .into_iter()
        .map(|inbound| inbound.dedupe)
        .collect();
    assert_eq!(keys[1], keys[2]);
    assert_ne!(keys[0], keys[1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_request_makes_it_fail(url in "[?&=a-z%0-9]{0,60}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let stage = Stage::new();
        let account = stage.open();
        let request = Request { method: "POST".into(), url, body: bytes.clone(), ..Request::default() };
        prop_assert!((400..500).contains(&stage.receive(&account, request).status));
        // The same bytes, rightly signed and encrypted.
        let key = AesKey::parse(&"A".repeat(43)).unwrap();
        let sealed = key.seal([9; 16], &bytes, APP);
        prop_assert!((400..500).contains(&stage.receive(&account, stage.sealed(&sealed, "")).status));
        prop_assert_eq!(stage.fake.emitted(), vec![]);
    }
}
