use super::*;

fn push(kind: &str, fields: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_1a2b]]></ToUserName><FromUserName><![CDATA[oAbC]]></FromUserName>\
         <CreateTime>1795000000</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{fields}\
         <MsgId>24681012141618202</MsgId></xml>"
    )
}

fn arrival(kind: &str, fields: &str) -> Arrival {
    let raw = push(kind, fields);
    read(&Element::parse(raw.as_bytes()).unwrap(), &raw).unwrap()
}

fn message(kind: &str, fields: &str) -> (Content, Option<File>) {
    let arrival = arrival(kind, fields);
    assert_eq!(arrival.inbound.peer, "oAbC");
    assert_eq!(arrival.inbound.dedupe, "24681012141618202");
    assert_eq!(arrival.inbound.sent_at, 1_795_000_000_000);
    if let Some(fetch) = &arrival.fetch {
        assert_eq!(
            (&fetch.peer, &fetch.dedupe),
            (&arrival.inbound.peer, &arrival.inbound.dedupe)
        );
        assert_eq!(fetch.sent_at, arrival.inbound.sent_at);
    }
    let What::Message { content } = arrival.inbound.what else {
        panic!("{kind} is a message")
    };
    (content, arrival.fetch.map(|fetch| fetch.file))
}

fn file(wanted: Wanted, media_id: &str) -> File {
    File::new(wanted, media_id.into())
}

#[test]
fn pictures_and_recordings() {
    let image = message(
        "image",
        "<PicUrl><![CDATA[http://p.example/1]]></PicUrl><MediaId>m1</MediaId>",
    );
    assert_eq!(image.0, Content::Image { media: None });
    assert_eq!(
        image.1,
        Some(File {
            address: "http://p.example/1".into(),
            ..file(Wanted::Image, "m1")
        })
    );

    let voice = message("voice", "<MediaId>m8</MediaId><Format>amr</Format>");
    assert_eq!(
        voice,
        (
            Content::Voice {
                media: None,
                transcript: None
            },
            Some(file(Wanted::Voice, "m8"))
        )
    );
    let voice = message(
        "voice",
        "<MediaId>m8</MediaId><MediaId16K>m16</MediaId16K><Recognition>你好</Recognition>",
    );
    let transcript = Some("你好".to_owned());
    assert_eq!(
        voice.0,
        Content::Voice {
            media: None,
            transcript: transcript.clone()
        }
    );
    assert_eq!(
        voice.1,
        Some(File {
            transcript,
            ..file(Wanted::Voice, "m16")
        })
    );
    let silent = message(
        "voice",
        "<MediaId>m8</MediaId><Recognition><![CDATA[]]></Recognition>",
    )
    .0;
    assert_eq!(
        silent,
        Content::Voice {
            media: None,
            transcript: None
        }
    );
    let misspelt = message("voice", "<MediaId>m8</MediaId><Recongnition>喂</Recongnition>").0;
    assert_eq!(
        misspelt,
        Content::Voice {
            media: None,
            transcript: Some("喂".into())
        }
    );
}

#[test]
fn films_places_links_and_pages() {
    for kind in ["video", "shortvideo"] {
        let video = message(kind, "<MediaId>v</MediaId><ThumbMediaId>t</ThumbMediaId>");
        assert_eq!(
            video.0,
            Content::Video {
                media: None,
                thumbnail: None
            }
        );
        assert_eq!(
            video.1,
            Some(File {
                thumb_media_id: "t".into(),
                ..file(Wanted::Video, "v")
            })
        );
    }

    let fields =
        "<Location_X>23.134</Location_X><Location_Y>113.358</Location_Y><Scale>20</Scale><Label></Label>";
    let location = Content::Location {
        latitude: 23.134,
        longitude: 113.358,
        label: String::new(),
    };
    assert_eq!(message("location", fields), (location, None));

    let fields =
        "<Title>标题</Title><Description></Description><Url><![CDATA[https://a.example/?a=1&b=2]]></Url>";
    let url = "https://a.example/?a=1&b=2".into();
    let link = Content::Link {
        title: "标题".into(),
        description: String::new(),
        url,
    };
    assert_eq!(message("link", fields), (link, None));

    let fields =
        "<Title>店</Title><AppId>wx1</AppId><PagePath>pages/a?b=1</PagePath><ThumbMediaId>t</ThumbMediaId>";
    let page = Content::MiniProgram {
        title: "店".into(),
        app_id: "wx1".into(),
        page: "pages/a?b=1".into(),
    };
    assert_eq!(message("miniprogrampage", fields), (page, None));
}

#[test]
fn texts_of_every_length_are_kept() {
    for text in [
        "",
        " ",
        "还有货吗",
        "😀👨‍👩‍👧[微笑]/::)",
        "a\nb",
        "<a href=\"x\">&amp;</a>",
    ] {
        let kept = message("text", &format!("<Content><![CDATA[{text}]]></Content>")).0;
        assert_eq!(kept, Content::text(text));
    }
    assert_eq!(message("text", "").0, Content::text(""));
    let long = "长".repeat(5_000);
    assert_eq!(
        message("text", &format!("<Content>{long}</Content>")).0,
        Content::text(long)
    );
    let huge = message("text", &format!("<Content>{}</Content>", "长".repeat(60_000))).0;
    let Content::Text { text } = huge else {
        panic!("a text")
    };
    assert!(text.len() <= MAX_TEXT && text.chars().all(|c| c == '长'));
    let menu = message("text", "<Content>满意</Content><bizmsgmenuid>101</bizmsgmenuid>").0;
    assert_eq!(menu, Content::text("满意"));
}

#[test]
fn what_is_not_known_is_kept_whole() {
    for (kind, fields) in [
        ("hologram", "<Beam>1</Beam>"),
        ("image", ""),
        ("voice", "<Format>amr</Format>"),
        (
            "location",
            "<Location_X>91</Location_X><Location_Y>0</Location_Y>",
        ),
        (
            "location",
            "<Location_X>NaN</Location_X><Location_Y>0</Location_Y>",
        ),
    ] {
        let (content, file) = message(kind, fields);
        assert_eq!(
            content,
            Content::Unknown {
                original: kind.into(),
                raw: push(kind, fields)
            }
        );
        assert_eq!(file, None);
    }
    assert_eq!(message("TEXT", "<Content>x</Content>").0, Content::text("x"));
}

#[test]
fn ids_above_the_exact_floats_stay_exact() {
    for id in [
        "9007199254740993",
        "18446744073709551615",
        "340282366920938463463374607431768211455",
    ] {
        let raw = push("text", "").replace("24681012141618202", id);
        let arrival = read(&Element::parse(raw.as_bytes()).unwrap(), &raw).unwrap();
        assert_eq!(arrival.inbound.dedupe, id);
    }
    let raw = push("text", "").replace("24681012141618202", &"9".repeat(300));
    assert_eq!(
        read(&Element::parse(raw.as_bytes()).unwrap(), &raw)
            .unwrap()
            .inbound
            .dedupe
            .len(),
        40
    );
}

#[test]
fn without_an_id_the_content_is_the_identity() {
    let of = |text: &str| {
        let raw = push("text", &format!("<Content>{text}</Content>"))
            .replace("<MsgId>24681012141618202</MsgId>", "");
        read(&Element::parse(raw.as_bytes()).unwrap(), &raw)
            .unwrap()
            .inbound
            .dedupe
    };
    assert_eq!(of("a"), of("a"));
    assert_ne!(of("a"), of("b"));
    assert!(of("a").len() <= 256);
}

#[test]
fn pushes_without_sender_time_or_kind_are_refused() {
    let broken = |from: &str, to: &str| {
        let raw = push("text", "<Content>x</Content>").replace(from, to);
        read(&Element::parse(raw.as_bytes()).unwrap(), &raw)
    };
    assert_eq!(broken("oAbC", " ").unwrap_err(), Refusal::Sender);
    assert_eq!(broken("oAbC", &"o".repeat(129)).unwrap_err(), Refusal::Sender);
    for time in ["", "0", "-5", "soon", "99999999999999999999", "253402300800"] {
        assert_eq!(broken("1795000000", time).unwrap_err(), Refusal::Time, "{time}");
    }
    assert_eq!(broken("<![CDATA[text]]>", "").unwrap_err(), Refusal::Kind);
}

#[test]
fn a_wait_for_a_file_survives_storage() {
    let fetch = arrival("video", "<MediaId>v</MediaId><ThumbMediaId>t</ThumbMediaId>")
        .fetch
        .unwrap();
    let bytes = serde_json::to_vec(&fetch).unwrap();
    assert_eq!(serde_json::from_slice::<Fetch>(&bytes).unwrap(), fetch);
}
