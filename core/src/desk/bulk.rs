//! What is done to many at once, a slice a command: a slice is small enough that customers who write meanwhile
//! do not notice, and doing it again changes nothing.
use super::change::Change;
use super::command::Reply;
use super::customers;
use super::facts::Facts;
use super::work::{Happening, Topic, Work};
use crate::error::Refusal;
use crate::exchange::{CustomerRow, merge};
use crate::ids::{AgentId, ChannelId, CustomerId};
use crate::records::{AnnotationId, Customer, Deed, DeedId, DeedKind, TagId};
use std::collections::{BTreeMap, BTreeSet};

/// Customers, rows or annotations of one command.
pub const SLICE: usize = 100;

/// A slice of something large.
#[derive(Clone, Debug, PartialEq)]
pub enum BulkCommand {
    /// Gives and takes service tags. Customers there are no more, or who would have too many, stay as they are.
    Tag {
        /// Whose, at most [`SLICE`].
        customers: Vec<CustomerId>,
        /// Tags they have from now on.
        add: Vec<TagId>,
        /// Tags they have no more.
        remove: Vec<TagId>,
    },
    /// Takes over rows of a table.
    Import {
        /// At most [`SLICE`], each about another customer.
        rows: Vec<CustomerRow>,
    },
    /// Deletes annotations; one that is gone already is no error.
    DeleteAnnotations {
        /// At most [`SLICE`].
        annotations: Vec<AnnotationId>,
    },
    /// Notes what has been done and by whom, and tells everybody what to look at again.
    Note {
        /// By whom; `None` is the command line.
        by: Option<AgentId>,
        /// What.
        kind: DeedKind,
        /// To how many.
        count: u32,
        /// In a few words.
        about: String,
        /// What is different now.
        topics: Vec<Topic>,
    },
}

/// How a slice went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// Records that are new.
    pub created: u32,
    /// Records that are different now.
    pub changed: u32,
    /// Records that were so already.
    pub unchanged: u32,
    /// Records that are not there.
    pub missing: u32,
    /// Records that stayed as they were because a bound would have been passed.
    pub refused: u32,
}

impl std::ops::AddAssign for Slice {
    fn add_assign(&mut self, other: Self) {
        self.created += other.created;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.missing += other.missing;
        self.refused += other.refused;
    }
}

pub(super) fn decide<F: Facts>(work: &mut Work<'_, F>, command: BulkCommand) -> Result<Reply, Refusal> {
    match command {
        BulkCommand::Tag {
            customers,
            add,
            remove,
        } => tag(work, customers, &add, &remove),
        BulkCommand::Import { rows } => import(work, &rows),
        BulkCommand::DeleteAnnotations { annotations } => delete(work, annotations),
        BulkCommand::Note {
            by,
            kind,
            count,
            about,
            topics,
        } => {
            let deed = Deed {
                kind,
                by,
                at: work.now,
                count,
                about,
            };
            let id = DeedId(work.ticket());
            let shop = work.desk.shop;
            work.put(Change::Deed(shop, id, deed));
            for topic in topics {
                work.tell(Happening::Changed(topic));
            }
            Ok(Reply::Done)
        }
    }
}

/// How many customers more, or fewer, have each tag.
type Counts = BTreeMap<TagId, i64>;

fn tag<F: Facts>(
    work: &mut Work<'_, F>,
    mut customers: Vec<CustomerId>,
    add: &[TagId],
    remove: &[TagId],
) -> Result<Reply, Refusal> {
    if add.iter().any(|tag| !work.desk.tags.contains_key(tag)) {
        return Err(Refusal::NotFound("tag"));
    }
    customers.sort_unstable();
    customers.dedup();
    let (mut slice, mut counts) = (Slice::default(), Counts::new());
    // Everything is read before anything is written: a damaged record refuses the whole slice.
    let mut wanted = Vec::new();
    for id in customers {
        if id.shop() != work.desk.shop {
            slice.missing += 1;
            continue;
        }
        let mut customer = match work.customer(id) {
            Ok(customer) => customer,
            Err(Refusal::NotFound(_)) => {
                slice.missing += 1;
                continue;
            }
            Err(refusal) => return Err(refusal),
        };
        let mut has: Vec<TagId> = customer.tags.clone();
        has.retain(|tag| !remove.contains(tag));
        has.extend(add);
        has.sort_unstable();
        has.dedup();
        if has == customer.tags {
            slice.unchanged += 1;
            continue;
        }
        has.retain(|tag| work.desk.tags.contains_key(tag));
        if has.len() > super::TAGS_EACH {
            slice.refused += 1;
            continue;
        }
        slice.changed += 1;
        let had = std::mem::replace(&mut customer.tags, has);
        wanted.push((customer, had));
    }
    for (customer, had) in wanted {
        retag(work, &customer, &had, &mut counts);
        customers::put(work, customer)?;
    }
    count(work, counts);
    Ok(Reply::Slice(slice))
}

/// Writes the index of a customer's tags, who `had` others.
fn retag<F: Facts>(work: &mut Work<'_, F>, customer: &Customer, had: &[TagId], counts: &mut Counts) {
    for tag in had.iter().filter(|tag| !customer.tags.contains(tag)) {
        work.put(Change::Tagged(*tag, customer.id, false));
        *counts.entry(*tag).or_default() -= 1;
    }
    for tag in customer.tags.iter().filter(|tag| !had.contains(tag)) {
        work.put(Change::Tagged(*tag, customer.id, true));
        *counts.entry(*tag).or_default() += 1;
    }
}

fn count<F: Facts>(work: &mut Work<'_, F>, counts: Counts) {
    let shop = work.desk.shop;
    for (id, more) in counts.into_iter().filter(|(_, more)| *more != 0) {
        if let Some(mut tag) = work.desk.tags.get(&id).cloned() {
            let now = i64::from(tag.customers) + more;
            tag.customers = now.clamp(0, u32::MAX.into()) as u32;
            work.put(Change::Tag(shop, tag));
        }
    }
}

/// A customer as they are to be, the tags they had, and their address if they are new.
type Wanted = (Customer, Vec<TagId>, Option<(ChannelId, String)>);

fn import<F: Facts>(work: &mut Work<'_, F>, rows: &[CustomerRow]) -> Result<Reply, Refusal> {
    let (mut slice, mut counts) = (Slice::default(), Counts::new());
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut next = work.desk.counters.customer;
    let (mut named, mut new) = (BTreeSet::new(), BTreeSet::new());
    for row in rows {
        let known = match (&row.address, row.id) {
            (Some((channel, peer)), _) => work.facts.identity(*channel, peer)?,
            (None, id) => id,
        };
        let before = match known {
            Some(id) => match work.customer(id) {
                Ok(customer) => Some(customer),
                Err(Refusal::NotFound(_)) => {
                    slice.missing += 1;
                    continue;
                }
                Err(refusal) => return Err(refusal),
            },
            None => None,
        };
        // Two rows about the same customer: the first one counts.
        let first = match (&before, &row.address) {
            (Some(customer), _) => named.insert(customer.id),
            (None, Some(address)) => new.insert(address.clone()),
            (None, None) => true,
        };
        if !first {
            slice.refused += 1;
            continue;
        }
        let after = match &before {
            Some(customer) => customer.clone(),
            None => Customer::new(CustomerId::of(work.desk.shop, next), work.now),
        };
        let had = after.tags.clone();
        let exists = |tag: &TagId| work.desk.tags.contains_key(tag);
        let Ok(after) = merge(after, row, exists) else {
            slice.refused += 1;
            continue;
        };
        match &before {
            Some(before) if *before == after => slice.unchanged += 1,
            Some(_) => {
                slice.changed += 1;
                wanted.push((after, had, None));
            }
            None if row.address.is_none() => slice.missing += 1,
            None => {
                next += 1;
                slice.created += 1;
                wanted.push((after, had, row.address.clone()));
            }
        }
    }
    work.desk.counters.customer = next;
    for (customer, had, address) in wanted {
        if let Some((channel, peer)) = address {
            work.put(Change::Identity(channel, peer, customer.id));
        }
        retag(work, &customer, &had, &mut counts);
        customers::put(work, customer)?;
    }
    count(work, counts);
    Ok(Reply::Slice(slice))
}

fn delete<F: Facts>(work: &mut Work<'_, F>, mut annotations: Vec<AnnotationId>) -> Result<Reply, Refusal> {
    annotations.sort_unstable();
    annotations.dedup();
    let shop = work.desk.shop;
    let mut slice = Slice::default();
    let mut gone = Vec::new();
    let mut theirs = BTreeMap::new();
    for id in annotations {
        let Some(annotation) = work.facts.annotation(shop, id)? else {
            slice.missing += 1;
            continue;
        };
        let customer = work.customer(annotation.customer)?;
        theirs.insert(customer.id, customer);
        gone.push(annotation);
    }
    for annotation in gone {
        slice.changed += 1;
        work.put(Change::AnnotationGone(shop, annotation.customer, annotation.id));
    }
    // Their panels show it, so they are old now.
    for customer in theirs.into_values() {
        customers::put(work, customer)?;
    }
    if slice.changed > 0 {
        work.tell(Happening::Changed(Topic::Annotations));
    }
    Ok(Reply::Slice(slice))
}
