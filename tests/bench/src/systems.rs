//! The systems that are measured side by side, each a process: two floors and weikefu.

use crate::child::Server;
use crate::client::{Console, Socket};
use crate::desk::{self, Agent, Installation};
use crate::problem::{Outcome, wrong};
use crate::requests::Visitor;
use crate::wechat::Account;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Where floor-store tells its agent.
pub(crate) const AGENT: &str = "/agent";

/// What is posted to floor-store below this path is told to all its agents.
pub(crate) const EVERYBODY: &str = "/all/";

/// Which system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    FloorHttp,
    FloorStore,
    Weikefu,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::FloorHttp => "floor-http",
            Kind::FloorStore => "floor-store",
            Kind::Weikefu => "weikefu",
        }
    }
}

/// A running system and its one agent.
pub(crate) struct System {
    pub(crate) kind: Kind,
    pub(crate) server: Server,
    /// `None` for floor-http, which tells nobody.
    pub(crate) console: Option<Console>,
    /// Path of the web chat, as all systems are asked for it.
    pub(crate) h5: String,
    /// Path of the official account.
    pub(crate) wechat: String,
    /// Of weikefu; the floors take anybody's.
    pub(crate) visitors: Vec<Visitor>,
    agent: Option<Agent>,
    counted: u64,
    _folder: Option<TempDir>,
    _installation: Option<Installation>,
}

impl System {
    fn new(kind: Kind, server: Server) -> Self {
        System {
            kind,
            server,
            console: None,
            h5: "/".into(),
            wechat: "/".into(),
            visitors: Vec::new(),
            agent: None,
            counted: 0,
            _folder: None,
            _installation: None,
        }
    }

    /// All three, weikefu last, whose visitors' tokens the floors are sent too.
    pub(crate) async fn all(executable: &Path, account: &Account, visitors: usize) -> Outcome<Vec<Self>> {
        let weikefu = Self::weikefu(executable, account, visitors).await?;
        let mut systems = vec![Self::floor_http()?, Self::floor_store().await?];
        for floor in &mut systems {
            floor.h5.clone_from(&weikefu.h5);
            floor.wechat.clone_from(&weikefu.wechat);
            floor.visitors.clone_from(&weikefu.visitors);
        }
        systems.push(weikefu);
        Ok(systems)
    }

    pub(crate) fn floor_http() -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("floor-http");
        Ok(Self::new(Kind::FloorHttp, Server::start(command)?))
    }

    pub(crate) async fn floor_store() -> Outcome<Self> {
        let folder = desk::scratch("floor")?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("floor-store").arg(folder.path().join("log"));
        let server = Server::start(command)?;
        let console = Console::open(&server.address, AGENT, Vec::new()).await?;
        Ok(System {
            console: Some(console),
            _folder: Some(folder),
            ..Self::new(Kind::FloorStore, server)
        })
    }

    pub(crate) async fn weikefu(executable: &Path, account: &Account, visitors: usize) -> Outcome<Self> {
        let installation = Installation::new(executable, account)?;
        let server = installation.start()?;
        let agent = installation.agent(&server.address, true).await?;
        Ok(System {
            console: Some(agent.console().await?),
            h5: installation.h5.clone(),
            wechat: installation.wechat.clone(),
            visitors: desk::visitors(&server.address, &installation.h5, visitors).await?,
            agent: Some(agent),
            _installation: Some(installation),
            ..Self::new(Kind::Weikefu, server)
        })
    }

    /// A weikefu nobody is logged in to.
    pub(crate) fn of(server: Server, h5: &str) -> Self {
        System {
            h5: h5.to_owned(),
            ..Self::new(Kind::Weikefu, server)
        }
    }

    /// Messages stored since the last count, by reading them; `None` for floor-http.
    pub(crate) async fn count_new(&mut self) -> Outcome<Option<u64>> {
        match (self.kind, &mut self.agent) {
            (_, Some(agent)) => Ok(Some(agent.count_new().await?)),
            (Kind::FloorStore, _) => {
                let mut session = crate::client::Session::open(&self.server.address).await?;
                let total = session.get("/").await?.as_u64().unwrap_or_default();
                let new = total - self.counted;
                self.counted = total;
                Ok(Some(new))
            }
            _ => Ok(None),
        }
    }

    /// Whether an answer says that a visitor's message or a callback is stored.
    pub(crate) fn is_good(kind: Kind, status: u16, body: &[u8]) -> bool {
        let says = |part: &[u8]| body.windows(part.len()).any(|window| window == part);
        let stored = match kind {
            Kind::Weikefu => body == b"success" || says(b"\"duplicate\":false"),
            _ => body.starts_with(b"{\"stored\":"),
        };
        status == 200 && stored
    }

    /// A socket of a visitor who comes back with everything up to now, after the welcome.
    pub(crate) async fn socket(&self, visitor: &Visitor) -> Outcome<Socket> {
        let address = &self.server.address;
        let mut socket = Socket::open(address, &format!("{}ws", self.h5), &[]).await?;
        if self.kind == Kind::Weikefu {
            let token = &visitor.token;
            let again = serde_json::json!({ "token": token }).to_string();
            let path = format!("{}session", self.h5);
            let (_, session) = crate::client::Session::open(address)
                .await?
                .call("POST", &path, &again)
                .await?;
            let hello = serde_json::json!({ "type": "hello", "token": token, "after": session["last"] });
            socket.send(hello.to_string()).await?;
            let welcome = socket.next().await?;
            if !welcome.contains("\"type\":\"welcome\"") {
                return wrong(format!("a visitor was not welcomed: {welcome}"));
            }
        }
        Ok(socket)
    }
}
