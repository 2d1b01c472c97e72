//! Texts the desk sends by itself: whether one leaves at all, and how. What is said and when is decided elsewhere.
//!
//! A text that can leave in the answer to the arrival being decided costs nothing. Any other yields to the
//! agent: while the platform counts, the last answers are the agent's. One that is not sent stays in the record
//! with the reason, where agents see it and the customer never does.
use super::accept::append;
use super::facts::Facts;
use super::work::Work;
use crate::error::Refusal;
use crate::ids::ChannelId;
use crate::records::{Author, Conversation, Delivery, DeliveryState, Message, StoredContent, Way};
use weikefu_channel::{Cursor, PassiveText};

/// Room for one text in the answer to an arrival.
pub(super) struct Slot {
    /// On which channel.
    pub(super) channel: ChannelId,
    /// Whose.
    pub(super) peer: String,
    /// Bytes of the longest text.
    pub(super) bytes: u32,
    /// What has taken it.
    pub(super) taken: Option<PassiveText>,
}

impl Slot {
    fn fits(&self, conversation: &Conversation, text: &str) -> bool {
        self.taken.is_none()
            && self.channel == conversation.channel
            && self.peer == conversation.peer
            && text.len() <= self.bytes as usize
            && !text.trim().is_empty()
    }
}

/// Says a text in a conversation, if it may.
pub(super) fn speak<F: Facts>(
    work: &mut Work<'_, F>,
    conversation: Conversation,
    author: Author,
    text: String,
) -> Result<(u32, Message), Refusal> {
    let (now, reserve) = (work.now, work.desk.settings.reserve);
    let mut reach = work.reach(conversation.channel, &conversation.peer)?;
    let fits = work
        .passive
        .as_ref()
        .is_some_and(|slot| slot.fits(&conversation, &text));
    let verdict = if fits {
        reach.quiet(now).map(|()| Way::Passive)
    } else {
        reach.automatic(reserve, now).map(|()| Way::Counted)
    };
    let delivery = match verdict {
        Err(why) => Delivery::suppressed(why, now),
        Ok(way) => {
            reach.marked(now);
            if way == Way::Counted {
                reach.reserve();
            }
            work.put_reach(conversation.channel, &conversation.peer, reach);
            let state = if way == Way::Passive {
                // It leaves with the answer; from here on it may have.
                DeliveryState::Sending
            } else {
                DeliveryState::Queued
            };
            Delivery {
                way,
                ..Delivery::new(state, now)
            }
        }
    };
    let cursor = Cursor {
        conversation: conversation.id.0,
        seq: conversation.last_seq + 1,
    };
    if delivery.way == Way::Passive
        && let Some(slot) = &mut work.passive
    {
        slot.taken = Some(PassiveText {
            cursor,
            text: text.clone(),
        });
    }
    append(
        work,
        conversation,
        author,
        StoredContent::Text(text),
        None,
        delivery,
    )
}
