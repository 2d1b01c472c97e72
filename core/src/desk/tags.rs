//! The shop's service tags and how many customers have each.
use super::change::Change;
use super::command::Reply;
use super::facts::Facts;
use super::work::{Happening, Topic, Work};
use crate::error::Refusal;
use crate::ids::CustomerId;
use crate::records::{Tag, TagId};

/// Tags of a shop.
pub const TAGS: usize = 200;

pub(super) fn add<F: Facts>(work: &mut Work<'_, F>, name: String) -> Result<Reply, Refusal> {
    free(work, &name, None)?;
    if work.desk.tags.len() >= TAGS {
        return Err(Refusal::invalid(
            "name",
            format!("最多 {TAGS} 个标签，请先删除不用的标签。"),
            format!("A shop has at most {TAGS} tags. Remove one that is not used first."),
        ));
    }
    let tag = Tag {
        id: TagId(work.ticket()),
        name,
        customers: 0,
        created: work.now,
    };
    Ok(put(work, tag))
}

pub(super) fn rename<F: Facts>(work: &mut Work<'_, F>, id: TagId, name: String) -> Result<Reply, Refusal> {
    let mut tag = known(work, id)?;
    free(work, &name, Some(id))?;
    if tag.name == name {
        return Ok(Reply::Tag(tag));
    }
    tag.name = name;
    Ok(put(work, tag))
}

/// The customers who have it keep its number, which means nothing from then on: nobody's record is touched.
/// Answers with the tag as it was, and how many customers have lost it.
pub(super) fn remove<F: Facts>(work: &mut Work<'_, F>, id: TagId) -> Result<Reply, Refusal> {
    let tag = known(work, id)?;
    let shop = work.desk.shop;
    work.put(Change::TagGone(shop, id));
    work.tell(Happening::Changed(Topic::Tags));
    Ok(Reply::Tag(tag))
}

/// Notes that a customer has a tag from now on, or no more.
pub(super) fn count<F: Facts>(work: &mut Work<'_, F>, id: TagId, customer: CustomerId, has: bool) {
    work.put(Change::Tagged(id, customer, has));
    if let Some(mut tag) = work.desk.tags.get(&id).cloned() {
        tag.customers = if has {
            tag.customers.saturating_add(1)
        } else {
            tag.customers.saturating_sub(1)
        };
        let shop = work.desk.shop;
        work.put(Change::Tag(shop, tag));
    }
}

fn put<F: Facts>(work: &mut Work<'_, F>, tag: Tag) -> Reply {
    let shop = work.desk.shop;
    work.put(Change::Tag(shop, tag.clone()));
    work.tell(Happening::Changed(Topic::Tags));
    Reply::Tag(tag)
}

fn known<F: Facts>(work: &Work<'_, F>, id: TagId) -> Result<Tag, Refusal> {
    work.desk.tags.get(&id).cloned().ok_or(Refusal::NotFound("tag"))
}

fn free<F: Facts>(work: &Work<'_, F>, name: &str, except: Option<TagId>) -> Result<(), Refusal> {
    let name = name.to_lowercase();
    let taken = |tag: &Tag| Some(tag.id) != except && tag.name.to_lowercase() == name;
    if work.desk.tags.values().any(taken) {
        return Err(Refusal::Exists("tag"));
    }
    Ok(())
}
