//! Adding channels and changing their settings.
use super::{ChannelDone, Done, settings as rules};
use crate::app::Installation;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use weikefu_channel::Words;
use weikefu_core::error::Refusal;
use weikefu_core::ids::{ChannelId, ShopId};
use weikefu_core::records::ChannelRecord;
use weikefu_core::secrets;

pub(super) async fn add(
    installation: &Installation,
    shop: ShopId,
    plugin: &str,
    name: Option<String>,
    settings: Vec<(String, String)>,
) -> Result<ChannelDone, Refusal> {
    let schema = schema(installation, plugin)?;
    let mut config = Value::Object(Map::new());
    apply(&schema, &mut config, settings)?;
    complete(&schema, &config)?;
    rules::check(&schema, &config)?;
    installation.sealer.seal(&schema, &Value::Null, &mut config)?;
    let mut random = [0; 12];
    getrandom::fill(&mut random).map_err(|_| Refusal::Unavailable)?;
    let last = installation.trees.channels.last(&())?.map_or(0, |(id, _)| id.0);
    let record = ChannelRecord {
        id: ChannelId(last + 1),
        shop,
        plugin: plugin.to_owned(),
        name: name.unwrap_or_else(|| plugin.to_owned()),
        key: URL_SAFE_NO_PAD.encode(random),
        config: config.to_string(),
        enabled: true,
        entry: true,
    };
    store(installation, &record).await?;
    Ok(done(installation, &record))
}

pub(super) async fn set(
    installation: &Installation,
    id: u32,
    name: Option<String>,
    enabled: Option<bool>,
    settings: Vec<(String, String)>,
) -> Result<ChannelDone, Refusal> {
    let mut record = installation.trees.channels.get(&ChannelId(id))?.ok_or_else(|| {
        Refusal::invalid(
            "id",
            format!("没有编号为 {id} 的渠道，用 weikefu channel list 查看。"),
            format!("There is no channel {id}; see `weikefu channel list`."),
        )
    })?;
    let schema = schema(installation, &record.plugin)?;
    let mut config: Value =
        serde_json::from_str(&record.config).unwrap_or_else(|_| Value::Object(Map::new()));
    let stored = config.clone();
    apply(&schema, &mut config, settings)?;
    complete(&schema, &config)?;
    rules::check(&schema, &changed(&stored, &config))?;
    installation.sealer.seal(&schema, &stored, &mut config)?;
    record.config = config.to_string();
    record.name = name.unwrap_or(record.name);
    record.enabled = enabled.unwrap_or(record.enabled);
    store(installation, &record).await?;
    Ok(done(installation, &record))
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
    Ok(())
}

fn done(installation: &Installation, record: &ChannelRecord) -> ChannelDone {
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

fn schema(installation: &Installation, plugin: &str) -> Result<Value, Refusal> {
    match installation.channels.plugins.library(plugin) {
        Ok(library) => Ok(library.manifest().config.clone()),
        Err(Words { zh, en }) => Err(Refusal::invalid("plugin", zh, en)),
    }
}

/// Puts settings given as text into a configuration, by the types of the schema. An empty text removes one.
fn apply(schema: &Value, config: &mut Value, settings: Vec<(String, String)>) -> Result<(), Refusal> {
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, text) in settings {
        let Some(property) = properties.and_then(|known| known.get(&name)) else {
            let known = properties
                .map(|known| known.keys().cloned().collect::<Vec<_>>().join(", "))
                .unwrap_or_default();
            return Err(Refusal::invalid(
                "settings",
                format!("没有名为 {name} 的设置。可用的设置：{known}。"),
                format!("There is no setting {name}. Known settings: {known}."),
            ));
        };
        if text.is_empty() {
            config.as_object_mut().and_then(|fields| fields.remove(&name));
            continue;
        }
        config[&name] = typed(property, &text).ok_or_else(|| {
            Refusal::invalid(
                "settings",
                format!(
                    "{name} 的值类型不正确（{}）。",
                    property
                        .get("description")
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                ),
                format!("{name}: the value has the wrong type."),
            )
        })?;
    }
    Ok(())
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

fn typed(property: &Value, text: &str) -> Option<Value> {
    let is = |wanted: &str| match property.get("type") {
        Some(Value::String(kind)) => kind == wanted,
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == wanted),
        _ => false,
    };
    if is("boolean") {
        text.parse().ok().map(Value::Bool)
    } else if is("integer") || is("number") {
        serde_json::from_str::<serde_json::Number>(text)
            .ok()
            .map(Value::Number)
    } else if is("array") {
        Some(Value::Array(
            text.split(',')
                .map(|part| Value::String(part.trim().to_owned()))
                .collect(),
        ))
    } else {
        Some(Value::String(text.to_owned()))
    }
}

/// Whether everything required is there.
fn complete(schema: &Value, config: &Value) -> Result<(), Refusal> {
    let required = schema.get("required").and_then(Value::as_array);
    let missing: Vec<&str> = required
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|name| config.get(name).is_none())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(", ");
    Err(Refusal::invalid(
        "settings",
        format!("还缺少设置：{names}。请用 --set 名称=值 填写。"),
        format!("Settings are missing: {names}. Give them with --set NAME=VALUE."),
    ))
}
