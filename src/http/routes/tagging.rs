//! Service tags given to and taken from many customers at once.
//!
//! A request does a bounded part and tells where it ended; the next one goes on from there. Nothing is lost when it
//! breaks off, and what has been done already counts as unchanged.
use super::CUSTOMERS;
use super::deeds::{self, Done};
use crate::http::context::Context;
use crate::http::route::Route;
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use weikefu_core::desk::{BulkCommand, Command, Reply, SLICE, Slice, Topic};
use weikefu_core::error::Refusal;
use weikefu_core::history;
use weikefu_core::ids::CustomerId;
use weikefu_core::people::{Filter, Sight};
use weikefu_core::records::{DeedKind, TagId};
use weikefu_core::rights::{self, Action};

/// Customers named one by one.
const NAMED: usize = 500;
/// Customers of a request.
const PART: usize = 2_000;

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    vec![Route::json(
        Method::POST,
        "/api/shops/{shop}/customers/tags",
        CUSTOMERS,
        "Give tags to many customers and take others: `ids` (at most 500), or for seniors everybody a `filter` \
         finds. Does at most 2,000 and tells `next`: ask again with `after` until it is absent",
        tag,
    )]
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct TagMany {
    /// At most 500; an agent names only customers he may read.
    #[serde(default)]
    ids: Vec<CustomerId>,
    /// Instead of `ids`: everybody who fits. Seniors only.
    filter: Option<Filter>,
    /// Tags they have from now on, at most 20.
    #[serde(default)]
    add: Vec<TagId>,
    /// Tags they have no more, at most 20.
    #[serde(default)]
    remove: Vec<TagId>,
    /// Go on behind this customer: the `next` of the answer before.
    after: Option<CustomerId>,
    /// Only count them.
    #[serde(default)]
    dry: bool,
}

/// How it went.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TagManyView {
    /// Customers who fit, all of them.
    matched: usize,
    /// Of these, done by now with what was done before `after`.
    done: usize,
    /// Have other tags now; of this request, like what follows.
    changed: u32,
    /// Had them already.
    unchanged: u32,
    /// Are not there.
    missing: u32,
    /// Would have more than 20 tags and stayed as they were.
    full: u32,
    /// Where to go on; absent when everything is done.
    next: Option<CustomerId>,
}

pub(crate) async fn tag(context: Context, wanted: TagMany) -> Result<TagManyView, Refusal> {
    let matched = customers(&context, &wanted).await?;
    let begin = matched.partition_point(|id| wanted.after.is_some_and(|after| *id <= after));
    let rest = matched.get(begin..).unwrap_or_default();
    let mut view = TagManyView {
        matched: matched.len(),
        done: begin,
        changed: 0,
        unchanged: 0,
        missing: 0,
        full: 0,
        next: None,
    };
    if wanted.dry {
        return Ok(view);
    }
    if wanted.add.is_empty() && wanted.remove.is_empty() {
        return Err(Refusal::invalid(
            "add",
            "请选择要添加或去掉的标签。",
            "Choose tags to give or to take.",
        ));
    }
    let shop = context.shop()?;
    let engine = &context.app.installation.engine;
    let part = rest.get(..PART).unwrap_or(rest);
    let mut all = Slice::default();
    for customers in part.chunks(SLICE) {
        let command = BulkCommand::Tag {
            customers: customers.to_vec(),
            add: wanted.add.clone(),
            remove: wanted.remove.clone(),
        };
        match engine.execute(shop, Command::Bulk(command)).await? {
            Reply::Slice(slice) => all += slice,
            _ => return Err(Refusal::Unavailable),
        }
    }
    view.done += part.len();
    view.next = part.last().copied().filter(|_| part.len() < rest.len());
    (view.changed, view.unchanged) = (all.changed, all.unchanged);
    (view.missing, view.full) = (all.missing, all.refused);
    if all.changed > 0 {
        let done = Done {
            kind: DeedKind::Tag,
            count: all.changed,
            about: about(&context, &wanted)?,
            topics: vec![Topic::Tags, Topic::Customers],
        };
        deeds::note(&context, done).await?;
    }
    Ok(view)
}

/// Whom it is about, ascending, each once.
async fn customers(context: &Context, wanted: &TagMany) -> Result<Vec<CustomerId>, Refusal> {
    let (shop, agent, role) = (context.shop()?, context.agent()?.id, context.role()?);
    let installation = &context.app.installation;
    match (&wanted.filter, wanted.ids.as_slice()) {
        (Some(filter), []) => {
            if !rights::permits(role, Action::Export) {
                return Err(Refusal::Forbidden);
            }
            installation.people.select(shop, filter, Sight::All).await
        }
        (None, ids @ [_, ..]) if ids.len() <= NAMED => {
            let mut ids = ids.to_vec();
            ids.sort_unstable();
            ids.dedup();
            for id in &ids {
                if id.shop() != shop {
                    return Err(Refusal::NotFound("customer"));
                }
                let relation = history::relation(&installation.trees, *id, agent)?;
                if !rights::may_read_records(role, relation) {
                    return Err(Refusal::Forbidden);
                }
            }
            Ok(ids)
        }
        _ => Err(Refusal::invalid(
            "ids",
            format!("请选择 1 到 {NAMED} 位客户，或者按条件筛选。"),
            format!("Name 1 to {NAMED} customers, or give a filter instead."),
        )),
    }
}

/// `+VIP -老客户`
fn about(context: &Context, wanted: &TagMany) -> Result<String, Refusal> {
    let (shop, trees) = (context.shop()?, &context.app.installation.trees);
    let mut words = Vec::new();
    for (sign, tags) in [('+', &wanted.add), ('-', &wanted.remove)] {
        for id in tags {
            let tag = trees.tags.get(&(shop, *id))?;
            words.extend(tag.map(|tag| format!("{sign}{}", tag.name)));
        }
    }
    Ok(words.join(" "))
}
