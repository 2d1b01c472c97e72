//! What the fake host knows and how it answers.
use super::{Amended, Owned, Sent};
use crate::bridge::{Answer, decode, encode};
use crate::content::{Content, MediaRef};
use crate::error::{Cause, Error, Result};
use crate::host::{Health, Level};
use crate::http::{Request, Response};
use crate::inbound::{Cursor, Inbound, Stored, What};
use crate::thread::{Thread, ThreadQuery};
use crate::words::Words;
use serde::Deserialize;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

type Script<Q, A> = Option<Box<dyn FnMut(&Q) -> Result<A>>>;

#[derive(Default)]
pub(super) struct State {
    pub(super) on_http: Script<Request, Response>,
    pub(super) on_thread: Script<ThreadQuery, Thread>,
    pub(super) failures: HashMap<String, VecDeque<Error>>,
    pub(super) emitted: Vec<Inbound>,
    pub(super) amended: Vec<Amended>,
    pub(super) requests: Vec<Request>,
    pub(super) kv: BTreeMap<String, Vec<u8>>,
    pub(super) media: Vec<(MediaRef, Vec<u8>)>,
    pub(super) alarms: BTreeMap<String, i64>,
    pub(super) sent: HashMap<u64, Vec<Sent>>,
    pub(super) lost: BTreeSet<u64>,
    pub(super) logs: Vec<(Level, String)>,
    pub(super) status: Option<(Health, Words)>,
    /// Places of what was stored, by peer, time and key; conversations by peer.
    stored: HashMap<(String, i64, String), Stored>,
    sequences: BTreeMap<String, (u64, u32)>,
    /// Calls of `sleep` under way: when they end, in which order they came.
    sleeps: BTreeSet<(i64, u64)>,
}

impl State {
    pub(super) fn next_sleep(&self) -> Option<i64> {
        self.sleeps.first().map(|(at, _)| *at)
    }

    /// Takes the sleeps that have ended.
    pub(super) fn due(&mut self, now: i64) -> Vec<u64> {
        let later = self.sleeps.split_off(&(now + 1, 0));
        std::mem::replace(&mut self.sleeps, later)
            .into_iter()
            .map(|(_, id)| id)
            .collect()
    }

    pub(super) fn forget_sleep(&mut self, id: u64) {
        self.sleeps.retain(|(_, sleeping)| *sleeping != id);
    }

    pub(super) fn store_media(&mut self, mime: &str, name: Option<String>, bytes: Vec<u8>) -> MediaRef {
        let id = format!("{:032x}", self.media.len() + 1);
        let media = MediaRef {
            id,
            mime: mime.into(),
            size: bytes.len() as u64,
            name,
        };
        self.media.push((media.clone(), bytes));
        media
    }

    fn emit(&mut self, now: i64, inbound: Inbound) -> Stored {
        let key = (inbound.peer.clone(), inbound.sent_at, inbound.dedupe.clone());
        let message = matches!(inbound.what, What::Message { .. });
        let peer = inbound.peer.clone();
        self.emitted.push(inbound);
        if let Some(first) = self.stored.get(&key) {
            return Stored {
                duplicate: true,
                refused: None,
                ..first.clone()
            };
        }
        let conversations = self.sequences.len() as u64;
        let place = self.sequences.entry(peer).or_insert((conversations + 1, 0));
        let cursor = message.then(|| {
            place.1 += 1;
            Cursor {
                conversation: place.0,
                seq: place.1,
            }
        });
        let stored = Stored {
            cursor,
            at: now,
            duplicate: false,
            refused: None,
            passive: None,
        };
        self.stored.insert(key, stored.clone());
        stored
    }
}

fn missing(what: &str) -> Error {
    Error::new(Cause::NotFound, format!("no such {what}"))
}

fn bounded(what: &str, length: usize, most: usize) -> Result<()> {
    if (1..=most).contains(&length) {
        return Ok(());
    }
    Err(Error::new(
        Cause::Rejected,
        format!("{what}: {length} bytes, must be 1 to {most}"),
    ))
}

/// Answers a call; `None` while it sleeps. The state is not borrowed while a script runs.
pub(super) fn serve(state: &RefCell<State>, now: i64, frame: &Owned) -> Option<Result<Answer>> {
    let failure = state
        .borrow_mut()
        .failures
        .get_mut(&frame.op)
        .and_then(VecDeque::pop_front);
    if let Some(error) = failure {
        return Some(Err(error));
    }
    let op = frame.op.as_str();
    match op {
        "sleep" => {
            let ms = decode::<Value>(op, &frame.head)
                .ok()
                .and_then(|head| head["ms"].as_i64())
                .unwrap_or(0);
            state.borrow_mut().sleeps.insert((now + ms, frame.id));
            None
        }
        "http" => Some(http(state, frame)),
        "thread" => Some(thread(state, frame)),
        _ => Some(store(&mut state.borrow_mut(), now, frame)),
    }
}

fn http(state: &RefCell<State>, frame: &Owned) -> Result<Answer> {
    let mut request: Request = decode("http", &frame.head)?;
    request.body.clone_from(&frame.body);
    state.borrow_mut().requests.push(request.clone());
    let script = state.borrow_mut().on_http.take();
    let Some(mut script) = script else {
        return Err(Error::new(
            Cause::Retryable,
            "no HTTP answers are scripted; see FakeHost::on_http",
        ));
    };
    let answer = script(&request);
    state.borrow_mut().on_http.get_or_insert(script);
    let mut response = answer?;
    let body = std::mem::take(&mut response.body);
    Ok((encode(&response)?, body))
}

fn thread(state: &RefCell<State>, frame: &Owned) -> Result<Answer> {
    let query: ThreadQuery = decode("thread", &frame.head)?;
    let script = state.borrow_mut().on_thread.take();
    let Some(mut script) = script else {
        return Ok((b"{}".to_vec(), encode(&Thread::default())?));
    };
    let answer = script(&query);
    state.borrow_mut().on_thread.get_or_insert(script);
    Ok((b"{}".to_vec(), encode(&answer?)?))
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Head {
    key: String,
    prefix: String,
    limit: usize,
    expected: Option<usize>,
    id: Value,
    at: i64,
    mime: String,
    name: Option<String>,
    connection: u64,
    code: u16,
    reason: String,
    peer: String,
    dedupe: String,
    sent_at: i64,
    content: Option<Content>,
}

fn store(state: &mut State, now: i64, frame: &Owned) -> Result<Answer> {
    let op = frame.op.as_str();
    if op == "emit" {
        return Ok((encode(&state.emit(now, decode(op, &frame.head)?))?, Vec::new()));
    }
    let head: Head = decode(op, &frame.head)?;
    if let "kv.get" | "kv.put" | "kv.delete" | "kv.swap" = op {
        bounded("key", head.key.len(), 256)?;
    }
    let id = || head.id.as_str().unwrap_or_default().to_owned();
    let mut body = frame.body.clone();
    let reply = match op {
        "kv.get" => {
            let value = state.kv.get(&head.key).cloned();
            return Ok((
                encode(&json!({ "found": value.is_some() }))?,
                value.unwrap_or_default(),
            ));
        }
        "kv.put" => {
            bounded("value", body.len() + 1, (16 << 10) + 1)?;
            state.kv.insert(head.key, body);
            json!({})
        }
        "kv.delete" => {
            state.kv.remove(&head.key);
            json!({})
        }
        "kv.scan" => {
            bounded("limit", head.limit, 1000)?;
            let from = state.kv.range(head.prefix.clone()..).map(|(key, _)| key);
            let keys: Vec<_> = from
                .take_while(|key| key.starts_with(&head.prefix))
                .take(head.limit)
                .collect();
            json!({ "keys": keys })
        }
        "kv.swap" => {
            let value = body.split_off(head.expected.unwrap_or(0).min(body.len()));
            let expected = head.expected.map(|_| body);
            let swapped = state.kv.get(&head.key) == expected.as_ref();
            if swapped {
                state.kv.insert(head.key, value);
            }
            json!({ "swapped": swapped })
        }
        "alarm.set" => {
            state.alarms.insert(id(), head.at);
            json!({})
        }
        "media.put" => {
            bounded("file", body.len(), 20 << 20)?;
            json!(state.store_media(&head.mime, head.name, body))
        }
        "media.get" => {
            let found = state.media.iter().find(|(media, _)| media.id == id());
            let (media, bytes) = found.ok_or_else(|| missing("file"))?;
            return Ok((encode(media)?, bytes.clone()));
        }
        "amend" => {
            let key = (head.peer, head.sent_at, head.dedupe);
            state.stored.get(&key).ok_or_else(|| missing("message"))?;
            let (peer, sent_at, dedupe) = key;
            let content = head
                .content
                .ok_or_else(|| Error::new(Cause::Internal, "amend: no content"))?;
            state.amended.push(Amended {
                peer,
                dedupe,
                sent_at,
                content,
            });
            json!({})
        }
        "ws.send" | "ws.close" => {
            if state.lost.contains(&head.connection) {
                return Err(missing("socket"));
            }
            let sent = match op {
                "ws.send" => Sent::Text(String::from_utf8_lossy(&body).into_owned()),
                _ => Sent::Close(head.code, head.reason),
            };
            state.sent.entry(head.connection).or_default().push(sent);
            json!({})
        }
        _ => return Err(Error::unsupported(op)),
    };
    Ok((encode(&reply)?, Vec::new()))
}

/// Keeps what the plugin said without waiting for an answer.
pub(super) fn note(state: &RefCell<State>, frame: &Owned) {
    #[derive(Deserialize)]
    struct Log {
        level: Level,
        message: String,
    }
    #[derive(Deserialize)]
    struct Status {
        health: Health,
        text: String,
        text_zh: String,
    }
    let mut state = state.borrow_mut();
    match frame.op.as_str() {
        "log" => state
            .logs
            .extend(serde_json::from_slice::<Log>(&frame.head).map(|l| (l.level, l.message))),
        "status" => {
            state.status = serde_json::from_slice::<Status>(&frame.head)
                .ok()
                .map(|s| (s.health, Words::new(s.text_zh, s.text)));
        }
        _ => {}
    }
}
