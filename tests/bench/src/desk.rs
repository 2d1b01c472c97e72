//! An installation of weikefu with one shop, a web chat and an official account; its agent; its visitors.

use crate::child::Server;
use crate::client::{Console, Session};
use crate::problem::{Outcome, wrong};
use crate::requests::Visitor;
use crate::wechat::Account;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The password the agent chooses.
const CHOSEN: &str = "chosen by the benchmark's agent";
/// What the agent accepts at most, which is also the most there can be.
pub(crate) const HELD: usize = 200;

/// A data folder and the executable that serves it.
pub(crate) struct Installation {
    folder: TempDir,
    executable: PathBuf,
    one_time: String,
    /// `/c/<key>/` of the web chat.
    pub(crate) h5: String,
    /// `/c/<key>/` of the official account.
    pub(crate) wechat: String,
}

impl Installation {
    /// A shop whose visitors may write as fast as the account allows at most.
    pub(crate) fn new(executable: &Path, account: &Account) -> Outcome<Self> {
        let mut made = Self {
            folder: scratch("weikefu")?,
            executable: executable.to_owned(),
            one_time: String::new(),
            h5: String::new(),
            wechat: String::new(),
        };
        let shop = made.order(&["init", "--shop", "性能测试店铺"])?;
        made.one_time = text(&shop, "one_time_password")?;
        let fast = "messages_per_10_seconds=10000";
        let channel = made.order(&["channel", "add", "h5", "--set", fast])?;
        made.h5 = text(&channel, "path")?;
        let settings = account.settings();
        let mut order = vec!["channel", "add", "wechat"];
        for setting in &settings {
            order.extend(["--set", setting]);
        }
        let channel = made.order(&order)?;
        made.wechat = text(&channel, "path")?;
        Ok(made)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs a command that must succeed; what it printed.
    pub(crate) fn order(&self, arguments: &[&str]) -> Outcome<Value> {
        let mut command = command(&self.executable, &self.data());
        let output = command.args(arguments).stdin(Stdio::null()).output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stdout);
            return wrong(format!("weikefu {} failed: {said}", arguments.join(" ")));
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    pub(crate) fn start(&self) -> Outcome<Server> {
        self.start_with(&[])
    }

    /// The same with more arguments.
    pub(crate) fn start_with(&self, arguments: &[&str]) -> Outcome<Server> {
        serve_with(&self.executable, &self.data(), self.folder.path(), arguments)
    }

    /// The administrator's first login, without going to the desk.
    pub(crate) async fn choose_password(&self, address: &str) -> Outcome {
        let (session, _) = enter(address, "admin", &self.one_time).await?;
        choose_password(session, &self.one_time, address).await?;
        Ok(())
    }

    /// The administrator's session, once the password has been chosen.
    pub(crate) async fn session(&self, address: &str) -> Outcome<Session> {
        Ok(enter(address, "admin", CHOSEN).await?.0)
    }

    /// The agent, for the first time or again.
    pub(crate) async fn agent(&self, address: &str, first: bool) -> Outcome<Agent> {
        let password = if first { &self.one_time } else { CHOSEN };
        let (mut session, mut entered) = enter(address, "admin", password).await?;
        if first {
            (session, entered) = choose_password(session, &self.one_time, address).await?;
        }
        let shop = &entered["shops"][0]["id"];
        let mut agent = Agent {
            session,
            address: address.to_owned(),
            desk: format!("/api/shops/{shop}"),
            known: HashMap::new(),
        };
        let settings = json!({ "auto": true, "limit": HELD, "greeting": "",
            "close": { "on": false, "idle_minutes": 30, "text": "" }, "offline": { "on": false, "text": "" } });
        agent.call("PUT", "/settings/mine", &settings).await?;
        agent
            .call("POST", "/presence", &json!({ "online": true }))
            .await?;
        Ok(agent)
    }
}

/// Serves a data folder; the log goes to a file in `folder`.
pub(crate) fn serve(executable: &Path, data: &Path, folder: &Path) -> Outcome<Server> {
    serve_with(executable, data, folder, &[])
}

fn serve_with(executable: &Path, data: &Path, folder: &Path, arguments: &[&str]) -> Outcome<Server> {
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("log"))?;
    let mut command = command(executable, data);
    command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments);
    command.stderr(log);
    Server::start(command)
}

/// A folder of its own on the build's disk, gone at the end.
pub(crate) fn scratch(name: &str) -> Outcome<TempDir> {
    let prefix = format!("{name}-");
    let folder = crate::arguments::folder()?;
    Ok(tempfile::Builder::new().prefix(&prefix).tempdir_in(folder)?)
}

fn command(executable: &Path, data: &Path) -> Command {
    let mut command = Command::new(executable);
    command.arg("--data").arg(data).arg("--json");
    command.env_remove("WEIKEFU_DATA").env_remove("RUST_LOG");
    command
}

pub(crate) fn text(value: &Value, name: &str) -> Outcome<String> {
    match value[name].as_str() {
        Some(text) => Ok(text.to_owned()),
        None => wrong(format!("weikefu did not tell {name}: {value}")),
    }
}

/// The one agent, online, who accepts everybody.
pub(crate) struct Agent {
    session: Session,
    address: String,
    desk: String,
    /// The last sequence number counted of each conversation.
    known: HashMap<u64, u64>,
}

impl Agent {
    /// Nobody comes by itself.
    pub(crate) async fn accepts_by_hand(&mut self) -> Outcome {
        let settings = json!({ "auto": false, "limit": 0, "greeting": "",
            "close": { "on": false, "idle_minutes": 30, "text": "" }, "offline": { "on": false, "text": "" } });
        self.call("PUT", "/settings/mine", &settings).await.map(drop)
    }

    /// A request of the agent's, to be sent by somebody else.
    pub(crate) fn request(&self, method: &str, path: &str, body: &Value) -> Vec<u8> {
        let (path, body) = (format!("{}{path}", self.desk), body.to_string());
        self.session.request(method, &path, &body)
    }

    pub(crate) async fn call(&mut self, method: &str, path: &str, body: &Value) -> Outcome<Value> {
        let path = format!("{}{path}", self.desk);
        Ok(self.session.call(method, &path, &body.to_string()).await?.1)
    }

    /// Looks at what happens from now on.
    pub(crate) async fn console(&self) -> Outcome<Console> {
        let path = format!("{}/events", self.desk);
        Console::open(&self.address, &path, self.session.headers()).await
    }

    /// Reads everything stored since the last count, page by page, and counts it. Sequence numbers must go on
    /// without a gap.
    pub(crate) async fn count_new(&mut self) -> Outcome<u64> {
        let desk = self.session.get(&format!("{}/desk", self.desk)).await?;
        let mut count = 0;
        for conversation in desk["conversations"].as_array().into_iter().flatten() {
            let id = conversation["id"].as_u64().unwrap_or_default();
            let before = self.known.get(&id).copied().unwrap_or_default();
            if conversation["last_seq"].as_u64() > Some(before) {
                let last = self.read(conversation, id, before).await?;
                self.known.insert(id, last);
                count += last - before;
            }
        }
        Ok(count)
    }

    /// Reads one conversation after a sequence number; returns its last.
    async fn read(&mut self, conversation: &Value, id: u64, after: u64) -> Outcome<u64> {
        let (customer, channel) = (&conversation["customer"]["id"], &conversation["channel"]["id"]);
        let mut last = after;
        loop {
            let path = format!(
                "{}/customers/{customer}/messages?channel={channel}&after={id}.{last}&limit=200",
                self.desk
            );
            let page = self.session.get(&path).await?;
            for message in page["messages"].as_array().into_iter().flatten() {
                if message["seq"].as_u64() != Some(last + 1) {
                    return wrong(format!("conversation {id} goes on after {last} with {message}"));
                }
                last += 1;
            }
            if page["more"] != true {
                return Ok(last);
            }
        }
    }
}

/// Logs in: the session, and what the server told of it.
pub(crate) async fn enter(address: &str, login: &str, password: &str) -> Outcome<(Session, Value)> {
    let session = Session::open(address).await?;
    let body = json!({ "login": login, "password": password });
    entered(session, address, "/api/login", &body).await
}

/// Chooses a password, which opens a new session.
pub(crate) async fn choose_password(
    session: Session,
    one_time: &str,
    address: &str,
) -> Outcome<(Session, Value)> {
    let body = json!({ "old": one_time, "new": CHOSEN });
    entered(session, address, "/api/session/password", &body).await
}

async fn entered(mut session: Session, address: &str, path: &str, body: &Value) -> Outcome<(Session, Value)> {
    let (head, entered) = session.call("POST", path, &body.to_string()).await?;
    let cookie = head
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: ")?.split(';').next());
    let Some(cookie) = cookie else {
        return wrong("an agent got no session");
    };
    let mut session = Session::open(address).await?;
    session.with("cookie", cookie);
    session.with("x-weikefu-csrf", &text(&entered, "csrf")?);
    session.with("origin", &format!("http://{address}"));
    Ok((session, entered))
}

/// Visitors who have come to the page and said nothing yet.
pub(crate) async fn visitors(address: &str, path: &str, count: usize) -> Outcome<Vec<Visitor>> {
    let mut session = Session::open(address).await?;
    let mut visitors = Vec::with_capacity(count);
    for _ in 0..count {
        let (_, entered) = session.call("POST", &format!("{path}session"), "{}").await?;
        let token = text(&entered, "token")?;
        visitors.push(Visitor { token });
    }
    Ok(visitors)
}
