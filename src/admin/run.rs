//! Carries out an order.
use super::{AgentDone, AgentLine, Done, Order, PluginLine, ShopDone, channels};
use crate::app::Installation;
use weikefu_core::desk::Command;
use weikefu_core::engine::now;
use weikefu_core::error::Refusal;
use weikefu_core::ids::{AgentId, ShopId};
use weikefu_core::records::{Agent, Role, Shop};

/// Carries out an order. Durable when it returns.
pub(crate) async fn run(installation: &Installation, order: Order) -> Result<Done, Refusal> {
    match order {
        Order::Init {
            shop,
            login,
            nickname,
        } => init(installation, &shop, &login, &nickname).await,
        Order::ShopAdd { name } => add_shop(installation, &name).map(Done::Shop),
        Order::ShopList => Ok(Done::Shops {
            shops: shops(installation)?,
        }),
        Order::AgentAdd {
            login,
            nickname,
            shop,
            role,
        } => {
            let shop = choose_shop(installation, shop)?;
            add_agent(installation, shop, &login, &nickname, role)
                .await
                .map(Done::Agent)
        }
        Order::AgentPassword { login } => {
            let agent = installation
                .accounts
                .by_login(&login)
                .map_err(|_| no_agent(&login))?;
            let password = installation.accounts.reset_password(agent.id)?;
            Ok(Done::Agent(agent_done(agent, Some(password))))
        }
        Order::AgentList { shop } => agents(installation, shop),
        Order::ChannelAdd {
            plugin,
            shop,
            name,
            settings,
        } => {
            let shop = choose_shop(installation, shop)?;
            channels::add(installation, shop, &plugin, name, settings)
                .await
                .map(Done::Channel)
        }
        Order::ChannelSet {
            id,
            name,
            enabled,
            settings,
        } => channels::set(installation, id, name, enabled, settings)
            .await
            .map(Done::Channel),
        Order::ChannelList { shop } => channels::list(installation, shop.map(ShopId)),
        Order::PluginList => Ok(plugins(installation)),
    }
}

async fn init(installation: &Installation, shop: &str, login: &str, nickname: &str) -> Result<Done, Refusal> {
    if installation.trees.shops.first(&())?.is_some() {
        return Err(Refusal::invalid(
            "shop",
            "这里已经初始化过了。新增店铺用 weikefu shop add，新增客服用 weikefu agent add。",
            "This installation has been initialised. Use `weikefu shop add` or `weikefu agent add`.",
        ));
    }
    let shop = add_shop(installation, shop)?;
    add_agent(
        installation,
        ShopId(shop.shop),
        login,
        nickname,
        Role::Administrator,
    )
    .await
    .map(Done::Agent)
}

fn add_shop(installation: &Installation, name: &str) -> Result<ShopDone, Refusal> {
    let name = name.trim();
    if !(1..=64).contains(&name.chars().count()) {
        return Err(Refusal::invalid(
            "name",
            "店铺名称需要 1 到 64 个字符。",
            "A shop's name has 1 to 64 characters.",
        ));
    }
    let trees = &installation.trees;
    let last = trees.shops.last(&())?.map_or(0, |(id, _)| id.0);
    let shop = Shop {
        id: ShopId(last + 1),
        name: name.to_owned(),
        zone: "Asia/Shanghai".into(),
        created: now(),
    };
    let mut txn = trees.db.begin();
    txn.put(&trees.shops, &shop.id, &shop)?;
    trees.db.commit(txn)?;
    Ok(ShopDone {
        shop: shop.id.0,
        shop_name: shop.name,
    })
}

fn shops(installation: &Installation) -> Result<Vec<ShopDone>, Refusal> {
    installation
        .trees
        .shops
        .scan(&())
        .map(|entry| {
            entry
                .map(|(id, shop)| ShopDone {
                    shop: id.0,
                    shop_name: shop.name,
                })
                .map_err(Refusal::from)
        })
        .collect()
}

/// The shop asked for, or the only one.
fn choose_shop(installation: &Installation, wanted: Option<u32>) -> Result<ShopId, Refusal> {
    let shops = shops(installation)?;
    match (wanted, shops.as_slice()) {
        (_, []) => Err(Refusal::invalid(
            "shop",
            "还没有店铺，请先运行 weikefu init。",
            "There is no shop yet: run `weikefu init` first.",
        )),
        (None, [only]) => Ok(ShopId(only.shop)),
        (None, _) => Err(Refusal::invalid(
            "shop",
            "有多个店铺，请用 --shop 编号 指定（weikefu shop list 查看编号）。",
            "There are several shops: name one with --shop (see `weikefu shop list`).",
        )),
        (Some(id), shops) if shops.iter().any(|shop| shop.shop == id) => Ok(ShopId(id)),
        (Some(id), _) => Err(Refusal::invalid(
            "shop",
            format!("没有编号为 {id} 的店铺，用 weikefu shop list 查看。"),
            format!("There is no shop {id}; see `weikefu shop list`."),
        )),
    }
}

async fn add_agent(
    installation: &Installation,
    shop: ShopId,
    login: &str,
    nickname: &str,
    role: Role,
) -> Result<AgentDone, Refusal> {
    let accounts = &installation.accounts;
    let (agent, password) = match accounts.add(login, nickname) {
        Ok((agent, password)) => (agent, Some(password)),
        // A person who works in several shops has one account.
        Err(Refusal::Exists(_)) => {
            let agent = accounts.by_login(login)?;
            if accounts.role(shop, agent.id)? == Some(role) {
                return Err(Refusal::invalid(
                    "login",
                    format!("账号 {login} 已是该店铺的客服；重置密码用 weikefu agent passwd {login}。"),
                    format!(
                        "{login} is in this shop already; to reset the password: `weikefu agent passwd {login}`."
                    ),
                ));
            }
            (agent, None)
        }
        Err(refusal) => return Err(refusal),
    };
    accounts.set_member(shop, agent.id, role)?;
    installation
        .engine
        .execute(shop, Command::Join { agent: agent.id })
        .await?;
    Ok(agent_done(agent, password))
}

fn agent_done(agent: Agent, one_time_password: Option<String>) -> AgentDone {
    AgentDone {
        agent: agent.id.0,
        login: agent.login,
        nickname: agent.nickname,
        one_time_password,
    }
}

fn no_agent(login: &str) -> Refusal {
    Refusal::invalid(
        "login",
        format!("没有账号 {login}，用 weikefu agent list 查看。"),
        format!("There is no agent {login}; see `weikefu agent list`."),
    )
}

fn agents(installation: &Installation, shop: Option<u32>) -> Result<Done, Refusal> {
    let shops = shops(installation)?;
    let mut agents = Vec::new();
    for agent in installation.accounts.list()? {
        let mut roles: Vec<(u32, Role)> = Vec::new();
        for known in &shops {
            if let Some(role) = installation
                .accounts
                .role(ShopId(known.shop), AgentId(agent.id.0))?
            {
                roles.push((known.shop, role));
            }
        }
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
