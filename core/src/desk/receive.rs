//! What customers write and do.
use super::automatic::Slot;
use super::change::{Change, DedupeKey};
use super::command::Reply;
use super::dispatch;
use super::facts::Facts;
use super::texts;
use super::work::Work;
use crate::error::Refusal;
use crate::ids::{ChannelId, ConversationId, CustomerId, Millis};
use crate::records::{
    Author, BehaviourRecord, Conversation, ConversationState, Customer, LastMessage, Message, Seen,
    StoredContent,
};
use weikefu_channel::{
    Action, Content, Cursor, Inbound, Kind, PassiveText, Profile, ReplyRule, Stored, What,
};

/// Stores what came in, once.
pub(super) fn receive<F: Facts>(
    work: &mut Work<'_, F>,
    channel: ChannelId,
    inbound: Inbound,
    rules: &[ReplyRule],
) -> Result<Reply, Refusal> {
    let key = DedupeKey::inbound(channel, &inbound.peer, inbound.sent_at, &inbound.dedupe);
    if let Some(seen) = work.facts.seen(&key)? {
        return Ok(stored(seen, true, None));
    }
    if blocked(work, channel, &inbound.peer)? {
        return Ok(Reply::Stored(Stored {
            cursor: None,
            at: work.now,
            duplicate: false,
            refused: Some(weikefu_channel::Refused::Blocked),
            passive: None,
        }));
    }
    let reached = follow(work, channel, &inbound, rules)?;
    work.passive = inbound.passive.map(|bytes| Slot {
        channel,
        peer: inbound.peer.clone(),
        bytes,
        taken: None,
    });
    let seen = match inbound.what {
        What::Message { content } => {
            let (conversation, seq) = message(
                work,
                channel,
                &inbound.peer,
                &inbound.profile,
                inbound.sent_at,
                &inbound.dedupe,
                content,
            )?;
            Seen {
                place: Some((conversation, seq)),
                at: work.now,
            }
        }
        What::Behaviour { behaviour } => {
            let customer = customer(work, channel, &inbound.peer, &inbound.profile, Visit::Acts)?;
            let record = BehaviourRecord {
                action: behaviour.action,
                detail: behaviour.detail,
                at: inbound.sent_at,
                channel: Some(channel),
            };
            // The ticket keeps behaviours of the same moment apart and in order.
            let n = work.ticket();
            work.put(Change::Behaviour(customer.id, n, record));
            let open = work
                .desk
                .conversation_with(channel, &inbound.peer)
                .map(|open| open.id);
            if let Some(open) = open.filter(|_| reached) {
                work.tell_conversation(open)?;
            }
            Seen {
                place: None,
                at: work.now,
            }
        }
    };
    work.put(Change::Seen(key, seen));
    dispatch::pull(work)?;
    if let Some((conversation, _)) = seen.place {
        texts::after_arrival(work, conversation)?;
    }
    let passive = work.passive.take().and_then(|slot| slot.taken);
    Ok(stored(seen, false, passive))
}

/// Notes what the arrival allows to be sent. Returns whether that has changed anything.
fn follow<F: Facts>(
    work: &mut Work<'_, F>,
    channel: ChannelId,
    inbound: &Inbound,
    rules: &[ReplyRule],
) -> Result<bool, Refusal> {
    let before = work.reach(channel, &inbound.peer)?;
    let gone = matches!(&inbound.what, What::Behaviour { behaviour } if behaviour.action == Action::Unfollow);
    let trigger = inbound.opens();
    if !before.limited && (gone || !rules.iter().any(|rule| Some(rule.trigger) == trigger)) {
        return Ok(false);
    }
    let mut after = before.clone();
    if gone {
        after.abandoned(inbound.sent_at, work.now);
    } else {
        after.triggered(rules, trigger, inbound.sent_at, work.now);
    }
    let changed = after != before;
    if changed {
        work.put_reach(channel, &inbound.peer, after);
    }
    Ok(changed)
}

fn stored(seen: Seen, duplicate: bool, passive: Option<PassiveText>) -> Reply {
    let cursor = seen.place.map(|(conversation, seq)| Cursor {
        conversation: conversation.0,
        seq,
    });
    Reply::Stored(Stored {
        cursor,
        at: seen.at,
        duplicate,
        refused: None,
        passive,
    })
}

/// Whether an address is on the blacklist. Who has an open conversation is not: it ends when they get there.
fn blocked<F: Facts>(work: &Work<'_, F>, channel: ChannelId, peer: &str) -> Result<bool, Refusal> {
    if work.desk.conversation_with(channel, peer).is_some() {
        return Ok(false);
    }
    match work.facts.identity(channel, peer)? {
        Some(id) => Ok(work.customer(id)?.blocked.is_some()),
        None => Ok(false),
    }
}

#[allow(clippy::too_many_arguments)] // the parts of one arrival
fn message<F: Facts>(
    work: &mut Work<'_, F>,
    channel: ChannelId,
    peer: &str,
    profile: &Profile,
    sent_at: Millis,
    dedupe: &str,
    content: Content,
) -> Result<(ConversationId, u32), Refusal> {
    let open = work.desk.conversation_with(channel, peer).cloned();
    let visit = if open.is_some() {
        Visit::GoesOn
    } else {
        Visit::Opens
    };
    let customer = customer(work, channel, peer, profile, visit)?;
    let mut conversation = match open {
        Some(open) => open,
        None => opened(work, channel, peer, customer),
    };
    let message = Message {
        at: work.now,
        sent_at: Some(sent_at),
        author: Author::Customer,
        content: content.into(),
        client_id: Some(dedupe.to_owned()),
        delivery: None,
    };
    let seq = conversation.last_seq + 1;
    conversation.last_seq = seq;
    conversation.unread += 1;
    conversation.asked_at.get_or_insert(work.now);
    conversation.stirred_at = work.now;
    conversation.last = Some(preview(&message));
    work.put_conversation(conversation.clone())?;
    work.put_message(&conversation, seq, message);
    Ok((conversation.id, seq))
}

/// A new conversation at the end of the waiting list; not yet put.
pub(super) fn opened<F: Facts>(
    work: &mut Work<'_, F>,
    channel: ChannelId,
    peer: &str,
    customer: Customer,
) -> Conversation {
    let counters = &mut work.desk.counters;
    let id = ConversationId::of(work.desk.shop, counters.conversation);
    let ticket = counters.ticket;
    counters.conversation += 1;
    counters.ticket += 1;
    let conversation = Conversation {
        id,
        customer: customer.id,
        channel,
        peer: peer.to_owned(),
        state: ConversationState::Waiting,
        owner: None,
        epoch: 1,
        ticket,
        opened_at: work.now,
        accepted_at: None,
        closed_at: None,
        last_seq: 0,
        unread: 0,
        last: None,
        dismissed: false,
        transfer: None,
        asked_at: None,
        stirred_at: work.now,
        said: Vec::new(),
    };
    work.desk.remember(customer);
    conversation
}

/// What an arrival means for its customer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    /// A new conversation, which counts.
    Opens,
    /// One more message of an open conversation.
    GoesOn,
    /// A behaviour.
    Acts,
}

/// The customer behind an address, made or brought up to date.
fn customer<F: Facts>(
    work: &mut Work<'_, F>,
    channel: ChannelId,
    peer: &str,
    profile: &Profile,
    visit: Visit,
) -> Result<Customer, Refusal> {
    let known = match work.desk.conversation_with(channel, peer) {
        Some(open) => Some(open.customer),
        None => work.facts.identity(channel, peer)?,
    };
    let Some(id) = known else {
        let id = CustomerId::of(work.desk.shop, work.desk.counters.customer);
        work.desk.counters.customer += 1;
        let mut customer = Customer::new(id, work.now);
        customer.learn(profile);
        customer.conversations = u32::from(visit == Visit::Opens);
        work.put(Change::Identity(channel, peer.to_owned(), id));
        work.put(Change::Customer(customer.clone()));
        return Ok(customer);
    };
    let mut customer = work.customer(id)?;
    let learned = customer.learn(profile);
    if visit != Visit::GoesOn {
        customer.last_seen = work.now;
        customer.conversations += u32::from(visit == Visit::Opens);
    }
    if learned || visit != Visit::GoesOn {
        work.put(Change::Customer(customer.clone()));
    }
    Ok(customer)
}

/// Replaces the content of a message received before.
pub(super) fn amend<F: Facts>(
    work: &mut Work<'_, F>,
    channel: ChannelId,
    peer: &str,
    sent_at: Millis,
    dedupe: &str,
    content: Content,
) -> Result<Reply, Refusal> {
    let key = DedupeKey::inbound(channel, peer, sent_at, dedupe);
    let place = work.facts.seen(&key)?.and_then(|seen| seen.place);
    let (id, seq) = place.ok_or(Refusal::NotFound("message"))?;
    let mut message = work.facts.message(id, seq)?.ok_or(Refusal::NotFound("message"))?;
    message.content = content.into();
    let conversation = match work.desk.open.get(&id).cloned() {
        Some(mut open) => {
            if open.last_seq == seq {
                open.last = Some(preview(&message));
                work.put_conversation(open.clone())?;
            }
            open
        }
        None => work
            .facts
            .conversation(id)?
            .ok_or(Refusal::NotFound("conversation"))?,
    };
    work.put_message(&conversation, seq, message);
    Ok(Reply::Done)
}

/// What the list shows of a message.
#[must_use]
pub fn preview(message: &Message) -> LastMessage {
    let text: &str = match &message.content {
        StoredContent::Text(text) => text,
        StoredContent::Location { label, .. } => label,
        StoredContent::Link { title, .. }
        | StoredContent::News { title, .. }
        | StoredContent::MiniProgram { title, .. } => title,
        StoredContent::Voice {
            transcript: Some(transcript),
            ..
        } => transcript,
        StoredContent::File(Some(media)) => media.name.as_deref().unwrap_or_default(),
        _ => "",
    };
    LastMessage {
        at: message.at,
        from: message.author.speaker(),
        kind: kind(&message.content),
        text: text.chars().take(LastMessage::PREVIEW).collect(),
    }
}

fn kind(content: &StoredContent) -> Kind {
    match content {
        StoredContent::Text(_) => Kind::Text,
        StoredContent::Image(_) => Kind::Image,
        StoredContent::Voice { .. } => Kind::Voice,
        StoredContent::Video { .. } => Kind::Video,
        StoredContent::File(_) => Kind::File,
        StoredContent::Location { .. } => Kind::Location,
        StoredContent::Link { .. } => Kind::Link,
        StoredContent::News { .. } => Kind::News,
        StoredContent::MiniProgram { .. } => Kind::MiniProgram,
        StoredContent::Unknown { .. } => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weikefu_channel::MediaRef;

    fn shown(content: Content) -> (Kind, String) {
        let last = preview(&Message {
            at: 5,
            sent_at: None,
            author: Author::Customer,
            content: content.into(),
            client_id: None,
            delivery: None,
        });
        assert_eq!(last.at, 5);
        (last.kind, last.text)
    }

    #[test]
    fn a_preview_says_the_most_telling_words() {
        let text = |text: &str| text.to_owned();
        let media = Some(MediaRef {
            id: text("0"),
            mime: text("application/pdf"),
            size: 1,
            name: Some(text("报价.pdf")),
        });
        let table = [
            (Content::text("在吗"), Kind::Text, "在吗"),
            (Content::text(""), Kind::Text, ""),
            (Content::Image { media: media.clone() }, Kind::Image, ""),
            (
                Content::Voice {
                    media: None,
                    transcript: Some(text("喂")),
                },
                Kind::Voice,
                "喂",
            ),
            (
                Content::Voice {
                    media: None,
                    transcript: None,
                },
                Kind::Voice,
                "",
            ),
            (
                Content::Video {
                    media: None,
                    thumbnail: None,
                },
                Kind::Video,
                "",
            ),
            (Content::File { media }, Kind::File, "报价.pdf"),
            (Content::File { media: None }, Kind::File, ""),
            (
                Content::Location {
                    latitude: 0.0,
                    longitude: 0.0,
                    label: text("外滩"),
                },
                Kind::Location,
                "外滩",
            ),
            (
                Content::Link {
                    title: text("题"),
                    description: text("d"),
                    url: text("u"),
                },
                Kind::Link,
                "题",
            ),
            (
                Content::News {
                    title: text("题"),
                    description: text("d"),
                    url: text("u"),
                    picture: text("p"),
                },
                Kind::News,
                "题",
            ),
            (
                Content::MiniProgram {
                    title: text("题"),
                    app_id: text("a"),
                    page: text("p"),
                },
                Kind::MiniProgram,
                "题",
            ),
            (
                Content::Unknown {
                    original: text("o"),
                    raw: text("secret xml"),
                },
                Kind::Unknown,
                "",
            ),
        ];
        for (content, kind, words) in table {
            assert_eq!(content.kind(), kind);
            assert_eq!(shown(content), (kind, words.to_owned()));
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let (_, text) = shown(Content::text("😀".repeat(5000)));
        assert_eq!(text, "😀".repeat(LastMessage::PREVIEW));
    }
}
