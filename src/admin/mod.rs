//! What an administrator can do without the console. The command line does it on the store itself, or, when a
//! server holds the store, asks that server through a socket only the same user can open.
pub(crate) mod agents;
pub(crate) mod broadcasts;
pub(crate) mod channels;
pub(crate) mod control;
pub(crate) mod doctor;
pub(crate) mod given;
mod run;
mod search;
mod settings;
mod shops;
pub(crate) mod tables;

pub(crate) use run::{Progress, run, run_with};
pub(crate) use search::SearchIndex;

use crate::exchange::{Report, What};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use weikefu_core::records::{Agent, Role};
use weikefu_core::rights::Action;

/// An order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub(crate) enum Order {
    /// Makes the first shop and its administrator.
    Init {
        shop: String,
        login: String,
        nickname: String,
    },
    /// A shop and its administrator.
    ShopAdd {
        name: String,
        login: String,
        nickname: String,
    },
    ShopRename {
        shop: u32,
        name: String,
    },
    ShopList,
    AgentAdd {
        login: String,
        nickname: String,
        shop: Option<u32>,
        role: Role,
    },
    AgentPassword {
        login: String,
    },
    AgentDisable {
        login: String,
        disabled: bool,
    },
    AgentRole {
        login: String,
        shop: Option<u32>,
        role: Role,
    },
    AgentRemove {
        login: String,
        shop: Option<u32>,
    },
    AgentLogout {
        login: String,
    },
    AgentList {
        shop: Option<u32>,
    },
    ChannelAdd {
        plugin: String,
        shop: Option<u32>,
        name: Option<String>,
        settings: Vec<(String, String)>,
    },
    ChannelSet {
        id: u32,
        name: Option<String>,
        enabled: Option<bool>,
        settings: Vec<(String, String)>,
    },
    ChannelList {
        shop: Option<u32>,
    },
    PluginList,
    DoctorMessages {
        shop: Option<u32>,
    },
    /// A table into a new file of the machine.
    Export {
        what: What,
        shop: Option<u32>,
        format: String,
        file: PathBuf,
        english: bool,
    },
    /// A table out of a file of the machine.
    Import {
        what: What,
        shop: Option<u32>,
        format: Option<String>,
        file: PathBuf,
        dry: bool,
    },
    /// Begins to make the search index anew.
    SearchRebuild,
    /// How the search index is doing.
    SearchStatus,
    BroadcastList {
        shop: Option<u32>,
    },
    BroadcastOne {
        id: u64,
        wish: broadcasts::Wish,
    },
}

impl Order {
    /// What its sender must be allowed to do.
    fn action(&self) -> Action {
        match self {
            Order::Init { .. }
            | Order::ShopAdd { .. }
            | Order::ShopRename { .. }
            | Order::ShopList
            | Order::PluginList
            | Order::DoctorMessages { .. }
            // These name files of the machine.
            | Order::Export { .. }
            | Order::Import { .. }
            | Order::SearchRebuild
            | Order::SearchStatus
            // These reach into every shop the account works in.
            | Order::AgentPassword { .. }
            | Order::AgentDisable { .. }
            | Order::AgentLogout { .. } => Action::Install,
            Order::BroadcastList { .. } | Order::BroadcastOne { .. } => Action::Broadcast,
            Order::AgentAdd { .. }
            | Order::AgentRole { .. }
            | Order::AgentRemove { .. }
            | Order::AgentList { .. }
            | Order::ChannelAdd { .. }
            | Order::ChannelSet { .. }
            | Order::ChannelList { .. } => Action::Administer,
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Done {
    Agent(AgentDone),
    Channel(ChannelDone),
    ShopMade(ShopMade),
    Shop(ShopDone),
    Shops {
        shops: Vec<ShopDone>,
    },
    Agents {
        agents: Vec<AgentLine>,
    },
    Channels {
        channels: Vec<ChannelDone>,
    },
    Plugins {
        plugins: Vec<PluginLine>,
    },
    Messages(doctor::Report),
    Exported(tables::Exported),
    Imported(Report),
    Search(SearchIndex),
    Broadcast(broadcasts::BroadcastLine),
    Broadcasts {
        broadcasts: Vec<broadcasts::BroadcastLine>,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ShopDone {
    pub(crate) shop: u32,
    pub(crate) shop_name: String,
}

/// A shop that was made, with the account that administers it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ShopMade {
    pub(crate) shop: u32,
    pub(crate) shop_name: String,
    pub(crate) administrator: AgentDone,
}

/// An account that was made or got a new password. `one_time_password` is shown once and stored nowhere.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AgentDone {
    pub(crate) agent: u32,
    pub(crate) login: String,
    pub(crate) nickname: String,
    /// Absent when an account that existed only joined another shop.
    pub(crate) one_time_password: Option<String>,
}

impl AgentDone {
    pub(crate) fn new(agent: Agent, one_time_password: Option<String>) -> Self {
        AgentDone {
            agent: agent.id.0,
            login: agent.login,
            nickname: agent.nickname,
            one_time_password,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AgentLine {
    pub(crate) agent: u32,
    pub(crate) login: String,
    pub(crate) nickname: String,
    pub(crate) disabled: bool,
    pub(crate) must_change_password: bool,
    /// Role by shop.
    pub(crate) roles: Vec<(u32, Role)>,
}

/// A channel without its secrets.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ChannelDone {
    pub(crate) channel: u32,
    pub(crate) shop: u32,
    pub(crate) plugin: String,
    pub(crate) name: String,
    /// Its public address below the server's.
    pub(crate) path: String,
    pub(crate) enabled: bool,
    pub(crate) settings: serde_json::Value,
    /// How it is doing, in both languages; only a running server knows.
    pub(crate) status: Option<weikefu_channel::Words>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PluginLine {
    pub(crate) plugin: String,
    pub(crate) bundled: bool,
    pub(crate) version: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) capabilities: Vec<String>,
    /// Why it was refused, in Chinese and English.
    pub(crate) refused: Option<(String, String)>,
}

/// A refusal on its way through the socket: both languages, because the caller chooses.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Refused {
    pub(crate) code: String,
    pub(crate) zh: String,
    pub(crate) en: String,
}

impl From<weikefu_core::error::Refusal> for Refused {
    fn from(refusal: weikefu_core::error::Refusal) -> Self {
        use weikefu_core::error::Language;
        Refused {
            code: refusal.code().0.to_owned(),
            zh: refusal.text(Language::Chinese),
            en: refusal.text(Language::English),
        }
    }
}
