//! Orders of the command line: to a running server if there is one, else to the store itself.
use super::{Agent, Broadcast, Channel, Command, Common, Doctor, Plugin, Shop, exit, output};
use crate::admin::broadcasts::Wish;
use crate::admin::{self, Done, Order, Refused, control};
use crate::app::{Installation, StartError};
use crate::data::DataFolder;
use std::process::ExitCode;
use weikefu_core::error::{Language, Refusal};
use weikefu_core::rights::Asker;

/// The order a command stands for.
pub(super) fn of(command: Command) -> Result<Order, Refusal> {
    Ok(match command {
        Command::Init {
            shop,
            login,
            nickname,
        } => Order::Init {
            shop,
            login,
            nickname,
        },
        Command::Shop(Shop::Add {
            name,
            login,
            nickname,
        }) => Order::ShopAdd {
            name,
            nickname: nickname.unwrap_or_else(|| login.clone()),
            login,
        },
        Command::Shop(Shop::Rename { id, name }) => Order::ShopRename { shop: id, name },
        Command::Shop(Shop::List) => Order::ShopList,
        Command::Agent(Agent::Add {
            login,
            nickname,
            shop,
            role,
        }) => Order::AgentAdd {
            nickname: nickname.unwrap_or_else(|| login.clone()),
            login,
            shop,
            role: role.into(),
        },
        Command::Agent(Agent::Passwd { login }) => Order::AgentPassword { login },
        Command::Agent(Agent::Disable { login }) => Order::AgentDisable {
            login,
            disabled: true,
        },
        Command::Agent(Agent::Enable { login }) => Order::AgentDisable {
            login,
            disabled: false,
        },
        Command::Agent(Agent::Role { login, role, shop }) => Order::AgentRole {
            login,
            shop,
            role: role.into(),
        },
        Command::Agent(Agent::Remove { login, shop }) => Order::AgentRemove { login, shop },
        Command::Agent(Agent::Logout { login }) => Order::AgentLogout { login },
        Command::Agent(Agent::List { shop }) => Order::AgentList { shop },
        Command::Channel(Channel::Add {
            plugin,
            shop,
            name,
            settings,
        }) => Order::ChannelAdd {
            plugin,
            shop,
            name,
            settings: pairs(settings)?,
        },
        Command::Channel(Channel::Set {
            id,
            settings,
            name,
            enabled,
        }) => Order::ChannelSet {
            id,
            name,
            enabled,
            settings: pairs(settings)?,
        },
        Command::Channel(Channel::List { shop }) => Order::ChannelList { shop },
        Command::Plugin(Plugin::List) => Order::PluginList,
        Command::Doctor(Doctor::Messages { shop }) => Order::DoctorMessages { shop },
        Command::Broadcast(Broadcast::List { shop }) => Order::BroadcastList { shop },
        Command::Broadcast(Broadcast::Show { id }) => Order::BroadcastOne { id, wish: Wish::Show },
        Command::Broadcast(Broadcast::Pause { id }) => Order::BroadcastOne {
            id,
            wish: Wish::Pause,
        },
        Command::Broadcast(Broadcast::Stop { id }) => Order::BroadcastOne { id, wish: Wish::Stop },
        _ => return Err(Refusal::Malformed("not an order".into())),
    })
}

/// `name=value` pairs; `@file` is the file's content without its last line break.
fn pairs(settings: Vec<String>) -> Result<Vec<(String, String)>, Refusal> {
    settings.into_iter().map(|setting| pair(&setting)).collect()
}

fn pair(setting: &str) -> Result<(String, String), Refusal> {
    let (name, value) = setting.split_once('=').ok_or_else(|| {
        Refusal::invalid(
            "settings",
            format!("--set {setting}：应写成 名称=值。"),
            format!("--set {setting}: write it as NAME=VALUE."),
        )
    })?;
    let value = match value.strip_prefix('@') {
        None => value.to_owned(),
        Some(file) => std::fs::read_to_string(file)
            .map(|text| text.trim_end().to_owned())
            .map_err(|error| {
                Refusal::invalid(
                    "settings",
                    format!("读不到文件 {file}（{error}）。"),
                    format!("The file {file} cannot be read ({error})."),
                )
            })?,
    };
    Ok((name.trim().to_owned(), value))
}

/// Carries out an order and prints what came of it.
pub(super) fn run(common: &Common, order: Order) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::failed(common, "runtime", &error.to_string());
            return exit::data();
        }
    };
    match carry_out(common, &runtime, &order, &|_, _| {}) {
        Ok(Ok(done)) => output::done(common, &done),
        Ok(Err(refused)) => output::refused(common, &refused),
        Err(error) => start_failed(common, &error),
    }
}

pub(super) fn carry_out(
    common: &Common,
    runtime: &tokio::runtime::Runtime,
    order: &Order,
    progress: &admin::Progress,
) -> Result<Result<Done, Refused>, StartError> {
    let folder = DataFolder::open(&common.data())?;
    if let Some(answer) = runtime.block_on(control::ask(&folder.control(), order, progress))? {
        return Ok(answer);
    }
    let door = Door::store(common, runtime, folder)?;
    let done = door.carry_out(order, progress)?;
    door.close()?;
    Ok(done)
}

/// A way to have several orders carried out, one after the other.
pub(super) struct Door<'a> {
    runtime: &'a tokio::runtime::Runtime,
    folder: DataFolder,
    /// `None`: a server holds the store.
    store: Option<Installation>,
}

impl<'a> Door<'a> {
    /// To a running server if there is one, else to the store itself.
    pub(super) fn open(common: &Common, runtime: &'a tokio::runtime::Runtime) -> Result<Self, StartError> {
        let folder = DataFolder::open(&common.data())?;
        if !runtime.block_on(control::answers(&folder.control())) {
            return Self::store(common, runtime, folder);
        }
        Ok(Door {
            runtime,
            folder,
            store: None,
        })
    }

    fn store(
        common: &Common,
        runtime: &'a tokio::runtime::Runtime,
        folder: DataFolder,
    ) -> Result<Self, StartError> {
        let opened = super::progress::show(opening(common.language()), || Installation::open(&folder));
        Ok(Door {
            runtime,
            folder,
            store: Some(opened?.0),
        })
    }

    pub(super) fn carry_out(
        &self,
        order: &Order,
        progress: &admin::Progress,
    ) -> Result<Result<Done, Refused>, StartError> {
        if let Some(installation) = &self.store {
            let done = admin::run_with(installation, Asker::Owner, order.clone(), progress);
            return Ok(self.runtime.block_on(done).map_err(Refused::from));
        }
        let answer = self
            .runtime
            .block_on(control::ask(&self.folder.control(), order, progress))?;
        // It has ended in between.
        Ok(answer.unwrap_or_else(|| Err(weikefu_core::error::Refusal::Unavailable.into())))
    }

    pub(super) fn close(self) -> Result<(), StartError> {
        Ok(self.store.map_or(Ok(()), Installation::close)?)
    }
}

/// What the progress mark says while the store opens.
pub(super) fn opening(language: Language) -> &'static str {
    match language {
        Language::Chinese => "正在打开数据……",
        Language::English => "Opening the store …",
    }
}

/// Prints why nothing could be opened.
pub(super) fn start_failed(common: &Common, error: &StartError) -> ExitCode {
    let (code, zh) = match error {
        StartError::Open(error) => (error.code(), crate::data::explain(error)),
        StartError::Data(_) => ("data", None),
        StartError::Store(error) => (error.code(), None),
        StartError::Thread(_) => ("thread", None),
    };
    let text = match (common.language(), zh) {
        (Language::Chinese, Some(zh)) => zh,
        _ => error.to_string(),
    };
    output::failed(common, code, &text);
    exit::data()
}
