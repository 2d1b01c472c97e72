//! Customers: what is known of them.
use super::CUSTOMERS;
use crate::http::context::Context;
use crate::http::present;
use crate::http::route::Route;
use crate::http::views::{ChannelTag, CustomerDetail, CustomerPanel, CustomerView};
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use weikefu_core::desk::{Command, CustomerCommand, Edit, Reply};
use weikefu_core::error::Refusal;
use weikefu_core::history;
use weikefu_core::ids::CustomerId;
use weikefu_core::records::{Customer, Gender, TagId};

/// Behaviours shown in the panel.
const BEHAVIOURS: usize = 50;

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    let customer = "/api/shops/{shop}/customers/{id}";
    vec![
        Route::get(customer, CUSTOMERS, "A customer with behaviours", panel),
        Route::json(
            Method::PATCH,
            customer,
            CUSTOMERS,
            "Correct what is known of a customer",
            edit,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/customers/{id}/refresh",
            CUSTOMERS,
            "Ask the channel's own register about a customer now",
            refresh,
        ),
        Route::json(
            Method::PUT,
            "/api/shops/{shop}/customers/{id}/tags",
            CUSTOMERS,
            "A customer's service tags from now on",
            set_tags,
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct EditCustomer {
    /// At most 64 characters; empty goes back to the channel's nickname.
    name: Option<String>,
    /// At most 200 characters.
    remark: Option<String>,
    gender: Option<Gender>,
    /// At most 32 characters; empty goes back to what the channel told.
    phone: Option<String>,
    /// At most 200 characters.
    address: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Nothing {}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct SetTags {
    /// At most 20.
    tags: Vec<TagId>,
}

pub(crate) async fn panel(context: Context) -> Result<CustomerPanel, Refusal> {
    panel_of(&context)
}

pub(crate) async fn refresh(context: Context, _: Nothing) -> Result<CustomerPanel, Refusal> {
    let id = customer(&context)?.id;
    let asked = context.app.installation.channels.refresh(id).await?;
    let mut panel = panel_of(&context)?;
    let language = context.language();
    panel.refresh_failed = asked
        .err()
        .map(|words| present::in_words(&words, language).to_owned());
    Ok(panel)
}

fn panel_of(context: &Context) -> Result<CustomerPanel, Refusal> {
    let customer = customer(context)?;
    let installation = &context.app.installation;
    let trees = &installation.trees;
    let latest = history::latest_conversation(trees, customer.id)?;
    let behaviours = history::behaviours(trees, customer.id, BEHAVIOURS)?;
    let last_seen = latest
        .as_ref()
        .and_then(|conversation| conversation.last.as_ref())
        .map(|last| last.at);
    let card = customer.card.clone().unwrap_or_default();
    Ok(CustomerPanel {
        customer: CustomerDetail {
            customer: present::customer(installation, &customer),
            openid: latest.as_ref().map(|conversation| conversation.peer.clone()),
            channel: latest
                .as_ref()
                .map(|conversation| present::channel(installation, conversation.channel)),
            gender: customer.details.gender,
            phone: customer.phone().map(str::to_owned),
            address: customer.details.address,
            language: customer.language,
            first_seen: customer.first_seen,
            last_seen: last_seen.unwrap_or(0).max(customer.last_seen),
            conversations: customer.conversations,
            channel_tags: card.tags.into_iter().map(|name| ChannelTag { name }).collect(),
            channel_remark: card.remark,
            channel_tags_at: customer.card.map(|card| card.at),
        },
        refresh_failed: None,
        annotations: super::annotations::latest(trees, customer.id)?,
        behaviours: behaviours
            .into_iter()
            .map(|record| present::behaviour(installation, record))
            .collect(),
    })
}

pub(crate) async fn edit(context: Context, edit: EditCustomer) -> Result<CustomerView, Refusal> {
    let command = CustomerCommand::Edit {
        customer: customer(&context)?.id,
        edit: Edit {
            name: trimmed(edit.name),
            remark: bounded("remark", trimmed(edit.remark), 200)?,
            gender: edit.gender,
            phone: trimmed(edit.phone),
            address: trimmed(edit.address),
        },
    };
    done(&context, command).await
}

pub(crate) async fn set_tags(context: Context, wanted: SetTags) -> Result<CustomerView, Refusal> {
    let command = CustomerCommand::SetTags {
        customer: customer(&context)?.id,
        tags: wanted.tags,
    };
    done(&context, command).await
}

/// Has a command about a customer decided.
pub(super) async fn done(context: &Context, command: CustomerCommand) -> Result<CustomerView, Refusal> {
    let installation = &context.app.installation;
    match installation
        .engine
        .execute(context.shop()?, Command::Customer(command))
        .await?
    {
        Reply::Customer(customer) => Ok(present::customer(installation, &customer)),
        _ => Err(Refusal::Unavailable),
    }
}

/// The customer of the path, who must be of the shop of the path.
pub(super) fn customer(context: &Context) -> Result<Customer, Refusal> {
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

fn trimmed(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned())
}

fn bounded(field: &'static str, text: Option<String>, limit: usize) -> Result<Option<String>, Refusal> {
    if text.as_ref().is_some_and(|text| text.chars().count() > limit) {
        return Err(Refusal::invalid(
            field,
            format!("最多 {limit} 个字符。"),
            format!("At most {limit} characters."),
        ));
    }
    Ok(text)
}
