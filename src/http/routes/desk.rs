//! The desk as a whole, and one's own place at it.
use super::{SERVE, SUPERVISE};
use crate::app::Installation;
use crate::http::context::Context;
use crate::http::present;
use crate::http::route::Route;
use crate::http::views::{
    AgentLoad, AgentView, ConversationView, ConversationsView, DeskMe, DeskShop, DeskView, HeldCustomer,
    LoadView,
};
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use weikefu_core::desk::{Command, Desk};
use weikefu_core::error::Refusal;
use weikefu_core::records::Conversation;
use weikefu_core::rights;

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/shops/{shop}/desk",
            SERVE,
            "Everything the desk shows at first",
            desk,
        ),
        Route::get(
            "/api/shops/{shop}/desk/load",
            SERVE,
            "What every agent holds",
            load,
        ),
        Route::get(
            "/api/shops/{shop}/desk/others",
            SUPERVISE,
            "Conversations other agents hold",
            others,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/presence",
            SERVE,
            "Go online or offline",
            presence,
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Presence {
    online: bool,
}

pub(crate) async fn desk(context: Context) -> Result<DeskView, Refusal> {
    let (me, role) = (context.agent()?.id, context.role()?);
    let installation = context.app.installation.clone();
    let shop = context.shop()?;
    let channels = installation.channels.of_shop(shop, context.language());
    let known = installation
        .trees
        .shops
        .get(&shop)?
        .ok_or(Refusal::NotFound("shop"))?;
    installation
        .engine
        .clone()
        .look(shop, move |desk| {
            let mine = desk.agent(me).cloned().ok_or(Refusal::NotAtDesk)?;
            let conversations = desk.waiting().chain(desk.held_by(me)).chain(desk.offered_to(me));
            Ok(DeskView {
                event: desk.last_event(),
                shop: DeskShop {
                    id: shop,
                    name: known.name,
                    zone: known.zone,
                    away_seconds: desk.settings().away_seconds,
                    transfer_seconds: desk.settings().transfer_seconds,
                    reserve: desk.settings().reserve,
                },
                role,
                conversations: shown(&installation, desk, conversations),
                me: DeskMe {
                    agent: present::agent(&installation, shop, &mine, desk.load(me)),
                    auto: mine.auto,
                    greeting: mine.greeting,
                },
                agents: desk
                    .agents()
                    .map(|agent| present::agent(&installation, shop, agent, desk.load(agent.agent)))
                    .collect(),
                channels,
            })
        })
        .await?
}

/// Conversations with their customers, all of which the asker may read.
fn shown<'a>(
    installation: &Installation,
    desk: &Desk,
    conversations: impl Iterator<Item = &'a Conversation>,
) -> Vec<ConversationView> {
    conversations
        .filter_map(|conversation| {
            let customer = desk.customer(conversation.customer)?;
            Some(present::conversation(installation, conversation, customer, true))
        })
        .collect()
}

pub(crate) async fn load(context: Context) -> Result<LoadView, Refusal> {
    let (me, role) = (context.agent()?.id, context.role()?);
    let installation = context.app.installation.clone();
    let engine = installation.engine.clone();
    engine
        .look(context.shop()?, move |desk| {
            let held = |conversation: &Conversation| {
                if !rights::may_read(me, role, &conversation.into(), || false) {
                    return None;
                }
                let customer = desk.customer(conversation.customer)?;
                Some(HeldCustomer {
                    conversation: conversation.id,
                    customer: present::customer(&installation, customer),
                })
            };
            let agents = desk.agents().map(|agent| AgentLoad {
                agent: agent.agent,
                active: desk.load(agent.agent),
                customers: desk.held_by(agent.agent).filter_map(held).collect(),
            });
            LoadView {
                agents: agents.collect(),
                waiting: desk.waiting().count() as u32,
            }
        })
        .await
}

pub(crate) async fn others(context: Context) -> Result<ConversationsView, Refusal> {
    let me = context.agent()?.id;
    let installation = context.app.installation.clone();
    let engine = installation.engine.clone();
    engine
        .look(context.shop()?, move |desk| {
            let theirs = desk
                .agents()
                .filter(|agent| agent.agent != me)
                .flat_map(|agent| desk.held_by(agent.agent));
            // What one is offered is in one's own picture.
            let theirs = theirs.filter(|conversation| conversation.offered_to() != Some(me));
            ConversationsView {
                conversations: shown(&installation, desk, theirs),
            }
        })
        .await
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
        .look(shop, move |desk| {
            Some((desk.agent(agent)?.clone(), desk.load(agent)))
        })
        .await?;
    let (record, load) = found.ok_or(Refusal::NotAtDesk)?;
    Ok(present::agent(installation, shop, &record, load))
}
