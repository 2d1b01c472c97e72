//! `/cgi-bin/media/upload` and `/cgi-bin/media/get` (protocol section 11).

use bytes::Bytes;
use serde_json::json;

use super::multipart;
use super::{Outcome, failure};
use crate::media::Kind;
use crate::server::Reply;
use crate::text::Query;
use crate::world::World;

pub(super) fn upload(world: &World, query: &Query, content_type: &str, body: &Bytes) -> Outcome {
    let kind = query.get("type").and_then(Kind::named).ok_or(40004)?;
    let parts = multipart::read(content_type, body).ok_or(41005)?;
    let [part] = parts.as_slice() else {
        return Err(if parts.is_empty() { 41005 } else { 40035 });
    };
    let named = part.name == "media" && part.has_content_type;
    let file_name = part
        .file_name
        .as_deref()
        .filter(|name| named && !name.is_empty())
        .ok_or(41005)?;
    if part.bytes.is_empty() {
        return Err(41005);
    }
    kind.check(&part.bytes)?;
    let now_ms = world.now_ms();
    let file = world.change(|state| state.media.put(kind, part.bytes.clone(), file_name, now_ms));
    let key = if kind == Kind::Thumb {
        "thumb_media_id"
    } else {
        "media_id"
    };
    Ok(Reply::json(
        &json!({ "type": kind.name(), key: file.media_id, "created_at": now_ms / 1000 }),
    ))
}

pub(super) fn get(world: &World, query: &Query) -> Reply {
    let media_id = query.get("media_id").unwrap_or_default();
    let Some(file) = world.state().media.get(media_id, world.now_ms()).cloned() else {
        // Errors of this call often come with a wrong type.
        let mut reply = Reply::bytes("text/plain", failure(40007).to_string());
        reply.errcode = Some(40007);
        return reply;
    };
    if file.kind == Kind::Video {
        let url = format!("{}/sim/media/{media_id}", world.base());
        return Reply::json(&json!({ "video_url": url }));
    }
    let mut reply = Reply::bytes(file.content_type, file.bytes);
    let disposition = format!(
        "attachment; filename=\"{}.{}\"",
        media_id.get(..16).unwrap_or(media_id),
        file.extension
    );
    if let Ok(value) = disposition.parse() {
        reply.response.headers_mut().insert("content-disposition", value);
    }
    reply
}
