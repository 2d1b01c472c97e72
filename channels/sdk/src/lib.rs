//! What a plugin author sees: the vocabulary of the boundary, the traits to implement, the services of the
//! host and the [`export!`] macro. No runtime, no sockets, no `unsafe` in a plugin.
//!
//! The binary interface below it is `channels/include/weikefu_channel.h`.
pub mod abi;
pub mod bridge;
mod channel;
mod content;
mod error;
mod executor;
#[doc(hidden)]
pub mod export;
mod host;
mod http;
mod inbound;
mod instance;
mod manifest;
mod panic;
mod reply;
mod secret;
pub mod testing;
mod thread;
mod words;

pub use channel::{Channel, Directory, Entry, Notices, Sockets, Webhooks};
pub use content::{Content, Kind, MediaRef};
pub use error::{Cause, Error, Result};
pub use host::{Health, Host, Level};
pub use http::{Request, Response, percent_decode};
pub use inbound::{Action, Behaviour, Card, Cursor, Inbound, PassiveText, Profile, Refused, Stored, What};
pub use manifest::{Limit, MANIFEST_SCHEMA, Manifest};
pub use reply::{ReplyRule, Trigger};
pub use secret::Secret;
pub use thread::{
    From, Notice, Outgoing, Persona, Receipt, Service, ServiceState, Thread, ThreadMessage, ThreadQuery,
};
pub use words::Words;

/// The programs of the tutorial are compiled and run like those of this documentation.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/plugin/README.md")]
pub mod tutorial {}

/// Everything a plugin usually needs.
pub mod prelude {
    pub use crate::{
        Action, Behaviour, Card, Cause, Channel, Content, Cursor, Directory, Entry, Error, Health, Host,
        Inbound, Kind, Level, Limit, Manifest, MediaRef, Notice, Notices, Outgoing, PassiveText, Persona,
        Profile, Receipt, ReplyRule, Request, Response, Result, Secret, Service, ServiceState, Sockets,
        Stored, Thread, ThreadMessage, ThreadQuery, Trigger, Webhooks, What, Words,
    };
    pub use schemars::JsonSchema;
    pub use serde::{Deserialize, Serialize};
    pub use serde_json::json;
}
