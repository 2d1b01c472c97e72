//! What the desk sends: bodies, limits, refusals, typing.
use super::*;

#[test]
fn a_text_leaves_as_raw_utf8() {
    let stage = Stage::new();
    let account = stage.open();
    assert_eq!(
        stage.send(&account, Content::text("您好😀 <a href=\"https://a/\">店</a>")),
        Ok(Receipt::proof("errcode 0"))
    );
    let request = stage.calls("send").remove(0);
    assert_eq!(
        request.url,
        format!("{BASE}/cgi-bin/message/custom/send?access_token=T-1")
    );
    let body = String::from_utf8(request.body.clone()).unwrap();
    assert!(body.contains("您好😀") && !body.contains("\\u"), "{body}");
    let expected = json!({ "touser": "oAbC", "msgtype": "text",
        "text": { "content": "您好😀 <a href=\"https://a/\">店</a>" } });
    assert_eq!(stage.bodies("send"), [expected]);
}

#[test]
fn what_cannot_be_sent_never_leaves() {
    let stage = Stage::new();
    let account = stage.open();
    let location = Content::Location {
        latitude: 1.0,
        longitude: 2.0,
        label: String::new(),
    };
    let link = Content::Link {
        title: "t".into(),
        description: String::new(),
        url: "https://a/".into(),
    };
    let big = stage.fake.set_media("image/png", vec![0; (10 << 20) + 1]);
    let odd = stage.fake.set_media("image/webp", vec![0]);
    let gone = MediaRef {
        id: "f".repeat(32),
        ..odd.clone()
    };
    for (content, cause) in [
        (Content::text("长".repeat(667)), Cause::Rejected),
        (Content::text(" "), Cause::Rejected),
        (location, Cause::Unsupported),
        (link, Cause::Unsupported),
        (Content::File { media: None }, Cause::Unsupported),
        (Content::Image { media: None }, Cause::Rejected),
        (Content::Image { media: Some(big) }, Cause::Rejected),
        (Content::Image { media: Some(odd) }, Cause::Rejected),
        (Content::Image { media: Some(gone) }, Cause::Rejected),
    ] {
        assert_eq!(stage.send(&account, content).unwrap_err().kind, cause);
    }
    assert!(stage.calls("send").is_empty() && stage.calls("upload").is_empty());
}

#[test]
fn news_is_one_article() {
    let stage = Stage::new().with("kf_account", "kf2001@gh_1a2b");
    let account = stage.open();
    let content = Content::News {
        title: "榨汁机".into(),
        description: "￥199".into(),
        url: "https://shop.example/p/1".into(),
        picture: "https://shop.example/p/1.jpg".into(),
    };
    stage.send(&account, content).unwrap();
    let article = json!({ "title": "榨汁机", "description": "￥199", "url": "https://shop.example/p/1",
        "picurl": "https://shop.example/p/1.jpg" });
    let expected = json!({ "touser": "oAbC", "msgtype": "news", "news": { "articles": [article] },
        "customservice": { "kf_account": "kf2001@gh_1a2b" } });
    assert_eq!(stage.bodies("send"), [expected]);
}

#[test]
fn an_unknown_customer_service_account_is_left_out() {
    let stage = Stage::new().with("kf_account", "kf2001@gh_1a2b");
    let account = stage.open();
    stage.refuse("send", 61452);
    stage.send(&account, Content::text("a")).unwrap();
    stage.send(&account, Content::text("b")).unwrap();
    let with: Vec<_> = stage
        .bodies("send")
        .iter()
        .map(|body| body.get("customservice").is_some())
        .collect();
    assert_eq!(with, [true, false, false]);
}

#[test]
fn files_are_uploaded_once_in_three_days() {
    let stage = Stage::new();
    let account = stage.open();
    let image = stage.fake.set_media("image/jpeg", *b"\xff\xd8jpeg");
    let content = Content::Image {
        media: Some(image.clone()),
    };
    for _ in 0..2 {
        stage.send(&account, content.clone()).unwrap();
    }
    let upload = stage.calls("upload").remove(0);
    assert_eq!(stage.calls("upload").len(), 1);
    assert_eq!(upload.method, "POST");
    assert_eq!(upload.query("type").as_deref(), Some("image"));
    let kind = upload.header_value("content-type").unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let body = String::from_utf8_lossy(&upload.body).into_owned();
    assert!(body.starts_with(&format!("--{boundary}\r\n")) && body.ends_with(&format!("--{boundary}--\r\n")));
    assert!(
        body.contains(&format!("name=\"media\"; filename=\"{}.jpg\"", image.id)),
        "{body}"
    );
    assert_eq!(
        stage.bodies("send")[1]["image"],
        json!({ "media_id": "up-image" })
    );

    stage.fake.advance(Duration::from_hours(61));
    stage.send(&account, content.clone()).unwrap();
    assert_eq!(stage.calls("upload").len(), 2);
    // Opening again sweeps names that are past their time.
    assert_eq!(
        stage
            .fake
            .kv()
            .keys()
            .filter(|key| key.starts_with("media/"))
            .count(),
        1
    );
    stage.fake.advance(Duration::from_hours(61));
    drop(account);
    let _account = stage.open();
    assert_eq!(
        stage
            .fake
            .kv()
            .keys()
            .filter(|key| key.starts_with("media/"))
            .count(),
        0
    );
}

#[test]
fn a_forgotten_file_is_uploaded_once_more() {
    let stage = Stage::new();
    let account = stage.open();
    let voice = Content::Voice {
        media: Some(stage.fake.set_media("audio/amr", *b"#!AMR")),
        transcript: None,
    };
    stage.refuse("send", 40007);
    stage.send(&account, voice.clone()).unwrap();
    assert_eq!((stage.calls("upload").len(), stage.calls("send").len()), (2, 2));
    stage.refuse("send", 40007);
    stage.refuse("send", 40007);
    assert_eq!(stage.send(&account, voice).unwrap_err().kind, Cause::Rejected);
    assert_eq!((stage.calls("upload").len(), stage.calls("send").len()), (3, 4));
}

#[test]
fn a_film_takes_its_still_picture_along() {
    let stage = Stage::new();
    let account = stage.open();
    let mut film = stage.fake.set_media("video/mp4", *b"mp4");
    film.name = Some("教程.mp4".into());
    let still = stage.fake.set_media("image/jpeg", *b"jpg");
    let reply = json!({ "type": "thumb", "thumb_media_id": "th", "created_at": 1 });
    stage.answer(
        "upload",
        Response::json(200, &json!({ "type": "video", "media_id": "v" })),
    );
    stage.answer("upload", Response::json(200, &reply));
    stage
        .send(
            &account,
            Content::Video {
                media: Some(film),
                thumbnail: Some(still),
            },
        )
        .unwrap();
    let expected = json!({ "media_id": "v", "thumb_media_id": "th", "title": "教程.mp4" });
    assert_eq!(stage.bodies("send")[0]["video"], expected);
}

#[test]
fn many_customers_share_one_upload() {
    let stage = Stage::new();
    let account = Rc::new(stage.open());
    let content = Content::Image {
        media: Some(stage.fake.set_media("image/png", *b"png")),
    };
    for peer in 0..20 {
        let (account, content) = (account.clone(), content.clone());
        stage.fake.host().spawn(async move {
            account.sender.send(&format!("o{peer}"), &content).await.unwrap();
        });
    }
    stage.fake.settle();
    assert_eq!((stage.calls("upload").len(), stage.calls("send").len()), (1, 20));
}

#[test]
fn refusals_reach_the_agent_in_the_desks_terms() {
    for (code, cause) in [
        (45015, Cause::WindowClosed),
        (45047, Cause::QuotaSpent),
        (-1, Cause::Retryable),
        (45009, Cause::RateLimited),
        (43004, Cause::Rejected),
        (48001, Cause::Auth),
        (70000, Cause::Rejected),
    ] {
        let stage = Stage::new();
        let account = stage.open();
        stage.refuse("send", code);
        let error = stage.send(&account, Content::text("x")).unwrap_err();
        assert_eq!(error.kind, cause, "{code}");
        assert_eq!(error.upstream, Some(format!("{code} refused rid: 1-2-3")));
        assert_eq!(stage.calls("send").len(), 1, "{code}");
        let degraded = stage
            .fake
            .status()
            .is_some_and(|(health, _)| health == Health::Degraded);
        assert_eq!(degraded, cause == Cause::Auth, "{code}");
    }
}

#[test]
fn an_answer_that_never_came_stays_unknown() {
    let cut = || {
        Err(Error::new(
            Cause::Unknown,
            "POST http://127.0.0.1/?access_token=T-1 cut",
        ))
    };
    for (answer, cause) in [
        (cut(), Cause::Unknown),
        (Ok(Response::text(502, "bad gateway")), Cause::Unknown),
        (Ok(Response::text(200, "{\"errcode\":")), Cause::Unknown),
        (Ok(Response::text(200, "<html>")), Cause::Unknown),
        (Err(Error::new(Cause::Retryable, "no route")), Cause::Retryable),
    ] {
        let stage = Stage::new();
        let account = stage.open();
        stage.answer("send", answer);
        let error = stage.send(&account, Content::text("x")).unwrap_err();
        assert_eq!(error.kind, cause);
        assert!(!error.to_string().contains("T-1"), "{error}");
        assert_eq!(stage.calls("send").len(), 1);
    }
}

#[test]
fn typing_is_throttled_and_never_fails() {
    let stage = Stage::new();
    let account = stage.open();
    stage.refuse("typing", 45080);
    for _ in 0..3 {
        stage.fake.run(account.typing("oAbC".into())).unwrap();
    }
    stage.fake.run(account.typing("oXyZ".into())).unwrap();
    assert_eq!(stage.bodies("typing").len(), 2);
    assert_eq!(
        stage.bodies("typing")[0],
        json!({ "touser": "oAbC", "command": "Typing" })
    );
    stage.fake.advance(Duration::from_secs(15));
    stage.fake.run(account.typing("oAbC".into())).unwrap();
    assert_eq!(stage.calls("typing").len(), 3);
    // A message ends it, so the next one may show again.
    stage.send(&account, Content::text("x")).unwrap();
    stage.fake.run(account.typing("oAbC".into())).unwrap();
    assert_eq!(stage.calls("typing").len(), 4);
}

#[test]
fn a_film_without_a_still_picture_gets_one() {
    let stage = Stage::new();
    let account = stage.open();
    let film = stage.fake.set_media("video/mp4", *b"mp4");
    let odd = stage.fake.set_media("image/png", *b"png");
    for thumbnail in [None, Some(odd)] {
        let content = Content::Video {
            media: Some(film.clone()),
            thumbnail,
        };
        stage.send(&account, content).unwrap();
    }
    let expected = json!({ "media_id": "up-video", "thumb_media_id": "up-thumb" });
    assert_eq!(stage.bodies("send").last().unwrap()["video"], expected);
    let uploads = stage.calls("upload");
    assert_eq!(uploads.len(), 2);
    assert!(
        uploads[1]
            .body
            .windows(4)
            .any(|bytes| bytes == b"\xff\xd8\xff\xe0")
            && uploads[1].body.len() < 64 << 10
    );
}
