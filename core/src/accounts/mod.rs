//! Accounts: who there is, what they are called, whether they may come in. Passwords, memberships and sessions
//! have files of their own.
mod members;
mod password;
mod sessions;
mod words;

pub use password::PASSWORD;
pub use sessions::{Cut, Login};
pub use words::NICKNAME;

use crate::engine::now;
use crate::error::Refusal;
use crate::ids::{AgentId, ShopId};
use crate::media::MediaId;
use crate::records::{Agent, Membership, Picture, Role};
use crate::trees::{Number, Trees};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use weikefu_storage::Txn;

/// Accounts. The one writer of their trees.
pub struct Accounts {
    trees: Trees,
    writing: Mutex<()>,
    /// Counts whatever may take a right from somebody.
    changed: watch::Sender<u64>,
}

/// What is to change of a person; absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Shown to customers.
    pub nickname: Option<String>,
    /// For colleagues.
    pub name: Option<String>,
    /// Stored picture, by media id; `Some(None)` removes it.
    pub avatar: Option<Option<String>>,
}

impl Accounts {
    /// Accounts in these trees.
    #[must_use]
    pub fn new(trees: Trees) -> Self {
        Accounts {
            trees,
            writing: Mutex::new(()),
            changed: watch::channel(0).0,
        }
    }

    /// Turns whenever a session, a role or an account may have lost something. Who holds a socket open looks
    /// again then, see [`Accounts::reach`].
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a change durable and tells those who may have lost a right by it.
    fn commit_loss(&self, txn: Txn) -> Result<(), Refusal> {
        self.trees.db.commit(txn)?;
        self.changed.send_modify(|count| *count += 1);
        Ok(())
    }

    /// Makes an account that works nowhere yet, with a one-time password, which is returned and stored nowhere
    /// in clear.
    pub fn add(&self, login: &str, nickname: &str, name: &str) -> Result<(Agent, String), Refusal> {
        self.make(login, nickname, name, None)
    }

    /// The same, in a shop from its first moment.
    pub fn add_to(
        &self,
        shop: ShopId,
        role: Role,
        login: &str,
        nickname: &str,
        name: &str,
    ) -> Result<(Agent, String), Refusal> {
        self.make(login, nickname, name, Some((shop, role)))
    }

    fn make(
        &self,
        login: &str,
        nickname: &str,
        name: &str,
        member: Option<(ShopId, Role)>,
    ) -> Result<(Agent, String), Refusal> {
        let login = words::normal_login(login)?;
        let nickname = words::normal_nickname(nickname)?;
        let name = words::normal_name(name)?;
        let password = password::one_time_password()?;
        let hash = password::hash(&password)?;
        let _writing = self.lock();
        if self.trees.logins.contains(&login)? {
            return Err(Refusal::Exists("login"));
        }
        let last = self.trees.agents.last(&())?.map_or(0, |(id, _)| id.0);
        let agent = Agent {
            id: AgentId(last + 1),
            login: login.clone(),
            password: hash,
            must_change: true,
            nickname,
            avatar: None,
            disabled: false,
            created: now(),
            name,
        };
        let mut txn = self.trees.db.begin();
        txn.put(&self.trees.agents, &agent.id, &agent)?;
        txn.put(&self.trees.logins, &login, &Number(agent.id.0))?;
        if let Some((shop, role)) = member {
            txn.put(&self.trees.members, &(shop, agent.id), &Membership { role })?;
        }
        self.trees.db.commit(txn)?;
        Ok((agent, password))
    }

    /// An account, even one that has been closed: what it wrote still names it.
    pub fn get(&self, id: AgentId) -> Result<Agent, Refusal> {
        self.trees.agents.get(&id)?.ok_or(Refusal::NotFound("agent"))
    }

    /// The account with this login.
    pub fn by_login(&self, login: &str) -> Result<Agent, Refusal> {
        let number = self
            .trees
            .logins
            .get(&words::normal_login(login)?)?
            .ok_or(Refusal::NotFound("agent"))?;
        self.get(AgentId(number.0))
    }

    /// All accounts that have not been closed.
    pub fn list(&self) -> Result<Vec<Agent>, Refusal> {
        let all = self.trees.agents.scan(&()).map(|entry| Ok(entry?.1));
        all.filter(|agent| !agent.as_ref().is_ok_and(Agent::closed))
            .collect()
    }

    /// Changes a password after checking the old one. All other sessions of the account end.
    pub fn change_password(&self, id: AgentId, old: &str, new: &str) -> Result<Login, Refusal> {
        if !PASSWORD.contains(&new.chars().count()) || new == old {
            return Err(Refusal::invalid(
                "new",
                "新密码需要 10 到 128 个字符，且不能与旧密码相同。",
                "The new password needs 10 to 128 characters and must differ from the old one.",
            ));
        }
        if !password::verify(&self.get(id)?.password, old) {
            return Err(Refusal::BadCredentials);
        }
        let hash = password::hash(new)?;
        self.set_password(id, hash, false)?;
        self.open_session(id)
    }

    /// Gives an account a new one-time password and ends its sessions.
    pub fn reset_password(&self, id: AgentId) -> Result<String, Refusal> {
        let password = password::one_time_password()?;
        let hash = password::hash(&password)?;
        self.set_password(id, hash, true)?;
        Ok(password)
    }

    /// In one transaction: no session opened with the old password outlives it.
    fn set_password(&self, id: AgentId, hash: String, must_change: bool) -> Result<(), Refusal> {
        let _writing = self.lock();
        let mut agent = self.get(id)?;
        agent.password = hash;
        agent.must_change = must_change;
        let mut txn = self.trees.db.begin();
        txn.put(&self.trees.agents, &id, &agent)?;
        self.drop_sessions(&mut txn, id)?;
        self.commit_loss(txn)
    }

    /// Notes a picture and that another took its place, so that the old file is dropped some day. One that stands in
    /// a message is a file like others and is not noted any more.
    fn exchange_pictures(
        &self,
        txn: &mut Txn,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Result<(), Refusal> {
        let id = |picture: Option<&str>| picture.and_then(|id| id.parse::<MediaId>().ok());
        let pictures = &self.trees.pictures;
        if let Some(MediaId(old)) = id(before)
            && pictures.contains(&old)?
        {
            let replaced = Some(now());
            txn.put(pictures, &old, &Picture { replaced })?;
        }
        if let Some(MediaId(new)) = id(after) {
            txn.put(pictures, &new, &Picture { replaced: None })?;
        }
        Ok(())
    }

    /// Changes what customers and colleagues see of an agent.
    pub fn edit_profile(&self, id: AgentId, profile: Profile) -> Result<Agent, Refusal> {
        let nickname = profile
            .nickname
            .as_deref()
            .map(words::normal_nickname)
            .transpose()?;
        let name = profile.name.as_deref().map(words::normal_name).transpose()?;
        let _writing = self.lock();
        let mut agent = self.get(id)?;
        agent.nickname = nickname.unwrap_or(agent.nickname);
        agent.name = name.unwrap_or(agent.name);
        let before = agent.avatar.clone();
        agent.avatar = profile.avatar.unwrap_or(agent.avatar);
        let mut txn = self.trees.db.begin();
        if before != agent.avatar {
            self.exchange_pictures(&mut txn, before.as_deref(), agent.avatar.as_deref())?;
        }
        txn.put(&self.trees.agents, &id, &agent)?;
        self.trees.db.commit(txn)?;
        Ok(agent)
    }
}
