//! Adding channels and changing their settings.
pub(crate) use super::given::Given;
use super::given::apply;
use super::{ChannelDone, Done, settings as rules};
use crate::app::Installation;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use weikefu_channel::Words;
use weikefu_core::desk::{Command, Topic};
use weikefu_core::error::Refusal;
use weikefu_core::ids::{ChannelId, ShopId};
use weikefu_core::records::ChannelRecord;
use weikefu_core::secrets;

/// Adds an account of a plugin to a shop.
pub(crate) async fn add(
    installation: &Installation,
    shop: ShopId,
    plugin: &str,
    name: Option<String>,
    settings: Vec<Given>,
) -> Result<ChannelRecord, Refusal> {
    let name = normal_name(name.as_deref().unwrap_or(plugin))?;
    let schema = schema(installation, plugin)?;
    let mut config = Value::Object(Map::new());
    apply(&schema, &mut config, settings)?;
    rules::check(&schema, &config)?;
    installation.sealer.seal(&schema, &Value::Null, &mut config)?;
    let mut random = [0; 12];
    getrandom::fill(&mut random).map_err(|_| Refusal::Unavailable)?;
    let last = installation.trees.channels.last(&())?.map_or(0, |(id, _)| id.0);
    let record = ChannelRecord {
        id: ChannelId(last + 1),
        shop,
        plugin: plugin.to_owned(),
        name,
        key: URL_SAFE_NO_PAD.encode(random),
        config: config.to_string(),
        enabled: true,
        entry: true,
    };
    store(installation, &record).await?;
    Ok(record)
}

/// Changes a channel's name, whether it runs, and the settings named; the others stay.
pub(crate) async fn set(
    installation: &Installation,
    mut record: ChannelRecord,
    name: Option<String>,
    enabled: Option<bool>,
    settings: Vec<Given>,
) -> Result<ChannelRecord, Refusal> {
    let name = name.as_deref().map(normal_name).transpose()?;
    let schema = schema(installation, &record.plugin)?;
    let mut config: Value =
        serde_json::from_str(&record.config).unwrap_or_else(|_| Value::Object(Map::new()));
    let stored = config.clone();
    apply(&schema, &mut config, settings)?;
    rules::check(&schema, &changed(&stored, &config))?;
    installation.sealer.seal(&schema, &stored, &mut config)?;
    record.config = config.to_string();
    record.name = name.unwrap_or(record.name);
    record.enabled = enabled.unwrap_or(record.enabled);
    store(installation, &record).await?;
    Ok(record)
}

/// The channel with a number; with a shop, only if it is that shop's.
pub(crate) fn find(
    installation: &Installation,
    shop: Option<ShopId>,
    id: u32,
) -> Result<ChannelRecord, Refusal> {
    let found = installation.trees.channels.get(&ChannelId(id))?;
    match (found, shop) {
        (Some(record), None) => Ok(record),
        (Some(record), Some(shop)) if record.shop == shop => Ok(record),
        (_, Some(_)) => Err(Refusal::NotFound("channel")),
        (None, None) => Err(Refusal::invalid(
            "id",
            format!("没有编号为 {id} 的渠道，用 weikefu channel list 查看。"),
            format!("There is no channel {id}; see `weikefu channel list`."),
        )),
    }
}

fn normal_name(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    if (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(Refusal::invalid(
        "name",
        "渠道名称需要 1 到 64 个字符。",
        "A channel's name has 1 to 64 characters.",
    ))
}

pub(super) fn list(installation: &Installation, shop: Option<ShopId>) -> Result<Done, Refusal> {
    let mut channels = Vec::new();
    for entry in installation.trees.channels.scan(&()) {
        let (_, record) = entry?;
        if shop.is_none_or(|shop| shop == record.shop) {
            channels.push(done(installation, &record));
        }
    }
    Ok(Done::Channels { channels })
}

async fn store(installation: &Installation, record: &ChannelRecord) -> Result<(), Refusal> {
    let trees = &installation.trees;
    let mut txn = trees.db.begin();
    txn.put(&trees.channels, &record.id, record)?;
    trees.db.commit(txn)?;
    if installation.channels.serving() {
        installation.channels.reopen(record.clone()).await;
    }
    let news = Command::Changed(Topic::Channels);
    installation.engine.execute(record.shop, news).await.map(drop)
}

pub(super) fn done(installation: &Installation, record: &ChannelRecord) -> ChannelDone {
    let config: Value = serde_json::from_str(&record.config).unwrap_or(Value::Null);
    // A plugin that is gone leaves no schema; then nothing is shown rather than a secret.
    let settings = schema(installation, &record.plugin)
        .map_or(Value::Null, |schema| secrets::without_secrets(&schema, &config));
    ChannelDone {
        channel: record.id.0,
        shop: record.shop.0,
        plugin: record.plugin.clone(),
        name: record.name.clone(),
        path: format!("/c/{}/", record.key),
        enabled: record.enabled,
        settings,
        status: installation.channels.status_words(record.id),
    }
}

/// The schema of a plugin's settings.
pub(crate) fn schema(installation: &Installation, plugin: &str) -> Result<Value, Refusal> {
    match installation.channels.plugins.library(plugin) {
        Ok(library) => Ok(library.manifest().config.clone()),
        Err(Words { zh, en }) => Err(Refusal::invalid("plugin", zh, en)),
    }
}

/// What is new among the settings. What was stored before is sealed where it is secret, and was checked then.
fn changed(stored: &Value, config: &Value) -> Value {
    let mut new = Map::new();
    for (name, value) in config.as_object().into_iter().flatten() {
        if stored.get(name) != Some(value) {
            new.insert(name.clone(), value.clone());
        }
    }
    Value::Object(new)
}
