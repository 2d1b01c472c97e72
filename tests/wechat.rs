//! The official account through the whole house: out to the imitated platform and in from it.
use crate::harness::{Official, Shop, eventually, generous, text_of, texts};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use weikefu_wechat_simulator::{Clock, Customer, Fault, Grant, Inbound, Kind, Mode, Options, Via, sample};

const SEND: &str = "/cgi-bin/message/custom/send";

/// A shop whose administrator holds one customer who has written.
struct Talk {
    shop: Shop,
    official: Official,
    customer: Customer,
    conversation: Value,
}

impl Talk {
    async fn begin(options: Options) -> Self {
        let (shop, official) = Shop::open_with(Mode::Secure, options).await;
        shop.take_everybody().await;
        let customer = official.simulator.customer("oTalk");
        assert!(customer.text("在吗").await.is_accepted());
        let conversation = shop.found(&shop.admin, "在吗").await;
        assert_eq!(conversation["channel"]["id"], official.channel);
        Talk {
            shop,
            official,
            customer,
            conversation,
        }
    }

    /// Writes a text and waits for how it ends.
    async fn say(&self, text: &str, state: &str) -> Value {
        let stored = self.shop.admin.say(&self.conversation, text, text).await.ok();
        self.shop
            .admin
            .delivered(&self.conversation, &stored, state)
            .await
    }

    async fn send(&self, client_id: &str, content: Value) -> Value {
        let stored = self
            .shop
            .admin
            .send(&self.conversation, client_id, &content)
            .await
            .ok();
        self.shop
            .admin
            .delivered(&self.conversation, &stored, "accepted")
            .await
    }

    async fn retried(&self, message: &Value, state: &str) -> Value {
        let again = self.shop.admin.retry(message).await.ok();
        assert_eq!(again["seq"], message["seq"]);
        self.shop
            .admin
            .delivered(&self.conversation, message, state)
            .await
    }

    /// What has reached the customer.
    fn heard(&self) -> Vec<String> {
        let sent = self.customer.sent();
        sent.iter().map(|sent| sent.text().to_owned()).collect()
    }

    fn faults(&self) -> &weikefu_wechat_simulator::Faults {
        self.official.simulator.faults()
    }

    fn calls(&self) -> usize {
        self.official.simulator.calls(SEND).len()
    }

    async fn upload(&self, mime: &str, name: &str, bytes: &[u8]) -> Value {
        let stored = self.shop.admin.upload(mime, name, bytes).await.ok();
        json!({ "id": stored["id"] })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_an_agent_can_send_arrives() {
    let talk = Talk::begin(generous()).await;
    let (image, voice, video) = (sample(Kind::Image), sample(Kind::Voice), sample(Kind::Video));
    let files = [
        ("image", talk.upload("image/png", "a.png", &image).await, &image),
        ("voice", talk.upload("audio/amr", "a.amr", &voice).await, &voice),
        ("video", talk.upload("video/mp4", "a.mp4", &video).await, &video),
    ];
    talk.send("text", json!({ "kind": "text", "text": "您好😀" }))
        .await;
    for (kind, media, _) in &files {
        talk.send(kind, json!({ "kind": kind, "media": media })).await;
    }
    let news = json!({ "kind": "news", "title": "榨汁机", "description": "￥199",
                       "url": "https://shop.example/p/1", "picture": "https://shop.example/p/1.jpg" });
    talk.send("news", news).await;
    let sent = talk.customer.sent();
    let kinds: Vec<&str> = sent.iter().map(|sent| sent.msg_type.as_str()).collect();
    assert_eq!(kinds, ["text", "image", "voice", "video", "news"]);
    assert!(sent.iter().all(|sent| sent.via == Via::Send));
    assert_eq!(sent[0].text(), "您好😀");
    for (n, (kind, _, bytes)) in files.iter().enumerate() {
        assert_eq!(sent[n + 1].media.as_ref().unwrap().bytes, **bytes, "{kind}");
    }
    assert_eq!(sent[4].body["articles"][0]["title"], "榨汁机");
    // What the platform does not take is refused before it is stored.
    let admin = &talk.shop.admin;
    let file = talk.upload("application/pdf", "a.pdf", b"%PDF-1.7\n").await;
    for content in [
        json!({ "kind": "file", "media": file }),
        json!({ "kind": "image", "media": file }),
        json!({ "kind": "news", "title": "", "description": "", "url": "https://a", "picture": "" }),
        json!({ "kind": "news", "title": "x", "description": "", "url": "javascript:x", "picture": "" }),
    ] {
        let refused = admin.send(&talk.conversation, "no", &content).await;
        assert_eq!(refused.refused(), (422, "invalid".into()), "{content}");
    }
    let missing = json!({ "kind": "image", "media": { "id": "0".repeat(32) } });
    assert_eq!(
        admin.send(&talk.conversation, "no", &missing).await.refused().0,
        404
    );
    assert_eq!(talk.official.simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_a_customer_can_send_is_kept() {
    let talk = Talk::begin(generous()).await;
    let (image, voice, video) = (sample(Kind::Image), sample(Kind::Voice), sample(Kind::Video));
    let arrivals = [
        Inbound::image(image.clone()),
        Inbound::voice(voice.clone(), Some("我要退货")),
        Inbound::video(video.clone(), sample(Kind::Thumb)),
        Inbound::location(31.24, 121.49, "外滩"),
        Inbound::link("说明书", "PDF", "https://shop.example/m"),
        Inbound::mini_program_page("商城", "wx1", "pages/index", sample(Kind::Thumb)),
        Inbound::unknown("hologram", Vec::new()),
    ];
    for inbound in arrivals {
        assert!(talk.customer.send(inbound).await.is_accepted());
    }
    let fetched = |message: &Value| message["content"]["media"].is_object();
    let thread = eventually("all files are there", async || {
        let thread = talk.shop.thread(&talk.conversation).await;
        (thread.len() == 8 && thread[1..4].iter().all(fetched)).then_some(thread)
    })
    .await;
    let kinds: Vec<&str> = thread
        .iter()
        .map(|message| message["content"]["kind"].as_str().unwrap())
        .collect();
    let wanted = [
        "text",
        "image",
        "voice",
        "video",
        "location",
        "link",
        "mini_program",
        "unknown",
    ];
    assert_eq!(kinds, wanted);
    assert_eq!(thread[2]["content"]["transcript"], "我要退货");
    assert_eq!(thread[4]["content"]["label"], "外滩");
    assert_eq!(thread[7]["content"]["original"], "hologram");

    let browser = &talk.shop.admin.browser;
    for (message, bytes, mime) in [
        (&thread[1], &image, "image/png"),
        (&thread[2], &voice, "audio/amr"),
        (&thread[3], &video, "video/mp4"),
    ] {
        let path = format!("/m/{}", message["content"]["media"]["id"].as_str().unwrap());
        let whole = browser.get(&path).await;
        assert_eq!(
            (&whole.body, whole.headers["content-type"].to_str().unwrap()),
            (bytes, mime)
        );
        let size = bytes.len();
        assert_eq!(message["content"]["media"]["size"], size);
        let part = async |range: &str| {
            browser
                .try_send(Method::GET, &path, &[("range", range)], "")
                .await
                .unwrap()
        };
        let middle = part("bytes=2-5").await;
        assert_eq!((middle.status.as_u16(), middle.body), (206, bytes.slice(2..6)));
        assert_eq!(middle.headers["content-range"], format!("bytes 2-5/{size}"));
        assert_eq!(part("bytes=-3").await.body, bytes.slice(size - 3..));
        assert_eq!(
            part(&format!("bytes=4-{}", size * 9)).await.body,
            bytes.slice(4..)
        );
        for odd in [
            "bytes=5-2",
            &format!("bytes={size}-"),
            "bytes=a-b",
            "bytes=0-1,3-4",
        ] {
            let answer = part(odd).await;
            assert_eq!((answer.status.as_u16(), &answer.body), (200, bytes), "{odd}");
        }
        let saved = browser.get(&format!("{path}?download")).await;
        assert!(
            saved.headers["content-disposition"]
                .to_str()
                .unwrap()
                .starts_with("attachment")
        );
        assert_eq!(
            browser
                .try_send(Method::HEAD, &path, &[], "")
                .await
                .unwrap()
                .body
                .len(),
            0
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_customers_do_becomes_behaviours_and_no_conversation() {
    let (shop, official) = Shop::open_with(Mode::Secure, generous()).await;
    let customer = official.simulator.stranger("oVisits");
    assert!(customer.follow().await.is_accepted());
    assert!(customer.send(Inbound::scan("海报1")).await.is_accepted());
    assert!(customer.click("MENU_HELP").await.is_accepted());
    let again = customer.write(Inbound::view("https://shop.example/"));
    for _ in 0..3 {
        assert!(official.simulator.deliver(&again).await.is_accepted());
    }
    assert_eq!(shop.admin.conversations().await, [] as [Value; 0]);
    customer.text("有活动吗").await;
    let conversation = shop.found(&shop.admin, "有活动吗").await;
    let panel = shop
        .admin
        .get(&format!("/customers/{}", conversation["customer"]["id"]))
        .await;
    assert_eq!(panel["customer"]["openid"], "oVisits");
    let mut actions: Vec<&str> = panel["behaviours"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| b["action"].as_str().unwrap())
        .collect();
    actions.sort_unstable();
    assert_eq!(actions, ["follow", "menu_click", "menu_view", "scan"]);
    customer.unfollow().await;
    shop.admin.accept(&conversation).await.ok();
    let stored = shop.admin.say(&conversation, "late", "欢迎再来").await.ok();
    let failed = shop.admin.delivered(&conversation, &stored, "failed").await;
    assert_eq!(failed["delivery"]["cause"], "rejected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outside_the_reply_window_a_message_waits_for_the_customer() {
    let now = u64::try_from(crate::harness::now() / 1000).unwrap();
    let talk = Talk::begin(Options {
        clock: Clock::standing_at(now),
        ..generous()
    })
    .await;
    talk.official.simulator.clock().advance(Duration::from_hours(49));
    let before = talk.shop.admin.desk().await["event"].clone();
    let failed = talk.say("还需要吗", "failed").await;
    assert_eq!(failed["delivery"]["cause"], "window_closed");
    let reason = failed["delivery"]["reason"].as_str().unwrap();
    assert!(reason.contains("48 小时") && reason.contains("45015"), "{reason}");
    assert_english(&talk, &failed, &before).await;
    // Trying again changes nothing until the customer has written.
    talk.retried(&failed, "failed").await;
    assert_eq!(talk.heard(), [] as [&str; 0]);
    assert!(talk.customer.text("需要").await.is_accepted());
    let sent = talk.retried(&failed, "accepted").await;
    assert_eq!(
        (&sent["delivery"]["reason"], talk.heard()),
        (&Value::Null, vec!["还需要吗".to_owned()])
    );
    let done = talk.shop.admin.retry(&failed).await;
    assert_eq!(done.refused(), (409, "nothing_to_retry".into()));
}

/// Who reads English gets the same reason in English: from the API, and live, where the page says its language.
async fn assert_english(talk: &Talk, failed: &Value, before: &Value) {
    let mut agent = talk.shop.admin.clone();
    agent.browser = agent.browser.with("accept-language", "en");
    let wanted = |reason: &Value| {
        let reason = reason.as_str().unwrap();
        assert!(reason.is_ascii() && reason.contains("45015"), "{reason}");
    };
    let told = agent.message(&talk.conversation, failed).await;
    wanted(&told["delivery"]["reason"]);
    let path = format!("/api/shops/{}/events?after={before}", agent.shop);
    for (browser, path) in [
        (&talk.shop.admin.browser, format!("{path}&lang=en")),
        (&agent.browser, path),
    ] {
        let mut socket = browser.socket(&path).await;
        let live = socket.until("the failure", |frame| {
            let message = &frame["message"];
            (message["seq"] == failed["seq"] && message["delivery"]["state"] == "failed")
                .then(|| message.clone())
        });
        wanted(&live.await["delivery"]["reason"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_used_up_quota_is_told_and_opens_again() {
    let mut options = generous();
    options.rules.message = Grant {
        messages: 2,
        ..options.rules.message
    };
    let talk = Talk::begin(options).await;
    talk.say("一", "accepted").await;
    talk.say("二", "accepted").await;
    let failed = talk.say("三", "failed").await;
    assert_eq!(failed["delivery"]["cause"], "quota_spent");
    assert!(
        failed["delivery"]["reason"].as_str().unwrap().contains("45047"),
        "{failed}"
    );
    assert!(talk.customer.text("继续").await.is_accepted());
    talk.retried(&failed, "accepted").await;
    talk.say("四", "accepted").await;
    assert_eq!(talk.heard(), ["一", "二", "三", "四"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_unknown_and_the_agent_decides() {
    let talk = Talk::begin(generous()).await;
    talk.say("先开一条连接", "accepted").await;
    for (n, fault) in [
        Fault::Lost,
        Fault::Http(502),
        Fault::Garbage("{\"errcode\":".into()),
    ]
    .into_iter()
    .enumerate()
    {
        let calls = talk.calls();
        talk.faults().once(SEND, fault.clone());
        let text = format!("可能到了{n}");
        let unknown = talk.say(&text, "unknown").await;
        let reason = unknown["delivery"]["reason"].as_str().unwrap();
        assert!(reason.contains("可能"), "{fault:?}: {reason}");
        // What follows is not held up, and the unknown one is not sent again by itself.
        talk.say(&format!("下一条{n}"), "accepted").await;
        assert_eq!(talk.calls(), calls + 2, "{fault:?}");
        let heard = talk.heard().iter().filter(|heard| **heard == text).count();
        assert_eq!(heard, usize::from(fault == Fault::Lost));
        talk.retried(&unknown, "accepted").await;
        let again = talk.heard().iter().filter(|heard| **heard == text).count();
        assert_eq!(again, heard + 1, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_come_and_go_without_anybody_noticing() {
    let talk = Talk::begin(generous()).await;
    for (n, code) in [40001, 42001, 40014].into_iter().enumerate() {
        talk.official.simulator.kill_tokens();
        talk.say(&format!("换了令牌{n}"), "accepted").await;
        talk.faults().once(SEND, Fault::Errcode(code));
        talk.say(&format!("令牌过期{n}"), "accepted").await;
        talk.faults().once(SEND, Fault::TokenGone);
        talk.say(&format!("令牌没了{n}"), "accepted").await;
    }
    assert_eq!(talk.heard().len(), 9);
    assert_eq!(talk.shop.thread(&talk.conversation).await.len(), 10);
    assert_eq!(talk.official.simulator.violations(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_or_slow_platform_delays_and_loses_nothing() {
    let talk = Talk::begin(generous()).await;
    talk.faults().times(SEND, 2, &Fault::Errcode(-1));
    let first = talk.shop.admin.say(&talk.conversation, "1", "忙一").await.ok();
    let second = talk.shop.admin.say(&talk.conversation, "2", "忙二").await.ok();
    let queued = talk.shop.admin.message(&talk.conversation, &second).await;
    assert!(["queued", "sending"].contains(&queued["delivery"]["state"].as_str().unwrap()));
    talk.shop
        .admin
        .delivered(&talk.conversation, &first, "accepted")
        .await;
    talk.shop
        .admin
        .delivered(&talk.conversation, &second, "accepted")
        .await;
    assert_eq!(talk.heard(), ["忙一", "忙二"], "in order, once each");
    assert_eq!(talk.calls(), 4);
    talk.faults().once(SEND, Fault::Slow(Duration::from_secs(3)));
    let slow = talk.shop.admin.say(&talk.conversation, "3", "慢").await.ok();
    // Meanwhile other customers are answered.
    let other = talk.official.simulator.customer("oOther");
    assert!(other.text("我呢").await.is_accepted());
    let their = talk.shop.found(&talk.shop.admin, "我呢").await;
    let answer = talk.shop.admin.say(&their, "o", "马上").await.ok();
    talk.shop.admin.delivered(&their, &answer, "accepted").await;
    let state = talk.shop.admin.message(&talk.conversation, &slow).await;
    assert_eq!(state["delivery"]["state"], "sending");
    talk.shop
        .admin
        .delivered(&talk.conversation, &slow, "accepted")
        .await;
    assert_eq!(talk.heard(), ["忙一", "忙二", "慢"]);
    talk.faults().always(SEND, Fault::Errcode(-1));
    let given_up = talk.say("一直忙", "failed").await;
    assert_eq!(given_up["delivery"]["cause"], "retryable");
    talk.faults().clear_all();
    talk.retried(&given_up, "accepted").await;
    assert_eq!(talk.heard().last().unwrap(), "一直忙");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_queued_when_the_server_ends_leaves_once_when_it_is_back() {
    for politely in [true, false] {
        let mut talk = Talk::begin(generous()).await;
        talk.faults().always(SEND, Fault::Errcode(-1));
        let mut stored = Vec::new();
        for n in 0..5 {
            stored.push(
                talk.shop
                    .admin
                    .say(&talk.conversation, &n.to_string(), &format!("排队{n}"))
                    .await
                    .ok(),
            );
        }
        assert!(talk.official.simulator.wait_for_calls(SEND, 1).await);
        talk.shop
            .admin
            .delivered(&talk.conversation, &stored[0], "queued")
            .await;
        if politely {
            talk.shop.weikefu.stop();
        } else {
            talk.shop.weikefu.kill();
        }
        talk.faults().clear_all();
        talk.shop.weikefu.start_again().await;
        for message in &stored {
            talk.shop
                .admin
                .delivered(&talk.conversation, message, "accepted")
                .await;
        }
        assert_eq!(talk.heard(), ["排队0", "排队1", "排队2", "排队3", "排队4"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_polite_stop_waits_for_what_is_leaving() {
    let mut talk = Talk::begin(generous()).await;
    talk.faults().once(SEND, Fault::Slow(Duration::from_secs(2)));
    let first = talk.shop.admin.say(&talk.conversation, "1", "正在发").await.ok();
    let second = talk
        .shop
        .admin
        .say(&talk.conversation, "2", "还在排队")
        .await
        .ok();
    talk.customer.wait_for_sent(1).await.unwrap();
    talk.shop.weikefu = tokio::task::spawn_blocking(move || {
        talk.shop.weikefu.stop();
        talk.shop.weikefu
    })
    .await
    .unwrap();
    talk.shop.weikefu.start_again().await;
    for message in [&first, &second] {
        talk.shop
            .admin
            .delivered(&talk.conversation, message, "accepted")
            .await;
    }
    assert_eq!(talk.heard(), ["正在发", "还在排队"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_leaving_when_the_server_died_is_unknown() {
    let mut talk = Talk::begin(generous()).await;
    talk.faults().once(SEND, Fault::Slow(Duration::from_secs(20)));
    let stored = talk.shop.admin.say(&talk.conversation, "1", "半路上").await.ok();
    // The platform has it, and nobody here knows.
    talk.customer.wait_for_sent(1).await.unwrap();
    talk.shop.weikefu.kill();
    talk.shop.weikefu.start_again().await;
    let unknown = talk
        .shop
        .admin
        .delivered(&talk.conversation, &stored, "unknown")
        .await;
    assert!(unknown["delivery"]["reason"].as_str().unwrap().contains("可能"));
    talk.say("之后的", "accepted").await;
    assert_eq!(talk.heard(), ["半路上", "之后的"]);
    let thread = talk.shop.thread(&talk.conversation).await;
    assert_eq!(texts(&thread), ["在吗", "半路上", "之后的"]);
    assert_eq!(text_of(&unknown), "半路上");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_customer_sees_that_somebody_is_writing() {
    let talk = Talk::begin(generous()).await;
    assert!(!talk.customer.sees_typing());
    let path = format!("/conversations/{}/typing", talk.conversation["id"]);
    for _ in 0..3 {
        assert_eq!(talk.shop.admin.post(&path, &json!({})).await.status, 204);
    }
    eventually("writing shows", async || {
        talk.customer.sees_typing().then_some(())
    })
    .await;
    assert_eq!(
        talk.official
            .simulator
            .calls("/cgi-bin/message/custom/typing")
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_of_the_platform_can_verify_the_address() {
    for mode in [Mode::Plaintext, Mode::Compatible, Mode::Secure] {
        let (_shop, official) = Shop::open_with(mode, generous()).await;
        official.simulator.verify_url().await.unwrap();
        assert!(official.simulator.verify_url_with_token("wrong").await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_secret_is_told_on_the_card_and_a_right_one_heals_it() {
    let (shop, official) = Shop::open_with(Mode::Secure, generous()).await;
    let status = async || {
        let desk = shop.admin.desk().await;
        let all = desk["channels"].as_array().unwrap().clone();
        all.into_iter()
            .find(|channel| channel["id"] == official.channel)
            .unwrap()["status"]
            .clone()
    };
    let mut events = shop.admin.events(None).await;
    let channel = official.channel.to_string();
    shop.weikefu.order(&[
        "channel",
        "set",
        &channel,
        "--set",
        "app_secret=0123456789abcdef0123456789abcdef",
    ]);
    // The stored token still works: only when it is refused the secret is needed.
    official.simulator.kill_tokens();
    official.simulator.customer("oA").text("在").await;
    let conversation = shop.found(&shop.admin, "在").await;
    shop.admin.accept(&conversation).await.ok();
    let stored = shop.admin.say(&conversation, "1", "在的").await.ok();
    let failed = shop.admin.delivered(&conversation, &stored, "failed").await;
    assert_eq!(failed["delivery"]["cause"], "auth");
    let told = status().await;
    assert!(
        told["health"] == "degraded" && told["text"].as_str().unwrap().contains("AppSecret"),
        "{told}"
    );
    let live = events.until("the card", |frame| {
        (frame["what"] == "channel" && frame["channel"]["status"]["health"] == "degraded").then_some(())
    });
    live.await;
    let secret = format!("app_secret={}", official.simulator.account().secret);
    shop.weikefu
        .order(&["channel", "set", &channel, "--set", &secret]);
    let again = shop.admin.retry(&stored).await.ok();
    shop.admin.delivered(&conversation, &again, "accepted").await;
    eventually("healthy", async || {
        (status().await["health"] == "healthy").then_some(())
    })
    .await;
}
