//! Small pages of the server itself.
use super::context::Context;
use super::openapi;
use super::reply::{self, Reply};
use http::StatusCode;
use serde_json::json;
use weikefu_core::error::Refusal;

/// Whether the store answers. Says nothing an outsider could use.
pub(crate) async fn health(context: Context) -> Result<Reply, Refusal> {
    // A round through the engine: a server whose store has failed is not healthy.
    let engine = &context.app.installation.engine;
    let shop = context.app.installation.trees.shops.first(&())?.map(|(id, _)| id);
    if let Some(shop) = shop {
        engine.look(shop, |_| ()).await?;
    }
    let console = if weikefu_ui::BUILT || context.app.web.is_some() {
        "built"
    } else {
        "fallback"
    };
    let answer = json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION"), "console": console });
    Ok(reply::json(StatusCode::OK, &answer))
}

pub(crate) async fn openapi(_: Context) -> Result<Reply, Refusal> {
    Ok(reply::json(StatusCode::OK, &openapi::document()))
}

pub(crate) async fn demo(context: Context) -> Result<Reply, Refusal> {
    let page = context.app.demo_page.clone().ok_or(Refusal::NotFound("page"))?;
    Ok(reply::body(StatusCode::OK, "text/html; charset=utf-8", page))
}
