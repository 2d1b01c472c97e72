//! What a decision writes.
use crate::ids::{AgentId, BroadcastId, ChannelId, ConversationId, CustomerId, Millis, ShopId};
use crate::records::{
    Annotation, AnnotationId, BehaviourRecord, Broadcast, Conversation, Counters, Customer, Deed, DeedId,
    DeliveryState, DeskAgent, Message, OutboxEntry, Progress, Reach, Recipient, RecipientState, Seen,
    ShopSettings, Silence, StoredContent, Tag, TagId,
};
use sha2::{Digest, Sha256};

/// One record put or removed. All changes of a group are applied in one transaction.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // the names of the records say it
pub enum Change {
    Counters(ShopId, Counters),
    Settings(ShopId, ShopSettings),
    Agent(ShopId, DeskAgent),
    AgentGone(ShopId, AgentId),
    Customer(Customer),
    Identity(ChannelId, String, CustomerId),
    Conversation(Conversation),
    Message(ConversationId, u32, Message),
    Behaviour(CustomerId, u64, BehaviourRecord),
    Seen(DedupeKey, Seen),
    Outbox(ConversationId, u32, OutboxEntry),
    OutboxDone(ConversationId, u32),
    Tag(ShopId, Tag),
    TagGone(ShopId, TagId),
    /// A customer has a tag from now on, or no more.
    Tagged(TagId, CustomerId, bool),
    /// A customer stands on the blacklist since then, or no more.
    Blacklisted(CustomerId, Millis, bool),
    Annotation(ShopId, Annotation),
    AnnotationGone(ShopId, CustomerId, AnnotationId),
    Deed(ShopId, DeedId, Deed),
    /// An agent has served a customer in a conversation.
    Served(CustomerId, AgentId, ConversationId),
    Reach(ChannelId, String, Reach),
    /// The message has come to this state at this time, in which somebody may look for it.
    Stuck(Stuck),
    /// It has left that state.
    Unstuck(Stuck),
    Broadcast(Box<Broadcast>),
    /// A draft was removed.
    BroadcastGone(Box<Broadcast>),
    Progress(BroadcastId, Progress),
    /// A place on a broadcast's list, and the state it had before.
    Recipient(BroadcastId, u32, RecipientState, Box<Recipient>),
    /// Broadcasts a customer has got on a day of the shop.
    BroadcastDay(u32, CustomerId, u32),
    Silence(ShopId, Silence),
}

/// Names a message that did not get out, by state and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stuck {
    /// Failed, unknown or suppressed.
    pub state: DeliveryState,
    /// Since when.
    pub at: Millis,
    /// Where.
    pub conversation: ConversationId,
    /// Which.
    pub seq: u32,
}

impl Change {
    /// Bytes it takes in the store with the indexes that hang on it, about and rather too many.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self {
            Change::Message(_, _, message) => 2048 + message.content.bytes(),
            Change::Conversation(conversation) => {
                let note = conversation.transfer.as_ref().map_or(0, |offer| offer.note.len());
                1536 + conversation.peer.len() + note
            }
            Change::Settings(_, settings) => 256 + settings.nobody_text.len() + settings.busy_text.len(),
            Change::Customer(customer) => 2048 + customer.bytes(),
            Change::Agent(_, agent) => {
                256 + agent.greeting.len() + agent.close.text.len() + agent.offline.text.len()
            }
            Change::Deed(_, _, deed) => 512 + deed.about.len(),
            Change::Annotation(_, annotation) => 768 + annotation.text.len(),
            Change::Broadcast(broadcast) => {
                let parts: usize = broadcast.draft.parts.iter().map(StoredContent::bytes).sum();
                2048 + parts + broadcast.draft.filter.len()
            }
            Change::Recipient(_, _, _, recipient) => {
                let reason = recipient
                    .reason
                    .as_ref()
                    .map_or(0, |it| it.zh.len() + it.en.len());
                512 + recipient.peer.len() + recipient.proof.as_ref().map_or(0, String::len) + reason
            }
            Change::Behaviour(_, _, behaviour) => 256 + behaviour.detail.len(),
            Change::Reach(_, peer, reach) => 512 + peer.len() + 10 * reach.sent.len(),
            _ => 512,
        }
    }
}

/// Names an arrival. Begins with a time, so that old keys lie together and can be dropped, and new ones are
/// written next to each other and not all over the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DedupeKey {
    /// Seconds since 1970 of the platform's time of sending.
    pub second: u32,
    /// The beginning of a SHA-256 over everything that names the arrival.
    pub hash: [u8; 16],
}

/// How long keys are kept, seconds: repetitions come within days, a month is enough.
const KEPT: u32 = 31 * 86_400;

impl DedupeKey {
    /// The key of something that came in.
    #[must_use]
    pub fn inbound(channel: ChannelId, peer: &str, sent_at: Millis, dedupe: &str) -> Self {
        Self::of(
            sent_at,
            &[
                b"in",
                &channel.0.to_be_bytes(),
                peer.as_bytes(),
                &sent_at.to_be_bytes(),
                dedupe.as_bytes(),
            ],
        )
    }

    /// The key of something an agent's console sent into a conversation.
    #[must_use]
    pub fn outbound(
        conversation: ConversationId,
        opened_at: Millis,
        agent: AgentId,
        client_id: &str,
    ) -> Self {
        let (conversation, agent) = (conversation.0.to_be_bytes(), agent.0.to_be_bytes());
        Self::of(opened_at, &[b"out", &conversation, &agent, client_id.as_bytes()])
    }

    /// The first second whose keys are still needed at `now`.
    #[must_use]
    pub fn horizon(now: Millis) -> u32 {
        Self::second(now).saturating_sub(KEPT)
    }

    /// Seconds since 1970.
    pub(crate) fn second(at: Millis) -> u32 {
        (at.max(0) / 1_000).min(i64::from(u32::MAX)) as u32
    }

    fn of(at: Millis, parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            // The length in front keeps "ab"+"c" and "a"+"bc" apart.
            digest.update((part.len() as u32).to_be_bytes());
            digest.update(part);
        }
        let mut hash = [0; 16];
        hash.copy_from_slice(&digest.finalize()[..16]);
        DedupeKey {
            second: Self::second(at),
            hash,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const DAY: Millis = 86_400_000;
    const DAY_20000: Millis = 20_000 * DAY;

    #[test]
    fn whatever_differs_gives_another_key() {
        let inbound = |channel, peer, at, id| DedupeKey::inbound(ChannelId(channel), peer, at, id);
        let outbound = |conversation, opened, agent, id| {
            DedupeKey::outbound(ConversationId(conversation), opened, AgentId(agent), id)
        };
        let keys = [
            inbound(1, "ab", DAY_20000, "c"),
            inbound(2, "ab", DAY_20000, "c"),
            inbound(1, "a", DAY_20000, "bc"),
            inbound(1, "abc", DAY_20000, ""),
            inbound(1, "", DAY_20000, "abc"),
            inbound(1, "ab", DAY_20000 + 1, "c"),
            inbound(1, "ab", DAY_20000 + DAY, "c"),
            inbound(1, "ab", DAY_20000, "C"),
            outbound(1, DAY_20000, 1, "c"),
            outbound(2, DAY_20000, 1, "c"),
            outbound(1, DAY_20000, 2, "c"),
            outbound(1, DAY_20000, 1, "d"),
        ];
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
        assert_eq!(inbound(1, "ab", DAY_20000, "c"), keys[0], "the same is the same");
    }

    #[test]
    fn keys_lie_by_second_whatever_the_clock_says() {
        let second = |at| DedupeKey::inbound(ChannelId(1), "p", at, "i").second;
        assert_eq!(second(DAY_20000), 20_000 * 86_400);
        assert_eq!(second(DAY_20000 - 1), 20_000 * 86_400 - 1);
        assert_eq!(second(DAY_20000 + 999), second(DAY_20000));
        for before_1970 in [-1, i64::MIN, 0] {
            assert_eq!(second(before_1970), 0);
        }
        assert_eq!(second(i64::MAX), u32::MAX);
        assert_eq!(DedupeKey::horizon(DAY_20000), 19_969 * 86_400);
        assert_eq!(DedupeKey::horizon(0), 0);
    }
}
