//! The live state of a desk from what is stored.
use crate::desk::{Change, Desk};
use crate::ids::ShopId;
use crate::trees::Trees;
use weikefu_storage::Error;

/// Reads a shop's desk. Costs what is open, not what has ever been stored.
pub fn rebuild(trees: &Trees, shop: ShopId) -> Result<Desk, Error> {
    let mut desk = Desk::new(shop);
    if let Some(counters) = trees.counters.get(&shop)? {
        desk.apply(&Change::Counters(shop, counters));
    }
    if let Some(settings) = trees.shop_settings.get(&shop)? {
        desk.apply(&Change::Settings(shop, settings));
    }
    for entry in trees.desk_agents.scan(&shop) {
        desk.apply(&Change::Agent(shop, entry?.1));
    }
    for entry in trees.tags.scan(&shop) {
        desk.apply(&Change::Tag(shop, entry?.1));
    }
    for entry in trees.open.scan(&shop) {
        let (_, id) = entry?.0;
        let Some(conversation) = trees.conversations.get(&id)? else {
            continue;
        };
        if let Some(customer) = trees.customers.get(&conversation.customer)? {
            desk.remember(customer);
        }
        desk.apply(&Change::Conversation(conversation));
    }
    Ok(desk)
}
