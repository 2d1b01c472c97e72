//! Records as the console sees them.
use super::broadcasts;
use super::reach;
use super::views::{
    AgentView, BehaviourView, ChannelRef, ChannelStatus, ConversationView, CustomerView, DeliveryView,
    EventView, HealthView, LastView, Me, MessageView, PresenceView, SessionView, ShopView, StatusView,
    TagRef, TransferView,
};
use crate::app::Installation;
use weikefu_channel::Words;
use weikefu_core::desk::Happening;
use weikefu_core::engine::now;
use weikefu_core::error::{Language, Refusal};
use weikefu_core::ids::{AgentId, ChannelId, ConversationId, Millis, ShopId};
use weikefu_core::records::{
    Agent, BehaviourRecord, Conversation, Customer, DeskAgent, Message, Presence, Role, Session, TagId,
};

/// The public path of an agent's picture.
pub(crate) fn avatar(agent: &Agent) -> Option<String> {
    agent.avatar.as_deref().map(weikefu_channel::Host::media_path)
}

pub(crate) fn me(agent: &Agent) -> Me {
    Me {
        id: agent.id,
        login: agent.login.clone(),
        nickname: agent.nickname.clone(),
        name: agent.name.clone(),
        avatar: avatar(agent),
    }
}

/// A session with the shops its agent may choose from.
pub(crate) fn session(
    installation: &Installation,
    session: &Session,
    agent: &Agent,
) -> Result<SessionView, Refusal> {
    let mut shops = Vec::new();
    for entry in installation.trees.shops.scan(&()) {
        let (id, shop) = entry?;
        if let Some(role) = installation.accounts.role(id, agent.id)? {
            shops.push(ShopView {
                id,
                name: shop.name,
                role,
            });
        }
    }
    Ok(SessionView {
        agent: me(agent),
        shops,
        csrf: session.csrf.clone(),
        must_change_password: agent.must_change,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

pub(crate) fn presence(presence: Presence) -> PresenceView {
    match presence {
        Presence::Online => PresenceView::Online,
        Presence::Lost { .. } => PresenceView::Lost,
        Presence::Offline => PresenceView::Offline,
    }
}

pub(crate) fn agent(installation: &Installation, shop: ShopId, desk: &DeskAgent, load: u32) -> AgentView {
    let account = installation.accounts.get(desk.agent).ok();
    let role = installation.accounts.role(shop, desk.agent).ok().flatten();
    AgentView {
        id: desk.agent,
        nickname: account
            .as_ref()
            .map(|agent| agent.nickname.clone())
            .unwrap_or_default(),
        avatar: account.as_ref().and_then(avatar),
        // One who has just left has no role any more.
        role: role.unwrap_or(Role::Agent),
        online: desk.is_online(),
        presence: presence(desk.presence),
        active: load,
        limit: desk.limit,
    }
}

pub(crate) fn customer(installation: &Installation, customer: &Customer) -> CustomerView {
    let trees = &installation.trees;
    // A tag that cannot be read, or has been removed, is not shown.
    let tag = |id: &TagId| {
        let tag = trees.tags.get(&(customer.id.shop(), *id)).ok()??;
        Some(TagRef {
            id: tag.id,
            name: tag.name,
        })
    };
    CustomerView {
        id: customer.id,
        number: customer.id.number(),
        name: customer.display_name().to_owned(),
        remark: customer.remark.clone(),
        avatar: customer.avatar.clone(),
        verified: customer.verified,
        tags: customer.tags.iter().filter_map(tag).collect(),
        blocked: customer.blocked.is_some(),
        revision: customer.revision,
    }
}

/// A channel by name; one that has been removed keeps its number.
pub(crate) fn channel(installation: &Installation, id: ChannelId) -> ChannelRef {
    installation.channels.reference(id).unwrap_or_else(|| ChannelRef {
        id,
        plugin: String::new(),
        name: String::new(),
    })
}

pub(crate) fn behaviour(installation: &Installation, record: BehaviourRecord) -> BehaviourView {
    BehaviourView {
        at: record.at,
        action: record.action,
        detail: record.detail,
        channel: record.channel.map(|id| channel(installation, id)),
    }
}

/// `readable`: the last message may be shown to this reader.
pub(crate) fn conversation(
    installation: &Installation,
    conversation: &Conversation,
    of: &Customer,
    readable: bool,
) -> ConversationView {
    let last = conversation.last.as_ref().filter(|_| readable);
    // As it is now: a later event tells what changes later. A store that cannot be read is noticed elsewhere.
    let address = (conversation.channel, conversation.peer.clone());
    let reach = installation.trees.reaches.get(&address).ok().flatten();
    let transfer = conversation.transfer.as_ref().filter(|_| readable);
    ConversationView {
        id: conversation.id,
        customer: customer(installation, of),
        channel: channel(installation, conversation.channel),
        state: conversation.state,
        owner: conversation.owner,
        epoch: conversation.epoch,
        opened_at: conversation.opened_at,
        waiting_since: conversation.opened_at,
        accepted_at: conversation.accepted_at,
        closed_at: conversation.closed_at,
        last_seq: conversation.last_seq,
        unread: conversation.unread,
        last: last.map(|last| LastView {
            at: last.at,
            from: last.from,
            kind: last.kind,
            text: last.text.clone(),
        }),
        reach: reach.and_then(|reach| reach::view(&reach, now())),
        dismissed: conversation.dismissed,
        transfer: transfer.map(|offer| TransferView {
            from: offer.from,
            to: offer.to,
            note: offer.note.clone(),
            at: offer.at,
            until: offer.until,
        }),
        closes_at: closes_at(installation, conversation),
    }
}

/// When a conversation closes by itself, by the settings of its owner.
fn closes_at(installation: &Installation, conversation: &Conversation) -> Option<Millis> {
    if conversation.asked_at.is_some() || conversation.transfer.is_some() {
        return None;
    }
    let owner = (conversation.id.shop(), conversation.owner?);
    let record = installation.trees.desk_agents.get(&owner).ok()??;
    conversation.closes_at(&record.close)
}

pub(crate) fn message(
    conversation: ConversationId,
    seq: u32,
    message: Message,
    language: Language,
) -> MessageView {
    let from = message.author.speaker();
    let agent: Option<AgentId> = message.author.agent();
    MessageView {
        conversation,
        seq,
        at: message.at,
        sent_at: message.sent_at,
        from,
        agent,
        auto: message.author.auto(),
        content: message.content.into(),
        client_id: message.client_id,
        delivery: message.delivery.map(|delivery| DeliveryView {
            state: delivery.state,
            cause: delivery.cause,
            reason: match (delivery.suppressed, delivery.reason) {
                (Some(why), _) => Some(reach::suppressed(why, language).to_owned()),
                (None, reason) => reason.map(|reason| match language {
                    Language::Chinese => reason.zh,
                    Language::English => reason.en,
                }),
            },
            suppressed: delivery.suppressed,
            proof: delivery.proof,
            at: delivery.at,
        }),
    }
}

pub(crate) fn status(healthy: bool, words: &Words, language: Language) -> StatusView {
    StatusView {
        health: if healthy {
            HealthView::Healthy
        } else {
            HealthView::Degraded
        },
        text: in_words(words, language).to_owned(),
    }
}

/// One of the two languages.
pub(crate) fn in_words(words: &Words, language: Language) -> &str {
    match language {
        Language::Chinese => &words.zh,
        Language::English => &words.en,
    }
}

/// Whether an event holds words that were written for people, and so differs by language.
pub(crate) fn speaks(what: &Happening) -> bool {
    match what {
        Happening::Message { message, .. } => message
            .delivery
            .as_ref()
            .is_some_and(|delivery| delivery.reason.is_some() || delivery.suppressed.is_some()),
        Happening::Channel { text, .. } => !text.is_empty(),
        Happening::Broadcast { .. } => true,
        Happening::Conversation { .. }
        | Happening::Returned { .. }
        | Happening::Agent { .. }
        | Happening::Changed(_) => false,
    }
}

/// An event as every reader may see it; whether a reader may see it at all is decided elsewhere.
pub(crate) fn event(
    installation: &Installation,
    shop: ShopId,
    what: &Happening,
    readable: bool,
    language: Language,
) -> EventView {
    match what {
        Happening::Conversation {
            conversation: record,
            customer,
            ..
        } => EventView::Conversation {
            conversation: conversation(installation, record, customer, readable),
        },
        Happening::Message {
            conversation,
            seq,
            message: record,
            ..
        } => EventView::Message {
            message: message(*conversation, *seq, record.clone(), language),
        },
        Happening::Agent { agent: record, load } => EventView::Agent {
            agent: agent(installation, shop, record, *load),
        },
        Happening::Channel {
            channel,
            healthy,
            text,
        } => EventView::Channel {
            channel: ChannelStatus {
                id: *channel,
                status: status(*healthy, text, language),
            },
        },
        Happening::Returned {
            conversation,
            offer,
            reason,
            ..
        } => EventView::Returned {
            conversation: *conversation,
            from: offer.from,
            to: offer.to,
            reason: *reason,
        },
        Happening::Broadcast { broadcast, progress } => EventView::Broadcast {
            broadcast: Box::new(broadcasts::view(installation, broadcast, progress, language)),
        },
        Happening::Changed(topic) => EventView::Changed { topic: *topic },
    }
}
