//! What a platform's own register says of a customer (WeChat tags, A2.14): asked when a conversation opens and
//! when an agent wants to know. What was told before stays, with its time, when the platform does not answer.
use super::{Channels, OpenChannel, read};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use weikefu_channel::{Card, Words};
use weikefu_core::desk::{Command, CustomerCommand};
use weikefu_core::engine;
use weikefu_core::error::Refusal;
use weikefu_core::ids::{ConversationId, CustomerId, Millis};
use weikefu_core::records;

/// A customer is not asked about by itself again for this long.
const HOUR: Millis = 3_600_000;
/// Conversations among which one on a channel with a register is looked for.
const LATEST: usize = 20;
/// Questions under way by themselves: answers to customers go first.
const AT_ONCE: usize = 4;
/// Questions that may wait; of a storm of new customers the rest is asked about another time.
const WAITING: usize = 1_000;
/// Customers remembered as asked about.
const REMEMBERED: usize = 10_000;

/// Who was asked about, and how many may be at once.
pub(super) struct Asking {
    asked: Mutex<HashMap<CustomerId, Millis>>,
    waiting: Arc<Semaphore>,
    at_once: Arc<Semaphore>,
}

impl Default for Asking {
    fn default() -> Self {
        Asking {
            asked: Mutex::default(),
            waiting: Arc::new(Semaphore::new(WAITING)),
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Asking {
    /// Whether to ask now; who gets a yes has asked.
    fn is_due(&self, customer: CustomerId, told_at: Option<Millis>) -> bool {
        let now = engine::now();
        let recent = |at: Millis| (0..HOUR).contains(&(now - at));
        if told_at.is_some_and(recent) {
            return false;
        }
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.get(&customer).copied().is_some_and(recent) {
            return false;
        }
        if asked.len() >= REMEMBERED {
            asked.retain(|_, at| recent(*at));
        }
        // A flood of an hour: forgetting asks once more than an hour allows, remembering would need room without end.
        if asked.len() >= REMEMBERED {
            asked.clear();
        }
        asked.insert(customer, now);
        true
    }
}

impl Channels {
    /// A conversation has opened: asks about its customer beside the way of the message.
    pub(super) fn meet(&self, conversation: ConversationId) {
        let Ok(Some(conversation)) = self.trees.conversations.get(&conversation) else {
            return;
        };
        let customer = conversation.customer;
        let keeps_one = self
            .by_id(conversation.channel)
            .is_some_and(|open| open.can("directory"));
        let (Some(runtime), true) = (self.runtime.get(), keeps_one) else {
            return;
        };
        let Ok(waiting) = Arc::clone(&self.asking.waiting).try_acquire_owned() else {
            return;
        };
        let told_at = match self.trees.customers.get(&customer) {
            Ok(Some(known)) => known.card.map(|card| card.at),
            _ => return,
        };
        if !self.asking.is_due(customer, told_at) {
            return;
        }
        let (me, at_once) = (self.me.clone(), Arc::clone(&self.asking.at_once));
        runtime.spawn(async move {
            let _waiting = waiting;
            let Ok(_turn) = at_once.acquire_owned().await else {
                return;
            };
            let Some(channels) = me.upgrade() else { return };
            let Some(open) = channels.by_id(conversation.channel) else {
                return;
            };
            if let Err(words) = channels.ask(customer, &open, &conversation.peer).await {
                tracing::debug!(%customer, reason = words.en, "the register did not answer");
            }
        });
    }

    /// Asks about a customer now. The inner error is for the agent who wants to know; a customer of channels that
    /// keep no register is up to date.
    pub(crate) async fn refresh(&self, customer: CustomerId) -> Result<Result<(), Words>, Refusal> {
        let mut place: Option<(Arc<OpenChannel>, String)> = None;
        let mut closed = None;
        for entry in self.trees.histories.scan(&customer).rev().take(LATEST) {
            let (_, id) = entry?.0;
            let Some(conversation) = self.trees.conversations.get(&id)? else {
                continue;
            };
            match self.by_id(conversation.channel) {
                Some(open) if open.can("directory") => {
                    place = Some((open, conversation.peer));
                    break;
                }
                Some(_) => {}
                None => closed = Some(conversation.channel),
            }
        }
        match (place, closed) {
            (Some((open, peer)), _) => Ok(self.ask(customer, &open, &peer).await),
            (None, Some(channel)) if read(&self.known).contains_key(&channel) => Ok(Err(Words::new(
                "渠道未启用或未能打开，请联系管理员检查渠道设置。",
                "The channel is disabled or could not be opened. Ask your administrator to check its settings.",
            ))),
            (None, _) => Ok(Ok(())),
        }
    }

    async fn ask(&self, customer: CustomerId, open: &OpenChannel, peer: &str) -> Result<(), Words> {
        let at = engine::now();
        let Card {
            tags,
            remark,
            language,
        } = open.instance.card(peer).await.map_err(|error| error.words())?;
        let card = records::Card { tags, remark, at };
        let command = CustomerCommand::Learn {
            customer,
            language,
            card,
        };
        let stored = self
            .engine
            .execute(customer.shop(), Command::Customer(command))
            .await;
        stored.map(drop).map_err(|refusal| super::in_both(&refusal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_asked_about_once_an_hour() {
        let (asking, now) = (Asking::default(), engine::now());
        let (one, two) = (CustomerId(1), CustomerId(2));
        assert!(asking.is_due(one, None));
        assert!(
            !asking.is_due(one, None),
            "a failure is not repeated at once either"
        );
        assert!(!asking.is_due(two, Some(now - HOUR / 2)));
        assert!(asking.is_due(two, Some(now - HOUR - 1)));
        // A clock that was set back does not silence it for ever.
        assert!(asking.is_due(CustomerId(3), Some(now + 10 * HOUR)));
        for n in 0..2 * REMEMBERED as u64 {
            assert!(asking.is_due(CustomerId(100 + n), None));
        }
        assert!(asking.asked.lock().unwrap().len() <= REMEMBERED);
    }
}
