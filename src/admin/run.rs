//! Carries out an order.
use super::{
    AgentDone, AgentLine, Done, Order, PluginLine, agents, broadcasts, channels, doctor, search, shops,
    tables,
};
use crate::app::Installation;
use weikefu_core::error::Refusal;
use weikefu_core::ids::ShopId;
use weikefu_core::records::{Agent, Role};
use weikefu_core::rights::{self, Asker};

/// Hears how much of how much has been done.
pub(crate) type Progress = dyn Fn(usize, usize) + Send + Sync;

/// Carries out an order. Durable when it returns.
pub(crate) async fn run(installation: &Installation, asker: Asker, order: Order) -> Result<Done, Refusal> {
    run_with(installation, asker, order, &|_, _| {}).await
}

/// The same, telling how far it is.
pub(crate) async fn run_with(
    installation: &Installation,
    asker: Asker,
    order: Order,
    progress: &Progress,
) -> Result<Done, Refusal> {
    if !rights::allows(asker, order.action()) {
        return Err(Refusal::Forbidden);
    }
    match order {
        Order::Init {
            shop,
            login,
            nickname,
        } => shops::init(installation, &shop, &login, &nickname).await,
        Order::ShopAdd {
            name,
            login,
            nickname,
        } => shops::make(installation, &name, &login, &nickname)
            .await
            .map(Done::ShopMade),
        Order::ShopRename { shop, name } => shops::rename(installation, shop, &name).map(Done::Shop),
        Order::ShopList => Ok(Done::Shops {
            shops: shops::list(installation)?,
        }),
        Order::AgentList { shop } => list_agents(installation, shop),
        Order::ChannelAdd {
            plugin,
            shop,
            name,
            settings,
        } => {
            let shop = shops::choose(installation, shop)?;
            let settings = channels::Given::words(settings);
            let record = channels::add(installation, shop, &plugin, name, settings).await?;
            Ok(Done::Channel(channels::done(installation, &record)))
        }
        Order::ChannelSet {
            id,
            name,
            enabled,
            settings,
        } => {
            let record = channels::find(installation, None, id)?;
            let settings = channels::Given::words(settings);
            let record = channels::set(installation, record, name, enabled, settings).await?;
            Ok(Done::Channel(channels::done(installation, &record)))
        }
        Order::ChannelList { shop } => channels::list(installation, shop.map(ShopId)),
        Order::PluginList => Ok(plugins(installation)),
        Order::DoctorMessages { shop } => {
            let shops: Vec<ShopId> = match shop {
                Some(_) => vec![shops::choose(installation, shop)?],
                None => shops::list(installation)?
                    .iter()
                    .map(|shop| ShopId(shop.shop))
                    .collect(),
            };
            doctor::messages(installation, &shops).map(Done::Messages)
        }
        table @ (Order::Export { .. } | Order::Import { .. }) => {
            tables::run(installation, table, progress).await
        }
        Order::SearchRebuild => search::rebuild(installation).await.map(Done::Search),
        Order::SearchStatus => search::look(installation).await.map(Done::Search),
        Order::BroadcastList { shop } => broadcasts::list(installation, shops::choose(installation, shop)?),
        Order::BroadcastOne { id, wish } => broadcasts::one(installation, id, wish).await,
        about_an_agent => of_an_agent(installation, about_an_agent).await.map(Done::Agent),
    }
}

async fn of_an_agent(installation: &Installation, order: Order) -> Result<AgentDone, Refusal> {
    match order {
        Order::AgentAdd {
            login,
            nickname,
            shop,
            role,
        } => {
            let shop = shops::choose(installation, shop)?;
            let newcomer = agents::Newcomer {
                login,
                nickname,
                name: String::new(),
                role,
            };
            let (agent, password) = agents::enroll(installation, shop, newcomer, None).await?;
            Ok(AgentDone::new(agent, password))
        }
        Order::AgentPassword { login } => {
            let agent = known(installation, &login)?;
            let password = installation.accounts.reset_password(agent.id)?;
            Ok(AgentDone::new(agent, Some(password)))
        }
        Order::AgentDisable { login, disabled } => {
            let agent = known(installation, &login)?;
            let agent = agents::set_disabled(installation, agent.id, disabled).await?;
            Ok(AgentDone::new(agent, None))
        }
        Order::AgentRole { login, shop, role } => {
            let (shop, agent) = (shops::choose(installation, shop)?, known(installation, &login)?);
            agents::set_role(installation, shop, agent.id, role)
                .await
                .map_err(|refusal| not_in(refusal, shop, &login))?;
            Ok(AgentDone::new(agent, None))
        }
        Order::AgentRemove { login, shop } => {
            let (shop, agent) = (shops::choose(installation, shop)?, known(installation, &login)?);
            agents::remove(installation, shop, agent.id)
                .await
                .map_err(|refusal| not_in(refusal, shop, &login))?;
            Ok(AgentDone::new(agent, None))
        }
        Order::AgentLogout { login } => {
            let agent = known(installation, &login)?;
            installation.accounts.end_sessions(agent.id)?;
            Ok(AgentDone::new(agent, None))
        }
        _ => Err(Refusal::Malformed("not about an agent".into())),
    }
}

fn known(installation: &Installation, login: &str) -> Result<Agent, Refusal> {
    installation.accounts.by_login(login).map_err(|_| {
        Refusal::invalid(
            "login",
            format!("没有账号 {login}，用 weikefu agent list 查看。"),
            format!("There is no agent {login}; see `weikefu agent list`."),
        )
    })
}

fn not_in(refusal: Refusal, shop: ShopId, login: &str) -> Refusal {
    match refusal {
        Refusal::NotFound(_) => Refusal::invalid(
            "login",
            format!("账号 {login} 不在店铺 {shop}，用 weikefu agent list 查看。"),
            format!("{login} does not work in shop {shop}; see `weikefu agent list`."),
        ),
        other => other,
    }
}

fn list_agents(installation: &Installation, shop: Option<u32>) -> Result<Done, Refusal> {
    let mut agents = Vec::new();
    for agent in installation.accounts.list()? {
        let roles = installation.accounts.shops_of(agent.id)?;
        let roles: Vec<(u32, Role)> = roles.into_iter().map(|(shop, role)| (shop.0, role)).collect();
        if shop.is_some_and(|shop| !roles.iter().any(|(known, _)| *known == shop)) {
            continue;
        }
        agents.push(AgentLine {
            agent: agent.id.0,
            login: agent.login,
            nickname: agent.nickname,
            disabled: agent.disabled,
            must_change_password: agent.must_change,
            roles,
        });
    }
    Ok(Done::Agents { agents })
}

fn plugins(installation: &Installation) -> Done {
    let plugins = installation
        .channels
        .plugins
        .iter()
        .map(|plugin| {
            let manifest = plugin
                .library
                .as_ref()
                .ok()
                .map(weikefu_channel_host::Library::manifest);
            PluginLine {
                plugin: plugin.id.clone(),
                bundled: plugin.bundled,
                version: manifest.map(|manifest| manifest.version.clone()),
                name: manifest.and_then(|manifest| manifest.names.get("zh-CN").cloned()),
                capabilities: manifest
                    .map(|manifest| manifest.capabilities.clone())
                    .unwrap_or_default(),
                refused: plugin
                    .library
                    .as_ref()
                    .err()
                    .map(|error| (error.zh(), error.to_string())),
            }
        })
        .collect();
    Done::Plugins { plugins }
}
