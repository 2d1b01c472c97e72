//! The plugin against the imitated platform, over real HTTP for the API and with its signed requests for
//! callbacks. The desk and the storage are the fake host's.
#![allow(clippy::unwrap_used)] // a test: a panic is its failure

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use tokio::runtime::Runtime;
use weikefu_channel::From;
use weikefu_channel::prelude::*;
use weikefu_channel::testing::{FakeHost, START};
use weikefu_plugin_wechat::WeChat;
use weikefu_wechat_simulator::{
    Account, Broken, Callback, Customer, Fault, Inbound as Doing, Kind as File, Mode, Node, Options,
    SignedRequest, Simulator, sample,
};

const SEND: &str = "/cgi-bin/message/custom/send";

struct Stage {
    fake: FakeHost,
    platform: Simulator,
    account: WeChat,
    // Keeps the platform running.
    _runtime: Runtime,
}

impl Stage {
    fn new(mode: Mode) -> Self {
        let runtime = Runtime::new().unwrap();
        let platform = runtime
            .block_on(Simulator::start(Account::random(mode), Options::quick()))
            .unwrap();
        let fake = FakeHost::new();
        // Both clocks show the same time.
        fake.advance(Duration::from_millis(platform.clock().now_ms() - START as u64));
        fake.on_http(exchange);
        let played = platform.account();
        let settings = json!({
            "app_id": played.app_id, "app_secret": played.secret, "token": played.token,
            "encoding_aes_key": played.aes_key, "original_id": played.original_id,
            "mode": mode.to_string(), "api_base": platform.api_base(),
        });
        let config = serde_json::from_value(settings).unwrap();
        let account = fake.run(WeChat::open(fake.host(), config)).unwrap();
        fake.settle();
        Stage {
            fake,
            platform,
            account,
            _runtime: runtime,
        }
    }

    fn customer(&self) -> Customer {
        self.platform.customer("oAbC")
    }

    /// Status and body of the answer to a push.
    fn push(&self, request: &SignedRequest) -> (u16, String) {
        let request = Request {
            method: "POST".into(),
            url: format!("?{}", request.query),
            body: request.body.to_vec(),
            ..Request::default()
        };
        let response = self.fake.run(self.account.receive(request)).unwrap();
        self.fake.settle();
        (response.status, String::from_utf8(response.body).unwrap())
    }

    fn arrive(&self, callback: &Callback) {
        assert_eq!(
            self.push(&self.platform.sign(callback)),
            (200, "success".to_owned()),
            "{}",
            callback.xml
        );
    }

    fn send(&self, content: Content) -> Result<Receipt> {
        let cursor = Cursor {
            conversation: 1,
            seq: 1,
        };
        let message = ThreadMessage {
            cursor,
            at: 1,
            from: From::System,
            content,
            dedupe: None,
        };
        self.fake.run(self.account.send(Outgoing {
            peer: "oAbC".into(),
            message,
        }))
    }

    fn stored(&self, kind: File, mime: &str) -> MediaRef {
        self.fake.set_media(mime, sample(kind).to_vec())
    }
}

/// One HTTP/1.1 exchange; a connection that is cut leaves the outcome unknown.
fn exchange(request: &Request) -> Result<Response> {
    attempt(request).ok_or_else(|| Error::new(Cause::Unknown, "cut"))
}

fn attempt(request: &Request) -> Option<Response> {
    let (host, path) = request.url.strip_prefix("http://")?.split_once('/')?;
    let mut stream = TcpStream::connect(host).ok()?;
    let mut head = format!(
        "{} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n",
        request.method
    );
    for (name, value) in &request.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.extend(["content-length: ", &request.body.len().to_string(), "\r\n\r\n"]);
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&request.body).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let fields = lines.filter_map(|line| line.split_once(": "));
    let headers = fields
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Some(Response {
        status,
        headers,
        body: answer[end + 4..].to_vec(),
        ..Response::default()
    })
}

fn everything() -> Vec<Doing> {
    let thumb = || sample(File::Thumb);
    vec![
        Doing::text("还有货吗😀"),
        Doing::text(""),
        Doing::text("长".repeat(5_000)),
        Doing::menu_choice("1", "满意"),
        Doing::text("x").from_article(7, 1),
        Doing::image(sample(File::Image)),
        Doing::voice(sample(File::Voice), Some("你好")),
        Doing::voice(sample(File::Voice), None),
        Doing::video(sample(File::Video), thumb()),
        Doing::short_video(sample(File::Video), thumb()),
        Doing::location(23.134, 113.358, ""),
        Doing::link("标题", "", "https://a.example/"),
        Doing::mini_program_page("店", "wx1", "pages/a", thumb()),
        Doing::unknown("hologram", vec![Node::text("Beam", "1")]),
        Doing::subscribe(None),
        Doing::subscribe(Some("store_1")),
        Doing::scan("store_1"),
        Doing::position(23.1, 113.3),
        Doing::click("KF"),
        Doing::view("https://a.example/"),
        Doing::view_mini_program("pages/a"),
        Doing::scan_code("S", "69012", false),
        Doing::scan_code("S", "69012", true),
        Doing::pictures_chosen("pic_weixin", "P", &["a"]),
        Doing::location_selected("L", 23.0, 113.0, "广州"),
        Doing::kf_session(true, "a@b"),
        Doing::kf_switch("a@b", "c@b"),
        Doing::template_finished(9, "success"),
        Doing::mass_finished(10, "send success", 75, 5),
        Doing::publish_finished(1, 0, "a1"),
        Doing::privacy("user_authorization_revoke", "oAbC", "wx1", "1"),
        Doing::subscribe_message("subscribe_msg_popup_event", "T1", "accept"),
        Doing::event("brand_new", Vec::new()),
        Doing::unsubscribe(),
    ]
}

#[test]
fn everything_a_customer_does_arrives_in_every_mode() {
    for mode in [Mode::Plaintext, Mode::Compatible, Mode::Secure] {
        let stage = Stage::new(mode);
        let customer = stage.customer();
        let doings = everything();
        let count = doings.len();
        for doing in doings {
            let callback = customer.write(doing);
            stage.arrive(&callback);
            // The platform repeats; the desk sees the same key.
            stage.arrive(&callback);
            let emitted = stage.fake.emitted();
            let [.., first, again] = &emitted[..] else {
                panic!("two")
            };
            assert_eq!(
                (&first.dedupe, first.sent_at, &first.peer),
                (&again.dedupe, again.sent_at, &again.peer)
            );
            assert_eq!(first.peer, "oAbC");
        }
        let keys: std::collections::BTreeSet<_> = stage
            .fake
            .emitted()
            .into_iter()
            .map(|inbound| (inbound.dedupe, inbound.sent_at))
            .collect();
        assert_eq!(keys.len(), count, "{mode}");
        // A picture, two recordings and two films with their still pictures.
        let (media, amended) = (stage.fake.media(), stage.fake.amended());
        assert_eq!((media.len(), amended.len()), (7, 5), "{mode}");
        assert_eq!(media[0].1, sample(File::Image).to_vec());
        assert!(amended.iter().all(|amended| amended.content.media().is_some()));
        assert!(stage.fake.kv().keys().all(|key| !key.starts_with("fetch/")));
        assert_eq!(stage.platform.violations(), []);
    }
}

#[test]
fn nothing_broken_gets_in_or_does_harm() {
    for mode in [Mode::Plaintext, Mode::Compatible, Mode::Secure] {
        let stage = Stage::new(mode);
        let customer = stage.customer();
        let mut broken = Broken::sweep();
        broken.extend([
            Broken::Huge(10 << 20),
            Broken::Message(vec![0; 64]),
            Broken::Message(vec![b'<'; 64]),
        ]);
        for kind in broken {
            let before = stage.fake.emitted().len();
            let callback = customer.write(Doing::text("x"));
            let (status, body) = stage.push(&stage.platform.broken(&callback, &kind));
            let harmless = match kind {
                Broken::NoMsgId | Broken::BadMsgId => true,
                // The faults of ciphertext leave a plain message as it was.
                Broken::AppId
                | Broken::TruncatedCipher
                | Broken::LostBlock
                | Broken::Padding
                | Broken::Length
                | Broken::NotBase64 => mode == Mode::Plaintext,
                // Compatible takes what is not encrypted by its signature.
                Broken::PlainBody => mode != Mode::Secure,
                _ => false,
            };
            let expected = if harmless { 200 } else { status.clamp(400, 413) };
            assert_eq!(status, expected, "{mode} {kind:?} {body}");
            assert_eq!(
                stage.fake.emitted().len() - before,
                usize::from(harmless),
                "{mode} {kind:?}"
            );
            stage.arrive(&customer.write(Doing::text("still here")));
        }
    }
}

#[test]
fn every_kind_reaches_the_customer() {
    let stage = Stage::new(Mode::Secure);
    let customer = stage.customer();
    stage.arrive(&customer.write(Doing::text("hi")));
    let title = "榨汁机".to_owned();
    let url = "https://shop.example/p/1".to_owned();
    for content in [
        Content::text("您好😀\n\"<a href='https://a.example/'>店</a>\\"),
        Content::Image {
            media: Some(stage.stored(File::Image, "image/png")),
        },
        Content::Voice {
            media: Some(stage.stored(File::Voice, "audio/amr")),
            transcript: None,
        },
        Content::Video {
            media: Some(stage.stored(File::Video, "video/mp4")),
            thumbnail: None,
        },
        Content::News {
            title,
            description: String::new(),
            url,
            picture: String::new(),
        },
    ] {
        stage
            .send(content.clone())
            .unwrap_or_else(|error| panic!("{content:?}: {error}"));
    }
    let sent = customer.sent();
    let kinds: Vec<_> = sent.iter().map(|sent| sent.msg_type.as_str()).collect();
    assert_eq!(kinds, ["text", "image", "voice", "video", "news"]);
    assert_eq!(sent[0].text(), "您好😀\n\"<a href='https://a.example/'>店</a>\\");
    assert_eq!(sent[3].media.as_ref().unwrap().bytes, sample(File::Video));
    // Five are spent.
    assert_eq!(
        stage.send(Content::text("sixth")).unwrap_err().kind,
        Cause::QuotaSpent
    );
    assert_eq!(stage.platform.violations(), []);
}

#[test]
fn closed_windows_and_strangers_are_told_apart() {
    let stage = Stage::new(Mode::Secure);
    assert_eq!(stage.send(Content::text("x")).unwrap_err().kind, Cause::Rejected);
    let customer = stage.customer();
    let closed = stage.send(Content::text("x")).unwrap_err();
    assert_eq!(closed.kind, Cause::WindowClosed);
    assert!(closed.upstream.unwrap().starts_with("45015 "));
    stage.arrive(&customer.write(Doing::text("hi")));
    stage.arrive(&customer.write(Doing::unsubscribe()));
    assert_eq!(stage.send(Content::text("x")).unwrap_err().kind, Cause::Rejected);
}

#[test]
fn the_platforms_bad_days_pass() {
    let stage = Stage::new(Mode::Secure);
    let customer = stage.customer();
    stage.arrive(&customer.write(Doing::text("hi")));
    let faults = stage.platform.faults();
    // Tokens taken away: one new token, one more try, nobody notices.
    stage.platform.kill_tokens();
    stage.send(Content::text("1")).unwrap();
    faults.once(SEND, Fault::TokenGone);
    stage.send(Content::text("2")).unwrap();
    // A picture the platform has forgotten is brought again.
    let image = Content::Image {
        media: Some(stage.stored(File::Image, "image/png")),
    };
    stage.send(image.clone()).unwrap();
    stage
        .platform
        .forget_media(customer.sent()[2].body["media_id"].as_str().unwrap());
    stage.send(image).unwrap();
    // Answers that never come are never repeated.
    for (fault, cause) in [
        (Fault::Errcode(-1), Cause::Retryable),
        (Fault::Cut, Cause::Unknown),
        (Fault::Http(502), Cause::Unknown),
        (Fault::Garbage("<html>".into()), Cause::Unknown),
        (Fault::Errcode(45009), Cause::RateLimited),
        (Fault::Lost, Cause::Unknown),
    ] {
        let before = stage.platform.calls(SEND).len();
        faults.once(SEND, fault.clone());
        assert_eq!(
            stage.send(Content::text("5")).unwrap_err().kind,
            cause,
            "{fault:?}"
        );
        assert!(stage.platform.calls(SEND).len() <= before + 1, "{fault:?}");
    }
    // The lost one did arrive.
    let texts: Vec<_> = customer
        .sent()
        .iter()
        .map(|sent| sent.text().to_owned())
        .collect();
    assert_eq!(texts, ["1", "2", "", "", "5"]);
    assert_eq!(stage.platform.violations(), []);
}
