//! Fetches the files of customers' messages beside the conversation: the message is stored first, its file is
//! added when it has come. What is still wanted is written down before the message is, so a crash loses nothing.
use crate::api::{Api, Failure};
use crate::download::Downloads;
use crate::errcode::INVALID_MEDIA;
use crate::inbound::{Fetch, Wanted, clip};
use crate::random::below;
use crate::signature::digest;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;
use weikefu_channel::prelude::*;

const PREFIX: &str = "fetch/";
/// The platform keeps a file for three days.
const KEPT_MS: i64 = 3 * 86_400_000;
/// A file without its message: the desk may not have stored it yet, and the platform repeats within seconds.
const ORPHAN_MS: i64 = 10 * 60_000;
const WORKERS: usize = 4;
const FIRST_PAUSE_MS: i64 = 2_000;
const LONGEST_PAUSE_MS: i64 = 600_000;

/// One account's files on their way in.
pub(crate) struct Fetcher {
    api: Rc<Api>,
    downloads: Downloads,
    queue: RefCell<VecDeque<Job>>,
    /// Waiting, under way or pausing.
    active: RefCell<HashSet<String>>,
    /// Callbacks that have written a wish and do not know yet whether the message is new.
    arriving: RefCell<HashMap<String, usize>>,
    workers: Cell<usize>,
}

struct Job {
    key: String,
    fetch: Fetch,
    /// Unix milliseconds.
    since: i64,
    tries: u32,
    /// Fetched, but not yet part of the message.
    content: Option<Content>,
}

/// What became of one try.
enum Outcome {
    Done,
    /// For good, and why.
    Lost(Words),
    Later(Error),
}

impl Fetcher {
    pub(crate) fn new(api: Rc<Api>) -> Self {
        Fetcher {
            downloads: Downloads(api.clone()),
            api,
            queue: RefCell::default(),
            active: RefCell::default(),
            arriving: RefCell::default(),
            workers: Cell::new(0),
        }
    }

    /// Emits a message that has a file: the wish is durable before the message is.
    pub(crate) async fn emit(self: &Rc<Self>, inbound: &Inbound, fetch: Fetch) -> Result<Stored> {
        let key = key(&fetch);
        let arriving = Arriving::enter(self, &key);
        let wish = serde_json::to_vec(&fetch).map_err(|e| Error::new(Cause::Internal, e.to_string()))?;
        // Never over an older wish: it is the same one.
        self.api.host.kv_swap(&key, None, wish).await?;
        let stored = self.api.host.emit(inbound).await?;
        let alone = arriving.leave();
        if stored.duplicate || stored.cursor.is_none() {
            // Fetched long ago, unless somebody is at it; or the desk does not want this customer's messages.
            if alone && !self.active.borrow().contains(&key) {
                self.api.host.kv_delete(&key).await?;
            }
        } else {
            self.start(key, fetch);
        }
        Ok(stored)
    }

    /// Takes up what an earlier run has left; beyond 1,000 files, the rest when the account is next opened.
    pub(crate) async fn resume(self: &Rc<Self>) -> Result<()> {
        for key in self.api.host.kv_scan(PREFIX, 1_000).await? {
            let wish = self.api.host.kv_get(&key).await?;
            match wish.map(|bytes| serde_json::from_slice::<Fetch>(&bytes)) {
                Some(Ok(fetch)) => self.start(key, fetch),
                Some(Err(_)) => self.api.host.kv_delete(&key).await?,
                None => {}
            }
        }
        Ok(())
    }

    fn start(self: &Rc<Self>, key: String, fetch: Fetch) {
        if self.active.borrow_mut().insert(key.clone()) {
            self.enqueue(Job {
                key,
                fetch,
                since: self.api.host.now(),
                tries: 0,
                content: None,
            });
        }
    }

    fn enqueue(self: &Rc<Self>, job: Job) {
        self.queue.borrow_mut().push_back(job);
        if self.workers.get() < WORKERS {
            self.workers.set(self.workers.get() + 1);
            let this = self.clone();
            self.api.host.spawn(async move {
                let _working = Working(&this.workers);
                loop {
                    let next = this.queue.borrow_mut().pop_front();
                    let Some(job) = next else { break };
                    this.attempt(job).await;
                }
            });
        }
    }

    async fn attempt(self: &Rc<Self>, mut job: Job) {
        let host = &self.api.host;
        let error = match self.try_once(&mut job).await {
            Outcome::Done => return self.finish(&job.key).await,
            Outcome::Lost(reason) => return self.give_up(&job, &reason).await,
            Outcome::Later(error) => error,
        };
        let age = host.now() - job.fetch.sent_at;
        if age >= KEPT_MS {
            return self.give_up(&job, &error.words()).await;
        }
        job.tries += 1;
        let doubled = FIRST_PAUSE_MS << job.tries.min(9);
        let pause = doubled.min(LONGEST_PAUSE_MS) / 2;
        let pause = pause + below(pause);
        let asked = error.retry_after_ms.map_or(0, |ms| ms.min(86_400_000) as i64);
        let pause = pause.max(asked);
        host.log(
            Level::Warn,
            &format!(
                "a customer's file could not be fetched, next try in {} s: {error}",
                pause / 1000
            ),
        );
        let this = self.clone();
        host.spawn(async move {
            let host = &this.api.host;
            let started = host.now();
            host.sleep(Duration::from_millis(pause as u64)).await;
            if host.now() - started < pause / 2 {
                // The host did not let us wait. The wish stays and is taken up when the account is next opened.
                this.active.borrow_mut().remove(&job.key);
                return;
            }
            this.enqueue(job);
        });
    }

    async fn try_once(&self, job: &mut Job) -> Outcome {
        if job.content.is_none() {
            match self.downloads.content(&job.fetch.file).await {
                Ok(content) => job.content = Some(content),
                Err(Failure::Platform(code @ INVALID_MEDIA, words)) => {
                    let code = format!("{code} {}", clip(&words, 200));
                    return Outcome::Lost(Words::new(&*code, &*code));
                }
                Err(failure) => {
                    let error = self.api.explain(failure);
                    return match error.kind {
                        Cause::Rejected | Cause::Unsupported => Outcome::Lost(error.words()),
                        _ => Outcome::Later(error),
                    };
                }
            }
        }
        let Some(content) = &job.content else {
            return Outcome::Done;
        };
        let Fetch {
            peer,
            dedupe,
            sent_at,
            ..
        } = &job.fetch;
        match self.api.host.amend(peer, dedupe, *sent_at, content).await {
            Ok(()) => Outcome::Done,
            Err(error) if error.kind == Cause::NotFound && self.api.host.now() - job.since > ORPHAN_MS => {
                // The message never was stored; there is nothing to add the file to.
                Outcome::Done
            }
            Err(error) => Outcome::Later(error),
        }
    }

    /// The message says that its file will not come.
    async fn give_up(&self, job: &Job, reason: &Words) {
        let Fetch {
            peer,
            dedupe,
            sent_at,
            file,
        } = &job.fetch;
        let (original, zh, en) = match file.wanted {
            Wanted::Image => ("image", "图片", "picture"),
            Wanted::Voice => ("voice", "语音", "recording"),
            Wanted::Video => ("video", "视频", "video"),
        };
        // It becomes part of the message, which agents of either language read.
        let mut raw = format!(
            "{zh}已无法从微信取回，请让客户重新发送（{}）\n\
             The {en} can no longer be fetched from WeChat; ask the customer to send it again ({})",
            reason.zh, reason.en
        );
        if let Some(transcript) = &file.transcript {
            raw.push_str("\n语音识别 / transcript: ");
            raw.push_str(transcript);
        }
        self.api.host.log(
            Level::Warn,
            &format!("a customer's {original} is lost: {}", reason.en),
        );
        let note = Content::Unknown {
            original: original.into(),
            raw,
        };
        // A message the desk does not have needs no note.
        match self.api.host.amend(peer, dedupe, *sent_at, &note).await {
            Err(error) if error.kind != Cause::NotFound => {
                // Said again when the account is next opened.
                self.active.borrow_mut().remove(&job.key);
            }
            _ => self.finish(&job.key).await,
        }
    }

    async fn finish(&self, key: &str) {
        if self.api.host.kv_delete(key).await.is_err() {
            // Fetched once more when the account is next opened; the message stays the same.
            self.api
                .host
                .log(Level::Warn, "a finished fetch could not be crossed out");
        }
        self.active.borrow_mut().remove(key);
    }
}

fn key(fetch: &Fetch) -> String {
    format!(
        "{PREFIX}{}",
        digest(format!("{}\n{}\n{}", fetch.peer, fetch.sent_at, fetch.dedupe).as_bytes())
    )
}

/// Counts a worker out, also when it is dropped in the middle.
struct Working<'a>(&'a Cell<usize>);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Counts callbacks of one message that are under way, also when one is dropped in the middle.
struct Arriving<'a> {
    fetcher: &'a Fetcher,
    key: &'a str,
}

impl<'a> Arriving<'a> {
    fn enter(fetcher: &'a Fetcher, key: &'a str) -> Self {
        *fetcher.arriving.borrow_mut().entry(key.to_owned()).or_default() += 1;
        Arriving { fetcher, key }
    }

    /// Whether this was the last one.
    fn leave(self) -> bool {
        let (fetcher, key) = (self.fetcher, self.key);
        drop(self);
        !fetcher.arriving.borrow().contains_key(key)
    }
}

impl Drop for Arriving<'_> {
    fn drop(&mut self) {
        let mut arriving = self.fetcher.arriving.borrow_mut();
        if let Some(count) = arriving.get_mut(self.key) {
            *count -= 1;
            if *count == 0 {
                arriving.remove(self.key);
            }
        }
    }
}
