//! The list of customers (A3.1): finding them, what they did, and beginning to talk with one.
use super::customers::customer;
use super::{CUSTOMERS, SERVE};
use crate::app::Installation;
use crate::http::context::Context;
use crate::http::filters::{filter, number, parameters, sight, word};
use crate::http::route::Route;
use crate::http::views::{BehavioursView, ConversationView, CountView, OpenView, PeopleView, PersonView};
use crate::http::{contact, present};
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use weikefu_channel::Action;
use weikefu_core::desk::{Command, Reply};
use weikefu_core::error::{Language, Refusal};
use weikefu_core::history;
use weikefu_core::ids::{AgentId, ChannelId, CustomerId, ShopId};
use weikefu_core::people::{Found, Place};
use weikefu_core::records::ConversationState;
use weikefu_core::rights;

/// Rows of a page unless asked otherwise, and at most.
const PAGE: (usize, usize) = (50, 200);

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/shops/{shop}/customers",
            CUSTOMERS,
            parameters!(
                "Customers, the latest contact first: `after` is the `next` of the page in front, `limit`"
            ),
            list,
        ),
        Route::get(
            "/api/shops/{shop}/customers/count",
            CUSTOMERS,
            parameters!("How many customers there are"),
            count,
        ),
        Route::get(
            "/api/shops/{shop}/customers/{id}/behaviours",
            CUSTOMERS,
            "What a customer did, newest first: `kind`, `before` is the `next` of the page in front, `limit`",
            behaviours,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/customers/{id}/contact",
            SERVE,
            "One's conversation with a customer: the open one, one that waits, or a new one; refused with the reason",
            begin,
        ),
    ]
}

fn limit(context: &Context) -> Result<usize, Refusal> {
    Ok(number::<usize>(context, "limit")?.map_or(PAGE.0, |limit| limit.clamp(1, PAGE.1)))
}

pub(crate) async fn list(context: Context) -> Result<PeopleView, Refusal> {
    let (shop, language) = (context.shop()?, context.language());
    let (filter, sight, limit) = (filter(&context)?, sight(&context)?, limit(&context)?);
    let after = context.query("after").filter(|after| !after.is_empty());
    let after = after
        .map(|after| place(shop, &after).ok_or_else(|| Refusal::Malformed("the parameter after".into())))
        .transpose()?;
    let installation = context.app.installation.clone();
    let page = installation
        .people
        .page(shop, &filter, sight, after, limit)
        .await?;
    // A page is some hundred reads.
    let reading = tokio::task::spawn_blocking(move || {
        let mut rows = Vec::with_capacity(page.customers.len());
        for found in page.customers {
            rows.extend(person(&installation, found, language)?);
        }
        let next = page.next.map(|next| format!("{}.{}", next.at, next.customer));
        Ok(PeopleView { rows, next })
    });
    reading.await.map_err(|_| Refusal::Unavailable)?
}

/// Where a page ended, as it was told: `<time>.<customer>`.
fn place(shop: ShopId, text: &str) -> Option<Place> {
    let (at, id) = text.split_once('.')?;
    let (at, customer) = (at.parse().ok()?, id.parse::<CustomerId>().ok()?);
    (customer.shop() == shop).then_some(Place { at, customer })
}

fn person(
    installation: &Installation,
    found: Found,
    language: Language,
) -> Result<Option<PersonView>, Refusal> {
    let Some(customer) = installation.trees.customers.get(&found.id)? else {
        return Ok(None);
    };
    let name = |agent: AgentId| Some(installation.accounts.get(agent).ok()?.nickname);
    let mut channels: Vec<ChannelId> = found.addresses.iter().map(|(channel, _)| *channel).collect();
    channels.sort_unstable();
    channels.dedup();
    let open = found.open.first().map(|(conversation, owner)| OpenView {
        conversation: *conversation,
        state: match owner {
            Some(_) => ConversationState::Active,
            None => ConversationState::Waiting,
        },
        owner: *owner,
        owner_name: owner.and_then(name),
    });
    let holds = found.open.iter().find_map(|(_, owner)| *owner);
    let last_agent = match holds {
        Some(owner) => Some(owner),
        None => history::last_agent(&installation.trees, found.id)?,
    };
    Ok(Some(PersonView {
        gender: customer.details.gender,
        phone: customer.phone().map(str::to_owned),
        channels: channels
            .into_iter()
            .map(|channel| present::channel(installation, channel))
            .collect(),
        last_contact: found.last_contact,
        last_agent,
        last_agent_name: last_agent.and_then(name),
        contact: contact::view(installation, &customer, &found, language)?,
        open,
        customer: present::customer(installation, &customer),
    }))
}

pub(crate) async fn count(context: Context) -> Result<CountView, Refusal> {
    let (filter, sight) = (filter(&context)?, sight(&context)?);
    let people = &context.app.installation.people;
    let count = people.count(context.shop()?, &filter, sight).await?;
    Ok(CountView { count })
}

/// The customer of the path, if the agent who asks has to do with them.
fn mine(context: &Context) -> Result<CustomerId, Refusal> {
    let id = customer(context)?.id;
    let relation = history::relation(&context.app.installation.trees, id, context.agent()?.id)?;
    if rights::may_read_records(context.role()?, relation) {
        Ok(id)
    } else {
        Err(Refusal::Forbidden)
    }
}

pub(crate) async fn behaviours(context: Context) -> Result<BehavioursView, Refusal> {
    let id = mine(&context)?;
    let kind = word::<Action>(&context, "kind")?;
    let (before, limit) = (number::<u64>(&context, "before")?, limit(&context)?);
    let installation = &context.app.installation;
    let (records, next) = history::behaviours_before(&installation.trees, id, before, kind, limit)?;
    Ok(BehavioursView {
        rows: records
            .into_iter()
            .map(|record| present::behaviour(installation, record))
            .collect(),
        next: next.map(|next| next.to_string()),
    })
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Contact {
    /// On this channel; absent: wherever it is possible.
    channel: Option<ChannelId>,
}

pub(crate) async fn begin(context: Context, wanted: Contact) -> Result<ConversationView, Refusal> {
    let id = mine(&context)?;
    contact_with(&context, id, wanted.channel).await
}

/// 联系TA, for whoever has checked the right.
pub(super) async fn contact_with(
    context: &Context,
    customer: CustomerId,
    channel: Option<ChannelId>,
) -> Result<ConversationView, Refusal> {
    let installation = &context.app.installation;
    let found = installation.people.found(customer).await?;
    let command = Command::Contact {
        agent: context.agent()?.id,
        customer,
        addresses: contact::addresses(installation, &found, channel)?,
    };
    match installation.engine.execute(context.shop()?, command).await {
        Ok(Reply::Conversation(conversation)) => {
            let known = installation.trees.customers.get(&customer)?;
            let customer = known.ok_or(Refusal::NotFound("customer"))?;
            Ok(present::conversation(
                installation,
                &conversation,
                &customer,
                true,
            ))
        }
        Ok(_) => Err(Refusal::Unavailable),
        Err(Refusal::Held { agent, .. }) => Err(Refusal::Held {
            agent,
            name: installation.accounts.get(agent)?.nickname,
        }),
        Err(refusal) => Err(refusal),
    }
}
