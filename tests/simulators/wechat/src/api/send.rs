//! `/cgi-bin/message/custom/send` (protocol sections 9 and 10).

use serde_json::{Map, Value};

use super::message::{Surroundings, check};
use super::{Outcome, object, only, string};
use crate::record::{Sent, Via};
use crate::rules::Closed;
use crate::server::Reply;
use crate::world::World;

/// Whether a JSON text has a `\uXXXX` escape, which the call refuses although it is good JSON.
fn has_unicode_escape(json: &[u8]) -> bool {
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        if *byte == b'\\' && bytes.next() == Some(&b'u') {
            return true;
        }
    }
    false
}

/// The person's state as an errcode, 0 being fine.
pub(super) fn reachable(world: &World, openid: &str) -> Result<(), i64> {
    match world.state().people.get(openid) {
        None => Err(40003),
        Some(person) if !person.following => Err(world.options.unfollowed_errcode),
        Some(_) => Ok(()),
    }
}

pub(super) fn closed(closed: Closed) -> i64 {
    match closed {
        Closed::NoWindow => 45015,
        Closed::Spent => 45047,
    }
}

fn kf_account(world: &World, body: &Map<String, Value>) -> Result<Option<String>, i64> {
    let Some(service) = body.get("customservice") else {
        return Ok(None);
    };
    let service = service.as_object().ok_or(40035)?;
    only(service, &["kf_account"])?;
    let account = string(service, "kf_account", 61452)?;
    let known = world.options.kf_accounts.iter().any(|known| known == account);
    if known {
        Ok(Some(account.to_owned()))
    } else {
        Err(61452)
    }
}

pub(super) fn send(world: &World, body: &[u8]) -> Outcome {
    let parsed = object(body)?;
    if has_unicode_escape(body) {
        return Err(40033);
    }
    let openid = string(&parsed, "touser", 40003)?;
    let msg_type = string(&parsed, "msgtype", 40008)?;
    reachable(world, openid)?;
    let empty = Map::new();
    let message = match parsed.get(msg_type) {
        Some(Value::Object(message)) => message,
        Some(_) => return Err(40035),
        // Which field is missing is told by the check of the type.
        None => &empty,
    };
    let now_ms = world.now_ms();
    let media = |id: &str| world.state().media.get(id, now_ms).cloned();
    let checked = check(
        msg_type,
        message,
        &Surroundings {
            options: &world.options,
            media: &media,
        },
    )?;
    only(
        &parsed,
        &["touser", "msgtype", msg_type, "customservice", "aimsgcontext"],
    )?;
    if parsed
        .get("aimsgcontext")
        .is_some_and(|context| !context.is_object())
    {
        return Err(40035);
    }
    let kf_account = kf_account(world, &parsed)?;
    let sent = Sent {
        order: 0,
        at_ms: now_ms,
        openid: openid.to_owned(),
        via: Via::Send,
        msg_type: msg_type.to_owned(),
        body: Value::Object(message.clone()),
        media: checked.media,
        kf_account,
    };
    world.change(|state| {
        let person = state.people.get_mut(openid).ok_or(40003)?;
        person.windows.spend(now_ms).map_err(closed)?;
        state.deliver_to_customer(sent, checked.display);
        Ok(Reply::json(&serde_json::json!({ "errcode": 0, "errmsg": "ok" })))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_found_and_escaped_backslashes_are_none() {
        assert!(has_unicode_escape(br#"{"content":"\u4f60"}"#));
        assert!(has_unicode_escape(br#"{"content":"\\\u4f60"}"#));
        assert!(!has_unicode_escape(br#"{"content":"C:\\users\n"}"#));
        assert!(!has_unicode_escape("{\"content\":\"你\"}".as_bytes()));
    }
}
