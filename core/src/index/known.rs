//! What decides for many messages at once whether they may be told, kept in memory beside the index: who has
//! served whom, who holds what is open, who is on the blacklist. Read from the trees at the start, then followed.
use super::set::Set;
use crate::desk::Change;
use crate::ids::{AgentId, ConversationId, CustomerId, ShopId};
use crate::records::{Conversation, ConversationState};
use crate::trees::Trees;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use weikefu_storage::Error;

/// All of it. What an answer works with is behind an [`Arc`]: it reads a state that does not change meanwhile.
#[derive(Default)]
pub(super) struct Known {
    served: HashMap<(ShopId, AgentId), Arc<Served>>,
    open: HashMap<ShopId, Arc<HashMap<ConversationId, Held>>>,
    blocked: Arc<HashSet<CustomerId>>,
}

/// What an agent has served.
#[derive(Clone, Default)]
pub(super) struct Served {
    conversations: Set,
    customers: Set,
}

impl Served {
    pub(super) fn conversation(&self, id: ConversationId) -> bool {
        self.conversations.contains(id.0 as u32)
    }

    pub(super) fn customer(&self, id: CustomerId) -> bool {
        self.customers.contains(id.number())
    }
}

/// An open conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    customer: CustomerId,
    owner: Option<AgentId>,
    offered: Option<AgentId>,
}

impl From<&Conversation> for Held {
    fn from(conversation: &Conversation) -> Self {
        Held {
            customer: conversation.customer,
            owner: conversation.owner,
            offered: conversation.offered_to(),
        }
    }
}

/// What an agent without the right to see what others do may read, about: enough that what is picked for him is
/// nearly always his to read, so that neither pages nor their ends tell of anything else.
pub(super) struct Mine {
    agent: AgentId,
    served: Arc<Served>,
    open: Arc<HashMap<ConversationId, Held>>,
    /// Customers with something open that he may read.
    near: HashSet<CustomerId>,
}

impl Mine {
    pub(super) fn reads(&self, conversation: ConversationId, customer: CustomerId) -> bool {
        match self.open.get(&conversation) {
            Some(held) => held.is_near(self.agent),
            None => self.near.contains(&customer) || self.served.customer(customer),
        }
    }
}

impl Held {
    /// Waits for anybody, is his or is offered to him.
    fn is_near(&self, agent: AgentId) -> bool {
        self.owner.is_none() || self.owner == Some(agent) || self.offered == Some(agent)
    }
}

impl Known {
    /// Reads everything.
    pub(super) fn load(trees: &Trees) -> Result<Self, Error> {
        let mut known = Known::default();
        for entry in trees.served.scan(&()) {
            let Some(((customer, agent, conversation), _)) = readable(entry)? else {
                continue;
            };
            known.serve(customer, agent, conversation);
        }
        for entry in trees.blacklist.scan(&()) {
            if let Some(((_, _, customer), _)) = readable(entry)? {
                Arc::make_mut(&mut known.blocked).insert(customer);
            }
        }
        for entry in trees.open.scan(&()) {
            let Some(((_, id), _)) = readable(entry)? else {
                continue;
            };
            if let Some(Some(conversation)) = readable(trees.conversations.get(&id))? {
                known.follow(&Change::Conversation(conversation));
            }
        }
        Ok(known)
    }

    /// Whether a change means anything here.
    pub(super) fn concerns(change: &Change) -> bool {
        matches!(
            change,
            Change::Served(..) | Change::Blacklisted(..) | Change::Conversation(_)
        )
    }

    pub(super) fn follow(&mut self, change: &Change) {
        match change {
            Change::Served(customer, agent, conversation) => self.serve(*customer, *agent, *conversation),
            Change::Blacklisted(customer, _, stands) => {
                let blocked = Arc::make_mut(&mut self.blocked);
                if *stands {
                    blocked.insert(*customer);
                } else {
                    blocked.remove(customer);
                }
            }
            Change::Conversation(conversation) => {
                let held = Held::from(conversation);
                let open = self.open.entry(conversation.id.shop()).or_default();
                if conversation.state == ConversationState::Closed {
                    if open.contains_key(&conversation.id) {
                        Arc::make_mut(open).remove(&conversation.id);
                    }
                } else if open.get(&conversation.id) != Some(&held) {
                    Arc::make_mut(open).insert(conversation.id, held);
                }
            }
            _ => {}
        }
    }

    fn serve(&mut self, customer: CustomerId, agent: AgentId, conversation: ConversationId) {
        let served = self.served.entry((customer.shop(), agent)).or_default();
        let served = Arc::make_mut(served);
        served.conversations.insert(conversation.0 as u32);
        served.customers.insert(customer.number());
    }

    pub(super) fn blocked(&self) -> Arc<HashSet<CustomerId>> {
        Arc::clone(&self.blocked)
    }

    pub(super) fn served(&self, shop: ShopId, agent: AgentId) -> Arc<Served> {
        self.served.get(&(shop, agent)).cloned().unwrap_or_default()
    }

    pub(super) fn mine(&self, shop: ShopId, agent: AgentId) -> Mine {
        let open = self.open.get(&shop).cloned().unwrap_or_default();
        let near = open.values().filter(|held| held.is_near(agent));
        Mine {
            agent,
            served: self.served(shop, agent),
            near: near.map(|held| held.customer).collect(),
            open,
        }
    }
}

/// A damaged record is left out; what it would have decided is decided again when something is told.
pub(super) fn readable<T>(read: Result<T, Error>) -> Result<Option<T>, Error> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error @ Error::Corrupt { .. }) => {
            tracing::error!(%error, "a record is damaged; the search does without it");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
