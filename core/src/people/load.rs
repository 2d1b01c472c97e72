//! The index from what is stored.
use super::index::Index;
use crate::trees::Trees;
use weikefu_storage::Error;

/// Reads everything once. A damaged record is left out and told in the log.
pub(super) fn load(trees: &Trees) -> Result<Index, Error> {
    let mut index = Index::default();
    each(trees.tags.scan(&()), |((shop, tag), _)| index.tag(shop, tag))?;
    each(trees.customers.scan(&()), |(_, customer)| {
        index.customer(&customer);
    })?;
    each(trees.identities.scan(&()), |((channel, peer), identity)| {
        index.address(identity.customer, channel, &peer);
    })?;
    each(trees.conversations.scan(&()), |(_, conversation)| {
        index.conversation(&conversation);
    })?;
    each(trees.served.scan(&()), |((customer, agent, _), _)| {
        index.served(customer, agent);
    })?;
    each(trees.behaviours.scan(&()), |((customer, _), record)| {
        index.behaved(customer, record.action, record.at);
    })?;
    Ok(index)
}

fn each<T>(entries: impl Iterator<Item = Result<T, Error>>, mut take: impl FnMut(T)) -> Result<(), Error> {
    for entry in entries {
        match entry {
            Ok(entry) => take(entry),
            Err(error @ Error::Corrupt { .. }) => {
                tracing::error!(%error, "a record is damaged; the customer list does without it");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
