//! Customers and their threads.
use super::CUSTOMERS;
use crate::http::context::Context;
use crate::http::present;
use crate::http::route::Route;
use crate::http::views::{BehaviourView, CustomerDetail, CustomerPanel, CustomerView, MessagesView};
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use weikefu_channel::Cursor;
use weikefu_core::desk::{Command, Reply};
use weikefu_core::error::Refusal;
use weikefu_core::history::{self, Part};
use weikefu_core::ids::{ChannelId, ConversationId, CustomerId};
use weikefu_core::records::Customer;
use weikefu_core::rights;

/// Behaviours shown in the panel.
const BEHAVIOURS: usize = 50;
/// Messages of a page unless asked otherwise, and at most.
const PAGE: (usize, usize) = (50, 200);

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    let customer = "/api/shops/{shop}/customers/{id}";
    let thread =
        "A part of a customer's thread on a channel: `channel`, `before` or `after` a cursor, `limit`";
    vec![
        Route::get(customer, CUSTOMERS, "A customer with behaviours", panel),
        Route::json(
            Method::PATCH,
            customer,
            CUSTOMERS,
            "Correct a customer's name or remark",
            edit,
        ),
        Route::get(
            "/api/shops/{shop}/customers/{id}/messages",
            CUSTOMERS,
            thread,
            messages,
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct EditCustomer {
    /// At most 64 characters; empty goes back to the channel's nickname.
    name: Option<String>,
    /// At most 200 characters.
    remark: Option<String>,
}

pub(crate) async fn panel(context: Context) -> Result<CustomerPanel, Refusal> {
    let customer = customer(&context)?;
    let installation = &context.app.installation;
    let trees = &installation.trees;
    let latest = history::latest_conversation(trees, customer.id)?;
    let behaviours = history::behaviours(trees, customer.id, BEHAVIOURS)?;
    let last_seen = latest
        .as_ref()
        .and_then(|conversation| conversation.last.as_ref())
        .map(|last| last.at);
    Ok(CustomerPanel {
        customer: CustomerDetail {
            customer: present::customer(&customer),
            address: latest.as_ref().map(|conversation| conversation.peer.clone()),
            channel: latest
                .as_ref()
                .map(|conversation| present::channel(installation, conversation.channel)),
            phone: customer.phone,
            language: customer.language,
            first_seen: customer.first_seen,
            last_seen: last_seen.unwrap_or(0).max(customer.last_seen),
            conversations: customer.conversations,
        },
        behaviours: behaviours
            .into_iter()
            .map(|behaviour| BehaviourView {
                at: behaviour.at,
                action: behaviour.action,
                detail: behaviour.detail,
            })
            .collect(),
    })
}

pub(crate) async fn edit(context: Context, edit: EditCustomer) -> Result<CustomerView, Refusal> {
    let id = customer(&context)?.id;
    let name = bounded("name", edit.name, 64)?;
    let remark = bounded("remark", edit.remark, 200)?;
    let command = Command::EditCustomer {
        customer: id,
        name,
        remark,
    };
    match context
        .app
        .installation
        .engine
        .execute(context.shop()?, command)
        .await?
    {
        Reply::Customer(customer) => Ok(present::customer(&customer)),
        _ => Err(Refusal::Unavailable),
    }
}

pub(crate) async fn messages(context: Context) -> Result<MessagesView, Refusal> {
    let customer = customer(&context)?.id;
    let bad = || Refusal::Malformed("channel, before, after or limit".into());
    let channel: ChannelId = context
        .query("channel")
        .and_then(|text| text.parse().ok())
        .ok_or_else(bad)?;
    let cursor = |name: &str| -> Result<Option<Cursor>, Refusal> {
        context
            .query(name)
            .map(|text| text.parse().map_err(|()| bad()))
            .transpose()
    };
    let part = match (cursor("before")?, cursor("after")?) {
        (None, None) => Part::Newest,
        (Some(before), None) => Part::Before(before),
        (None, Some(after)) => Part::After(after),
        (Some(_), Some(_)) => return Err(bad()),
    };
    let limit = match context.query("limit") {
        Some(text) => text.parse::<usize>().map_err(|_| bad())?.clamp(1, PAGE.1),
        None => PAGE.0,
    };
    let trees = &context.app.installation.trees;
    let page = history::thread(trees, customer, channel, part, limit)?;
    let (agent, role) = (context.agent()?.id, context.role()?);
    let mut messages = Vec::with_capacity(page.messages.len());
    let mut asked: Option<(ConversationId, bool)> = None;
    for (id, seq, message) in page.messages {
        // The right that decides about live events decides here too. A page is a few conversations in a row.
        let readable = match asked {
            Some((known, readable)) if known == id => readable,
            _ => {
                let owner = trees.conversations.get(&id)?.and_then(|known| known.owner);
                rights::may_read(agent, role, owner)
            }
        };
        asked = Some((id, readable));
        if readable {
            messages.push(present::message(id, seq, message, context.language()));
        }
    }
    // Whoever may not see the end of a thread has no place to go on from.
    let more = page.more && !messages.is_empty();
    Ok(MessagesView { messages, more })
}

/// The customer of the path, who must be of the shop of the path.
fn customer(context: &Context) -> Result<Customer, Refusal> {
    let id: CustomerId = context.param("id")?;
    if id.shop() != context.shop()? {
        return Err(Refusal::NotFound("customer"));
    }
    context
        .app
        .installation
        .trees
        .customers
        .get(&id)?
        .ok_or(Refusal::NotFound("customer"))
}

fn bounded(field: &'static str, text: Option<String>, limit: usize) -> Result<Option<String>, Refusal> {
    let text = text.map(|text| text.trim().to_owned());
    if text.as_ref().is_some_and(|text| text.chars().count() > limit) {
        return Err(Refusal::invalid(
            field,
            format!("最多 {limit} 个字符。"),
            format!("At most {limit} characters."),
        ));
    }
    Ok(text)
}
