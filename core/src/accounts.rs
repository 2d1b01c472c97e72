//! Accounts, passwords, memberships and sessions.
use crate::engine::now;
use crate::error::Refusal;
use crate::ids::{AgentId, Millis, ShopId};
use crate::records::{Agent, Membership, Role, Session};
use crate::trees::{Number, Trees};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::sync::{Mutex, PoisonError};

/// How long a session lasts, milliseconds.
const SESSION: Millis = 12 * 3_600_000;
/// Characters of a password.
pub const PASSWORD: std::ops::RangeInclusive<usize> = 10..=128;
/// Characters of a nickname.
pub const NICKNAME: usize = 32;

/// Accounts. The one writer of their trees.
pub struct Accounts {
    trees: Trees,
    writing: Mutex<()>,
}

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

impl Accounts {
    /// Accounts in these trees.
    #[must_use]
    pub fn new(trees: Trees) -> Self {
        Accounts {
            trees,
            writing: Mutex::new(()),
        }
    }

    /// Makes an account with a one-time password, which is returned and stored nowhere in clear.
    pub fn add(&self, login: &str, nickname: &str) -> Result<(Agent, String), Refusal> {
        let login = normal_login(login)?;
        let nickname = normal_nickname(nickname)?;
        let password = one_time_password()?;
        let hash = hash(&password)?;
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.trees.logins.contains(&login)? {
            return Err(Refusal::Exists("login"));
        }
        let last = self
            .trees
            .agents
            .scan(&())
            .next_back()
            .transpose()?
            .map_or(0, |(id, _)| id.0);
        let agent = Agent {
            id: AgentId(last + 1),
            login: login.clone(),
            password: hash,
            must_change: true,
            nickname,
            avatar: None,
            disabled: false,
            created: now(),
        };
        let mut txn = self.trees.db.begin();
        txn.put(&self.trees.agents, &agent.id, &agent)?;
        txn.put(&self.trees.logins, &login, &Number(agent.id.0))?;
        self.trees.db.commit(txn)?;
        Ok((agent, password))
    }

    /// An account.
    pub fn get(&self, id: AgentId) -> Result<Agent, Refusal> {
        self.trees.agents.get(&id)?.ok_or(Refusal::NotFound("agent"))
    }

    /// The account with this login.
    pub fn by_login(&self, login: &str) -> Result<Agent, Refusal> {
        let number = self
            .trees
            .logins
            .get(&normal_login(login)?)?
            .ok_or(Refusal::NotFound("agent"))?;
        self.get(AgentId(number.0))
    }

    /// All accounts.
    pub fn list(&self) -> Result<Vec<Agent>, Refusal> {
        self.trees.agents.scan(&()).map(|entry| Ok(entry?.1)).collect()
    }

    /// Checks a password and opens a session. Slow on purpose; call it where blocking is allowed. An unknown
    /// login takes as long as a wrong password.
    pub fn log_in(&self, login: &str, password: &str) -> Result<(Agent, Login), Refusal> {
        let agent = self.by_login(login).ok();
        let known = agent.as_ref().map(|agent| agent.password.as_str());
        let right = verify(known.unwrap_or(NOBODY), password);
        match agent {
            Some(agent) if right && !agent.disabled => {
                let login = self.open_session(agent.id)?;
                Ok((agent, login))
            }
            _ => Err(Refusal::BadCredentials),
        }
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
        if !verify(&self.get(id)?.password, old) {
            return Err(Refusal::BadCredentials);
        }
        let hash = hash(new)?;
        self.edit(id, |agent| {
            agent.password.clone_from(&hash);
            agent.must_change = false;
        })?;
        self.end_sessions(id)?;
        self.open_session(id)
    }

    /// Gives an account a new one-time password and ends its sessions.
    pub fn reset_password(&self, id: AgentId) -> Result<String, Refusal> {
        let password = one_time_password()?;
        let hash = hash(&password)?;
        self.edit(id, |agent| {
            agent.password.clone_from(&hash);
            agent.must_change = true;
        })?;
        self.end_sessions(id)?;
        Ok(password)
    }

    /// Changes what customers see of an agent.
    pub fn edit_profile(
        &self,
        id: AgentId,
        nickname: Option<&str>,
        avatar: Option<Option<String>>,
    ) -> Result<Agent, Refusal> {
        let nickname = nickname.map(normal_nickname).transpose()?;
        self.edit(id, |agent| {
            if let Some(nickname) = &nickname {
                agent.nickname.clone_from(nickname);
            }
            if let Some(avatar) = &avatar {
                agent.avatar.clone_from(avatar);
            }
        })
    }

    fn edit(&self, id: AgentId, change: impl Fn(&mut Agent)) -> Result<Agent, Refusal> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut agent = self.get(id)?;
        change(&mut agent);
        let mut txn = self.trees.db.begin();
        txn.put(&self.trees.agents, &id, &agent)?;
        self.trees.db.commit(txn)?;
        Ok(agent)
    }

    /// Gives an agent a role in a shop.
    pub fn set_member(&self, shop: ShopId, agent: AgentId, role: Role) -> Result<(), Refusal> {
        let mut txn = self.trees.db.begin();
        txn.put(&self.trees.members, &(shop, agent), &Membership { role })?;
        Ok(self.trees.db.commit(txn)?)
    }

    /// An agent's role in a shop.
    pub fn role(&self, shop: ShopId, agent: AgentId) -> Result<Option<Role>, Refusal> {
        Ok(self.trees.members.get(&(shop, agent))?.map(|member| member.role))
    }

    /// The members of a shop.
    pub fn members(&self, shop: ShopId) -> Result<Vec<(AgentId, Role)>, Refusal> {
        self.trees
            .members
            .scan(&shop)
            .map(|entry| {
                entry
                    .map(|((_, id), member)| (id, member.role))
                    .map_err(Refusal::from)
            })
            .collect()
    }

    /// Opens a session; those of the same agent that have run out are dropped.
    fn open_session(&self, agent: AgentId) -> Result<Login, Refusal> {
        // The agent stands in front, so that all sessions of one lie together.
        let token = format!("{agent}.{}", random_text(32)?);
        let at = now();
        let session = Session {
            agent,
            csrf: random_text(24)?,
            created: at,
            expires: at + SESSION,
        };
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

    /// Ends one session.
    pub fn log_out(&self, token: &str) -> Result<(), Refusal> {
        let mut txn = self.trees.db.begin();
        txn.delete(&self.trees.sessions, &key(token)?);
        Ok(self.trees.db.commit(txn)?)
    }

    /// Ends every session of an account.
    fn end_sessions(&self, agent: AgentId) -> Result<(), Refusal> {
        let mut txn = self.trees.db.begin();
        for entry in self.trees.sessions.scan(&agent) {
            txn.delete(&self.trees.sessions, &entry?.0);
        }
        Ok(self.trees.db.commit(txn)?)
    }
}

/// Argon2id with the least OWASP recommends: 19 MiB, two passes.
fn hasher() -> Argon2<'static> {
    Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(19 * 1024, 2, 1, None).unwrap_or_default(),
    )
}

/// A hash nobody has the password of, so that an unknown login costs as much as a known one.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$3oX3VsEgnAIsZ6LXZxKqtbtaUY1jU6DsGvBTLZt0pEw";

fn hash(password: &str) -> Result<String, Refusal> {
    let hash = hasher()
        .hash_password(password.as_bytes())
        .map_err(|_| Refusal::Unavailable)?;
    Ok(hash.to_string())
}

fn verify(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| hasher().verify_password(password.as_bytes(), &hash).is_ok())
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

/// Twelve characters that cannot be mistaken for each other when read aloud or copied by hand: 60 bits.
fn one_time_password() -> Result<String, Refusal> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = [0; 12];
    getrandom::fill(&mut random).map_err(|_| Refusal::Unavailable)?;
    let letters = random.map(|byte| LETTERS[usize::from(byte & 31)] as char);
    Ok(letters
        .chunks(4)
        .map(|part| part.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join("-"))
}

fn normal_login(login: &str) -> Result<String, Refusal> {
    let login = login.trim().to_lowercase();
    let fine = (2..=32).contains(&login.chars().count())
        && login
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@'));
    if fine {
        return Ok(login);
    }
    Err(Refusal::invalid(
        "login",
        "账号需要 2 到 32 个字符：字母、数字、汉字或 . - _ @。",
        "A login has 2 to 32 characters: letters, digits or . - _ @.",
    ))
}

fn normal_nickname(nickname: &str) -> Result<String, Refusal> {
    let nickname = nickname.trim();
    if (1..=NICKNAME).contains(&nickname.chars().count()) && !nickname.chars().any(char::is_control) {
        return Ok(nickname.to_owned());
    }
    Err(Refusal::invalid(
        "nickname",
        "昵称需要 1 到 32 个字符。",
        "A nickname has 1 to 32 characters.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise an unknown login would be answered at once, and so told apart.
    #[test]
    fn the_hash_of_nobody_is_worth_as_much_work_as_any_other() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let real = hash("some password").unwrap();
        let real = PasswordHash::new(&real).unwrap();
        assert_eq!(nobody.algorithm, real.algorithm);
        assert_eq!(nobody.version, real.version);
        assert_eq!(nobody.params.to_string(), real.params.to_string());
        assert!(!verify(NOBODY, ""));
    }

    #[test]
    fn one_time_passwords_are_long_enough_and_differ() {
        let (one, other) = (one_time_password().unwrap(), one_time_password().unwrap());
        assert_ne!(one, other);
        assert!(PASSWORD.contains(&one.len()));
        assert!(!one.contains(['l', 'o', '0', '1']), "{one}");
    }
}
