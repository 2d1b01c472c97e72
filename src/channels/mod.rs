//! The channels of this installation: loaded plugins, opened accounts, how they are doing.
mod alarms;
mod broadcasts;
mod carrier;
mod directory;
mod entries;
mod plugins;
mod services;
mod sockets;
mod threads;

pub(crate) use plugins::Plugins;
pub(crate) use sockets::{Sockets, ToSocket};

use crate::data::DataFolder;
use crate::http::present;
use crate::http::views::{ChannelRef, ChannelView};
use services::AccountServices;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use weikefu_channel::{Content, Kind, Limit, Manifest, ReplyRule, Words};
use weikefu_channel_host::Instance;
use weikefu_core::desk::{Command, Effect, Gate, Rules};
use weikefu_core::engine::Engine;
use weikefu_core::error::{Language, Refusal};
use weikefu_core::ids::{ChannelId, ShopId};
use weikefu_core::records::ChannelRecord;
use weikefu_core::secrets::Sealer;
use weikefu_core::trees::Trees;

/// How long messages that are leaving may take when the server stops.
const SETTLE: Duration = Duration::from_secs(15);

/// Rules of a channel that are counted by.
const RULES: usize = 16;

/// An opened account.
pub(crate) struct OpenChannel {
    pub(crate) id: ChannelId,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) instance: Instance,
    pub(crate) sockets: Arc<Sockets>,
    /// What the platform allows after what.
    rules: Rules,
}

impl OpenChannel {
    pub(crate) fn can(&self, capability: &str) -> bool {
        self.manifest.capabilities.iter().any(|name| name == capability)
    }

    /// Its platform counts messages.
    pub(crate) fn counts(&self) -> bool {
        !self.rules.is_empty()
    }

    pub(crate) fn takes_sockets(&self) -> bool {
        self.can("sockets")
    }
}

/// All channels.
pub(crate) struct Channels {
    trees: Trees,
    engine: Engine,
    sealer: Sealer,
    pub(crate) plugins: Plugins,
    known: RwLock<HashMap<ChannelId, ChannelRecord>>,
    open: RwLock<HashMap<ChannelId, Arc<OpenChannel>>>,
    health: RwLock<HashMap<ChannelId, (bool, Words)>>,
    effects: Mutex<Option<mpsc::UnboundedReceiver<Effect>>>,
    /// Held while a channel is opened.
    opening: tokio::sync::Mutex<()>,
    /// The server stops: nothing more leaves.
    held_back: AtomicBool,
    /// Read by whatever is leaving.
    leaving: Arc<tokio::sync::RwLock<()>>,
    /// Where a plugin's news are told from: it may speak up on any thread.
    runtime: OnceLock<Handle>,
    asking: directory::Asking,
    me: Weak<Channels>,
}

impl Channels {
    /// Loads the plugins; opens nothing yet.
    pub(crate) fn new(trees: Trees, engine: Engine, sealer: Sealer, folder: &DataFolder) -> Arc<Self> {
        let plugins = Plugins::load(&folder.plugins());
        Arc::new_cyclic(|me| Channels {
            trees,
            engine,
            sealer,
            plugins,
            known: RwLock::default(),
            open: RwLock::default(),
            health: RwLock::default(),
            effects: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            held_back: AtomicBool::new(false),
            leaving: Arc::default(),
            runtime: OnceLock::new(),
            asking: directory::Asking::default(),
            me: me.clone(),
        })
    }

    /// Keeps the engine's effects until there is somebody to act on them.
    pub(crate) fn keep_effects(&self, effects: mpsc::UnboundedReceiver<Effect>) {
        *self.effects.lock().unwrap_or_else(PoisonError::into_inner) = Some(effects);
    }

    pub(crate) fn take_effects(&self) -> Option<mpsc::UnboundedReceiver<Effect>> {
        self.effects.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Opens every enabled channel. One that fails says why on its card; the others go on.
    pub(crate) async fn open_all(&self) {
        self.runtime.get_or_init(Handle::current);
        let records: Vec<ChannelRecord> = self
            .trees
            .channels
            .scan(&())
            .filter_map(|entry| Some(entry.ok()?.1))
            .collect();
        for record in records {
            self.reopen(record).await;
        }
        alarms::start(&self.trees, &self.me);
    }

    /// Opens a channel with its settings as they are now; the old instance ends first.
    pub(crate) async fn reopen(&self, record: ChannelRecord) {
        let id = record.id;
        // One after the other, each with what is stored by then: an older one must not come out on top.
        let _opening = self.opening.lock().await;
        let record = self.trees.channels.get(&id).ok().flatten().unwrap_or(record);
        self.close(id).await;
        write(&self.known).insert(id, record.clone());
        if !record.enabled {
            return self.set_health(
                record.shop,
                id,
                false,
                Words::new(
                    "渠道已停用，可用 weikefu channel set 重新启用。",
                    "The channel is disabled; enable it with `weikefu channel set`.",
                ),
            );
        }
        match self.open_one(&record).await {
            Ok(open) => {
                let open = Arc::new(open);
                if !record.entry {
                    entries::tell(&open, false).await;
                }
                write(&self.open).insert(id, open);
                if !read(&self.health).contains_key(&id) {
                    self.set_health(record.shop, id, true, Words::default());
                }
            }
            Err(reason) => {
                tracing::warn!(channel = %id, plugin = record.plugin, reason = reason.en, "a channel could not be opened");
                self.set_health(record.shop, id, false, reason);
            }
        }
    }

    async fn open_one(&self, record: &ChannelRecord) -> Result<OpenChannel, Words> {
        let library = self.plugins.library(&record.plugin)?;
        let mut config: serde_json::Value =
            serde_json::from_str(&record.config).map_err(|error| unreadable(&error))?;
        let manifest = Arc::new(library.manifest().clone());
        self.sealer
            .open(&manifest.config, &mut config)
            .map_err(|refusal| in_both(&refusal))?;
        let sockets = Arc::new(Sockets::default());
        let rules = rules(&manifest, &config);
        let services = AccountServices::new(
            self.trees.clone(),
            self.engine.clone(),
            record,
            Arc::clone(&sockets),
            self.me.clone(),
            Arc::clone(&rules),
        );
        let name = format!("{}-{}", record.plugin, record.id);
        let runtime = tokio::runtime::Handle::current();
        let instance = Instance::open(&library, &name, config, Arc::new(services), runtime)
            .await
            .map_err(|error| error.words())?;
        Ok(OpenChannel {
            id: record.id,
            manifest,
            instance,
            sockets,
            rules,
        })
    }

    async fn close(&self, id: ChannelId) {
        let open = write(&self.open).remove(&id);
        write(&self.health).remove(&id);
        if let Some(open) = open
            && !open.instance.close().await
        {
            tracing::warn!(channel = %id, "a plugin did not end in time");
        }
    }

    /// Lets nothing more leave and waits for what is leaving, so that a stop makes no outcome unknown. What is
    /// held back stays queued in the store.
    pub(crate) async fn settle(&self) {
        self.held_back.store(true, Ordering::Release);
        if tokio::time::timeout(SETTLE, self.leaving.write()).await.is_err() {
            tracing::warn!("some messages were still leaving; whether they arrived is not known");
        }
    }

    /// Ends all instances.
    pub(crate) async fn close_all(&self) {
        let ids: Vec<ChannelId> = read(&self.open).keys().copied().collect();
        for id in ids {
            self.close(id).await;
        }
    }

    /// Whether a channel takes messages to customers.
    pub(crate) fn gate(&self, id: ChannelId) -> Gate {
        match self.by_id(id) {
            _ if !self.is_on(id) => Gate::Off,
            None => Gate::Down,
            Some(open) if open.counts() => Gate::Counted,
            Some(_) => Gate::Open,
        }
    }

    /// Whether channels are opened here, as in a server, or only described, as on the command line.
    pub(crate) fn serving(&self) -> bool {
        self.runtime.get().is_some()
    }

    /// How an open channel is doing, in words; `None` where no channel is opened.
    pub(crate) fn status_words(&self, id: ChannelId) -> Option<Words> {
        let (healthy, words) = read(&self.health).get(&id).cloned()?;
        Some(if healthy { Words::new("ok", "ok") } else { words })
    }

    pub(crate) fn by_id(&self, id: ChannelId) -> Option<Arc<OpenChannel>> {
        read(&self.open).get(&id).cloned()
    }

    /// The open channel of a public address.
    pub(crate) fn by_key(&self, key: &str) -> Option<Arc<OpenChannel>> {
        let id = read(&self.known).values().find(|record| record.key == key)?.id;
        self.by_id(id)
    }

    pub(crate) fn reference(&self, id: ChannelId) -> Option<ChannelRef> {
        let known = read(&self.known);
        let record = known.get(&id)?;
        Some(ChannelRef {
            id,
            plugin: record.plugin.clone(),
            name: record.name.clone(),
        })
    }

    /// A shop's channels, as the console shows them.
    pub(crate) fn of_shop(&self, shop: ShopId, language: Language) -> Vec<ChannelView> {
        let mut records: Vec<ChannelRecord> = read(&self.known)
            .values()
            .filter(|record| record.shop == shop)
            .cloned()
            .collect();
        records.sort_by_key(|record| record.id);
        records
            .into_iter()
            .map(|record| {
                let sends: BTreeMap<Kind, Limit> = self
                    .by_id(record.id)
                    .map(|open| open.manifest.sends.clone())
                    .unwrap_or_default();
                let (healthy, words) = read(&self.health)
                    .get(&record.id)
                    .cloned()
                    .unwrap_or((true, Words::default()));
                let status = present::status(healthy, &words, language);
                let channel = ChannelRef {
                    id: record.id,
                    plugin: record.plugin,
                    name: record.name,
                };
                ChannelView {
                    channel,
                    sends,
                    status,
                }
            })
            .collect()
    }

    /// Refuses what the channel's platform would refuse, before it is stored.
    pub(crate) fn check(&self, id: ChannelId, content: &Content) -> Result<(), Refusal> {
        let Some(open) = self.by_id(id) else {
            return Err(Refusal::invalid(
                "content",
                "该渠道当前不可用，请联系管理员检查渠道设置。",
                "This channel is not available. Ask your administrator to check its settings.",
            ));
        };
        let Some(limit) = open.manifest.sends.get(&content.kind()) else {
            return Err(Refusal::invalid(
                "content",
                "该渠道不支持发送此类消息，请改用其他形式。",
                "This channel cannot send messages of this kind. Use another kind.",
            ));
        };
        let (size, mime) = match content {
            Content::Text { text } => (text.len() as u64, None),
            other => (
                other.media().map_or(0, |media| media.size),
                other.media().map(|media| media.mime.as_str()),
            ),
        };
        if let Some(max) = limit.max_bytes.filter(|max| size > *max) {
            return Err(too_long(content.kind(), max));
        }
        if let Some(mime) =
            mime.filter(|mime| !limit.mime.is_empty() && !limit.mime.iter().any(|known| known == mime))
        {
            let wanted = limit.mime.join("、");
            return Err(Refusal::invalid(
                "content",
                format!("该渠道只支持 {wanted}，此文件是 {mime}。请转换格式后再发。"),
                format!("This channel takes {wanted} only; the file is {mime}. Convert it first."),
            ));
        }
        Ok(())
    }

    /// Shows the customer that the agent is writing; best effort, beside the request.
    pub(crate) fn typing(&self, id: ChannelId, peer: String) {
        if let Some(open) = self.by_id(id) {
            tokio::spawn(async move {
                let _ = open.instance.typing(&peer).await;
            });
        }
    }

    /// Remembers how a channel is doing and tells the agents when that changes.
    fn set_health(&self, shop: ShopId, id: ChannelId, healthy: bool, text: Words) {
        let new = (healthy, text.clone());
        if write(&self.health).insert(id, new.clone()) == Some(new) {
            return;
        }
        let (engine, Some(runtime)) = (self.engine.clone(), self.runtime.get()) else {
            return;
        };
        runtime.spawn(async move {
            let _ = engine
                .execute(
                    shop,
                    Command::Announce {
                        channel: id,
                        healthy,
                        text,
                    },
                )
                .await;
        });
    }
}

fn unreadable(error: &serde_json::Error) -> Words {
    Words::new(
        format!("保存的渠道设置无法读取（{error}），请用 weikefu channel set 重新填写。"),
        format!(
            "The channel's stored settings cannot be read ({error}); enter them again with `weikefu channel set`."
        ),
    )
}

fn in_both(refusal: &Refusal) -> Words {
    Words::new(refusal.text(Language::Chinese), refusal.text(Language::English))
}

/// How many answers a channel's platform takes after what: the channel's own setting, else what the plugin says.
/// What no rule can be is left out; the plugin refuses such a setting when it opens.
fn rules(manifest: &Manifest, config: &serde_json::Value) -> Rules {
    let own = config
        .get("reply_rules")
        .and_then(|rules| serde_json::from_value::<Vec<ReplyRule>>(rules.clone()).ok());
    let rules = own.unwrap_or_else(|| manifest.reply_rules.clone());
    rules
        .into_iter()
        .filter(ReplyRule::is_sound)
        .take(RULES)
        .collect()
}

fn too_long(kind: Kind, max: u64) -> Refusal {
    if kind == Kind::Text {
        return Refusal::invalid(
            "content",
            format!(
                "文字超过该渠道 {max} 字节的上限（约 {} 个汉字），请分成几条发送。",
                max / 3
            ),
            format!("The text is longer than this channel's {max} bytes. Send it in parts."),
        );
    }
    let megabytes = max as f64 / f64::from(1 << 20);
    Refusal::invalid(
        "content",
        format!("文件超过该渠道 {megabytes:.1} MB 的上限，请压缩后再发。"),
        format!("The file is larger than this channel's {megabytes:.1} MB. Make it smaller first."),
    )
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
