//! Token calls (protocol section 8).

use serde_json::{Value, json};

use super::{Outcome, object, only, string};
use crate::server::Reply;
use crate::text::Query;
use crate::tokens::Lent;
use crate::world::World;

fn credentials(world: &World, app_id: &str, secret: &str) -> Result<(), i64> {
    match (app_id, secret) {
        ("", _) => Err(41002),
        (_, "") => Err(41004),
        _ if app_id != world.account.app_id => Err(40013),
        _ if secret != world.account.secret => Err(40125),
        _ => Ok(()),
    }
}

fn lend((token, seconds): Lent) -> Reply {
    Reply::json(&json!({ "access_token": token, "expires_in": seconds }))
}

pub(super) fn stable_token(world: &World, body: &[u8]) -> Outcome {
    let body = object(body)?;
    only(&body, &["grant_type", "appid", "secret", "force_refresh"])?;
    if string(&body, "grant_type", 40035)? != "client_credential" {
        return Err(40035);
    }
    credentials(
        world,
        string(&body, "appid", 41002)?,
        string(&body, "secret", 41004)?,
    )?;
    let force = match body.get("force_refresh") {
        None => false,
        Some(Value::Bool(force)) => *force,
        Some(_) => return Err(40035),
    };
    let now_ms = world.now_ms();
    Ok(lend(world.change(|state| state.tokens.stable(force, now_ms))))
}

pub(super) fn token(world: &World, query: &Query) -> Outcome {
    if query.get("grant_type") != Some("client_credential") {
        return Err(40035);
    }
    let part = |name| query.get(name).unwrap_or_default();
    credentials(world, part("appid"), part("secret"))?;
    let now_ms = world.now_ms();
    world.change(|state| state.tokens.plain(now_ms)).map(lend)
}
