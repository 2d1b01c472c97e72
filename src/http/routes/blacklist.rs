//! The blacklist (A2.13, A5.10).
use super::CUSTOMERS;
use super::customers::{customer, done};
use crate::http::context::Context;
use crate::http::present;
use crate::http::route::Route;
use crate::http::views::{BlacklistView, BlockedView, CustomerView};
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use weikefu_core::desk::CustomerCommand;
use weikefu_core::error::Refusal;
use weikefu_core::ids::{CustomerId, Millis, ShopId};
use weikefu_core::rights::{self, Action};

/// Customers of a page unless asked otherwise, and at most.
const PAGE: (usize, usize) = (50, 200);

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/shops/{shop}/blacklist",
            CUSTOMERS,
            "Customers on the blacklist, newest first: `before` is the `next` of the page in front, `limit`",
            list,
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

pub(crate) async fn list(context: Context) -> Result<BlacklistView, Refusal> {
    let shop = context.shop()?;
    let bad = || Refusal::Malformed("before or limit".into());
    let limit = match context.query("limit") {
        Some(text) => text.parse::<usize>().map_err(|_| bad())?.clamp(1, PAGE.1),
        None => PAGE.0,
    };
    let end = match context.query("before") {
        Some(text) => place(shop, &text).ok_or_else(bad)?,
        None => (shop, Millis::MAX, CustomerId(u64::MAX)),
    };
    let installation = &context.app.installation;
    let start = (shop, Millis::MIN, CustomerId(0));
    let mut view = BlacklistView {
        customers: Vec::new(),
        next: None,
    };
    let mut last = None;
    for entry in installation.trees.blacklist.range(start..end).rev() {
        let (_, at, id) = entry?.0;
        if view.customers.len() == limit {
            view.next = last;
            break;
        }
        last = Some(format!("{at}.{id}"));
        let Some(customer) = installation.trees.customers.get(&id)? else {
            continue;
        };
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
