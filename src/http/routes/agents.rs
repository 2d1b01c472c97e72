//! The shop's agents and their roles, for its administrator.
use super::ADMINISTER;
use crate::admin::agents::{self, Newcomer};
use crate::app::Installation;
use crate::http::admin_views::{AccountView, EnrolledView, PasswordView, RightView};
use crate::http::context::Context;
use crate::http::present;
use crate::http::reply::{self, Reply};
use crate::http::route::Route;
use http::{Method, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::HashMap;
use weikefu_core::accounts::Profile;
use weikefu_core::error::Refusal;
use weikefu_core::ids::{AgentId, ShopId};
use weikefu_core::records::{Agent, Presence, Role};
use weikefu_core::rights::{self, Action};

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/shops/{shop}/agents",
            ADMINISTER,
            "Everybody who works in the shop",
            list,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/agents",
            ADMINISTER,
            "Let somebody work in the shop; a new account gets a one-time password, shown only here",
            add,
        ),
        Route::json(
            Method::PATCH,
            "/api/shops/{shop}/agents/{id}",
            ADMINISTER,
            "Change role, nickname or name, disable or enable",
            edit,
        ),
        Route::raw(
            Method::DELETE,
            "/api/shops/{shop}/agents/{id}",
            ADMINISTER,
            "Remove from the shop; what the agent held waits again",
            remove,
        ),
        Route::raw(
            Method::POST,
            "/api/shops/{shop}/agents/{id}/password",
            ADMINISTER,
            "Give out a new one-time password, shown only here; the agent's sessions end",
            reset_password,
        )
        .answers::<PasswordView>(),
        Route::raw(
            Method::POST,
            "/api/shops/{shop}/agents/{id}/logout",
            ADMINISTER,
            "End all of the agent's sessions",
            log_out,
        ),
        Route::get(
            "/api/shops/{shop}/roles",
            ADMINISTER,
            "What each role may do",
            roles,
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct NewAgent {
    /// 2 to 32 characters; unique in the installation.
    login: String,
    /// Shown to customers, 1 to 32 characters.
    nickname: String,
    /// For colleagues, at most 32 characters.
    #[serde(default)]
    name: String,
    role: Role,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct EditAgent {
    role: Option<Role>,
    nickname: Option<String>,
    name: Option<String>,
    disabled: Option<bool>,
}

/// What the desk knows of its agents: presence, customers held.
type AtDesk = HashMap<AgentId, (Presence, u32)>;

async fn at_desk(installation: &Installation, shop: ShopId) -> Result<AtDesk, Refusal> {
    let look = installation.engine.look(shop, |desk| {
        let agents = desk.agents();
        agents
            .map(|agent| (agent.agent, (agent.presence, desk.load(agent.agent))))
            .collect()
    });
    look.await
}

fn view(
    installation: &Installation,
    asking: AgentId,
    at_desk: &AtDesk,
    agent: Agent,
    role: Role,
) -> AccountView {
    let unknown = (Presence::Offline, 0);
    let (presence, active) = at_desk.get(&agent.id).copied().unwrap_or(unknown);
    AccountView {
        avatar: present::avatar(&agent),
        manageable: installation.accounts.check_manages(asking, agent.id).is_ok(),
        id: agent.id,
        login: agent.login,
        nickname: agent.nickname,
        name: agent.name,
        role,
        disabled: agent.disabled,
        must_change_password: agent.must_change,
        created: agent.created,
        online: presence == Presence::Online,
        presence: present::presence(presence),
        active,
    }
}

pub(crate) async fn list(context: Context) -> Result<Vec<AccountView>, Refusal> {
    let installation = &context.app.installation;
    let (shop, asking) = (context.shop()?, context.agent()?.id);
    let at_desk = at_desk(installation, shop).await?;
    installation
        .accounts
        .members(shop)?
        .into_iter()
        .map(|(id, role)| {
            let agent = installation.accounts.get(id)?;
            Ok(view(installation, asking, &at_desk, agent, role))
        })
        .collect()
}

async fn one(context: &Context, id: AgentId) -> Result<AccountView, Refusal> {
    let installation = &context.app.installation;
    let (shop, asking) = (context.shop()?, context.agent()?.id);
    let role = member(context, id)?;
    let agent = installation.accounts.get(id)?;
    let at_desk = at_desk(installation, shop).await?;
    Ok(view(installation, asking, &at_desk, agent, role))
}

/// The agent's role in the route's shop; somebody of another shop is not found.
fn member(context: &Context, id: AgentId) -> Result<Role, Refusal> {
    let role = context.app.installation.accounts.role(context.shop()?, id)?;
    role.ok_or(Refusal::NotFound("agent"))
}

/// The agent of the path, if the asker may change the account as a whole.
fn managed(context: &Context) -> Result<AgentId, Refusal> {
    let id = AgentId(context.param("id")?);
    member(context, id)?;
    let asking = context.agent()?.id;
    context.app.installation.accounts.check_manages(asking, id)?;
    Ok(id)
}

pub(crate) async fn add(context: Context, new: NewAgent) -> Result<EnrolledView, Refusal> {
    let newcomer = Newcomer {
        login: new.login,
        nickname: new.nickname,
        name: new.name,
        role: new.role,
    };
    let (installation, by) = (&context.app.installation, context.agent()?.id);
    let (agent, password) = agents::enroll(installation, context.shop()?, newcomer, Some(by)).await?;
    Ok(EnrolledView {
        agent: one(&context, agent.id).await?,
        password,
    })
}

pub(crate) async fn edit(context: Context, edit: EditAgent) -> Result<AccountView, Refusal> {
    let installation = &context.app.installation;
    let (shop, id) = (context.shop()?, AgentId(context.param("id")?));
    let before = member(&context, id)?;
    let whole = edit.nickname.is_some() || edit.name.is_some() || edit.disabled.is_some();
    if whole {
        // Before anything is changed: a request is carried out as a whole or refused as a whole.
        managed(&context)?;
    }
    if edit.nickname.is_some() || edit.name.is_some() {
        let profile = Profile {
            nickname: edit.nickname,
            name: edit.name,
            avatar: None,
        };
        agents::edit(installation, id, profile).await?;
    }
    if let Some(role) = edit.role.filter(|role| *role != before) {
        agents::set_role(installation, shop, id, role).await?;
    }
    if let Some(disabled) = edit.disabled {
        agents::set_disabled(installation, id, disabled).await?;
    }
    one(&context, id).await
}

pub(crate) async fn remove(context: Context) -> Result<Reply, Refusal> {
    let id = AgentId(context.param("id")?);
    agents::remove(&context.app.installation, context.shop()?, id).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

pub(crate) async fn reset_password(context: Context) -> Result<Reply, Refusal> {
    let id = managed(&context)?;
    let installation = &context.app.installation;
    let password = agents::on_accounts(installation, move |accounts| accounts.reset_password(id)).await?;
    Ok(reply::json(StatusCode::OK, &PasswordView { password }))
}

pub(crate) async fn log_out(context: Context) -> Result<Reply, Refusal> {
    let id = managed(&context)?;
    let installation = &context.app.installation;
    agents::on_accounts(installation, move |accounts| accounts.end_sessions(id)).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

pub(crate) async fn roles(_context: Context) -> Result<Vec<RightView>, Refusal> {
    let rights = Action::ALL.map(|action| RightView {
        action,
        roles: Role::ALL
            .into_iter()
            .filter(|role| rights::permits(*role, action))
            .collect(),
    });
    Ok(rights.into())
}
