//! Files of customers: stored after their message, over crashes, with an end.
use super::*;

const JPEG: &[u8] = b"\xff\xd8\xff jpeg";

#[allow(clippy::unnecessary_wraps)] // an answer like the others
fn file(mime: &str, bytes: &[u8]) -> Result<Response> {
    Ok(Response {
        status: 200,
        body: bytes.to_vec(),
        ..Response::default()
    }
    .header("Content-Type", mime)
    .header("Content-disposition", "attachment; filename=\"m1.jpg\""))
}

fn image(id: &str) -> String {
    push(
        "image",
        id,
        "<PicUrl>http://mmbiz.qpic.cn/p/1</PicUrl><MediaId>m 1</MediaId>",
    )
}

fn wishes(stage: &Stage) -> usize {
    stage
        .fake
        .kv()
        .keys()
        .filter(|key| key.starts_with("fetch/"))
        .count()
}

fn amended(stage: &Stage) -> Vec<Content> {
    stage
        .fake
        .amended()
        .into_iter()
        .map(|amended| amended.content)
        .collect()
}

#[test]
fn a_picture_follows_its_message() {
    let stage = Stage::new();
    let account = stage.open();
    stage.answer("get", file("image/jpeg; charset=x", JPEG));
    assert_eq!(
        body(&stage.receive(&account, stage.secure(&image("7")))),
        (200, "success")
    );
    let What::Message { content } = &stage.fake.emitted()[0].what else {
        panic!("a message")
    };
    assert_eq!(content, &Content::Image { media: None });
    let (media, bytes) = stage.fake.media().remove(0);
    assert_eq!(
        (bytes.as_slice(), media.mime.as_str(), media.name.as_deref()),
        (JPEG, "image/jpeg", Some("m1.jpg"))
    );
    let amended = stage.fake.amended().remove(0);
    assert_eq!(
        (amended.peer.as_str(), amended.dedupe.as_str(), amended.sent_at),
        ("oAbC", "7", 1_700_000_000_000)
    );
    assert_eq!(amended.content, Content::Image { media: Some(media) });
    assert_eq!(stage.calls("get")[0].query("media_id").as_deref(), Some("m 1"));
    assert_eq!(wishes(&stage), 0);
}

#[test]
fn the_answer_does_not_wait_for_the_file() {
    let stage = Stage::new();
    let account = stage.open();
    stage.answer("get", Err(Error::new(Cause::Retryable, "no route")));
    stage.answer("get", Err(Error::new(Cause::Unknown, "cut")));
    stage.answer(
        "get",
        Ok(Response::text(200, "{\"errcode\":-1,\"errmsg\":\"busy\"}")),
    );
    stage.answer("1", Ok(Response::text(503, "")));
    stage.answer("get", file("image/jpeg", JPEG));
    assert_eq!(stage.receive(&account, stage.secure(&image("7"))).status, 200);
    assert_eq!((wishes(&stage), stage.fake.amended().len()), (1, 0));
    stage.fake.advance(Duration::from_mins(2));
    assert_eq!((wishes(&stage), stage.fake.amended().len()), (0, 1));
    assert_eq!(stage.calls("get").len(), 4);
}

#[test]
fn a_film_has_an_address_of_its_own() {
    let stage = Stage::new();
    let account = stage.open();
    let address = json!({ "video_url": format!("{BASE}/films/v1.mp4?k=1") });
    stage.answer("get", Response::json(200, &address));
    stage.answer("v1.mp4", file("video/mp4", b"film"));
    stage.answer("get", file("image/jpeg", JPEG));
    let fields = "<MediaId>v</MediaId><ThumbMediaId>t</ThumbMediaId>";
    stage.receive(&account, stage.secure(&push("shortvideo", "7", fields)));
    let media = stage.fake.media();
    let (film, still) = (media[0].0.clone(), media[1].0.clone());
    assert_eq!(
        amended(&stage),
        [Content::Video {
            media: Some(film),
            thumbnail: Some(still)
        }]
    );

    // Without its still picture it is still a film.
    stage.answer("get", Response::json(200, &address));
    stage.answer("v1.mp4", file("video/mp4", b"film"));
    stage.refuse("get", 40007);
    stage.receive(&account, stage.secure(&push("video", "8", fields)));
    assert!(matches!(
        &amended(&stage)[1],
        Content::Video {
            media: Some(_),
            thumbnail: None
        }
    ));
}

#[test]
fn an_expired_file_becomes_a_note() {
    let stage = Stage::new();
    let account = stage.open();
    // The error comes as text/plain.
    let refusal = "{\"errcode\":40007,\"errmsg\":\"invalid media_id\"}";
    stage.answer("get", Ok(Response::text(200, refusal)));
    let voice = push(
        "voice",
        "7",
        "<MediaId>m</MediaId><Format>amr</Format><Recognition>你好</Recognition>",
    );
    stage.receive(&account, stage.secure(&voice));
    let [Content::Unknown { original, raw }] = &amended(&stage)[..] else {
        panic!("a note")
    };
    assert_eq!(original, "voice");
    assert!(raw.contains("40007") && raw.contains("你好"), "{raw}");
    assert!(raw.contains("重新发送") && raw.contains("send it again"), "{raw}");
    assert_eq!((wishes(&stage), stage.calls("get").len()), (0, 1));
}

#[test]
fn three_days_are_the_end() {
    let stage = Stage::new();
    stage.answer("stable_token", Err(Error::new(Cause::Retryable, "no route")));
    let account = stage.open();
    stage.receive(
        &account,
        stage.secure(&push("voice", "7", "<MediaId>m</MediaId>")),
    );
    // 404 from something in between, for days.
    stage.fake.advance(Duration::from_hours(71));
    assert_eq!((wishes(&stage), stage.fake.amended().len()), (1, 0));
    stage.fake.advance(Duration::from_hours(2));
    assert_eq!((wishes(&stage), stage.fake.amended().len()), (0, 1));
    let tries = stage.calls("get").len();
    assert!((400..1_000).contains(&tries), "{tries} tries");
    stage.fake.advance(Duration::from_hours(24));
    assert_eq!(stage.calls("get").len(), tries);
}

#[test]
fn a_picture_comes_by_its_address_where_files_are_not_allowed() {
    let stage = Stage::new();
    let account = stage.open();
    stage.refuse("get", 48001);
    stage.answer("1", file("image/jpeg", JPEG));
    stage.receive(&account, stage.secure(&image("7")));
    assert!(matches!(
        &amended(&stage)[..],
        [Content::Image { media: Some(_) }]
    ));
}

#[test]
fn a_crash_between_message_and_file_loses_nothing() {
    let stage = Stage::new();
    let account = stage.open();
    stage.answer("get", Err(Error::new(Cause::Retryable, "no route")));
    stage.receive(&account, stage.secure(&image("7")));
    let left = stage.fake.kv();
    assert_eq!(wishes(&stage), 1);

    // A second run finds the wish; its desk has the message.
    let next = Stage::new();
    for (key, value) in left {
        next.fake.set_kv(&key, value);
    }
    let inbound = stage.fake.emitted().remove(0);
    next.fake
        .run(async { next.fake.host().emit(&inbound).await.unwrap() });
    next.answer("get", file("image/jpeg", JPEG));
    let _account = next.open();
    assert!(matches!(&amended(&next)[..], [Content::Image { media: Some(_) }]));
    assert_eq!(wishes(&next), 0);
}

#[test]
fn a_crash_before_the_message_leaves_nothing_behind() {
    let stage = Stage::new();
    let account = stage.open();
    stage
        .fake
        .fail_next("emit", Error::new(Cause::Retryable, "the disk is full"));
    assert_eq!(stage.receive(&account, stage.secure(&image("7"))).status, 500);
    assert_eq!(wishes(&stage), 1);

    let next = Stage::new();
    for (key, value) in stage.fake.kv() {
        next.fake.set_kv(&key, value);
    }
    next.answer("get", file("image/jpeg", JPEG));
    let account = next.open();
    // The platform repeats the push while the file waits for its message.
    assert_eq!(wishes(&next), 1);
    next.receive(&account, next.secure(&image("7")));
    next.fake.advance(Duration::from_mins(1));
    assert_eq!(
        (wishes(&next), next.fake.amended().len(), next.calls("get").len()),
        (0, 1, 1)
    );

    // It never does: the wish is dropped after a while.
    let orphan = Stage::new();
    for (key, value) in stage.fake.kv() {
        orphan.fake.set_kv(&key, value);
    }
    orphan.answer("get", file("image/jpeg", JPEG));
    let _account = orphan.open();
    orphan.fake.advance(Duration::from_mins(30));
    assert_eq!((wishes(&orphan), orphan.fake.amended().len()), (0, 0));
}

#[test]
fn repetitions_fetch_once() {
    let stage = Stage::new();
    let account = Rc::new(stage.open());
    stage.answer("get", file("image/jpeg", JPEG));
    for _ in 0..3 {
        let (account, request) = (account.clone(), stage.secure(&image("7")));
        stage.fake.host().spawn(async move {
            assert_eq!(account.receive(request).await.unwrap().status, 200);
        });
    }
    stage.fake.settle();
    // Long after it is done, too.
    assert_eq!(stage.receive(&account, stage.secure(&image("7"))).status, 200);
    assert_eq!(
        (
            stage.calls("get").len(),
            stage.fake.amended().len(),
            wishes(&stage)
        ),
        (1, 1, 0)
    );
    assert_eq!(stage.fake.emitted().len(), 4);
}

#[test]
fn a_damaged_wish_is_dropped() {
    let stage = Stage::new();
    stage.fake.set_kv("fetch/x", *b"not json");
    let _account = stage.open();
    assert_eq!(wishes(&stage), 0);
}

#[test]
fn a_repetition_does_not_cross_out_what_is_still_wanted() {
    let stage = Stage::new();
    let account = stage.open();
    stage.answer("get", Err(Error::new(Cause::Retryable, "no route")));
    stage.answer("get", file("image/jpeg", JPEG));
    for _ in 0..2 {
        assert_eq!(stage.receive(&account, stage.secure(&image("7"))).status, 200);
        assert_eq!(wishes(&stage), 1);
    }
    stage.fake.advance(Duration::from_mins(1));
    assert_eq!(
        (
            stage.calls("get").len(),
            stage.fake.amended().len(),
            wishes(&stage)
        ),
        (2, 1, 0)
    );
}

#[test]
fn nothing_is_fetched_for_a_customer_the_desk_does_not_want() {
    let stage = Stage::new();
    let account = stage.open();
    let raw = image("7");
    let arrival =
        crate::inbound::read(&crate::envelope::Element::parse(raw.as_bytes()).unwrap(), &raw).unwrap();
    // The fake host stores no place for a behaviour, as the desk stores none for a refused message.
    let behaviour = Behaviour {
        action: Action::Other,
        detail: String::new(),
    };
    let placeless = Inbound {
        what: What::Behaviour { behaviour },
        ..arrival.inbound
    };
    let stored = stage
        .fake
        .run(account.fetcher.emit(&placeless, arrival.fetch.unwrap()))
        .unwrap();
    assert_eq!(stored.cursor, None);
    stage.fake.advance(Duration::from_mins(1));
    assert_eq!((stage.calls("get").len(), wishes(&stage)), (0, 0));
}
