//! What a plugin says about itself. The console draws its forms and greys out its controls from this alone.
use crate::content::Kind;
use crate::reply::ReplyRule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The newest manifest schema this build understands.
pub const MANIFEST_SCHEMA: u32 = 1;

/// A plugin's description of itself, answered without creating an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// Schema number of this document.
    pub manifest: u32,
    /// Identifier: lower-case letters, digits and `-`.
    pub id: String,
    /// Version of the plugin.
    pub version: String,
    /// Name by language, at least `zh-CN` and `en`.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
    /// Kinds the channel can bring in.
    #[serde(default)]
    pub accepts: Vec<Kind>,
    /// Kinds the channel can carry out, with their limits.
    #[serde(default)]
    pub sends: BTreeMap<Kind, Limit>,
    /// How long after a customer's message the platform takes answers, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_window_s: Option<u64>,
    /// How many answers the platform takes after what; empty means any number at any time. A setting
    /// `reply_rules` of the channel, a list of the same kind, takes their place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reply_rules: Vec<ReplyRule>,
    /// Hosts the plugin may call; `host` or `host:port`. Hosts in configuration fields of format `uri` are
    /// allowed as well: the administrator wrote them.
    #[serde(default)]
    pub network: Vec<String>,
    /// Capabilities, `name` or `name/revision`. Filled in by `export!`.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// JSON Schema 2020-12 of the configuration. Filled in by `export!`.
    #[serde(default)]
    pub config: serde_json::Value,
}

/// What a platform takes of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limit {
    /// Bytes of the text (UTF-8) or the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// Content types the platform takes; empty means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mime: Vec<String>,
}

impl Limit {
    /// No limit but the host's own.
    #[must_use]
    pub fn none() -> Self {
        Limit::default()
    }

    /// At most this many bytes.
    #[must_use]
    pub fn bytes(max: u64) -> Self {
        Limit {
            max_bytes: Some(max),
            mime: Vec::new(),
        }
    }

    /// Only these content types.
    #[must_use]
    pub fn mime<const N: usize>(mut self, types: [&str; N]) -> Self {
        self.mime = types.map(String::from).to_vec();
        self
    }
}

impl Manifest {
    /// A manifest with an id and a version; the rest is added by the methods below.
    #[must_use]
    pub fn new(id: &str, version: &str) -> Self {
        Manifest {
            manifest: MANIFEST_SCHEMA,
            id: id.into(),
            version: version.into(),
            names: BTreeMap::new(),
            accepts: Vec::new(),
            sends: BTreeMap::new(),
            reply_window_s: None,
            reply_rules: Vec::new(),
            network: Vec::new(),
            capabilities: Vec::new(),
            config: serde_json::Value::Null,
        }
    }

    /// Adds a name in a language.
    #[must_use]
    pub fn name(mut self, language: &str, name: &str) -> Self {
        self.names.insert(language.into(), name.into());
        self
    }

    /// Declares the kinds the channel brings in.
    #[must_use]
    pub fn accepts(mut self, kinds: impl IntoIterator<Item = Kind>) -> Self {
        self.accepts.extend(kinds);
        self
    }

    /// Declares a kind the channel carries out.
    #[must_use]
    pub fn sends(mut self, kind: Kind, limit: Limit) -> Self {
        self.sends.insert(kind, limit);
        self
    }

    /// Declares the platform's reply window.
    #[must_use]
    pub fn reply_window(mut self, window: Duration) -> Self {
        self.reply_window_s = Some(window.as_secs());
        self
    }

    /// Declares how many answers the platform takes after what.
    #[must_use]
    pub fn reply_rules(mut self, rules: impl IntoIterator<Item = ReplyRule>) -> Self {
        self.reply_rules.extend(rules);
        self
    }

    /// Declares the hosts the plugin may call.
    #[must_use]
    pub fn network<const N: usize>(mut self, hosts: [&str; N]) -> Self {
        self.network.extend(hosts.map(String::from));
        self
    }
}
