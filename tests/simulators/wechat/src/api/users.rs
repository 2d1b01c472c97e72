//! `/cgi-bin/user/info` and `/cgi-bin/tags/get` (protocol sections 12 and 13).

use serde_json::json;

use super::Outcome;
use crate::server::Reply;
use crate::text::Query;
use crate::world::World;

pub(super) fn info(world: &World, query: &Query) -> Outcome {
    let openid = query.get("openid").unwrap_or_default();
    let language = match query.get("lang") {
        None => "zh_CN",
        Some(language @ ("zh_CN" | "zh_TW" | "en")) => language,
        Some(_) => return Err(40035),
    };
    let state = world.state();
    let person = state.people.get(openid).ok_or(40003)?;
    if !person.following {
        return Ok(Reply::json(&json!({ "subscribe": 0, "openid": openid })));
    }
    // Name, picture, sex and region are empty for everybody since 2021.
    Ok(Reply::json(&json!({
        "subscribe": 1, "openid": openid, "nickname": "", "sex": 0, "language": language, "city": "",
        "province": "", "country": "", "headimgurl": "", "subscribe_time": person.followed_at, "remark": person.remark,
        "groupid": 0, "tagid_list": person.tags,
        "subscribe_scene": if person.scene.is_empty() { "ADD_SCENE_SEARCH" } else { "ADD_SCENE_QR_CODE" },
        "qr_scene": 0, "qr_scene_str": person.scene,
    })))
}

pub(super) fn tags(world: &World) -> Reply {
    let state = world.state();
    let count = |id: &u64| {
        let has = |person: &&crate::world::Person| person.tags.contains(id);
        state.people.values().filter(has).count()
    };
    let tags: Vec<_> = state
        .tags
        .iter()
        .map(|(id, name)| json!({ "id": id, "name": name, "count": count(id) }))
        .collect();
    Reply::json(&json!({ "tags": tags }))
}
