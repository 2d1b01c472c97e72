//! The agents of a full desk: accounts, passwords, sessions. The first ones see everything.

use crate::client::{Place, Session};
use crate::desk::{self, Installation};
use crate::problem::{Outcome, wrong};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use std::rc::Rc;
use tokio::sync::Mutex;

/// Agents who see every conversation and hold none; the first ones.
pub(crate) const SENIORS: usize = 4;
/// Passwords are hashed slowly on purpose, on as many processors as there may be.
const AT_ONCE: usize = 4;

/// Everybody at the desk.
pub(crate) struct Team {
    members: Vec<Rc<Mutex<Member>>>,
}

/// One agent.
pub(crate) struct Member {
    session: Session,
    desk: String,
}

impl Team {
    /// Makes the accounts in a running installation and logs all of them in.
    pub(crate) async fn gather(installation: &Installation, address: &str, agents: usize) -> Outcome<Self> {
        let mut accounts = Vec::with_capacity(agents);
        for agent in 0..agents {
            let login = format!("agent{agent:03}");
            let role = if agent < SENIORS { "senior" } else { "agent" };
            let added = installation.order(&["agent", "add", &login, "--role", role])?;
            accounts.push((login, desk::text(&added, "one_time_password")?));
        }
        let entering = stream::iter(accounts).map(|(login, one_time)| enter(address, login, one_time));
        let entered: Vec<_> = entering.buffered(AT_ONCE).collect().await;
        let members = entered.into_iter().map(|member| Ok(Rc::new(Mutex::new(member?))));
        Ok(Self {
            members: members.collect::<Outcome<_>>()?,
        })
    }

    /// Paths and headers of everybody's live events.
    pub(crate) async fn places(&self) -> Vec<Place> {
        let mut places = Vec::with_capacity(self.members.len());
        for member in &self.members {
            let member = member.lock().await;
            places.push((format!("{}/events", member.desk), member.session.headers()));
        }
        places
    }

    /// All but the seniors, who only look, are online and take customers by themselves or by hand.
    pub(crate) async fn settle(&self, auto: bool, limit: usize) -> Outcome {
        for member in &self.members[SENIORS..] {
            let mut member = member.lock().await;
            let settings = json!({ "auto": auto, "limit": limit, "greeting": "",
            "close": { "on": false, "idle_minutes": 30, "text": "" }, "offline": { "on": false, "text": "" } });
            member.call("PUT", "/settings/mine", &settings).await?;
            let presence = json!({ "online": true });
            member.call("POST", "/presence", &presence).await?;
        }
        Ok(())
    }

    /// One of those who take customers, the same again after everybody had a turn.
    pub(crate) fn member(&self, turn: usize) -> Rc<Mutex<Member>> {
        let takers = &self.members[SENIORS..];
        Rc::clone(&takers[turn % takers.len()])
    }
}

impl Member {
    async fn call(&mut self, method: &str, path: &str, body: &Value) -> Outcome<Value> {
        let path = format!("{}{path}", self.desk);
        Ok(self.session.call(method, &path, &body.to_string()).await?.1)
    }

    /// Accepts a waiting conversation nobody has touched.
    pub(crate) async fn accept(&mut self, conversation: u64) -> Outcome {
        let path = format!("/conversations/{conversation}/accept");
        let taken = self.call("POST", &path, &json!({ "epoch": 1 })).await?;
        if taken["state"] == "active" {
            return Ok(());
        }
        wrong(format!("conversation {conversation} was not accepted: {taken}"))
    }
}

async fn enter(address: &str, login: String, one_time: String) -> Outcome<Member> {
    let (session, _) = desk::enter(address, &login, &one_time).await?;
    let (session, entered) = desk::choose_password(session, &one_time, address).await?;
    let shop = &entered["shops"][0]["id"];
    Ok(Member {
        session,
        desk: format!("/api/shops/{shop}"),
    })
}
