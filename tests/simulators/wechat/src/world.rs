//! The platform's memory: customers, media, tokens, records. Everything behind one lock, which is never
//! held over a wait.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use crate::account::{Account, Options};
use crate::callback::HttpClient;
use crate::crypto::MessageCipher;
use crate::faults::Faults;
use crate::media::MediaStore;
use crate::record::{Author, CALLS_KEPT, Call, Fate, Line, Sent, Violation};
use crate::rules::Windows;
use crate::tokens::Tokens;

/// One person with WeChat.
#[derive(Debug, Default)]
pub(crate) struct Person {
    pub(crate) nickname: String,
    pub(crate) following: bool,
    pub(crate) followed_at: u64,
    pub(crate) scene: String,
    /// The operators' remark and tags.
    pub(crate) remark: String,
    pub(crate) tags: Vec<u64>,
    pub(crate) windows: Windows,
    pub(crate) last_exchange_ms: Option<u64>,
    pub(crate) typing_until_ms: u64,
    pub(crate) sent: Vec<Sent>,
    pub(crate) lines: Vec<Line>,
    revision: u64,
}

impl Person {
    pub(crate) fn add_line(&mut self, author: Author, kind: &str, body: Value, at_ms: u64) -> u64 {
        self.revision += 1;
        let id = self.lines.len() as u64;
        let fate = if author == Author::Customer {
            Fate::Pending
        } else {
            Fate::Done
        };
        self.lines.push(Line {
            id,
            revision: self.revision,
            at_ms,
            author,
            kind: kind.into(),
            body,
            fate,
        });
        id
    }

    pub(crate) fn set_fate(&mut self, id: u64, fate: Fate) {
        self.revision += 1;
        let revision = self.revision;
        if let Some(line) = self.lines.get_mut(id as usize) {
            line.fate = fate;
            line.revision = revision;
        }
    }

    /// Something the page shows changed that is not a line.
    pub(crate) fn touch(&mut self) {
        self.revision += 1;
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) people: BTreeMap<String, Person>,
    /// The account's tags.
    pub(crate) tags: BTreeMap<u64, String>,
    pub(crate) media: MediaStore,
    pub(crate) tokens: Tokens,
    pub(crate) calls: VecDeque<Call>,
    pub(crate) violations: Vec<Violation>,
    pub(crate) sending: HashSet<String>,
    pub(crate) fetching_token: bool,
    sent_count: u64,
    last_msg_id: u64,
}

impl State {
    /// A message id; all are above 2^53, where a float loses digits.
    pub(crate) fn next_msg_id(&mut self) -> u64 {
        const FIRST: u64 = 24_681_012_141_618_201;
        self.last_msg_id = if self.last_msg_id == 0 {
            FIRST
        } else {
            self.last_msg_id + 1
        };
        self.last_msg_id
    }

    /// Records a message to a customer and shows it on the phone.
    pub(crate) fn deliver_to_customer(&mut self, mut sent: Sent, display: Value) {
        self.sent_count += 1;
        sent.order = self.sent_count;
        if let Some(person) = self.people.get_mut(&sent.openid) {
            person.typing_until_ms = 0;
            person.last_exchange_ms = Some(sent.at_ms);
            person.add_line(Author::Account, &sent.msg_type, display, sent.at_ms);
            person.sent.push(sent);
        }
    }

    pub(crate) fn note_call(&mut self, call: Call) {
        if self.calls.len() == CALLS_KEPT {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }
}

pub(crate) struct World {
    pub(crate) account: Account,
    pub(crate) options: Options,
    pub(crate) cipher: MessageCipher,
    pub(crate) faults: Faults,
    pub(crate) http: HttpClient,
    pub(crate) base: OnceLock<String>,
    callback: Mutex<Option<http::Uri>>,
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

impl World {
    pub(crate) fn new(account: Account, options: Options) -> Result<Self, crate::StartError> {
        let cipher =
            MessageCipher::new(&account.aes_key).map_err(|error| crate::StartError(error.to_string()))?;
        Ok(Self {
            account,
            options,
            cipher,
            faults: Faults::default(),
            http: crate::callback::http_client(),
            base: OnceLock::new(),
            callback: Mutex::new(None),
            state: Mutex::new(State::default()),
            changes: watch::Sender::new(0),
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes everybody who waits for a change.
    pub(crate) fn change<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let result = work(&mut self.state());
        self.changes.send_modify(|count| *count += 1);
        result
    }

    /// Waits until `found` gives something; `None` when the time is over.
    pub(crate) async fn wait_for<T>(
        &self,
        limit: Duration,
        found: impl Fn(&State) -> Option<T>,
    ) -> Option<T> {
        let mut changes = self.changes.subscribe();
        let search = async {
            loop {
                if let Some(result) = found(&self.state()) {
                    return Some(result);
                }
                changes.changed().await.ok()?;
            }
        };
        tokio::time::timeout(limit, search).await.ok().flatten()
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.options.clock.now_ms()
    }

    pub(crate) fn base(&self) -> &str {
        self.base.get().map_or("", String::as_str)
    }

    pub(crate) fn set_callback(&self, uri: http::Uri) {
        *self.callback.lock().unwrap_or_else(PoisonError::into_inner) = Some(uri);
    }

    pub(crate) fn callback(&self) -> Option<http::Uri> {
        self.callback
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
