//! Customers, the addresses they write from, what they did.
use super::tag::TagId;
use crate::ids::{AgentId, ChannelId, CustomerId, Millis};
use schemars::JsonSchema;
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
    /// What agents entered.
    pub details: Details,
    /// Service tags, ascending. Those of tags that have been removed meanwhile mean nothing.
    pub tags: Vec<TagId>,
    /// On the blacklist since when and by whom; nothing they write or do is stored.
    pub blocked: Option<Blocked>,
    /// What the channel's own register says of them, when it was last asked.
    pub card: Option<Card>,
    /// Grows with every change made or fetched by the desk, so that an open panel knows that it is old.
    pub revision: u32,
}
record!(Customer, b"cust2", Customer1, |old| Customer {
    id: old.id,
    name: old.name,
    nickname: old.nickname,
    avatar: old.avatar,
    phone: old.phone,
    language: old.language,
    verified: old.verified,
    remark: old.remark,
    first_seen: old.first_seen,
    last_seen: old.last_seen,
    conversations: old.conversations,
    details: Details::default(),
    tags: Vec::new(),
    blocked: None,
    card: None,
    revision: 0,
});

/// The first layout.
#[derive(Serialize, Deserialize)]
pub struct Customer1 {
    id: CustomerId,
    name: String,
    nickname: String,
    avatar: Option<String>,
    phone: Option<String>,
    language: Option<String>,
    verified: bool,
    remark: String,
    first_seen: Millis,
    last_seen: Millis,
    conversations: u32,
}
record!(Customer1, b"cust1");

/// What agents know of a customer and no channel tells. Empty means nobody knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// What the customer said to be.
    pub gender: Gender,
    /// Goes before the phone number the channel told.
    pub phone: String,
    /// Postal address.
    pub address: String,
}

/// A gender as an agent entered it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    /// Nobody knows.
    #[default]
    Unknown,
    /// 男
    Male,
    /// 女
    Female,
}

/// A place on the blacklist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// Since when.
    pub at: Millis,
    /// Who put them there.
    pub by: AgentId,
}

/// What a channel's own register says of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Names of the tags the account's operators gave, in the channel's order.
    pub tags: Vec<String>,
    /// The account's own remark on the customer; empty when there is none.
    pub remark: String,
    /// When the channel said so.
    pub at: Millis,
}

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
            details: Details::default(),
            tags: Vec::new(),
            blocked: None,
            card: None,
            revision: 0,
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

    /// The phone number to show; `None` when nobody knows one.
    #[must_use]
    pub fn phone(&self) -> Option<&str> {
        let entered = Some(self.details.phone.as_str()).filter(|phone| !phone.is_empty());
        entered.or(self.phone.as_deref())
    }

    /// Bytes of its texts, about.
    pub(crate) fn bytes(&self) -> usize {
        let card = self.card.as_ref().map_or(0, |card| {
            card.remark.len() + card.tags.iter().map(String::len).sum::<usize>()
        });
        let Details { phone, address, .. } = &self.details;
        self.name.len() + self.remark.len() + phone.len() + address.len() + card + 8 * self.tags.len()
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
    /// Where; `None` of what was noted before that was kept.
    pub channel: Option<ChannelId>,
}
record!(BehaviourRecord, b"behav2", BehaviourRecord1, |old| {
    BehaviourRecord {
        action: old.action,
        detail: old.detail,
        at: old.at,
        channel: None,
    }
});

/// The first layout.
#[derive(Serialize, Deserialize)]
pub struct BehaviourRecord1 {
    #[serde(with = "super::named")]
    action: Action,
    detail: String,
    at: Millis,
}
record!(BehaviourRecord1, b"behav1");
