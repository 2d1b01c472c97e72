//! A broadcast, how far it has come, and each of its recipients. How they change stands in `desk::casting`.
use super::{Reason, StoredContent};
use crate::ids::{AgentId, BroadcastId, ChannelId, CustomerId, Millis};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use weikefu_storage::record;

/// One message, or a few that belong together, to many customers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Broadcast {
    /// Its number.
    pub id: BroadcastId,
    /// What was chosen.
    pub draft: BroadcastDraft,
    /// Grows with each change of the draft: what somebody starts is what he has seen.
    pub revision: u32,
    /// Where it stands.
    pub state: BroadcastState,
    /// Who made it.
    pub by: AgentId,
    /// The console's id of it: the same id is the same broadcast.
    pub client_id: String,
    /// When it was made.
    pub created: Millis,
    /// When it is to begin; `None` while nobody has started it.
    pub at: Option<Millis>,
    /// Who started it, and when.
    pub started: Option<(AgentId, Millis)>,
    /// When it ended, done or stopped.
    pub finished: Option<Millis>,
    /// Why it does not go on.
    pub paused: Option<Paused>,
}
record!(Broadcast, b"bcast1");

/// What a broadcast says, to whom, and how careful it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BroadcastDraft {
    /// Which of the kinds.
    pub kind: BroadcastKind,
    /// Its messages, in the order they are sent; each takes one of what the platform allows.
    pub parts: Vec<StoredContent>,
    /// Who is meant, as JSON in the words of the filter of customers.
    pub filter: String,
    /// Customers in an open conversation get it too.
    pub also_open: bool,
    /// Broadcasts a customer gets on one day of the shop, this one counted.
    pub daily_limit: u32,
    /// Sent in the hours of silence too.
    pub through_night: bool,
}

/// The kinds of a broadcast (A3.4). Variants are only ever added at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BroadcastKind {
    /// One text.
    Text,
    /// Up to three pictures.
    Images,
    /// Up to five products.
    Products,
    /// Up to five articles.
    Articles,
}

/// Where a broadcast stands. Variants are only ever added at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BroadcastState {
    /// Nobody has started it.
    Draft,
    /// Begins later.
    Scheduled,
    /// Its list of recipients is being stored.
    Preparing,
    /// It is being sent.
    Running,
    /// It rests until somebody lets it go on.
    Paused,
    /// It was ended before everybody had it.
    Stopped,
    /// Everybody on the list has been dealt with.
    Done,
}

impl BroadcastState {
    /// Something will happen by itself, or when somebody resumes it.
    #[must_use]
    pub fn is_live(self) -> bool {
        self.is_active() || self == BroadcastState::Paused
    }

    /// Something happens by itself.
    #[must_use]
    pub fn is_active(self) -> bool {
        matches!(
            self,
            BroadcastState::Scheduled | BroadcastState::Preparing | BroadcastState::Running
        )
    }
}

/// Why a broadcast rests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Who paused it; `None`: it did so by itself.
    pub by: Option<AgentId>,
    /// Why, where it did so by itself.
    pub reason: Option<Reason>,
    /// When.
    pub at: Millis,
}

/// How far a broadcast has come. Written with each step, so it is small and apart from what is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Recipients on the list so far.
    pub total: u32,
    /// The list is whole.
    pub complete: bool,
    /// The last customer on the list so far; the list is in the order of customers.
    pub last: Option<CustomerId>,
    /// The first recipient nobody has looked at for sending.
    pub next: u32,
    /// Being sent.
    pub sending: u32,
    /// Took all messages.
    pub accepted: u32,
    /// Did not.
    pub failed: u32,
    /// Nobody knows.
    pub unknown: u32,
    /// Got nothing, by reason: the place of [`Skip`] in [`Skip::ALL`].
    pub skipped: Vec<u32>,
    /// Messages that were taken.
    pub messages: u32,
    /// Of those who ended without all messages, how many had got some.
    pub partial: u32,
    /// Why nothing is sent at the moment although it runs.
    pub waiting: Option<Waiting>,
}
record!(Progress, b"bcprg1");

impl Progress {
    /// Recipients nobody has decided on.
    #[must_use]
    pub fn pending(&self) -> u32 {
        let done = self.sending + self.accepted + self.failed + self.unknown;
        self.total
            .saturating_sub(done)
            .saturating_sub(self.skipped.iter().sum())
    }

    /// Recipients skipped for a reason.
    #[must_use]
    pub fn skipped_for(&self, why: Skip) -> u32 {
        self.skipped.get(why as usize).copied().unwrap_or_default()
    }

    /// Counts some more.
    pub fn skip(&mut self, why: Skip, count: u32) {
        if self.skipped.len() <= why as usize {
            self.skipped.resize(why as usize + 1, 0);
        }
        self.skipped[why as usize] += count;
    }

    /// Nothing is left to do.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.complete && self.sending == 0 && self.pending() == 0
    }
}

/// Why nothing is sent at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Until when, about.
    pub until: Millis,
    /// Why.
    pub why: WaitReason,
}

/// Why nothing is sent at the moment. Variants are only ever added at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// The shop's hours of silence.
    Silence,
    /// The platform limits how often it is called.
    RateLimited,
}

/// Why a customer of the audience gets nothing. Variants are only ever added at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// On the blacklist.
    Blacklisted,
    /// Has left the account.
    Unfollowed,
    /// The channel is disabled or could not be opened.
    ChannelDown,
    /// The channel's entry is off.
    EntryOff,
    /// The channel cannot carry this kind.
    KindUnsupported,
    /// Talks with the shop at the moment.
    OpenConversation,
    /// Has got one today.
    GotToday,
    /// The platform's time to write is over.
    WindowOver,
    /// All messages the platform allows are used up.
    QuotaSpent,
    /// Too few are left besides those kept for the agent.
    QuotaReserved,
    /// The broadcast was stopped before it came to them.
    Stopped,
}

impl Skip {
    /// All of them, in the order they are stored by.
    pub const ALL: [Skip; 11] = [
        Skip::Blacklisted,
        Skip::Unfollowed,
        Skip::ChannelDown,
        Skip::EntryOff,
        Skip::KindUnsupported,
        Skip::OpenConversation,
        Skip::GotToday,
        Skip::WindowOver,
        Skip::QuotaSpent,
        Skip::QuotaReserved,
        Skip::Stopped,
    ];
}

/// One customer on a broadcast's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// Who.
    pub customer: CustomerId,
    /// By which channel.
    pub channel: ChannelId,
    /// Under which address.
    pub peer: String,
    /// What has become of it.
    pub state: RecipientState,
    /// Why nothing was sent.
    pub skip: Option<Skip>,
    /// Messages that were taken.
    pub sent: u32,
    /// Tries that came to nothing and may be repeated.
    pub tries: u32,
    /// The day of the shop on which this counts as the customer's broadcast.
    pub day: Option<u32>,
    /// Since when it stands so.
    pub at: Millis,
    /// What shows that the last message was taken.
    pub proof: Option<String>,
    /// Why it failed, or why nobody knows.
    pub reason: Option<Reason>,
}
record!(Recipient, b"bcrec1");

/// What has become of a recipient. Variants are only ever added at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecipientState {
    /// Not looked at yet.
    Pending,
    /// Was looked at, has to wait and comes again.
    Again,
    /// A message is being handed over, or was when the process ended.
    Sending,
    /// All messages were taken.
    Accepted,
    /// One was not.
    Failed,
    /// One may have left; nobody knows. Never sent again.
    Unknown,
    /// Got nothing, with a reason.
    Skipped,
}

impl RecipientState {
    /// All of them.
    pub const ALL: [RecipientState; 7] = [
        RecipientState::Pending,
        RecipientState::Again,
        RecipientState::Sending,
        RecipientState::Accepted,
        RecipientState::Failed,
        RecipientState::Unknown,
        RecipientState::Skipped,
    ];
}

/// The hours in which a shop's broadcasts are silent, in minutes of the shop's day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Whether at all.
    pub on: bool,
    /// From, 0 to 1439.
    pub from: u32,
    /// To, 0 to 1439; earlier than `from` means the next morning.
    pub to: u32,
}
record!(Silence, b"bcsil1");

impl Default for Silence {
    fn default() -> Self {
        Silence {
            on: true,
            from: 22 * 60,
            to: 8 * 60,
        }
    }
}
