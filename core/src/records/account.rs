//! Agents' accounts, their roles in shops, their sessions.
use crate::ids::{AgentId, Millis};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use weikefu_storage::record;

/// An account before people had a name besides the one customers see.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // as in `Agent`
pub struct Agent1 {
    pub id: AgentId,
    pub login: String,
    pub password: String,
    pub must_change: bool,
    pub nickname: String,
    pub avatar: Option<String>,
    pub disabled: bool,
    pub created: Millis,
}
record!(Agent1, b"agent1");

/// An account. One person, any number of shops.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Its number.
    pub id: AgentId,
    /// What the person logs in with; lower case, unique. Empty once the account is closed.
    pub login: String,
    /// Argon2id, PHC string.
    pub password: String,
    /// The password was given out by somebody else and must be changed at the first login.
    pub must_change: bool,
    /// Name shown to customers.
    pub nickname: String,
    /// Stored picture, by media id.
    pub avatar: Option<String>,
    /// May not log in.
    pub disabled: bool,
    /// When it was made.
    pub created: Millis,
    /// The person's name, for colleagues; may be empty.
    pub name: String,
}
record!(Agent, b"agent2", Agent1, |old| Agent {
    id: old.id,
    login: old.login,
    password: old.password,
    must_change: old.must_change,
    nickname: old.nickname,
    avatar: old.avatar,
    disabled: old.disabled,
    created: old.created,
    name: String::new(),
});

impl Agent {
    /// Ends it for good: nobody can log in, and the login is free for another account.
    pub fn close(&mut self) {
        self.login.clear();
        self.password.clear();
        self.disabled = true;
    }

    /// Whether it has been closed. It is kept because messages name it.
    #[must_use]
    pub fn closed(&self) -> bool {
        self.login.is_empty()
    }
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the hash of the password.
        f.debug_struct("Agent")
            .field("id", &self.id)
            .field("login", &self.login)
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}

/// What an agent may do in a shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 普通客服
    Agent,
    /// 高级客服
    Senior,
    /// 主号
    Administrator,
}

/// An agent's place in a shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// Rights.
    pub role: Role,
}
record!(Membership, b"member1");

/// A login. Kept under the SHA-256 of its token, so that a stolen store opens no session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Who.
    pub agent: AgentId,
    /// What unsafe requests must carry in a header.
    pub csrf: String,
    /// When it began.
    pub created: Millis,
    /// When it ends by itself.
    pub expires: Millis,
}
record!(Session, b"sess1");

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the token against forged requests.
        f.debug_struct("Session")
            .field("agent", &self.agent)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}
