//! Customers, the addresses they write from, what they did.
use crate::ids::{CustomerId, Millis};
use serde::{Deserialize, Serialize};
use weikefu_channel::{Action, Profile};
use weikefu_storage::record;

/// A person who writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Number.
    pub id: CustomerId,
    /// Name an agent gave; goes before the nickname.
    pub name: String,
    /// Name the channel told.
    pub nickname: String,
    /// Address of a picture the channel told.
    pub avatar: Option<String>,
    /// Phone number the channel told.
    pub phone: Option<String>,
    /// Language the channel told.
    pub language: Option<String>,
    /// The merchant's own server vouched for the identity.
    pub verified: bool,
    /// An agent's note.
    pub remark: String,
    /// First contact.
    pub first_seen: Millis,
    /// Last opening of a conversation, or last behaviour.
    pub last_seen: Millis,
    /// Conversations so far.
    pub conversations: u32,
}
record!(Customer, b"cust1");

impl Customer {
    /// Somebody never seen before.
    #[must_use]
    pub fn new(id: CustomerId, now: Millis) -> Self {
        Customer {
            id,
            name: String::new(),
            nickname: String::new(),
            avatar: None,
            phone: None,
            language: None,
            verified: false,
            remark: String::new(),
            first_seen: now,
            last_seen: now,
            conversations: 0,
        }
    }

    /// Takes over what a channel knows; what it does not say stays. Returns whether anything changed.
    pub fn learn(&mut self, profile: &Profile) -> bool {
        let before = self.clone();
        if let Some(nickname) = &profile.nickname {
            self.nickname.clone_from(nickname);
        }
        for (mine, told) in [
            (&mut self.avatar, &profile.avatar),
            (&mut self.phone, &profile.phone),
            (&mut self.language, &profile.language),
        ] {
            if told.is_some() {
                mine.clone_from(told);
            }
        }
        self.verified |= profile.verified;
        *self != before
    }

    /// The name to show; empty when nobody knows one.
    #[must_use]
    pub fn display_name(&self) -> &str {
        if self.name.is_empty() {
            &self.nickname
        } else {
            &self.name
        }
    }
}

/// The customer behind an address on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Who.
    pub customer: CustomerId,
}
record!(Identity, b"ident1");

/// Something a customer did other than write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BehaviourRecord {
    /// What.
    #[serde(with = "super::named")]
    pub action: Action,
    /// Menu key, scene, address …
    pub detail: String,
    /// When the platform says it happened.
    pub at: Millis,
}
record!(BehaviourRecord, b"behav1");
