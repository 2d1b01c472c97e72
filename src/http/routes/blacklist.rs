//! The blacklist (A2.13, A5.10).
use super::CUSTOMERS;
use super::customers::{customer, done};
use super::deeds::{self, Done};
use crate::http::context::Context;
use crate::http::present;
use crate::http::route::Route;
use crate::http::views::{BlacklistView, BlockedView, CustomerView};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use weikefu_core::desk::CustomerCommand;
use weikefu_core::error::Refusal;
use weikefu_core::ids::{AgentId, CustomerId, Millis, ShopId};
use weikefu_core::people::{Filter, Sight};
use weikefu_core::records::DeedKind;
use weikefu_core::rights::{self, Action};

/// Customers of a page unless asked otherwise, and at most.
const PAGE: (usize, usize) = (50, 200);
/// Entries read for one answer, however few of them fit.
const READ: usize = 10_000;

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/shops/{shop}/blacklist",
            CUSTOMERS,
            "Customers on the blacklist, newest first: `words` in nickname, remark, phone or openid, `agent` who put \
             them there, `from` and `to` in milliseconds, `before` is the `next` of the page in front, `limit`",
            list,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/blacklist/remove",
            CUSTOMERS,
            "Take customers off the blacklist, at most 200: they can write again",
            remove,
        ),
        Route::json(
            Method::PUT,
            "/api/shops/{shop}/customers/{id}/blocked",
            CUSTOMERS,
            "Put a customer on the blacklist, which ends their conversations, or take them off it",
            set,
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct SetBlocked {
    blocked: bool,
}

pub(crate) async fn set(context: Context, wanted: SetBlocked) -> Result<CustomerView, Refusal> {
    let command = CustomerCommand::Block {
        agent: context.agent()?.id,
        senior: rights::permits(context.role()?, Action::Supervise),
        customer: customer(&context)?.id,
        blocked: wanted.blocked,
    };
    done(&context, command).await
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct RemoveMany {
    /// 1 to 200.
    ids: Vec<CustomerId>,
}

/// How it went.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RemovedView {
    removed: u32,
    /// Were not on it, or are not there.
    missing: u32,
}

pub(crate) async fn remove(context: Context, RemoveMany { ids }: RemoveMany) -> Result<RemovedView, Refusal> {
    let shop = context.shop()?;
    if !(1..=PAGE.1).contains(&ids.len()) {
        return Err(Refusal::invalid(
            "ids",
            format!("请选择 1 到 {} 位客户。", PAGE.1),
            format!("Name 1 to {} customers.", PAGE.1),
        ));
    }
    let trees = &context.app.installation.trees;
    let mut view = RemovedView {
        removed: 0,
        missing: 0,
    };
    for customer in ids {
        let known = if customer.shop() == shop {
            trees.customers.get(&customer)?
        } else {
            None
        };
        if known.is_none_or(|known| known.blocked.is_none()) {
            view.missing += 1;
            continue;
        }
        let command = CustomerCommand::Block {
            agent: context.agent()?.id,
            senior: rights::permits(context.role()?, Action::Supervise),
            customer,
            blocked: false,
        };
        done(&context, command).await?;
        view.removed += 1;
    }
    if view.removed > 0 {
        let done = Done {
            kind: DeedKind::Unblock,
            count: view.removed,
            about: String::new(),
            topics: Vec::new(),
        };
        deeds::note(&context, done).await?;
    }
    Ok(view)
}

fn bad() -> Refusal {
    Refusal::Malformed("before, limit, agent, from or to".into())
}

fn asked<T: std::str::FromStr>(context: &Context, name: &str) -> Result<Option<T>, Refusal> {
    let text = context.query(name).filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(|_| bad())).transpose()
}

/// Who has the words of the query; everybody without any.
async fn named(context: &Context) -> Result<Option<HashSet<CustomerId>>, Refusal> {
    let words = context.query("words").unwrap_or_default().trim().to_owned();
    if words.is_empty() {
        return Ok(None);
    }
    let filter = Filter {
        words,
        blacklisted: Some(true),
        ..Filter::default()
    };
    let people = &context.app.installation.people;
    let found = people.select(context.shop()?, &filter, Sight::All).await?;
    Ok(Some(found.into_iter().collect()))
}

pub(crate) async fn list(context: Context) -> Result<BlacklistView, Refusal> {
    let shop = context.shop()?;
    let limit = asked::<usize>(&context, "limit")?.map_or(PAGE.0, |limit| limit.clamp(1, PAGE.1));
    let agent = asked::<AgentId>(&context, "agent")?;
    let from = asked(&context, "from")?.unwrap_or(Millis::MIN);
    let to = asked::<Millis>(&context, "to")?.unwrap_or(Millis::MAX);
    let newest = (shop, to.saturating_add(1), CustomerId(0));
    let end = match context.query("before").filter(|text| !text.is_empty()) {
        Some(text) => place(shop, &text).ok_or_else(bad)?.min(newest),
        None => newest,
    };
    let named = named(&context).await?;
    let installation = &context.app.installation;
    let start = (shop, from, CustomerId(0));
    if start >= end {
        return Ok(BlacklistView {
            customers: Vec::new(),
            next: None,
        });
    }
    let mut view = BlacklistView {
        customers: Vec::new(),
        next: None,
    };
    let mut last = None;
    let blacklist = installation.trees.blacklist.range(start..end);
    for (read, entry) in blacklist.rev().enumerate() {
        let (_, at, id) = entry?.0;
        if view.customers.len() == limit || read == READ {
            view.next = last;
            break;
        }
        last = Some(format!("{at}.{id}"));
        if named.as_ref().is_some_and(|named| !named.contains(&id)) {
            continue;
        }
        let Some(customer) = installation.trees.customers.get(&id)? else {
            continue;
        };
        if agent.is_some_and(|agent| customer.blocked.is_none_or(|blocked| blocked.by != agent)) {
            continue;
        }
        let by = customer.blocked.map(|blocked| blocked.by);
        view.customers.push(BlockedView {
            at,
            by,
            by_name: by.and_then(|by| Some(installation.accounts.get(by).ok()?.nickname)),
            customer: present::customer(installation, &customer),
        });
    }
    Ok(view)
}

/// Where a page ended, as it was told: `<time>.<customer>`.
fn place(shop: ShopId, text: &str) -> Option<(ShopId, Millis, CustomerId)> {
    let (at, id) = text.split_once('.')?;
    Some((shop, at.parse().ok()?, id.parse().ok()?))
}
