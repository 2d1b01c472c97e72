//! One customer as the index holds them: as few bytes as the filters need.
use super::filter::{Filter, Sight};
use crate::ids::{AgentId, ChannelId, ConversationId, Millis};
use crate::records::{Conversation, ConversationState, Customer, Gender, TagId};
use memchr::memmem::Finder;
use std::collections::HashSet;
use weikefu_channel::Action;

/// A customer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// Last contact: a conversation's beginning, a message of either side, a behaviour.
    pub(super) last: Millis,
    /// Region, then what words are looked for in, addresses last; all lower-case, a line each.
    text: Box<str>,
    /// Where the region ends and the words begin.
    region: u32,
    pub(super) addresses: Box<[(ChannelId, Box<str>)]>,
    tags: Box<[TagId]>,
    /// Ascending.
    served: Box<[AgentId]>,
    /// Kinds of behaviour with the last time of each.
    did: Box<[(Action, Millis)]>,
    pub(super) open: Box<[Open]>,
    gender: Gender,
    blocked: bool,
}

/// An open conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) id: ConversationId,
    /// Nobody while it waits.
    pub(super) owner: Option<AgentId>,
    offered: Option<AgentId>,
}

impl Row {
    pub(super) fn new() -> Self {
        Row {
            last: Millis::MIN,
            text: Box::default(),
            region: 0,
            addresses: Box::default(),
            tags: Box::default(),
            served: Box::default(),
            did: Box::default(),
            open: Box::default(),
            gender: Gender::Unknown,
            blocked: false,
        }
    }

    pub(super) fn customer(&mut self, customer: &Customer) {
        self.last = self.last.max(customer.last_seen);
        self.tags = customer.tags.as_slice().into();
        self.gender = customer.details.gender;
        self.blocked = customer.blocked.is_some();
        let mut text = customer.details.address.to_lowercase();
        self.region = text.len() as u32;
        let card = customer.card.as_ref().map_or("", |card| card.remark.as_str());
        let phone = customer.phone.as_deref().unwrap_or_default();
        for part in [
            customer.nickname.as_str(),
            &customer.name,
            &customer.remark,
            card,
            phone,
            &customer.details.phone,
        ] {
            line(&mut text, part);
        }
        for (_, peer) in &self.addresses {
            line(&mut text, peer);
        }
        self.text = text.into();
    }

    pub(super) fn address(&mut self, channel: ChannelId, peer: &str) {
        if self
            .addresses
            .iter()
            .any(|(on, known)| *on == channel && **known == *peer)
        {
            return;
        }
        let mut text = std::mem::take(&mut self.text).into_string();
        line(&mut text, peer);
        self.text = text.into();
        push(&mut self.addresses, (channel, peer.into()));
    }

    pub(super) fn conversation(&mut self, conversation: &Conversation) {
        let said = conversation.last.as_ref().map_or(Millis::MIN, |last| last.at);
        self.last = self.last.max(said);
        let mut open = std::mem::take(&mut self.open).into_vec();
        open.retain(|known| known.id != conversation.id);
        if conversation.state != ConversationState::Closed {
            open.push(Open {
                id: conversation.id,
                owner: conversation.owner,
                offered: conversation.offered_to(),
            });
            open.sort_unstable_by_key(|open| open.id);
        }
        self.open = open.into();
        // One that was accepted before it was noted who has served whom.
        if let Some(owner) = conversation.owner {
            self.served_by(owner);
        }
    }

    pub(super) fn served_by(&mut self, agent: AgentId) {
        if let Err(place) = self.served.binary_search(&agent) {
            let mut served = std::mem::take(&mut self.served).into_vec();
            served.insert(place, agent);
            self.served = served.into();
        }
    }

    pub(super) fn behaved(&mut self, action: Action, at: Millis) {
        match self.did.iter_mut().find(|(known, _)| *known == action) {
            Some((_, last)) => *last = at.max(*last),
            None => push(&mut self.did, (action, at)),
        }
    }

    fn is_seen_by(&self, agent: AgentId) -> bool {
        self.served.binary_search(&agent).is_ok()
            || self
                .open
                .iter()
                .any(|open| open.owner.is_none() || open.offered == Some(agent))
    }
}

fn line(text: &mut String, part: &str) {
    if !part.is_empty() {
        text.push('\n');
        text.push_str(&part.to_lowercase());
    }
}

fn push<T>(list: &mut Box<[T]>, item: T) {
    let mut longer = std::mem::take(list).into_vec();
    longer.reserve_exact(1);
    longer.push(item);
    *list = longer.into();
}

fn finder(text: &str) -> Finder<'static> {
    Finder::new(text).into_owned()
}

/// A filter made ready to be asked often.
pub(super) struct Sieve<'a> {
    filter: &'a Filter,
    sight: Sight,
    /// Made once, asked for every row.
    words: Vec<Finder<'static>>,
    region: Option<Finder<'static>>,
    /// Wanted tags that still exist.
    tags: Vec<TagId>,
    /// Channels of which one is enough; `None`: any or none.
    channels: Option<Vec<ChannelId>>,
}

impl<'a> Sieve<'a> {
    pub(super) fn new(
        filter: &'a Filter,
        sight: Sight,
        channels: Option<Vec<ChannelId>>,
        tags: &HashSet<TagId>,
    ) -> Self {
        let words = filter.words.to_lowercase();
        let there = |tag: &&TagId| tags.contains(tag);
        Sieve {
            filter,
            sight,
            words: words.split_whitespace().map(finder).collect(),
            region: Some(filter.region.trim().to_lowercase())
                .filter(|region| !region.is_empty())
                .map(|region| finder(&region)),
            tags: filter.tags.iter().filter(there).copied().collect(),
            channels,
        }
    }

    /// The cheap questions first.
    pub(super) fn lets(&self, row: &Row) -> bool {
        let filter = self.filter;
        let wanted = |want: Option<bool>, is: bool| want.is_none_or(|want| want == is);
        wanted(filter.blacklisted, row.blocked)
            && wanted(filter.open, !row.open.is_empty())
            && filter.gender.is_none_or(|gender| gender == row.gender)
            && filter.contact_from.is_none_or(|from| row.last >= from)
            && filter.contact_to.is_none_or(|to| row.last <= to)
            && (filter.tags.is_empty() || row.tags.iter().any(|tag| self.tags.contains(tag)))
            && self
                .channels
                .as_ref()
                .is_none_or(|any| row.addresses.iter().any(|(on, _)| any.contains(on)))
            && filter
                .served_by
                .is_none_or(|agent| row.served.binary_search(&agent).is_ok())
            && filter.behaviour.is_none_or(|did| {
                row.did
                    .iter()
                    .any(|(kind, at)| *kind == did.kind && did.since.is_none_or(|since| *at >= since))
            })
            && match self.sight {
                Sight::All => true,
                Sight::Of(agent) => row.is_seen_by(agent),
            }
            && self.has_texts(row)
    }

    fn has_texts(&self, row: &Row) -> bool {
        let (region, words) = row.text.as_bytes().split_at(row.region as usize);
        self.region
            .as_ref()
            .is_none_or(|finder| finder.find(region).is_some())
            && self.words.iter().all(|finder| finder.find(words).is_some())
    }
}
