//! What agents do about customers apart from talking: details, tags, blacklist, annotations. The tags
//! themselves are made in [`super::tags`].
use super::change::Change;
use super::command::Reply;
use super::facts::Facts;
use super::work::{Happening, Topic, Work};
use super::{accept, dispatch, tags};
use crate::error::Refusal;
use crate::ids::{AgentId, CustomerId};
use crate::records::{
    Annotation, AnnotationId, Blocked, Card, Conversation, Customer, Gender, Solved, TagId,
};

/// A command about a customer or the shop's tags.
#[derive(Clone, Debug, PartialEq)]
pub enum CustomerCommand {
    /// An agent corrects what is known of a customer.
    Edit {
        /// Whom.
        customer: CustomerId,
        /// What.
        edit: Edit,
    },
    /// The channel's own register has answered.
    Learn {
        /// About whom.
        customer: CustomerId,
        /// BCP 47 language.
        language: Option<String>,
        /// Tags and remark; its time is when it was asked.
        card: Card,
    },
    /// A customer's service tags from now on.
    SetTags {
        /// Whose.
        customer: CustomerId,
        /// All of them, in any order.
        tags: Vec<TagId>,
    },
    /// 黑名单: puts a customer on it or takes them off. Open conversations end without a word.
    Block {
        /// By whom.
        agent: AgentId,
        /// May also end what another agent holds.
        senior: bool,
        /// Whom.
        customer: CustomerId,
        /// Onto the blacklist, or off it.
        blocked: bool,
    },
    /// 标注
    Annotate {
        /// By whom.
        agent: AgentId,
        /// On whom.
        customer: CustomerId,
        /// What is to be done.
        text: String,
    },
    /// Marks an annotation as solved, or as open again.
    Solve {
        /// By whom.
        agent: AgentId,
        /// Which.
        annotation: AnnotationId,
        /// Solved.
        solved: bool,
    },
    /// Makes a service tag.
    AddTag {
        /// Unique in the shop.
        name: String,
    },
    /// Renames a service tag.
    RenameTag {
        /// Which.
        tag: TagId,
        /// Unique in the shop.
        name: String,
    },
    /// Removes a service tag, from its customers too.
    RemoveTag {
        /// Which.
        tag: TagId,
    },
}

/// What an agent corrects; what is absent stays. Empty texts go back to what the channel told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// New name.
    pub name: Option<String>,
    /// New remark.
    pub remark: Option<String>,
    /// New gender.
    pub gender: Option<Gender>,
    /// New phone number.
    pub phone: Option<String>,
    /// New postal address.
    pub address: Option<String>,
}

pub(super) fn decide<F: Facts>(work: &mut Work<'_, F>, command: CustomerCommand) -> Result<Reply, Refusal> {
    match command {
        CustomerCommand::Edit { customer, edit } => change(work, customer, |customer| apply(customer, edit)),
        CustomerCommand::Learn {
            customer,
            language,
            card,
        } => change(work, customer, |customer| learn(customer, language, card)),
        CustomerCommand::SetTags { customer, tags } => set_tags(work, customer, tags),
        CustomerCommand::Block {
            agent,
            senior,
            customer,
            blocked,
        } => {
            if blocked {
                block(work, agent, senior, customer)
            } else {
                unblock(work, customer)
            }
        }
        CustomerCommand::Annotate {
            agent,
            customer,
            text,
        } => annotate(work, agent, customer, text),
        CustomerCommand::Solve {
            agent,
            annotation,
            solved,
        } => solve(work, agent, annotation, solved),
        CustomerCommand::AddTag { name } => tags::add(work, name),
        CustomerCommand::RenameTag { tag, name } => tags::rename(work, tag, name),
        CustomerCommand::RemoveTag { tag } => tags::remove(work, tag),
    }
}

fn apply(customer: &mut Customer, edit: Edit) {
    let Edit {
        name,
        remark,
        gender,
        phone,
        address,
    } = edit;
    for (mine, new) in [
        (&mut customer.name, name),
        (&mut customer.remark, remark),
        (&mut customer.details.phone, phone),
        (&mut customer.details.address, address),
    ] {
        if let Some(new) = new {
            *mine = new;
        }
    }
    customer.details.gender = gender.unwrap_or(customer.details.gender);
}

fn learn(customer: &mut Customer, language: Option<String>, card: Card) {
    customer.language = language.or(customer.language.take());
    // Two who ask at once: the younger answer stays.
    if customer.card.as_ref().is_none_or(|known| known.at <= card.at) {
        customer.card = Some(card);
    }
}

/// Changes a customer and tells everybody who sees one of their conversations.
fn change<F: Facts>(
    work: &mut Work<'_, F>,
    id: CustomerId,
    edit: impl FnOnce(&mut Customer),
) -> Result<Reply, Refusal> {
    let before = work.customer(id)?;
    let mut customer = before.clone();
    edit(&mut customer);
    if customer == before {
        return Ok(Reply::Customer(customer));
    }
    Ok(Reply::Customer(put(work, customer)?))
}

/// Writes a customer as the desk has changed them.
pub(super) fn put<F: Facts>(work: &mut Work<'_, F>, mut customer: Customer) -> Result<Customer, Refusal> {
    customer.revision = customer.revision.wrapping_add(1);
    work.put(Change::Customer(customer.clone()));
    let theirs: Vec<Conversation> = work.desk.open_of(customer.id).cloned().collect();
    for conversation in theirs {
        work.put_conversation(conversation)?;
    }
    Ok(customer)
}

fn set_tags<F: Facts>(
    work: &mut Work<'_, F>,
    id: CustomerId,
    mut wanted: Vec<TagId>,
) -> Result<Reply, Refusal> {
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.iter().any(|tag| !work.desk.tags.contains_key(tag)) {
        return Err(Refusal::NotFound("tag"));
    }
    let mut customer = work.customer(id)?;
    if customer.tags == wanted {
        return Ok(Reply::Customer(customer));
    }
    let had = std::mem::replace(&mut customer.tags, wanted.clone());
    for &tag in had.iter().filter(|tag| !wanted.contains(tag)) {
        tags::count(work, tag, id, false);
    }
    for &tag in wanted.iter().filter(|tag| !had.contains(tag)) {
        tags::count(work, tag, id, true);
    }
    Ok(Reply::Customer(put(work, customer)?))
}

fn block<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    senior: bool,
    id: CustomerId,
) -> Result<Reply, Refusal> {
    let mut customer = work.customer(id)?;
    if customer.blocked.is_some() {
        return Ok(Reply::Customer(customer));
    }
    let theirs: Vec<Conversation> = work.desk.open_of(id).cloned().collect();
    let another = |held: &Conversation| held.owner.is_some_and(|owner| owner != agent);
    if !senior && theirs.iter().any(another) {
        return Err(Refusal::NotOwner);
    }
    let at = work.now;
    customer.blocked = Some(Blocked { at, by: agent });
    customer.revision = customer.revision.wrapping_add(1);
    work.put(Change::Blacklisted(id, at, true));
    work.put(Change::Customer(customer.clone()));
    for conversation in theirs {
        work.put_conversation(accept::ended(conversation, at))?;
    }
    dispatch::pull(work)?;
    work.tell(Happening::Changed(Topic::Blacklist));
    Ok(Reply::Customer(customer))
}

fn unblock<F: Facts>(work: &mut Work<'_, F>, id: CustomerId) -> Result<Reply, Refusal> {
    let mut customer = work.customer(id)?;
    let Some(Blocked { at, .. }) = customer.blocked.take() else {
        return Ok(Reply::Customer(customer));
    };
    work.put(Change::Blacklisted(id, at, false));
    work.tell(Happening::Changed(Topic::Blacklist));
    Ok(Reply::Customer(put(work, customer)?))
}

fn annotate<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    id: CustomerId,
    text: String,
) -> Result<Reply, Refusal> {
    let customer = work.customer(id)?;
    let annotation = Annotation {
        id: AnnotationId(work.ticket()),
        customer: id,
        text,
        by: agent,
        at: work.now,
        solved: None,
    };
    put_annotation(work, customer, annotation)
}

fn solve<F: Facts>(
    work: &mut Work<'_, F>,
    agent: AgentId,
    id: AnnotationId,
    solved: bool,
) -> Result<Reply, Refusal> {
    let known = work.facts.annotation(work.desk.shop, id)?;
    let mut annotation = known.ok_or(Refusal::NotFound("annotation"))?;
    if annotation.solved.is_some() == solved {
        return Ok(Reply::Annotation(annotation));
    }
    let at = work.now;
    annotation.solved = solved.then_some(Solved { by: agent, at });
    let customer = work.customer(annotation.customer)?;
    put_annotation(work, customer, annotation)
}

fn put_annotation<F: Facts>(
    work: &mut Work<'_, F>,
    customer: Customer,
    annotation: Annotation,
) -> Result<Reply, Refusal> {
    let shop = work.desk.shop;
    work.put(Change::Annotation(shop, annotation.clone()));
    // The panel shows it, so the panel is old now.
    put(work, customer)?;
    work.tell(Happening::Changed(Topic::Annotations));
    Ok(Reply::Annotation(annotation))
}
