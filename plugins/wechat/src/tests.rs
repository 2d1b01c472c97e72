//! The whole plugin against a fake host and a platform of a few lines: what is pushed, sent, fetched.
mod callbacks;
mod directory;
mod files;
mod sends;
mod tokens;

use crate::WeChat;
use crate::config::Config;
use crate::crypto::AesKey;
use crate::signature::sign;
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;
use weikefu_channel::prelude::*;
use weikefu_channel::testing::FakeHost;

const APP: &str = "wxba5fad812f8e6fb9";
const TOKEN: &str = "AAAAA";
const BASE: &str = "http://127.0.0.1:4040";

/// Answers by the last part of the path, before the usual ones.
type Answers = Rc<RefCell<HashMap<&'static str, VecDeque<Result<Response>>>>>;

/// An account, its host and the platform behind it.
struct Stage {
    fake: FakeHost,
    answers: Answers,
    settings: serde_json::Value,
}

impl Stage {
    fn new() -> Self {
        let fake = FakeHost::new();
        let answers = Answers::default();
        let (scripted, issued) = (answers.clone(), RefCell::new(0));
        fake.on_http(move |request| {
            let call = request.path().rsplit('/').next().unwrap_or_default().to_owned();
            let next = scripted
                .borrow_mut()
                .get_mut(call.as_str())
                .and_then(VecDeque::pop_front);
            if let Some(answer) = next {
                return answer;
            }
            match call.as_str() {
                "stable_token" => {
                    *issued.borrow_mut() += 1;
                    let token = format!("T-{}", issued.borrow());
                    Response::json(200, &json!({ "access_token": token, "expires_in": 7200 }))
                }
                "upload" => {
                    let name = format!("up-{}", request.query("type").unwrap_or_default());
                    Response::json(200, &json!({ "type": "x", "media_id": name, "created_at": 1 }))
                }
                "send" | "typing" => Response::json(200, &json!({ "errcode": 0, "errmsg": "ok" })),
                _ => Ok(Response::text(404, "no such call")),
            }
        });
        let settings = json!({
            "app_id": APP, "app_secret": "s3cret", "token": TOKEN, "encoding_aes_key": "A".repeat(43),
            "api_base": BASE,
        });
        Stage {
            fake,
            answers,
            settings,
        }
    }

    fn with(mut self, field: &str, value: &str) -> Self {
        self.settings[field] = json!(value);
        self
    }

    fn open(&self) -> WeChat {
        let config: Config = serde_json::from_value(self.settings.clone()).unwrap();
        let account = self.fake.run(WeChat::open(self.fake.host(), config)).unwrap();
        self.fake.settle();
        account
    }

    /// The next answer to calls of this name.
    fn answer(&self, call: &'static str, answer: Result<Response>) {
        self.answers
            .borrow_mut()
            .entry(call)
            .or_default()
            .push_back(answer);
    }

    fn refuse(&self, call: &'static str, code: i64) {
        let body = json!({ "errcode": code, "errmsg": "refused rid: 1-2-3" });
        self.answer(call, Response::json(200, &body));
    }

    /// The requests made to calls of this name.
    fn calls(&self, call: &str) -> Vec<Request> {
        let is_it = |request: &Request| request.path().ends_with(&format!("/{call}"));
        self.fake.requests().into_iter().filter(is_it).collect()
    }

    /// The JSON bodies of these requests.
    fn bodies(&self, call: &str) -> Vec<serde_json::Value> {
        self.calls(call)
            .iter()
            .map(|request| serde_json::from_slice(&request.body).unwrap())
            .collect()
    }

    fn receive(&self, account: &WeChat, request: Request) -> Response {
        let response = self.fake.run(account.receive(request)).unwrap();
        self.fake.settle();
        response
    }

    fn send(&self, account: &WeChat, content: Content) -> Result<Receipt> {
        let cursor = Cursor {
            conversation: 1,
            seq: 1,
        };
        let from = weikefu_channel::From::System;
        let message = ThreadMessage {
            cursor,
            at: 1,
            from,
            content,
            dedupe: None,
        };
        self.fake.run(account.send(Outgoing {
            peer: "oAbC".into(),
            message,
        }))
    }

    /// Seconds of the fake clock, as text.
    fn seconds(&self) -> String {
        (self.fake.now() / 1000).to_string()
    }

    /// A push signed for plaintext.
    fn plain(&self, body: &str) -> Request {
        let (at, nonce) = (self.seconds(), "n1");
        let signature = sign([TOKEN, &at, nonce]);
        post(
            format!("?signature={signature}&timestamp={at}&nonce={nonce}&openid=oAbC"),
            body,
        )
    }

    /// A push as the secure mode sends it.
    fn secure(&self, body: &str) -> Request {
        let key = AesKey::parse(&"A".repeat(43)).unwrap();
        self.sealed(&key.seal(*b"0123456789abcdef", body.as_bytes(), APP), "")
    }

    /// A push around this ciphertext.
    fn sealed(&self, encrypted: &str, more: &str) -> Request {
        let (at, nonce) = (self.seconds(), "n2");
        let signature = sign([TOKEN, &at, nonce]);
        let message = sign([TOKEN, &at, nonce, encrypted]);
        let query = format!(
            "?signature={signature}&timestamp={at}&nonce={nonce}&openid=oAbC&encrypt_type=aes&msg_signature={message}"
        );
        let outer = format!(
            "<xml><ToUserName><![CDATA[gh_1a2b]]></ToUserName>{more}<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        );
        post(query, &outer)
    }
}

fn post(url: String, body: &str) -> Request {
    let headers = vec![("content-type".to_owned(), "text/xml".to_owned())];
    Request {
        method: "POST".into(),
        url,
        headers,
        body: body.into(),
        ..Request::default()
    }
}

fn push(kind: &str, id: &str, fields: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_1a2b]]></ToUserName><FromUserName><![CDATA[oAbC]]></FromUserName>\
         <CreateTime>1700000000</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{fields}<MsgId>{id}</MsgId></xml>"
    )
}

fn text(id: &str, content: &str) -> String {
    push("text", id, &format!("<Content><![CDATA[{content}]]></Content>"))
}

fn body(response: &Response) -> (u16, &str) {
    (response.status, std::str::from_utf8(&response.body).unwrap())
}

#[test]
fn the_manifest_says_what_the_platform_takes() {
    let manifest = WeChat::manifest();
    assert_eq!(manifest.id, "wechat");
    assert_eq!(manifest.names["zh-CN"], "微信公众号");
    assert_eq!(manifest.reply_window_s, Some(172_800));
    assert_eq!(manifest.sends[&Kind::Text].max_bytes, Some(2_000));
    assert_eq!(
        manifest.sends[&Kind::Image].mime,
        ["image/png", "image/jpeg", "image/gif"]
    );
    assert_eq!(manifest.sends[&Kind::Voice].max_bytes, Some(2 << 20));
    assert_eq!(manifest.sends.len(), 5);
}

#[test]
fn wrong_settings_are_refused_with_the_field() {
    let stage = Stage::new().with("encoding_aes_key", "short");
    let config: Config = serde_json::from_value(stage.settings.clone()).unwrap();
    let error = stage
        .fake
        .run(WeChat::open(stage.fake.host(), config))
        .err()
        .unwrap();
    assert_eq!(error.kind, Cause::Config);
    assert!(error.message.starts_with("encoding_aes_key: "), "{error}");
}
