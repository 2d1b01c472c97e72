use super::*;
use proptest::prelude::*;
use serde_json::json;

fn code(text: &str) -> Code {
    parse(text).unwrap_err().code
}

fn text(length: usize) -> String {
    json!({ "type": "send", "client_id": "c", "created_at": 5, "content": { "kind": "text", "text": "😀".repeat(length) } })
        .to_string()
}

#[test]
fn hello_send_and_ping_are_read() {
    assert_eq!(parse(r#"{"type":"ping"}"#), Ok(ClientFrame::Ping));
    let hello = r#"{"type":"hello","token":"t","after":"12.3","lang":"en-US","later":"unknown"}"#;
    let after = Some(Cursor {
        conversation: 12,
        seq: 3,
    });
    assert_eq!(
        parse(hello),
        Ok(ClientFrame::Hello {
            token: "t".into(),
            after,
            lang: Some(Lang::En)
        })
    );
    assert!(matches!(
        parse(r#"{"type":"hello","token":"t","after":null}"#),
        Ok(ClientFrame::Hello { after: None, .. })
    ));
    let ClientFrame::Send(draft) =
        parse(r#"{"type":"send","client_id":"c","created_at":5,"content":{"kind":"text","text":" a\r\nb\u0000\u0007 "}}"#).unwrap()
    else {
        panic!("not a message")
    };
    assert_eq!(draft.body, DraftBody::Text("a\nb".into()));
}

#[test]
fn two_thousand_characters_and_not_one_more() {
    assert!(parse(&text(2_000)).is_ok());
    assert_eq!(code(&text(2_001)), Code::TooLong);
    assert_eq!(code(&text(0)), Code::Empty);
    let blank = r#"{"type":"send","client_id":"c","created_at":5,"content":{"kind":"text","text":" \n\t "}}"#;
    assert_eq!(
        parse(blank),
        Err(Refused {
            client_id: Some("c".into()),
            code: Code::Empty
        })
    );
}

#[test]
fn what_is_out_of_bounds_is_refused() {
    assert_eq!(
        code(&format!("{{\"type\":\"{}\"}}", "x".repeat(limits::FRAME_BYTES))),
        Code::TooLarge
    );
    for bad in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"type":"x"}"#,
        r#"{"type":"hello","token":"t","after":"x"}"#,
        r#"{"type":5}"#,
    ] {
        assert_eq!(code(bad), Code::BadRequest, "{bad}");
    }
    assert_eq!(code(r#"{"type":"hello"}"#), Code::BadToken);
    for id in [String::new(), "x".repeat(65)] {
        let frame = json!({ "type": "send", "client_id": id, "created_at": 5, "content": { "kind": "text", "text": "a" } });
        assert_eq!(code(&frame.to_string()), Code::BadRequest);
    }
    for content in [
        json!(null),
        json!({ "kind": "video" }),
        json!({ "kind": "text" }),
        json!("text"),
    ] {
        let frame = json!({ "type": "send", "client_id": "c", "created_at": 5, "content": content });
        assert_eq!(
            parse(&frame.to_string()),
            Err(Refused {
                client_id: Some("c".into()),
                code: Code::BadRequest
            })
        );
    }
    let deep = format!(
        r#"{{"type":"send","client_id":"c","created_at":5,"content":{}1{}}}"#,
        "[".repeat(9_000),
        "]".repeat(9_000)
    );
    assert_eq!(code(&deep), Code::BadRequest);
}

#[test]
fn a_picture_is_named_by_its_id_alone() {
    let frame = |id: &str| {
        json!({ "client_id": "c", "created_at": 5, "content": { "kind": "image", "media": { "id": id } } })
            .to_string()
    };
    let id = "0123456789abcdef0123456789abcdef";
    assert_eq!(
        parse_draft(frame(id).as_bytes()).unwrap().body,
        DraftBody::Image(id.into())
    );
    for bad in [
        "",
        "../../../../../../etc/passwd0000",
        "0123456789ABCDEF0123456789ABCDEF",
        &id[1..],
    ] {
        assert_eq!(
            parse_draft(frame(bad).as_bytes()).unwrap_err().code,
            Code::BadMedia
        );
    }
    assert_eq!(parse_draft(b"\xff\xfe").unwrap_err().code, Code::BadRequest);
    assert_eq!(
        parse_draft(&vec![b' '; limits::FRAME_BYTES + 1])
            .unwrap_err()
            .code,
        Code::TooLarge
    );
}

#[test]
fn frames_are_written_as_documented() {
    let ack = ServerFrame::Ack {
        client_id: "c",
        cursor: Cursor {
            conversation: 1,
            seq: 2,
        },
        at: 3,
    };
    assert_eq!(
        ack.text(),
        r#"{"type":"ack","client_id":"c","cursor":"1.2","at":3}"#
    );
    assert_eq!(ServerFrame::Pong.text(), r#"{"type":"pong"}"#);
    let service = Service::default();
    let welcome = ServerFrame::Welcome {
        service: &service,
        messages: &[],
        more: false,
    };
    assert_eq!(
        welcome.text(),
        r#"{"type":"welcome","service":{"state":"idle"},"messages":[],"more":false}"#
    );
    let error: Value = serde_json::from_str(&ServerFrame::error(None, Code::TooLong, Lang::En)).unwrap();
    assert_eq!(
        (&error["type"], &error["code"]),
        (&json!("error"), &json!("too_long"))
    );
    assert!(error.get("client_id").is_none());
}

proptest! {
    #[test]
    fn no_text_can_upset_the_parser(text in "\\PC*") {
        let _ = parse(&text);
        let _ = parse_draft(text.as_bytes());
    }

    #[test]
    fn no_bytes_can_upset_the_parser(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = parse_draft(&bytes);
    }

    /// Whatever is accepted is within the bounds, whatever is refused names the message if it could.
    #[test]
    fn accepted_drafts_are_within_bounds(
        kind in "text|image|video|",
        body in "[ a\u{0}\n字😀]{0,40}",
        times in 1_usize..120,
        id in "[a-z0-9]{0,70}",
        created_at in any::<i64>(),
    ) {
        let content = json!({ "kind": kind, "text": body.repeat(times), "media": { "id": id } });
        let frame = json!({ "type": "send", "client_id": id, "created_at": created_at, "content": content }).to_string();
        match parse(&frame) {
            Ok(ClientFrame::Send(draft)) => {
                prop_assert!((1..=64).contains(&draft.client_id.len()));
                prop_assert_eq!(draft.created_at, created_at);
                if let DraftBody::Text(text) = draft.body {
                    prop_assert!((1..=2_000).contains(&text.chars().count()));
                    let nul = text.contains('\0');
                    prop_assert!(!nul);
                }
            }
            Ok(other) => prop_assert!(false, "read as {:?}", other),
            Err(refused) => prop_assert_eq!(refused.client_id.is_some(), (1..=64).contains(&id.len())),
        }
    }
}
