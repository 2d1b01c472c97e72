//! The switches of the entries (A5.6): whether customers may come in through a channel.
use super::{ADMINISTER, SERVE};
use crate::http::context::Context;
use crate::http::route::Route;
use crate::http::views::EntryView;
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use weikefu_core::desk::{Command, Topic};
use weikefu_core::error::Refusal;
use weikefu_core::ids::ChannelId;

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/shops/{shop}/entries",
            SERVE,
            "The shop's entries and whether each is on",
            list,
        ),
        Route::json(
            Method::PUT,
            "/api/shops/{shop}/entries/{id}",
            ADMINISTER,
            "Switch a channel's entry on or off; takes effect at once",
            set,
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct SetEntry {
    on: bool,
}

pub(crate) async fn list(context: Context) -> Result<Vec<EntryView>, Refusal> {
    Ok(context.app.installation.channels.entries(context.shop()?))
}

pub(crate) async fn set(context: Context, SetEntry { on }: SetEntry) -> Result<EntryView, Refusal> {
    let (shop, id): (_, ChannelId) = (context.shop()?, context.param("id")?);
    let installation = &context.app.installation;
    let view = installation.channels.set_entry(shop, id, on).await?;
    let told = Command::Changed(Topic::Channels);
    installation.engine.execute(shop, told).await?;
    Ok(view)
}
