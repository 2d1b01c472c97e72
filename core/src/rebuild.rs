//! The live state of a desk from what is stored.
use crate::desk::{Change, Desk};
use crate::ids::{ConversationId, ShopId};
use crate::records::{Conversation, Customer};
use crate::trees::Trees;
use weikefu_storage::Error;

/// Reads a shop's desk. Costs what is open, not what has ever been stored.
///
/// An agent or an open conversation whose record is damaged is left out and told in the log: the others must not
/// stand still for it. A customer left out so begins a new conversation with the next message.
pub fn rebuild(trees: &Trees, shop: ShopId) -> Result<Desk, Error> {
    let mut desk = Desk::new(shop);
    if let Some(counters) = trees.counters.get(&shop)? {
        desk.apply(&Change::Counters(shop, counters));
    }
    if let Some(settings) = trees.shop_settings.get(&shop)? {
        desk.apply(&Change::Settings(shop, settings));
    }
    for entry in trees.desk_agents.scan(&shop) {
        if let Some((_, agent)) = readable(entry)? {
            desk.apply(&Change::Agent(shop, agent));
        }
    }
    for entry in trees.tags.scan(&shop) {
        desk.apply(&Change::Tag(shop, entry?.1));
    }
    for entry in trees.open.scan(&shop) {
        let Some(((_, id), _)) = readable(entry)? else {
            continue;
        };
        if let Some(Some((conversation, customer))) = readable(open(trees, id))? {
            desk.remember(customer);
            desk.apply(&Change::Conversation(conversation));
        }
    }
    Ok(desk)
}

/// An open conversation and whose it is.
fn open(trees: &Trees, id: ConversationId) -> Result<Option<(Conversation, Customer)>, Error> {
    let Some(conversation) = trees.conversations.get(&id)? else {
        return Ok(None);
    };
    let customer = trees.customers.get(&conversation.customer)?;
    Ok(customer.map(|customer| (conversation, customer)))
}

fn readable<T>(read: Result<T, Error>) -> Result<Option<T>, Error> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error @ Error::Corrupt { .. }) => {
            tracing::error!(%error, "a record is damaged; the desk does without it");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
