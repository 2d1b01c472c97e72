//! Agents' accounts, their roles in shops, their sessions.
use crate::ids::{AgentId, Millis};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use weikefu_storage::record;

/// An account. One person, any number of shops.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Its number.
    pub id: AgentId,
    /// What the person logs in with; lower case, unique.
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
}
record!(Agent, b"agent1");

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
