//! The phone page's endpoints, through the executable.

#![allow(clippy::unwrap_used, reason = "helpers of the tests unwrap too")]

mod common;

use std::process::{Child, Command, Stdio};

use common::{Api, Reaction, Receiver, account, standing, success};
use serde_json::{Value, json};
use weikefu_wechat_simulator::{Kind, Mode, Simulator, sample};

struct Program {
    child: Child,
    told: Value,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(arguments: &[&str]) -> Program {
    use std::io::{BufRead, BufReader};
    let mut child = Command::new(env!("CARGO_BIN_EXE_weikefu-wechat-simulator"))
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    Program {
        child,
        told: serde_json::from_str(&line).unwrap(),
    }
}

fn order(openid: &str, more: &Value) -> String {
    let mut order = more.clone();
    order["openid"] = json!(openid);
    order.to_string()
}

#[tokio::test]
async fn the_program_prints_its_addresses_and_plays_a_customer() {
    let receiver = Receiver::start(|_, _| success()).await;
    let program = start(&[
        "--json",
        "--callback",
        &receiver.url,
        "--mode",
        "plaintext",
        "--token",
        "AAAAA",
    ]);
    let base = program.told["api_base"].as_str().unwrap();
    assert!(base.starts_with("http://127.0.0.1:"), "{base}");
    assert_eq!(program.told["aes_key"].as_str().unwrap().len(), 43);
    let api = Api::at(base);
    let page = api.get("/").await;
    assert!(
        page.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("default-src 'none'")
    );
    let made = api
        .post(
            "/sim/customers",
            json!({ "nickname": "小雨", "follow": true }).to_string(),
        )
        .await
        .json();
    let openid = made["openid"].as_str().unwrap().to_owned();
    let order = |more: Value| order(&openid, &more);
    let told = api
        .post("/sim/text", order(json!({ "content": "还有货吗" })))
        .await
        .json();
    assert_eq!((&told["accepted"], &told["attempts"]), (&json!(true), &json!(1)));
    api.post(
        "/sim/location",
        order(json!({ "latitude": 23.1, "longitude": 113.3, "label": "广场" })),
    )
    .await;
    api.post("/sim/event", order(json!({ "event": "CLICK", "key": "ORDERS" })))
        .await;
    let image = format!("/sim/file?openid={openid}&kind=image");
    assert_eq!(
        api.post(&image, sample(Kind::Image)).await.json()["accepted"],
        true
    );
    let path = format!(
        "/cgi-bin/token?grant_type=client_credential&appid={}&secret={}",
        program.told["app_id"].as_str().unwrap(),
        program.told["secret"].as_str().unwrap()
    );
    let token = api.get(&path).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(api.text(&token, &openid, "有的").await, 0);
    let chat = api.get(&format!("/sim/messages?openid={openid}")).await.json();
    let kinds: Vec<_> = chat["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["event", "text", "location", "event", "image", "text"]);
    assert!(
        chat["lines"]
            .as_array()
            .unwrap()
            .iter()
            .all(|line| line["fate"] == "done")
    );
    assert_eq!(
        (&chat["quota"]["left"], &chat["following"]),
        (&json!(4), &json!(true))
    );
    let media = chat["lines"][4]["body"]["media"].as_str().unwrap();
    assert_eq!(api.get(media).await.body, sample(Kind::Image));
    assert_eq!(
        api.get("/sim/sent").await.json()["sent"][0]["body"]["content"],
        "有的"
    );
    let names: Vec<_> = receiver
        .seen()
        .iter()
        .map(|seen| String::from_utf8_lossy(&seen.body).into_owned())
        .collect();
    assert_eq!(names.len(), 5);
    assert!(
        names.iter().all(|body| !body.contains("小雨")),
        "a nickname never leaves"
    );
}

#[tokio::test]
async fn a_waiting_page_hears_of_a_message_at_once() {
    let receiver = Receiver::start(|seen, _| {
        let echo = seen.query.get("echostr").cloned().unwrap_or_default();
        Reaction::Answer(
            200,
            if seen.method == "GET" {
                echo
            } else {
                "success".into()
            },
        )
    })
    .await;
    let simulator = Simulator::start(account(Mode::Secure), standing()).await.unwrap();
    let api = Api::of(&simulator);
    let url = json!({ "url": receiver.url }).to_string();
    assert_eq!(api.post("/sim/callback", url).await.status, 200);
    assert_eq!(api.post("/sim/verify", "{}").await.status, 200);
    api.post("/sim/text", r#"{"openid":"oA","content":"hi"}"#).await;
    let token = api.token().await;
    simulator.customer("oA").follow().await;
    let revision = api.get("/sim/messages?openid=oA").await.json()["revision"].clone();
    let path = format!("/sim/messages?openid=oA&after={revision}&wait=20000");
    let (heard, code) = tokio::join!(api.get(&path), api.text(&token, "oA", "您好"));
    assert_eq!(code, 0);
    assert_eq!(heard.json()["lines"][0]["body"]["content"], "您好");
}

#[tokio::test]
async fn bad_orders_are_refused_with_a_sentence() {
    let simulator = Simulator::start(account(Mode::Secure), standing()).await.unwrap();
    let api = Api::of(&simulator);
    let cases = [
        ("/sim/text", "nonsense", 400),
        ("/sim/text", "{}", 400),
        ("/sim/text", r#"{"openid":"o A","content":"hi"}"#, 400),
        ("/sim/location", r#"{"openid":"oA","latitude":"x"}"#, 400),
        ("/sim/callback", r#"{"url":"ftp://a"}"#, 400),
        ("/sim/faults", r#"{"path":"/a","fault":"rain"}"#, 400),
        ("/sim/file?openid=oA&kind=thumb", "x", 400),
        ("/sim/file?openid=oA&kind=image", "", 400),
        ("/sim/verify", "{}", 502),
        ("/sim/nothing", r#"{"openid":"oA"}"#, 404),
    ];
    for (path, body, status) in cases {
        let got = api.post(path, body).await;
        assert_eq!(got.status, status, "{path} {body}");
        assert!(
            got.json()["error"]
                .as_str()
                .is_some_and(|error| !error.is_empty()),
            "{path}"
        );
    }
    for path in ["/sim/messages?openid=oNobody", "/sim/media/none", "/sim/other"] {
        assert_eq!(api.get(path).await.status, 404, "{path}");
    }
    let foreign = api
        .post_from("http://evil.example", "/sim/tokens/kill", "{}")
        .await;
    assert_eq!(foreign.status, 403);
    assert_eq!(
        api.post_from(&simulator.api_base(), "/sim/tokens/kill", "{}")
            .await
            .status,
        200
    );
    let send = "/cgi-bin/message/custom/send";
    let fault = json!({ "path": send, "fault": "errcode", "value": 45047 }).to_string();
    api.post("/sim/faults", fault).await;
    let token = api.token().await;
    assert_eq!(api.text(&token, "oA", "hi").await, 45047);
    assert_eq!(api.text(&token, "oA", "hi").await, 40003);
    let now = api.post("/sim/clock", r#"{"advance_ms":5000}"#).await.json()["now"]
        .as_u64()
        .unwrap();
    assert_eq!(now, (common::NOW + 5) * 1000);
}

#[tokio::test]
async fn the_program_says_what_is_wrong_with_its_arguments() {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_weikefu-wechat-simulator"))
            .args(arguments)
            .output()
            .unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(run(&["--aes-key", "short"]).contains("43 characters"));
    assert!(run(&["--listen", "0.0.0.0:0"]).contains("loopback"));
    assert!(run(&["--callback", "https://a.example/"]).contains("http address"));
    assert!(run(&["--mode", "open"]).contains("plaintext, compatible or secure"));
}
