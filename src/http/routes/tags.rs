//! The shop's service tags (A3.2).
use super::customers::Nothing;
use super::deeds::{self, Done};
use super::{CUSTOMERS, TAGS};
use crate::http::context::Context;
use crate::http::route::Route;
use crate::http::views::TagView;
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use weikefu_core::desk::{Command, CustomerCommand, Desk, Reply};
use weikefu_core::error::Refusal;
use weikefu_core::records::{DeedKind, Tag, TagId};

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
        Route::get(one, CUSTOMERS, "A service tag with its number of customers", get),
        Route::json(
            Method::DELETE,
            one,
            TAGS,
            "Remove a service tag, from its customers too; the answer tells how many had it",
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

pub(crate) async fn get(context: Context) -> Result<TagView, Refusal> {
    let tag: TagId = context.param("id")?;
    let known = context.app.installation.trees.tags.get(&(context.shop()?, tag))?;
    known.map(view).ok_or(Refusal::NotFound("tag"))
}

pub(crate) async fn remove(context: Context, _: Nothing) -> Result<TagView, Refusal> {
    let tag: TagId = context.param("id")?;
    let gone = answer(&context, CustomerCommand::RemoveTag { tag }).await?;
    let deed = Done {
        kind: DeedKind::RemoveTag,
        count: gone.customers,
        about: gone.name.clone(),
        topics: Vec::new(),
    };
    deeds::note(&context, deed).await?;
    Ok(gone)
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
