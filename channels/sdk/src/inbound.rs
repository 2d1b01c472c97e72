//! What a channel hands to the desk.
use crate::content::Content;
use crate::reply::Trigger;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something a customer wrote or did, given to [`crate::Host::emit`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Inbound {
    /// The customer's address on this channel: an openid, a visitor id. 1 to 128 bytes.
    pub peer: String,
    /// The platform's own id of this message, or what stands for it. The desk stores each
    /// `(channel, peer, sent_at, dedupe)` once and answers a repetition with the first one's place.
    /// 1 to 256 bytes.
    pub dedupe: String,
    /// When the platform says it happened, Unix milliseconds. A retry must carry the same value.
    pub sent_at: i64,
    /// A message or a behaviour.
    pub what: What,
    /// What the channel happens to know of the customer; absent fields leave the stored ones alone.
    #[serde(default, skip_serializing_if = "Profile::is_empty")]
    pub profile: Profile,
    /// Which window of the platform this opens, where its kind does not tell; see [`Inbound::opens`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Trigger>,
    /// The plugin can answer this very arrival with one text of at most this many bytes, without spending what
    /// the platform allows; see [`Stored::passive`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passive: Option<u32>,
}

impl Inbound {
    /// A message as most channels hand it over; what else is known can be set on the result.
    ///
    /// `peer` is the customer's address on the channel, `dedupe` the platform's id of the message, `sent_at` the
    /// platform's time in Unix milliseconds.
    #[must_use]
    pub fn message(
        peer: impl Into<String>,
        dedupe: impl Into<String>,
        sent_at: i64,
        content: Content,
    ) -> Self {
        Inbound {
            peer: peer.into(),
            dedupe: dedupe.into(),
            sent_at,
            what: What::Message { content },
            profile: Profile::default(),
            trigger: None,
            passive: None,
        }
    }
}

/// The two things a customer can do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum What {
    /// The customer wrote.
    Message {
        /// What was written.
        content: Content,
    },
    /// The customer did something other than write.
    Behaviour {
        /// What.
        behaviour: Behaviour,
    },
}

/// A customer's action other than a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Behaviour {
    /// Which action.
    pub action: Action,
    /// Menu key, scene, address of the page … Empty when the action says it all. At most 1,024 bytes.
    #[serde(default)]
    pub detail: String,
}

/// The actions the desk knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Followed the account.
    Follow,
    /// Stopped following.
    Unfollow,
    /// Scanned a QR code; the detail is the scene.
    Scan,
    /// Pressed a menu button; the detail is its key.
    MenuClick,
    /// Opened a link of the menu; the detail is the address.
    MenuView,
    /// Reported where they are; the detail is `latitude,longitude`.
    Location,
    /// Opened a page with the widget; the detail is the address.
    PageView,
    /// Anything else; the detail begins with the platform's name of it.
    #[serde(other)]
    Other,
}

/// What a channel knows of a customer. All fields are optional and bounded to 256 bytes each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Profile {
    /// Name the customer uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// Address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// Phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// BCP 47 language, `zh-CN` for example.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// True when the merchant's own server vouched for this identity.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub verified: bool,
}

impl Profile {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Profile::default()
    }
}

/// What a platform's register says of a customer, see [`crate::Directory`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Card {
    /// Names of the tags the account's operators gave, at most 50 of at most 256 bytes.
    pub tags: Vec<String>,
    /// The account's own remark on the customer, at most 256 bytes; empty when there is none.
    pub remark: String,
    /// BCP 47 language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// Where an inbound message was stored. Having this means that it is durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stored {
    /// Place in the thread, see [`Cursor`]; `None` for a behaviour or a refused customer.
    pub cursor: Option<Cursor>,
    /// Time the desk stored it, Unix milliseconds.
    pub at: i64,
    /// True when this very message had been stored before.
    pub duplicate: bool,
    /// Why nothing was stored. That is an answer, not a failure: repeating it changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// A text to answer the arrival with; never in a duplicate. The plugin names its place in the answer, see
    /// [`crate::Response::carrying`]. A text it does not answer with is taken for lost, not sent another way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passive: Option<PassiveText>,
}

/// Why the desk does not take what a customer writes or does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// The customer is on the shop's blacklist.
    Blocked,
    /// The shop has switched this entry off.
    EntryOff,
    /// Anything else.
    #[serde(other)]
    Other,
}

/// A text that leaves in the answer to an arrival.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PassiveText {
    /// Its place in the thread.
    pub cursor: Cursor,
    /// What it says.
    pub text: String,
}

/// A place in a customer's thread: the conversation and the sequence number in it.
/// Written `"<conversation>.<sequence>"`; ordered first by conversation, then by sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor {
    /// The conversation.
    pub conversation: u64,
    /// Sequence number in the conversation, from 1, without gaps.
    pub seq: u32,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.conversation, self.seq)
    }
}

impl std::str::FromStr for Cursor {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        let (conversation, seq) = s.split_once('.').ok_or(())?;
        Ok(Cursor {
            conversation: conversation.parse().map_err(drop)?,
            seq: seq.parse().map_err(drop)?,
        })
    }
}

impl Serialize for Cursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse()
            .map_err(|()| serde::de::Error::custom("a cursor is `<conversation>.<sequence>`"))
    }
}

impl JsonSchema for Cursor {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cursor".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[0-9]+\\.[0-9]+$" })
    }
}
