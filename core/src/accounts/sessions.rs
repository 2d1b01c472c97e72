//! Sessions: opened by a password, kept by the hash of their token, ended one by one or all at once.
use super::{Accounts, password};
use crate::engine::now;
use crate::error::Refusal;
use crate::ids::{AgentId, Millis, ShopId};
use crate::records::{Agent, Role, Session};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use weikefu_storage::Txn;

/// How long a session lasts, milliseconds.
const SESSION: Millis = 12 * 3_600_000;

/// A session as its holder needs it.
#[derive(Clone)]
pub struct Login {
    /// What the cookie carries. Never stored.
    pub token: String,
    /// The session.
    pub session: Session,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// Why a session no longer reaches a shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// It has run out, or was ended: a logout, a new password, an administrator.
    Ended,
    /// The account has been disabled.
    Disabled,
    /// The account no longer belongs to the shop.
    Removed,
    /// The password has been given out anew and must be changed first.
    MustChange,
}

impl Cut {
    /// Its word on the wire.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Cut::Ended => "unauthenticated",
            Cut::Disabled => "disabled",
            Cut::Removed => "removed",
            Cut::MustChange => "password_change_required",
        }
    }
}

impl Accounts {
    /// Checks a password and opens a session. Slow on purpose; call it where blocking is allowed. An unknown
    /// login takes as long as a wrong password.
    pub fn log_in(&self, login: &str, password: &str) -> Result<(Agent, Login), Refusal> {
        let agent = self.by_login(login).ok();
        let known = agent.as_ref().map(|agent| agent.password.as_str());
        let right = password::verify(known.unwrap_or(password::NOBODY), password);
        match agent {
            Some(agent) if right && !agent.disabled => {
                let login = self.open_session_if(agent.id, Some(&agent.password))?;
                Ok((agent, login))
            }
            _ => Err(Refusal::BadCredentials),
        }
    }

    pub(super) fn open_session(&self, agent: AgentId) -> Result<Login, Refusal> {
        self.open_session_if(agent, None)
    }

    /// Opens a session; those of the same agent that have run out are dropped. With `checked`, only if that is
    /// still the hash of the password: while it was verified, somebody may have reset it or disabled the account.
    fn open_session_if(&self, agent: AgentId, checked: Option<&str>) -> Result<Login, Refusal> {
        // The agent stands in front, so that all sessions of one lie together.
        let token = format!("{agent}.{}", random_text(32)?);
        let at = now();
        let session = Session {
            agent,
            csrf: random_text(24)?,
            created: at,
            expires: at + SESSION,
        };
        let _writing = self.lock();
        let account = self.get(agent)?;
        if account.disabled || checked.is_some_and(|hash| hash != account.password) {
            return Err(Refusal::BadCredentials);
        }
        let mut txn = self.trees.db.begin();
        for entry in self.trees.sessions.scan(&agent) {
            let (key, old) = entry?;
            if old.expires <= at {
                txn.delete(&self.trees.sessions, &key);
            }
        }
        txn.put(&self.trees.sessions, &(agent, digest(&token)), &session)?;
        self.trees.db.commit(txn)?;
        Ok(Login { token, session })
    }

    /// The session of a token, with its account.
    pub fn session(&self, token: &str) -> Result<(Session, Agent), Refusal> {
        let session = self
            .trees
            .sessions
            .get(&key(token)?)?
            .ok_or(Refusal::Unauthenticated)?;
        let agent = self
            .trees
            .agents
            .get(&session.agent)?
            .ok_or(Refusal::Unauthenticated)?;
        if session.expires <= now() || agent.disabled {
            return Err(Refusal::Unauthenticated);
        }
        Ok((session, agent))
    }

    /// What an open session of an agent may still do in a shop.
    pub fn reach(&self, token: &str, agent: AgentId, shop: ShopId) -> Result<Role, Cut> {
        // A store that does not answer gives nobody a right.
        let account = self.get(agent).map_err(|_| Cut::Ended)?;
        if account.closed() {
            return Err(Cut::Removed);
        }
        if account.disabled {
            return Err(Cut::Disabled);
        }
        self.session(token).map_err(|_| Cut::Ended)?;
        if account.must_change {
            return Err(Cut::MustChange);
        }
        self.role(shop, agent)
            .map_err(|_| Cut::Ended)?
            .ok_or(Cut::Removed)
    }

    /// Ends one session.
    pub fn log_out(&self, token: &str) -> Result<(), Refusal> {
        let _writing = self.lock();
        let mut txn = self.trees.db.begin();
        txn.delete(&self.trees.sessions, &key(token)?);
        self.commit_loss(txn)
    }

    /// Ends every session of an account.
    pub fn end_sessions(&self, agent: AgentId) -> Result<(), Refusal> {
        let _writing = self.lock();
        let mut txn = self.trees.db.begin();
        self.drop_sessions(&mut txn, agent)?;
        self.commit_loss(txn)
    }

    /// Ends every session of the account but this one. Returns how many were still good.
    pub fn end_others(&self, token: &str) -> Result<u32, Refusal> {
        let (agent, mine) = key(token)?;
        let (at, mut ended) = (now(), 0);
        let _writing = self.lock();
        let mut txn = self.trees.db.begin();
        for entry in self.trees.sessions.scan(&agent) {
            let (key, session) = entry?;
            if key.1 != mine {
                ended += u32::from(session.expires > at);
                txn.delete(&self.trees.sessions, &key);
            }
        }
        self.commit_loss(txn)?;
        Ok(ended)
    }

    pub(super) fn drop_sessions(&self, txn: &mut Txn, agent: AgentId) -> Result<(), Refusal> {
        for entry in self.trees.sessions.scan(&agent) {
            txn.delete(&self.trees.sessions, &entry?.0);
        }
        Ok(())
    }
}

/// The key of a token's session.
fn key(token: &str) -> Result<(AgentId, [u8; 32]), Refusal> {
    let agent = token.split_once('.').and_then(|(agent, _)| agent.parse().ok());
    Ok((agent.ok_or(Refusal::Unauthenticated)?, digest(token)))
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn random_text(bytes: usize) -> Result<String, Refusal> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(|_| Refusal::Unavailable)?;
    Ok(URL_SAFE_NO_PAD.encode(random))
}
