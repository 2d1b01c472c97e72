//! What is done to accounts: in the accounts first, so that who loses a right loses it at once, then at the
//! desks, so that customers do not wait for somebody who has gone.
use crate::app::Installation;
use std::sync::Arc;
use weikefu_core::accounts::{Accounts, Profile};
use weikefu_core::desk::{Command, Topic};
use weikefu_core::error::Refusal;
use weikefu_core::ids::{AgentId, ShopId};
use weikefu_core::records::{Agent, Role};

/// Somebody who is to work in a shop.
pub(crate) struct Newcomer {
    pub(crate) login: String,
    pub(crate) nickname: String,
    pub(crate) name: String,
    pub(crate) role: Role,
}

/// Lets somebody work in a shop; with a one-time password when the account is new. A person who works in several
/// shops has one account: a known one joins, if `by` may change it. `None` is the machine's owner, who may.
pub(crate) async fn enroll(
    installation: &Installation,
    shop: ShopId,
    newcomer: Newcomer,
    by: Option<AgentId>,
) -> Result<(Agent, Option<String>), Refusal> {
    let (agent, password) = on_accounts(installation, move |accounts| {
        known_or_new(accounts, shop, &newcomer, by)
    })
    .await?;
    desk(installation, shop, Command::Join { agent: agent.id }).await?;
    if agent.disabled {
        desk(installation, shop, Command::Suspend { agent: agent.id }).await?;
    }
    Ok((agent, password))
}

fn known_or_new(
    accounts: &Accounts,
    shop: ShopId,
    newcomer: &Newcomer,
    by: Option<AgentId>,
) -> Result<(Agent, Option<String>), Refusal> {
    let Newcomer {
        login,
        nickname,
        name,
        role,
    } = newcomer;
    match accounts.add_to(shop, *role, login, nickname, name) {
        Err(Refusal::Exists(_)) => {}
        made => return made.map(|(agent, password)| (agent, Some(password))),
    }
    let agent = accounts.by_login(login)?;
    if accounts.role(shop, agent.id)?.is_some() {
        return Err(Refusal::invalid(
            "login",
            format!("账号 {login} 已是本店的客服，可以直接修改其角色或重置密码。"),
            format!("{login} already works in this shop: change the role or reset the password instead."),
        ));
    }
    if let Some(by) = by
        && accounts.check_manages(by, agent.id).is_err()
    {
        // Neither whose it is nor where it works is for this administrator to know.
        return Err(Refusal::invalid(
            "login",
            "该账号已被占用，请换一个。如果是同一个人，请让服务器管理员运行 weikefu agent add 把他加入本店。",
            "That login is taken; choose another. If it is the same person, whoever runs the server can let them \
             join with `weikefu agent add`.",
        ));
    }
    accounts.set_member(shop, agent.id, *role)?;
    Ok((agent, None))
}

/// Changes what a member may do in a shop.
pub(crate) async fn set_role(
    installation: &Installation,
    shop: ShopId,
    agent: AgentId,
    role: Role,
) -> Result<(), Refusal> {
    on_accounts(installation, move |accounts| {
        accounts.role(shop, agent)?.ok_or(Refusal::NotFound("agent"))?;
        accounts.set_member(shop, agent, role)
    })
    .await?;
    desk(installation, shop, Command::Refresh { agent }).await
}

/// Takes somebody out of a shop. What he held waits again.
pub(crate) async fn remove(installation: &Installation, shop: ShopId, agent: AgentId) -> Result<(), Refusal> {
    on_accounts(installation, move |accounts| accounts.remove_member(shop, agent)).await?;
    desk(installation, shop, Command::Leave { agent }).await
}

/// Keeps an account out, or lets it in again. What it held waits again, in every shop.
pub(crate) async fn set_disabled(
    installation: &Installation,
    agent: AgentId,
    disabled: bool,
) -> Result<Agent, Refusal> {
    let account = on_accounts(installation, move |accounts| {
        accounts.set_disabled(agent, disabled)
    })
    .await?;
    for (shop, _) in installation.accounts.shops_of(agent)? {
        let command = if disabled {
            Command::Suspend { agent }
        } else {
            Command::Refresh { agent }
        };
        desk(installation, shop, command).await?;
    }
    Ok(account)
}

/// Changes what is seen of a person, and tells everybody who sees it.
pub(crate) async fn edit(
    installation: &Installation,
    agent: AgentId,
    profile: Profile,
) -> Result<Agent, Refusal> {
    let account = on_accounts(installation, move |accounts| {
        accounts.edit_profile(agent, profile)
    })
    .await?;
    for (shop, _) in installation.accounts.shops_of(agent)? {
        desk(installation, shop, Command::Refresh { agent }).await?;
    }
    Ok(account)
}

/// Brings the desks in line with the accounts, where the process ended between the two.
pub(crate) async fn reconcile(installation: &Installation) -> Result<(), Refusal> {
    let (trees, accounts) = (&installation.trees, &installation.accounts);
    for entry in trees.shops.scan(&()) {
        let (shop, _) = entry?;
        for entry in trees.desk_agents.scan(&shop) {
            let ((_, agent), at_desk) = entry?;
            let held = installation
                .engine
                .look(shop, move |desk| desk.load(agent))
                .await?;
            if accounts.role(shop, agent)?.is_none() {
                desk(installation, shop, Command::Leave { agent }).await?;
            } else if accounts.get(agent)?.disabled && (at_desk.is_online() || held > 0) {
                desk(installation, shop, Command::Suspend { agent }).await?;
            }
        }
        for (agent, _) in accounts.members(shop)? {
            if !trees.desk_agents.contains(&(shop, agent))? {
                desk(installation, shop, Command::Join { agent }).await?;
            }
        }
    }
    Ok(())
}

/// Tells a desk, and those who have its agents on their screens. One who is not at it has nothing there to lose.
async fn desk(installation: &Installation, shop: ShopId, command: Command) -> Result<(), Refusal> {
    match installation.engine.execute(shop, command).await {
        Ok(_) | Err(Refusal::NotAtDesk) => {}
        Err(refusal) => return Err(refusal),
    }
    let news = Command::Changed(Topic::Agents);
    installation.engine.execute(shop, news).await.map(drop)
}

/// Accounts wait for the disk and hash passwords: beside the event loop.
pub(crate) async fn on_accounts<T: Send + 'static>(
    installation: &Installation,
    work: impl FnOnce(&Accounts) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let accounts = Arc::clone(&installation.accounts);
    tokio::task::spawn_blocking(move || work(&accounts))
        .await
        .map_err(|_| Refusal::Unavailable)?
}
