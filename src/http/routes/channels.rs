//! The shop's channels and the plugins they can be made of, for its administrator.
use super::ADMINISTER;
use crate::admin::channels::{self, Given};
use crate::admin::given;
use crate::app::Installation;
use crate::http::admin_views::{ChannelCard, PluginView, ProblemView};
use crate::http::context::Context;
use crate::http::present;
use crate::http::route::Route;
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use weikefu_channel::{Manifest, Words};
use weikefu_channel_host::Library;
use weikefu_core::error::{Language, Refusal};
use weikefu_core::records::ChannelRecord;
use weikefu_core::secrets;

/// The plugin whose page is a snippet on the shop's own pages.
const WIDGET: &str = "h5";

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/shops/{shop}/channels",
            ADMINISTER,
            "The shop's channels with their settings, without secrets",
            list,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/channels",
            ADMINISTER,
            "Add a channel",
            add,
        ),
        Route::json(
            Method::PATCH,
            "/api/shops/{shop}/channels/{id}",
            ADMINISTER,
            "Change a channel's name or settings, switch it on or off",
            edit,
        ),
        Route::get(
            "/api/shops/{shop}/plugins",
            ADMINISTER,
            "What a channel can be made of, with the schema of its settings",
            plugins,
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct NewChannel {
    plugin: String,
    /// Shown to agents, 1 to 64 characters; the plugin's name by default.
    name: Option<String>,
    /// By the plugin's schema.
    #[serde(default)]
    settings: Map<String, Value>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct EditChannel {
    name: Option<String>,
    enabled: Option<bool>,
    /// Those named are changed; `null` removes one. A secret that is not named stays.
    #[serde(default)]
    settings: Map<String, Value>,
}

pub(crate) async fn list(context: Context) -> Result<Vec<ChannelCard>, Refusal> {
    let (installation, shop) = (&context.app.installation, context.shop()?);
    let mut cards = Vec::new();
    for entry in installation.trees.channels.scan(&()) {
        let (_, record) = entry?;
        if record.shop == shop {
            cards.push(card(installation, &record, context.language()));
        }
    }
    Ok(cards)
}

pub(crate) async fn add(context: Context, new: NewChannel) -> Result<ChannelCard, Refusal> {
    let (installation, shop) = (&context.app.installation, context.shop()?);
    let settings = Given::json(new.settings);
    let record = channels::add(installation, shop, &new.plugin, new.name, settings).await?;
    Ok(card(installation, &record, context.language()))
}

pub(crate) async fn edit(context: Context, edit: EditChannel) -> Result<ChannelCard, Refusal> {
    let installation = &context.app.installation;
    let record = channels::find(installation, Some(context.shop()?), context.param("id")?)?;
    let settings = Given::json(edit.settings);
    let record = channels::set(installation, record, edit.name, edit.enabled, settings).await?;
    Ok(card(installation, &record, context.language()))
}

fn card(installation: &Installation, record: &ChannelRecord, language: Language) -> ChannelCard {
    let config: Value = serde_json::from_str(&record.config).unwrap_or(Value::Null);
    let library = installation.channels.plugins.library(&record.plugin).ok();
    // A plugin that is gone leaves no schema; then nothing is shown rather than a secret.
    let schema = library.map_or(Value::Null, |library| library.manifest().config.clone());
    let settings = match &schema {
        Value::Null => Value::Null,
        schema => secrets::without_secrets(schema, &config),
    };
    let words = installation.channels.status_words(record.id);
    let healthy = words.as_ref().is_none_or(|words| words.en == "ok");
    let words = words.filter(|_| !healthy).unwrap_or_default();
    let widget = record.plugin == WIDGET;
    ChannelCard {
        id: record.id,
        plugin: record.plugin.clone(),
        name: record.name.clone(),
        enabled: record.enabled,
        problem: problem(&schema, &words, language),
        status: present::status(healthy, &words, language),
        secrets_set: given::set_secrets(&config, &settings),
        settings,
        path: format!("/c/{}/", record.key),
        callback: (!widget).then(|| format!("/c/{}/callback", record.key)),
        snippet: widget.then(|| {
            format!(
                "<script async src=\"{{origin}}/w/loader.js\" data-app=\"{}\"></script>",
                record.key
            )
        }),
    }
}

/// A plugin says `field: what is wrong` of a setting it does not take.
fn problem(schema: &Value, words: &Words, language: Language) -> Option<ProblemView> {
    let properties = schema.get("properties")?.as_object()?;
    let (field, en) = words.en.split_once(": ")?;
    let text = match language {
        Language::Chinese => words
            .zh
            .split_once([':', '：'])
            .map_or(words.zh.as_str(), |(_, zh)| zh.trim()),
        Language::English => en,
    };
    properties.contains_key(field).then(|| ProblemView {
        field: field.to_owned(),
        text: text.to_owned(),
    })
}

pub(crate) async fn plugins(context: Context) -> Result<Vec<PluginView>, Refusal> {
    let language = context.language();
    let plugins = context.app.installation.channels.plugins.iter();
    Ok(plugins
        .map(|plugin| {
            let manifest = plugin.library.as_ref().ok().map(Library::manifest);
            PluginView {
                id: plugin.id.clone(),
                bundled: plugin.bundled,
                version: manifest.map(|manifest| manifest.version.clone()),
                names: manifest
                    .map(|manifest| manifest.names.clone())
                    .unwrap_or_default(),
                schema: manifest.map_or(Value::Null, |manifest| manifest.config.clone()),
                standards: manifest.map(standards).unwrap_or_default(),
                refused: plugin.library.as_ref().err().map(|error| match language {
                    Language::Chinese => error.zh(),
                    Language::English => error.to_string(),
                }),
            }
        })
        .collect())
}

/// What a plugin takes where a channel's setting says nothing.
fn standards(manifest: &Manifest) -> BTreeMap<String, Value> {
    let rules = serde_json::to_value(&manifest.reply_rules).unwrap_or_default();
    BTreeMap::from([("reply_rules".to_owned(), rules)])
}
