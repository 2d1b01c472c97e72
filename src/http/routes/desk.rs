//! The desk as a whole, and one's own place at it.
use super::SERVE;
use crate::http::context::Context;
use crate::http::present;
use crate::http::route::Route;
use crate::http::views::{AcceptanceView, AgentView, DeskMe, DeskView};
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use weikefu_core::desk::{Command, Desk, Reply};
use weikefu_core::error::Refusal;
use weikefu_core::records::DeskAgent;

/// Largest limit of automatic acceptance.
const LIMIT: u32 = 200;
/// Characters of a greeting.
const GREETING: usize = 500;

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/shops/{shop}/desk",
            SERVE,
            "Everything the desk shows at first",
            desk,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/presence",
            SERVE,
            "Go online or offline",
            presence,
        ),
        Route::get(
            "/api/shops/{shop}/acceptance",
            SERVE,
            "One's settings of acceptance",
            acceptance,
        ),
        Route::json(
            Method::PUT,
            "/api/shops/{shop}/acceptance",
            SERVE,
            "Change them",
            set_acceptance,
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Presence {
    online: bool,
}

pub(crate) async fn desk(context: Context) -> Result<DeskView, Refusal> {
    let me = context.agent()?.id;
    let installation = context.app.installation.clone();
    let shop = context.shop()?;
    let channels = installation.channels.of_shop(shop, context.language());
    installation
        .engine
        .clone()
        .look(shop, move |desk| {
            let mine = desk
                .agents()
                .find(|agent| agent.agent == me)
                .cloned()
                .ok_or(Refusal::NotAtDesk)?;
            let conversations = desk
                .waiting()
                .chain(desk.held_by(me))
                .filter_map(|conversation| {
                    let customer = desk.customer(conversation.customer)?;
                    Some(present::conversation(&installation, conversation, customer, true))
                })
                .collect();
            Ok(DeskView {
                event: desk.last_event(),
                me: DeskMe {
                    agent: present::agent(&installation, &mine, desk.load(me)),
                    auto: mine.auto,
                    greeting: mine.greeting,
                },
                agents: desk
                    .agents()
                    .map(|agent| present::agent(&installation, agent, desk.load(agent.agent)))
                    .collect(),
                conversations,
                channels,
            })
        })
        .await?
}

pub(crate) async fn presence(context: Context, presence: Presence) -> Result<AgentView, Refusal> {
    let agent = context.agent()?.id;
    let shop = context.shop()?;
    let installation = &context.app.installation;
    installation
        .engine
        .execute(
            shop,
            Command::SetOnline {
                agent,
                online: presence.online,
            },
        )
        .await?;
    let found = installation
        .engine
        .look(shop, move |desk| mine(desk, agent))
        .await?;
    let (record, load) = found.ok_or(Refusal::NotAtDesk)?;
    Ok(present::agent(installation, &record, load))
}

fn mine(desk: &Desk, id: weikefu_core::ids::AgentId) -> Option<(DeskAgent, u32)> {
    let agent = desk.agents().find(|agent| agent.agent == id)?;
    Some((agent.clone(), desk.load(id)))
}

pub(crate) async fn acceptance(context: Context) -> Result<AcceptanceView, Refusal> {
    let agent = context.agent()?.id;
    let engine = &context.app.installation.engine;
    let (record, _) = engine
        .look(context.shop()?, move |desk| mine(desk, agent))
        .await?
        .ok_or(Refusal::NotAtDesk)?;
    Ok(AcceptanceView {
        auto: record.auto,
        limit: record.limit,
        greeting: record.greeting,
    })
}

pub(crate) async fn set_acceptance(
    context: Context,
    wanted: AcceptanceView,
) -> Result<AcceptanceView, Refusal> {
    if wanted.limit > LIMIT {
        return Err(Refusal::invalid(
            "limit",
            "自动接入上限为 0 到 200 人。",
            "Automatic acceptance takes 0 to 200 customers.",
        ));
    }
    let greeting = wanted.greeting.trim();
    if greeting.chars().count() > GREETING {
        return Err(Refusal::invalid(
            "greeting",
            "接入语最多 500 字。",
            "A greeting has at most 500 characters.",
        ));
    }
    let command = Command::SetAcceptance {
        agent: context.agent()?.id,
        auto: wanted.auto,
        limit: wanted.limit,
        greeting: greeting.to_owned(),
    };
    match context
        .app
        .installation
        .engine
        .execute(context.shop()?, command)
        .await?
    {
        Reply::Agent(DeskAgent {
            auto,
            limit,
            greeting,
            ..
        }) => Ok(AcceptanceView {
            auto,
            limit,
            greeting,
        }),
        _ => Err(Refusal::Unavailable),
    }
}
