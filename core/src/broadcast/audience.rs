//! Who is meant by a broadcast: everybody whom a platform that counts the time to answer has seen within that time,
//! narrowed by a filter. Reads the store in one pass; call it where blocking is allowed.
use super::verdict::{Standing, Terms, judge};
use crate::desk::Row;
use crate::error::Refusal;
use crate::ids::{ChannelId, CustomerId, Millis, ShopId};
use crate::outbox::Carrying;
use crate::people::Filter;
use crate::records::{BroadcastDraft, BroadcastKind, Customer, Reach, Skip};
use crate::trees::{Number, Trees};
use std::collections::HashSet;
use weikefu_channel::{Content, Error, Kind, Receipt};

/// A channel whose customers can get broadcasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// Which.
    pub channel: ChannelId,
    /// It is open.
    pub up: bool,
    /// Its entry is on.
    pub entry: bool,
    /// What it can carry.
    pub kinds: Vec<Kind>,
    /// How long after a customer's doings the platform lets an account write.
    pub window: Millis,
    /// It counts messages.
    pub limited: bool,
}

/// The channels, as broadcasts see them; the executable implements it.
pub trait Platforms: Send + Sync + 'static {
    /// The channels of a shop whose customers can get broadcasts.
    fn platforms(&self, shop: ShopId) -> Vec<Platform>;

    /// Whether a provider of products is there.
    fn has_products(&self, shop: ShopId) -> bool;

    /// Hands one message over. `Err(Unknown)` when it may have left.
    fn hand_over<'a>(
        &'a self,
        channel: ChannelId,
        peer: &'a str,
        n: u32,
        content: &'a Content,
    ) -> Carrying<'a, Result<Receipt, Error>>;
}

impl Platform {
    /// Why nobody gets this kind by this channel.
    #[must_use]
    pub fn hold(&self, kind: BroadcastKind) -> Option<Skip> {
        if !self.up {
            Some(Skip::ChannelDown)
        } else if !self.entry {
            Some(Skip::EntryOff)
        } else if !self.kinds.contains(&carried(kind)) {
            Some(Skip::KindUnsupported)
        } else {
            None
        }
    }
}

/// The kind of a message that a broadcast's messages are.
#[must_use]
pub fn carried(kind: BroadcastKind) -> Kind {
    match kind {
        BroadcastKind::Text => Kind::Text,
        BroadcastKind::Images => Kind::Image,
        BroadcastKind::Products | BroadcastKind::Articles => Kind::News,
    }
}

/// What an audience is gathered by.
pub struct Gathering {
    /// The shop's channels.
    pub platforms: Vec<Platform>,
    /// Whom the filter means, with their addresses on those channels.
    pub chosen: Vec<(CustomerId, ChannelId, Box<str>)>,
    /// Customers with an open conversation.
    pub open: HashSet<CustomerId>,
    /// What is to be sent.
    pub draft: BroadcastDraft,
    /// Messages that are kept for agents.
    pub reserve: u32,
    /// The day it is in the shop.
    pub day: u32,
    /// The moment it is.
    pub now: Millis,
}

/// What a draft's filter means: everybody who fits and was heard of since `since`.
pub fn filter(draft: &BroadcastDraft, since: Millis) -> Result<Filter, Refusal> {
    let mut filter: Filter = serde_json::from_str(&draft.filter).map_err(|_| {
        Refusal::invalid(
            "filter",
            "筛选条件无法识别，请重新选择。",
            "The filter is not understood. Choose it again.",
        )
    })?;
    filter.contact_from = Some(filter.contact_from.map_or(since, |from| from.max(since)));
    Ok(filter)
}

/// Everybody who is meant, in the order of customers, each once, with the reason why they get nothing.
pub fn gather(trees: &Trees, shop: ShopId, by: &Gathering) -> Result<Vec<Row>, Refusal> {
    let mut rows: Vec<Row> = Vec::with_capacity(by.chosen.len());
    for (id, channel, peer) in &by.chosen {
        let Some(platform) = by.platforms.iter().find(|it| it.channel == *channel) else {
            continue;
        };
        let Some(customer) = trees.customers.get(id)? else {
            continue;
        };
        let address = (*channel, peer.to_string());
        let mut reach = trees.reaches.get(&address)?.unwrap_or_default();
        let open = by.open.contains(id);
        // The index counts what the shop said as contact too; the platform does not.
        if platform.limited && !open && last_met(&customer, &reach) < by.now - platform.window {
            continue;
        }
        // Somebody from before the platform was counted: nothing is known to be open.
        reach.limited |= platform.limited;
        let today = trees.broadcast_days.get(&(shop, by.day, *id))?;
        let standing = Standing {
            blocked: customer.blocked.is_some(),
            open,
            today: today.map_or(0, |Number(count)| count),
            reach: &reach,
            hold: platform.hold(by.draft.kind),
        };
        let verdict = judge(&standing, &Terms::of(&by.draft, 0, by.reserve), by.now);
        rows.push(Row {
            customer: *id,
            channel: *channel,
            peer: address.1,
            skip: verdict.err(),
        });
    }
    // Of several addresses the one that can be reached.
    rows.sort_unstable_by_key(|row| (row.customer, row.skip, row.channel));
    rows.dedup_by_key(|row| row.customer);
    Ok(rows)
}

/// When a customer last did something on their channel.
fn last_met(customer: &Customer, reach: &Reach) -> Millis {
    let granted = reach.grants.iter().map(|grant| grant.at).max().unwrap_or(0);
    customer.last_seen.max(granted).max(reach.left_at)
}
