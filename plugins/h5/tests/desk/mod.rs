//! A channel on a fake host with a thread that tests write into.
#![allow(dead_code)] // each test binary uses its part
#![allow(clippy::unwrap_used)] // helpers of tests are outside what the lint takes for tests
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use weikefu_channel::From;
use weikefu_channel::prelude::*;
use weikefu_channel::testing::{FakeHost, Sent};
use weikefu_plugin_h5::H5;

pub(crate) const KEY: &str = "a secret of sixteen or more";

/// Something that happens while a page of the thread is on its way to the channel.
type Meanwhile = Rc<Cell<Option<Box<dyn FnOnce()>>>>;

pub(crate) struct Desk {
    pub(crate) fake: FakeHost,
    pub(crate) channel: Rc<H5>,
    pub(crate) thread: Rc<RefCell<Vec<ThreadMessage>>>,
    pub(crate) service: Rc<RefCell<Service>>,
    /// Called once, at the next reading of the thread, after the page was cut out.
    pub(crate) meanwhile: Meanwhile,
    asked: Rc<RefCell<Vec<ThreadQuery>>>,
}

impl Desk {
    pub(crate) fn open(config: Value) -> Self {
        Self::open_on(FakeHost::new(), config, &BTreeMap::new())
    }

    pub(crate) fn open_on(fake: FakeHost, config: Value, kv: &BTreeMap<String, Vec<u8>>) -> Self {
        for (key, value) in kv {
            fake.set_kv(key, value.clone());
        }
        let thread: Rc<RefCell<Vec<ThreadMessage>>> = Rc::default();
        let service: Rc<RefCell<Service>> = Rc::default();
        let asked: Rc<RefCell<Vec<ThreadQuery>>> = Rc::default();
        let meanwhile: Meanwhile = Rc::default();
        let (messages, state, log, then) =
            (thread.clone(), service.clone(), asked.clone(), meanwhile.clone());
        fake.on_thread(move |query: &ThreadQuery| {
            log.borrow_mut().push(query.clone());
            let page = page(&messages.borrow(), query, state.borrow().clone());
            if let Some(meanwhile) = then.take() {
                meanwhile();
            }
            Ok(page)
        });
        let config = serde_json::from_value(config).unwrap();
        let channel = Rc::new(fake.run(H5::open(fake.host(), config)).unwrap());
        Desk {
            fake,
            channel,
            thread,
            service,
            meanwhile,
            asked,
        }
    }

    pub(crate) fn request(&self, request: Request) -> Response {
        self.fake.run(self.channel.receive(request)).unwrap()
    }

    pub(crate) fn get(&self, url: &str, token: Option<&str>) -> Response {
        self.request(with_token(Request::get(url), token))
    }

    pub(crate) fn post(&self, url: &str, token: Option<&str>, body: &Value) -> Response {
        self.request(with_token(Request::post_json(url, body).unwrap(), token))
    }

    pub(crate) fn session(&self, asked: Value) -> Value {
        let answer = self.post("session", None, &asked);
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        body(&answer)
    }

    pub(crate) fn token(&self) -> String {
        self.session(json!({}))["token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, token: &str, client_id: &str, created_at: i64, text: &str) -> Response {
        let content = json!({ "kind": "text", "text": text });
        let draft = json!({ "client_id": client_id, "created_at": created_at, "content": content });
        self.post("messages", Some(token), &draft)
    }

    /// What the readings of the thread asked for.
    pub(crate) fn asked(&self) -> Vec<ThreadQuery> {
        self.asked.borrow().clone()
    }

    /// Writes a message of the desk into the thread.
    pub(crate) fn store(&self, conversation: u64, seq: u32, text: &str) -> ThreadMessage {
        let message = message(conversation, seq, text);
        self.thread.borrow_mut().push(message.clone());
        message
    }

    /// Stores a message of the desk and has the channel carry it.
    pub(crate) fn send(&self, peer: &str, conversation: u64, seq: u32, text: &str) {
        let message = self.store(conversation, seq, text);
        self.carry(peer, message);
    }

    pub(crate) fn carry(&self, peer: &str, message: ThreadMessage) {
        self.fake
            .run(self.channel.send(Outgoing {
                peer: peer.into(),
                message,
            }))
            .unwrap();
    }

    /// Opens a socket; what came back.
    pub(crate) fn open_socket(&self, connection: u64, origin: Option<&str>) -> Vec<String> {
        let request = Request::get("ws");
        let request = match origin {
            Some(origin) => request.header("origin", origin),
            None => request,
        };
        self.fake.run(self.channel.opened(connection, request));
        let short = |frame: &Value| match frame["type"].as_str() {
            Some("close") => format!("close {}", frame["code"]),
            _ => frame["code"].as_str().unwrap().to_owned(),
        };
        frames(&self.fake, connection).iter().map(short).collect()
    }

    pub(crate) fn say(&self, connection: u64, frame: &Value) {
        self.fake.run(self.channel.message(connection, frame.to_string()));
    }

    pub(crate) fn hello(&self, connection: u64, token: &str, after: Option<&str>) {
        self.say(
            connection,
            &json!({ "type": "hello", "token": token, "after": after }),
        );
    }

    /// Opens a socket, says hello and returns the welcome.
    pub(crate) fn connect(&self, connection: u64, token: &str, after: Option<&str>) -> Value {
        self.open_socket(connection, None);
        self.hello(connection, token, after);
        let mut told = frames(&self.fake, connection);
        assert_eq!(told.len(), 1, "{told:?}");
        told.remove(0)
    }

    /// The peer of a token, as it is asked for at the desk.
    pub(crate) fn peer(&self, token: &str) -> String {
        self.get("messages?limit=1", Some(token));
        self.asked().last().unwrap().peer.clone()
    }
}

pub(crate) fn message(conversation: u64, seq: u32, text: &str) -> ThreadMessage {
    let cursor = Cursor { conversation, seq };
    let from = From::Agent(Persona {
        nickname: "小美".into(),
        avatar: None,
    });
    ThreadMessage {
        cursor,
        at: 7,
        from,
        content: Content::text(text),
        dedupe: None,
    }
}

fn page(thread: &[ThreadMessage], query: &ThreadQuery, service: Service) -> Thread {
    let limit = query.limit as usize;
    let wanted = |m: &&ThreadMessage| {
        query.after.is_none_or(|after| m.cursor > after)
            && query.before.is_none_or(|before| m.cursor < before)
    };
    let mut messages: Vec<_> = thread.iter().filter(wanted).cloned().collect();
    messages.sort_by_key(|m| m.cursor);
    let more = messages.len() > limit;
    if query.after.is_some() {
        messages.truncate(limit);
    } else {
        messages.drain(..messages.len().saturating_sub(limit));
    }
    Thread {
        messages,
        more,
        service,
    }
}

fn with_token(request: Request, token: Option<&str>) -> Request {
    match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    }
}

pub(crate) fn body(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap()
}

pub(crate) fn code(response: &Response) -> String {
    body(response)["code"].as_str().unwrap().to_owned()
}

/// Takes the frames sent to a socket.
pub(crate) fn frames(fake: &FakeHost, connection: u64) -> Vec<Value> {
    let text = |sent| match sent {
        Sent::Text(text) => serde_json::from_str(&text).unwrap(),
        Sent::Close(code, reason) => json!({ "type": "close", "code": code, "reason": reason }),
    };
    fake.take_sent(connection).into_iter().map(text).collect()
}

/// The cursors of a page or welcome.
pub(crate) fn cursors(page: &Value) -> Vec<String> {
    let messages = page["messages"].as_array().unwrap();
    messages
        .iter()
        .map(|m| m["cursor"].as_str().unwrap().to_owned())
        .collect()
}

/// What a socket was told, in short: `message 1.2`, `ack 1.3`, `service`.
pub(crate) fn told(fake: &FakeHost, connection: u64) -> Vec<String> {
    let short = |frame: &Value| {
        let kind = frame["type"].as_str().unwrap();
        let detail = match kind {
            "message" => &frame["message"]["cursor"],
            "ack" => &frame["cursor"],
            "error" => &frame["code"],
            _ => &Value::Null,
        };
        format!("{kind} {}", detail.as_str().unwrap_or_default())
            .trim()
            .to_owned()
    };
    frames(fake, connection).iter().map(short).collect()
}
