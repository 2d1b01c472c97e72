//! The shop's service tags (A3.2).
use super::customers::Nothing;
use super::{CUSTOMERS, TAGS};
use crate::http::context::Context;
use crate::http::route::Route;
use crate::http::views::TagView;
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use weikefu_core::desk::{Command, CustomerCommand, Desk, Reply};
use weikefu_core::error::Refusal;
use weikefu_core::records::{Tag, TagId};

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    let (all, one) = ("/api/shops/{shop}/tags", "/api/shops/{shop}/tags/{id}");
    vec![
        Route::get(
            all,
            CUSTOMERS,
            "Service tags with their numbers of customers",
            list,
        ),
        Route::json(Method::POST, all, TAGS, "Make a service tag", add),
        Route::json(Method::PATCH, one, TAGS, "Rename a service tag", rename),
        Route::json(
            Method::DELETE,
            one,
            TAGS,
            "Remove a service tag, from its customers too",
            remove,
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct TagName {
    /// 1 to 20 characters, unique in the shop without regard to case.
    name: String,
}

pub(crate) async fn list(context: Context) -> Result<Vec<TagView>, Refusal> {
    let look = |desk: &Desk| desk.tags().cloned().map(view).collect();
    let engine = &context.app.installation.engine;
    engine.look(context.shop()?, look).await
}

pub(crate) async fn add(context: Context, TagName { name }: TagName) -> Result<TagView, Refusal> {
    let name = name.trim().to_owned();
    answer(&context, CustomerCommand::AddTag { name }).await
}

pub(crate) async fn rename(context: Context, TagName { name }: TagName) -> Result<TagView, Refusal> {
    let (tag, name): (TagId, _) = (context.param("id")?, name.trim().to_owned());
    answer(&context, CustomerCommand::RenameTag { tag, name }).await
}

pub(crate) async fn remove(context: Context, _: Nothing) -> Result<(), Refusal> {
    let tag: TagId = context.param("id")?;
    let command = Command::Customer(CustomerCommand::RemoveTag { tag });
    let engine = &context.app.installation.engine;
    engine.execute(context.shop()?, command).await.map(drop)
}

async fn answer(context: &Context, command: CustomerCommand) -> Result<TagView, Refusal> {
    let engine = &context.app.installation.engine;
    match engine
        .execute(context.shop()?, Command::Customer(command))
        .await?
    {
        Reply::Tag(tag) => Ok(view(tag)),
        _ => Err(Refusal::Unavailable),
    }
}

fn view(tag: Tag) -> TagView {
    TagView {
        id: tag.id,
        name: tag.name,
        customers: tag.customers,
    }
}
