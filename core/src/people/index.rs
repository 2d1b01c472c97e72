//! The rows of all shops and their order. Everything in it comes from stored records, read at the start or told
//! by the engine; told twice is told once.
use super::row::{Row, Sieve};
use crate::desk::Change;
use crate::ids::{AgentId, ChannelId, CustomerId, Millis, ShopId};
use crate::records::{Conversation, Customer, TagId};
use std::collections::{BTreeSet, HashMap, HashSet};
use weikefu_channel::Action;

/// All shops.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Index {
    shops: HashMap<ShopId, Rows>,
}

/// One shop.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Rows {
    /// By number within the shop: the numbers are given out without gaps.
    by_number: Vec<Option<Row>>,
    /// Last contact and number.
    order: BTreeSet<(Millis, u32)>,
    pub(super) tags: HashSet<TagId>,
}

impl Index {
    pub(super) fn apply(&mut self, change: &Change) {
        match change {
            Change::Customer(customer) => self.customer(customer),
            Change::Identity(channel, peer, customer) => self.address(*customer, *channel, peer),
            Change::Conversation(conversation) => self.conversation(conversation),
            Change::Served(customer, agent, _) => self.served(*customer, *agent),
            Change::Behaviour(customer, _, record) => self.behaved(*customer, record.action, record.at),
            Change::Tag(shop, tag) => self.tag(*shop, tag.id),
            Change::TagGone(shop, tag) => {
                self.shops.entry(*shop).or_default().tags.remove(tag);
            }
            _ => {}
        }
    }

    pub(super) fn customer(&mut self, customer: &Customer) {
        self.row(customer.id, |row| row.customer(customer));
    }

    pub(super) fn address(&mut self, customer: CustomerId, channel: ChannelId, peer: &str) {
        self.row(customer, |row| row.address(channel, peer));
    }

    pub(super) fn conversation(&mut self, conversation: &Conversation) {
        self.row(conversation.customer, |row| row.conversation(conversation));
    }

    pub(super) fn served(&mut self, customer: CustomerId, agent: AgentId) {
        self.row(customer, |row| row.served_by(agent));
    }

    pub(super) fn behaved(&mut self, customer: CustomerId, action: Action, at: Millis) {
        self.row(customer, |row| row.behaved(action, at));
    }

    pub(super) fn tag(&mut self, shop: ShopId, tag: TagId) {
        self.shops.entry(shop).or_default().tags.insert(tag);
    }

    fn row(&mut self, customer: CustomerId, change: impl FnOnce(&mut Row)) {
        let shop = self.shops.entry(customer.shop()).or_default();
        let number = customer.number();
        let place = number as usize;
        if shop.by_number.len() <= place {
            shop.by_number.resize(place + 1, None);
        }
        let row = shop.by_number[place].get_or_insert_with(Row::new);
        let before = row.last;
        change(row);
        if row.last != before {
            shop.order.remove(&(before, number));
            shop.order.insert((row.last, number));
        }
    }

    pub(super) fn shop(&self, shop: ShopId) -> Option<&Rows> {
        self.shops.get(&shop)
    }

    pub(super) fn get(&self, customer: CustomerId) -> Option<&Row> {
        let shop = self.shops.get(&customer.shop())?;
        shop.by_number.get(customer.number() as usize)?.as_ref()
    }
}

impl Rows {
    /// Numbers of those who fit, ascending.
    pub(super) fn select<'a>(&'a self, sieve: &'a Sieve<'_>) -> impl Iterator<Item = u32> + 'a {
        let numbered = self.by_number.iter().enumerate();
        numbered.filter_map(|(number, row)| {
            let row = row.as_ref()?;
            sieve.lets(row).then_some(number as u32)
        })
    }

    /// The addresses of a customer.
    pub(super) fn addresses(&self, number: u32) -> &[(ChannelId, Box<str>)] {
        let row = self.by_number.get(number as usize).and_then(Option::as_ref);
        row.map_or(&[], |row| &row.addresses)
    }

    /// Last contacts and numbers of those who fit, the latest contact first, from behind `after`.
    pub(super) fn latest<'a>(
        &'a self,
        sieve: &'a Sieve<'_>,
        after: Option<(Millis, u32)>,
    ) -> impl Iterator<Item = (Millis, u32)> + 'a {
        let end = after.unwrap_or((Millis::MAX, u32::MAX));
        let fits = |(_, number): &(Millis, u32)| {
            let row = self.by_number.get(*number as usize).and_then(Option::as_ref);
            row.is_some_and(|row| sieve.lets(row))
        };
        self.order.range(..end).rev().copied().filter(fits)
    }
}
