//! What the host does for one account: the boundary's services on top of store and engine.
use super::sockets::{Sockets, ToSocket};
use super::{Channels, alarms, threads};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use weikefu_channel::{
    Cause, Content, Error, Health, Inbound, Level, MediaRef, Refused, Stored, Thread, ThreadQuery, What,
    Words,
};
use weikefu_channel_host::{Amendment, Answer, Services};
use weikefu_core::desk::{Command, DedupeKey, Reply, Rules};
use weikefu_core::engine::Engine;
use weikefu_core::error::{Language, Refusal};
use weikefu_core::ids::{ChannelId, ConversationId, ShopId};
use weikefu_core::media::{self, MediaId};
use weikefu_core::records::{Alarm, Blob, ChannelRecord};
use weikefu_core::trees::Trees;

/// Bytes of the longest text that is kept of a message; the store takes records of 64 KiB.
const TEXT: usize = 32 << 10;

pub(super) struct AccountServices {
    trees: Trees,
    engine: Engine,
    channel: ChannelId,
    shop: ShopId,
    sockets: Arc<Sockets>,
    channels: Weak<Channels>,
    /// What the platform allows after what.
    rules: Rules,
    /// One swap at a time: it reads before it writes.
    swapping: Arc<Mutex<()>>,
}

impl AccountServices {
    pub(super) fn new(
        trees: Trees,
        engine: Engine,
        record: &ChannelRecord,
        sockets: Arc<Sockets>,
        channels: Weak<Channels>,
        rules: Rules,
    ) -> Self {
        let swapping = Arc::new(Mutex::new(()));
        AccountServices {
            trees,
            engine,
            channel: record.id,
            shop: record.shop,
            sockets,
            channels,
            rules,
            swapping,
        }
    }

    fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Trees, ChannelId) -> Result<T, Refusal> + Send + 'static,
    ) -> Answer<'static, T> {
        let (trees, channel) = (self.trees.clone(), self.channel);
        Box::pin(async move {
            match tokio::task::spawn_blocking(move || work(&trees, channel)).await {
                Ok(done) => done.map_err(error),
                Err(_) => Err(Error::new(Cause::Internal, "the host could not finish this")),
            }
        })
    }

    /// Whether the entry is off. What came in before is answered as it was then.
    fn turns_away(&self, inbound: &Inbound) -> Result<bool, weikefu_storage::Error> {
        let off = |channels: Arc<Channels>| !channels.is_on(self.channel);
        if !self.channels.upgrade().is_some_and(off) {
            return Ok(false);
        }
        let Inbound {
            peer,
            dedupe,
            sent_at,
            ..
        } = inbound;
        let key = DedupeKey::inbound(self.channel, peer, *sent_at, dedupe);
        Ok(!self.trees.seen.contains(&key)?)
    }

    fn put(&self, key: String, value: Vec<u8>) -> Answer<'static, ()> {
        self.blocking(move |trees, channel| {
            let mut txn = trees.db.begin();
            txn.put(&trees.plugin_values, &(channel, key), &Blob(value))?;
            Ok(trees.db.commit(txn)?)
        })
    }
}

impl Services for AccountServices {
    fn emit(&self, mut inbound: Inbound) -> Answer<'_, Stored> {
        Box::pin(async move {
            bound(&mut inbound)?;
            if self.turns_away(&inbound).map_err(|e| error(e.into()))? {
                return Ok(Stored {
                    cursor: None,
                    at: weikefu_core::engine::now(),
                    duplicate: false,
                    refused: Some(Refused::EntryOff),
                    passive: None,
                });
            }
            let command = Command::Receive {
                channel: self.channel,
                inbound,
                rules: Arc::clone(&self.rules),
            };
            match self.engine.execute(self.shop, command).await.map_err(error)? {
                Reply::Stored(stored) => {
                    let opens = stored.cursor.filter(|at| at.seq == 1 && !stored.duplicate);
                    if let (Some(at), Some(channels)) = (opens, self.channels.upgrade()) {
                        channels.meet(ConversationId(at.conversation));
                    }
                    Ok(stored)
                }
                _ => Err(Error::new(Cause::Internal, "unexpected answer of the desk")),
            }
        })
    }

    fn amend(&self, amendment: Amendment) -> Answer<'_, ()> {
        Box::pin(async move {
            let Amendment {
                peer,
                dedupe,
                sent_at,
                mut content,
            } = amendment;
            bound_content(&mut content);
            let command = Command::Amend {
                channel: self.channel,
                peer,
                dedupe,
                sent_at,
                content,
            };
            self.engine
                .execute(self.shop, command)
                .await
                .map(drop)
                .map_err(error)
        })
    }

    fn kv_get(&self, key: String) -> Answer<'_, Option<Vec<u8>>> {
        let found = self.trees.plugin_values.get(&(self.channel, key));
        Box::pin(async move { Ok(found.map_err(|e| error(e.into()))?.map(|Blob(value)| value)) })
    }

    fn kv_put(&self, key: String, value: Vec<u8>) -> Answer<'_, ()> {
        self.put(key, value)
    }

    fn kv_delete(&self, key: String) -> Answer<'_, ()> {
        self.blocking(move |trees, channel| {
            let mut txn = trees.db.begin();
            txn.delete(&trees.plugin_values, &(channel, key));
            Ok(trees.db.commit(txn)?)
        })
    }

    fn kv_scan(&self, prefix: String, limit: u32) -> Answer<'_, Vec<String>> {
        self.blocking(move |trees, channel| {
            let mut keys = Vec::new();
            for entry in trees.plugin_values.range((channel, prefix.clone())..) {
                let ((owner, key), _) = entry?;
                if owner != channel || !key.starts_with(&prefix) || keys.len() == limit as usize {
                    break;
                }
                keys.push(key);
            }
            Ok(keys)
        })
    }

    fn kv_swap(&self, key: String, expected: Option<Vec<u8>>, value: Vec<u8>) -> Answer<'_, bool> {
        let swapping = Arc::clone(&self.swapping);
        self.blocking(move |trees, channel| {
            let _swapping = swapping.lock().unwrap_or_else(PoisonError::into_inner);
            let key = (channel, key);
            if trees.plugin_values.get(&key)?.map(|Blob(value)| value) != expected {
                return Ok(false);
            }
            let mut txn = trees.db.begin();
            txn.put(&trees.plugin_values, &key, &Blob(value))?;
            trees.db.commit(txn)?;
            Ok(true)
        })
    }

    fn media_put(&self, mime: String, name: Option<String>, bytes: Vec<u8>) -> Answer<'_, MediaRef> {
        self.blocking(move |trees, _| {
            let (id, meta) = media::put(trees, &mime, name.as_deref(), &bytes)?;
            Ok(MediaRef {
                id: id.to_string(),
                mime: meta.mime,
                size: meta.size,
                name: meta.name,
            })
        })
    }

    fn media_get(&self, id: String) -> Answer<'_, (MediaRef, Vec<u8>)> {
        self.blocking(move |trees, _| {
            let key: MediaId = id.parse()?;
            let meta = media::meta(trees, key)?;
            let bytes = media::read(trees, key, 0, meta.size)?;
            Ok((
                MediaRef {
                    id,
                    mime: meta.mime,
                    size: meta.size,
                    name: meta.name,
                },
                bytes,
            ))
        })
    }

    fn thread(&self, query: ThreadQuery) -> Answer<'_, Thread> {
        self.blocking(move |trees, channel| threads::thread(trees, channel, &query))
    }

    fn alarm_set(&self, id: String, at: i64) -> Answer<'_, ()> {
        let channels = self.channels.clone();
        let runtime = tokio::runtime::Handle::current();
        self.blocking(move |trees, channel| {
            let mut txn = trees.db.begin();
            txn.put(&trees.alarms, &(channel, id.clone()), &Alarm { at })?;
            trees.db.commit(txn)?;
            let _inside = runtime.enter();
            alarms::wait(trees.clone(), channels, channel, id, at);
            Ok(())
        })
    }

    fn ws_send(&self, connection: u64, text: String) -> Answer<'_, ()> {
        let sent = self.sockets.send(connection, ToSocket::Text(text));
        Box::pin(std::future::ready(if sent { Ok(()) } else { Err(gone()) }))
    }

    fn ws_close(&self, connection: u64, code: u16, reason: String) -> Answer<'_, ()> {
        let sent = self.sockets.send(connection, ToSocket::Close { code, reason });
        Box::pin(std::future::ready(if sent { Ok(()) } else { Err(gone()) }))
    }

    fn log(&self, level: Level, message: &str) {
        let channel = self.channel.0;
        match level {
            Level::Debug => tracing::debug!(target: "weikefu::plugin", channel, "{message}"),
            Level::Info => tracing::info!(target: "weikefu::plugin", channel, "{message}"),
            Level::Warn => tracing::warn!(target: "weikefu::plugin", channel, "{message}"),
            Level::Error => tracing::error!(target: "weikefu::plugin", channel, "{message}"),
        }
    }

    fn status(&self, health: Health, words: &Words) {
        if let Some(channels) = self.channels.upgrade() {
            let short = |text: &str| text.chars().take(500).collect::<String>();
            let text = Words::new(short(&words.zh), short(&words.en));
            channels.set_health(self.shop, self.channel, health == Health::Healthy, text);
        }
    }
}

/// Refuses what no platform sends, and cuts what is longer than the store takes. Nothing a customer wrote is
/// refused for its length: the beginning is better than nothing.
fn bound(inbound: &mut Inbound) -> Result<(), Error> {
    let refuse = |what: &str| {
        Err(Error::new(
            Cause::Rejected,
            format!("emit: {what} is out of bounds"),
        ))
    };
    if !(1..=128).contains(&inbound.peer.len()) {
        return refuse("peer");
    }
    if !(1..=256).contains(&inbound.dedupe.len()) {
        return refuse("dedupe");
    }
    let profile = &mut inbound.profile;
    let fields = [
        &mut profile.nickname,
        &mut profile.avatar,
        &mut profile.phone,
        &mut profile.language,
    ];
    for text in fields.into_iter().flatten() {
        cut(text, 256);
    }
    match &mut inbound.what {
        What::Message { content } => bound_content(content),
        What::Behaviour { behaviour } => cut(&mut behaviour.detail, 1024),
    }
    Ok(())
}

fn bound_content(content: &mut Content) {
    match content {
        Content::Text { text } => cut(text, TEXT),
        Content::Voice {
            transcript: Some(transcript),
            ..
        } => cut(transcript, TEXT),
        Content::Unknown { original, raw } => {
            cut(original, 64);
            cut(raw, TEXT);
        }
        Content::Location { label, .. } => cut(label, 1024),
        Content::Link {
            title,
            description,
            url,
        } => {
            for text in [title, description, url] {
                cut(text, 4096);
            }
        }
        Content::News {
            title,
            description,
            url,
            picture,
        } => {
            for text in [title, description, url, picture] {
                cut(text, 4096);
            }
        }
        Content::MiniProgram { title, app_id, page } => {
            for text in [title, app_id, page] {
                cut(text, 2048);
            }
        }
        _ => {}
    }
}

fn cut(text: &mut String, bytes: usize) {
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes));
    }
}

fn gone() -> Error {
    Error::new(Cause::NotFound, "the socket is gone")
}

fn error(refusal: Refusal) -> Error {
    let kind = match refusal {
        Refusal::NotFound(_) => Cause::NotFound,
        Refusal::Invalid { .. } | Refusal::TooLarge { .. } => Cause::Rejected,
        _ => Cause::Retryable,
    };
    Error::told(
        kind,
        refusal.text(Language::Chinese),
        refusal.text(Language::English),
    )
}
