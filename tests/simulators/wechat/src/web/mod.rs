//! The phone page and the endpoints under `/sim/` that drive it: what a customer sees and does. For people
//! and for tests that run the executable; it shows nothing an account could see.

mod drive;
mod look;

use std::sync::Arc;

use http::{HeaderValue, Method};
use serde_json::json;

use crate::server::{Asked, Reply};
use crate::text::Query;
use crate::world::World;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const CODE: &str = include_str!("page.js");
const FACES: &str = include_str!("faces.js");
/// Pictures of product cards may come from a shop page on this machine, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src 'self' \
     blob:; img-src 'self' blob: data: http://127.0.0.1:* http://localhost:*; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

/// What an endpoint comes to: the answer, or a status and a sentence.
type Outcome = Result<Reply, (u16, String)>;

/// Answers one request of the page.
pub(crate) async fn answer(world: &Arc<World>, asked: Asked) -> Reply {
    if asked.method != Method::GET && !same_origin(&asked) {
        return Reply::status(
            403,
            "this endpoint is for the page itself and for programs, not for other pages",
        );
    }
    let result = if asked.method == Method::GET {
        seen(world, &asked).await
    } else {
        drive::act(world, &asked).await
    };
    let mut reply = result.unwrap_or_else(|(status, error)| {
        let mut reply = Reply::json(&json!({ "error": error }));
        *reply.response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
        reply
    });
    let headers = reply.response.headers_mut();
    headers.insert("cache-control", HeaderValue::from_static("no-store"));
    headers.insert("content-security-policy", HeaderValue::from_static(POLICY));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    reply
}

/// Programs send no `Origin`; a page must be ours.
fn same_origin(asked: &Asked) -> bool {
    let Some(origin) = &asked.origin else { return true };
    asked
        .host
        .as_ref()
        .is_some_and(|host| *origin == format!("http://{host}"))
}

async fn seen(world: &Arc<World>, asked: &Asked) -> Outcome {
    let query = Query::read(&asked.query).ok_or((400, "the query is not well encoded".to_owned()))?;
    match asked.path.as_str() {
        "/" => Ok(Reply::bytes("text/html; charset=utf-8", PAGE)),
        "/sim/page.css" => Ok(Reply::bytes("text/css; charset=utf-8", STYLE)),
        "/sim/page.js" => Ok(Reply::bytes("text/javascript; charset=utf-8", CODE)),
        "/sim/faces.js" => Ok(Reply::bytes("text/javascript; charset=utf-8", FACES)),
        "/sim/state" => Ok(look::overview(world)),
        "/sim/messages" => look::messages(world, &query).await,
        "/sim/sent" => Ok(look::sent(world, &query)),
        path => {
            let id = path.strip_prefix("/sim/media/").unwrap_or_default();
            let file = world.state().media.get(id, world.now_ms()).cloned();
            file.map(|file| Reply::bytes(file.content_type, file.bytes))
                .ok_or((404, format!("nothing is at {path}; media are kept for 3 days")))
        }
    }
}
