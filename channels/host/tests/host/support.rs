//! The fixture library, services in memory, and how to open an instance.
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use tokio::runtime::Handle;
use weikefu_channel::{
    Cause, Content, Cursor, Error, From, Health, Inbound, Level, MediaRef, Outgoing, Request, Response,
    Stored, Thread, ThreadMessage, ThreadQuery, Words,
};
use weikefu_channel_host::{Amendment, Answer, Instance, Library, Limits, Services, Trust};

/// The shared object of the fixture, which Cargo leaves beside the test executable.
pub(crate) fn fixture() -> PathBuf {
    std::env::current_exe()
        .unwrap()
        .with_file_name("libweikefu_fixture.so")
}

pub(crate) fn library() -> Library {
    Library::load(&fixture(), Trust::Bundled).unwrap()
}

/// Services in memory.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) kv: Mutex<BTreeMap<String, Vec<u8>>>,
    pub(crate) emitted: Mutex<Vec<Inbound>>,
    pub(crate) amended: Mutex<Vec<Amendment>>,
    pub(crate) media: Mutex<Vec<(MediaRef, Vec<u8>)>>,
    pub(crate) thread: Mutex<Thread>,
    pub(crate) alarms: Mutex<Vec<(String, i64)>>,
    pub(crate) sent: Mutex<Vec<(u64, String)>>,
    pub(crate) logs: Mutex<Vec<(Level, String)>>,
    pub(crate) status: Mutex<Vec<(Health, Words)>>,
}

fn at_once<T: Send + 'static>(answer: Result<T, Error>) -> Answer<'static, T> {
    Box::pin(std::future::ready(answer))
}

/// Answers after a change of tasks, as a service that writes does.
fn later<'a, T: Send + 'a>(answer: impl FnOnce() -> Result<T, Error> + Send + 'a) -> Answer<'a, T> {
    Box::pin(async move {
        tokio::task::yield_now().await;
        answer()
    })
}

impl Services for Memory {
    fn emit(&self, inbound: Inbound) -> Answer<'_, Stored> {
        later(move || {
            assert_ne!(inbound.peer, "panic", "the service was told to");
            let mut emitted = self.emitted.lock().unwrap();
            emitted.push(inbound);
            let cursor = Cursor {
                conversation: 1,
                seq: emitted.len() as u32,
            };
            Ok(Stored {
                cursor: Some(cursor),
                at: 7,
                duplicate: false,
                refused: None,
                passive: None,
            })
        })
    }
    fn amend(&self, amendment: Amendment) -> Answer<'_, ()> {
        self.amended.lock().unwrap().push(amendment);
        at_once(Ok(()))
    }
    fn kv_get(&self, key: String) -> Answer<'_, Option<Vec<u8>>> {
        at_once(Ok(self.kv.lock().unwrap().get(&key).cloned()))
    }
    fn kv_put(&self, key: String, value: Vec<u8>) -> Answer<'_, ()> {
        later(move || {
            self.kv.lock().unwrap().insert(key, value);
            Ok(())
        })
    }
    fn kv_delete(&self, key: String) -> Answer<'_, ()> {
        later(move || {
            self.kv.lock().unwrap().remove(&key);
            Ok(())
        })
    }
    fn kv_scan(&self, prefix: String, limit: u32) -> Answer<'_, Vec<String>> {
        let kv = self.kv.lock().unwrap();
        at_once(Ok(kv
            .keys()
            .filter(|key| key.starts_with(&prefix))
            .take(limit as usize)
            .cloned()
            .collect()))
    }
    fn kv_swap(&self, key: String, expected: Option<Vec<u8>>, value: Vec<u8>) -> Answer<'_, bool> {
        let mut kv = self.kv.lock().unwrap();
        let same = kv.get(&key) == expected.as_ref();
        if same {
            kv.insert(key, value);
        }
        at_once(Ok(same))
    }
    fn media_put(&self, mime: String, name: Option<String>, bytes: Vec<u8>) -> Answer<'_, MediaRef> {
        let media = MediaRef {
            id: "f".repeat(32),
            mime,
            size: bytes.len() as u64,
            name,
        };
        self.media.lock().unwrap().push((media.clone(), bytes));
        at_once(Ok(media))
    }
    fn media_get(&self, id: String) -> Answer<'_, (MediaRef, Vec<u8>)> {
        let found = self
            .media
            .lock()
            .unwrap()
            .iter()
            .find(|(media, _)| media.id == id)
            .cloned();
        at_once(found.ok_or_else(|| Error::new(Cause::NotFound, "no such file")))
    }
    fn thread(&self, _: ThreadQuery) -> Answer<'_, Thread> {
        at_once(Ok(self.thread.lock().unwrap().clone()))
    }
    fn alarm_set(&self, id: String, at: i64) -> Answer<'_, ()> {
        self.alarms.lock().unwrap().push((id, at));
        at_once(Ok(()))
    }
    fn ws_send(&self, connection: u64, text: String) -> Answer<'_, ()> {
        self.sent.lock().unwrap().push((connection, text));
        at_once(Ok(()))
    }
    fn ws_close(&self, connection: u64, code: u16, reason: String) -> Answer<'_, ()> {
        self.sent
            .lock()
            .unwrap()
            .push((connection, format!("{code} {reason}")));
        at_once(Ok(()))
    }
    fn log(&self, level: Level, message: &str) {
        self.logs.lock().unwrap().push((level, message.into()));
    }
    fn status(&self, health: Health, words: &Words) {
        self.status.lock().unwrap().push((health, words.clone()));
    }
}

pub(crate) async fn open_with(config: Value, limits: Limits) -> Result<(Instance, Arc<Memory>), Error> {
    let memory = Arc::new(Memory::default());
    let opened = Instance::open_with(
        &library(),
        "fixture-1",
        config,
        memory.clone(),
        Handle::current(),
        limits,
    )
    .await;
    opened.map(|instance| (instance, memory))
}

pub(crate) async fn open() -> (Instance, Arc<Memory>) {
    open_with(json!({}), Limits::default()).await.unwrap()
}

/// Polls a call once, which puts it into the mailbox.
pub(crate) fn begin<F: Future>(call: F) -> Result<Pin<Box<F>>, F::Output> {
    let mut call = Box::pin(call);
    match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Err(output),
        Poll::Pending => Ok(call),
    }
}

/// Asks the fixture for one of its tricks.
pub(crate) async fn trick(instance: &Instance, url: &str) -> Result<Response, Error> {
    instance.receive(Request::get(url)).await
}

/// The answer to a trick, as text.
pub(crate) async fn text(instance: &Instance, url: &str) -> String {
    String::from_utf8(trick(instance, url).await.unwrap().body).unwrap()
}

/// `(calls of this instance, openings of this library, futures dropped before their end)`
pub(crate) async fn counts(instance: &Instance) -> (u32, u32, u32) {
    trick(instance, "counts").await.unwrap().parse().unwrap()
}

pub(crate) fn outgoing(content: Content) -> Outgoing {
    let cursor = Cursor {
        conversation: 1,
        seq: 1,
    };
    Outgoing {
        peer: "p".into(),
        message: ThreadMessage {
            cursor,
            at: 1,
            from: From::System,
            content,
            dedupe: None,
        },
    }
}
