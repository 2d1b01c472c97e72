//! What the page shows: the customers, one chat, what was sent.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::Outcome;
use crate::record::{Author, Fate, Line, Via};
use crate::server::Reply;
use crate::text::Query;
use crate::world::{Person, State, World};

const LONGEST_WAIT: Duration = Duration::from_secs(25);
/// Lines of one answer; the page asks again for more.
const MOST_LINES: usize = 500;

fn line(line: &Line) -> Value {
    let from = match line.author {
        Author::Customer => "me",
        Author::Account => "account",
        Author::Notice => "notice",
    };
    let fate = match line.fate {
        Fate::Pending => "pending",
        Fate::Done => "done",
        Fate::Failed => "failed",
    };
    json!({ "id": line.id, "revision": line.revision, "at": line.at_ms, "from": from, "kind": line.kind,
            "body": line.body, "fate": fate })
}

/// The account and its customers, the latest first.
pub(super) fn overview(world: &World) -> Reply {
    let state = world.state();
    let mut people: Vec<(&String, &Person)> = state.people.iter().collect();
    people.sort_by_key(|(_, person)| std::cmp::Reverse(person.lines.last().map_or(0, |line| line.at_ms)));
    let customers: Vec<Value> = people
        .into_iter()
        .take(200)
        .map(|(openid, person)| {
            json!({ "openid": openid, "nickname": person.nickname, "following": person.following,
                    "revision": person.revision(), "last": person.lines.last().map(line) })
        })
        .collect();
    let callback = world.callback().map(|uri| uri.to_string());
    Reply::json(&json!({
        "name": world.options.display_name, "original_id": world.account.original_id,
        "mode": world.account.mode.to_string(), "callback": callback, "now": world.now_ms(), "customers": customers,
    }))
}

fn chat(state: &State, openid: &str, after: u64, now_ms: u64) -> Option<(Value, bool)> {
    let person = state.people.get(openid)?;
    let mut changed: Vec<&Line> = person.lines.iter().filter(|line| line.revision > after).collect();
    changed.sort_by_key(|line| line.revision);
    let cut = changed.len() > MOST_LINES;
    changed.truncate(MOST_LINES);
    let revision = if cut {
        changed.last().map_or(after, |line| line.revision)
    } else {
        person.revision()
    };
    let quota = person.windows.quota(now_ms);
    let lines: Vec<Value> = changed.into_iter().map(line).collect();
    let answer = json!({
        "revision": revision, "lines": lines, "following": person.following, "nickname": person.nickname,
        "quota": { "left": quota.left, "until": quota.until_ms }, "typing_until": person.typing_until_ms,
        "now": now_ms,
    });
    Some((answer, person.revision() > after))
}

/// Changes of one chat after a revision; waits for one up to `wait` milliseconds.
pub(super) async fn messages(world: &Arc<World>, query: &Query) -> Outcome {
    let openid = query.get("openid").unwrap_or_default();
    let number = |name: &str| {
        query
            .get(name)
            .and_then(|text| text.parse::<u64>().ok())
            .unwrap_or(0)
    };
    let (after, wait) = (
        number("after"),
        Duration::from_millis(number("wait")).min(LONGEST_WAIT),
    );
    let unknown = || {
        (
            404,
            format!("there is no customer {openid:?}: create one with POST /sim/customers"),
        )
    };
    let (mut answer, mut news) = chat(&world.state(), openid, after, world.now_ms()).ok_or_else(unknown)?;
    if !news && !wait.is_zero() {
        let changed = |state: &State| {
            state
                .people
                .get(openid)
                .filter(|person| person.revision() > after)
                .map(drop)
        };
        news = world.wait_for(wait, changed).await.is_some();
        if news {
            answer = chat(&world.state(), openid, after, world.now_ms())
                .ok_or_else(unknown)?
                .0;
        }
    }
    answer["changed"] = json!(news);
    Ok(Reply::json(&answer))
}

/// Everything the account sent, to one openid or to all.
pub(super) fn sent(world: &World, query: &Query) -> Reply {
    let state = world.state();
    let wanted = query.get("openid");
    let mut all: Vec<_> = state
        .people
        .iter()
        .filter(|(openid, _)| wanted.is_none_or(|wanted| wanted == *openid))
        .flat_map(|(_, person)| &person.sent)
        .collect();
    all.sort_by_key(|sent| sent.order);
    let list: Vec<Value> = all
        .into_iter()
        .map(|sent| {
            json!({ "order": sent.order, "at": sent.at_ms, "openid": sent.openid, "msgtype": sent.msg_type,
                    "body": sent.body, "passive": sent.via == Via::Passive, "kf_account": sent.kf_account,
                    "media_bytes": sent.media.as_ref().map(|file| file.bytes.len()) })
        })
        .collect();
    Reply::json(&json!({ "sent": list }))
}
