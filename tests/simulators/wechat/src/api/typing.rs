//! `/cgi-bin/message/custom/typing` (protocol section 9).

use serde_json::json;

use super::send::reachable;
use super::{Outcome, object, only, string};
use crate::server::Reply;
use crate::world::World;

const EXCHANGE_MS: u64 = 30_000;
const LASTS_MS: u64 = 15_000;

pub(super) fn typing(world: &World, body: &[u8]) -> Outcome {
    let body = object(body)?;
    only(&body, &["touser", "command"])?;
    let openid = string(&body, "touser", 40003)?;
    let start = match string(&body, "command", 45072)? {
        "Typing" => true,
        "CancelTyping" => false,
        _ => return Err(45072),
    };
    reachable(world, openid)?;
    let now_ms = world.now_ms();
    world.change(|state| {
        let person = state.people.get_mut(openid).ok_or(40003)?;
        let recent = person
            .last_exchange_ms
            .is_some_and(|at| now_ms <= at.saturating_add(EXCHANGE_MS));
        if !recent || person.windows.quota(now_ms).until_ms == 0 {
            return Err(45080);
        }
        if start && now_ms < person.typing_until_ms {
            return Err(45081);
        }
        person.typing_until_ms = if start { now_ms + LASTS_MS } else { 0 };
        person.touch();
        Ok(Reply::json(&json!({ "errcode": 0, "errmsg": "ok" })))
    })
}
