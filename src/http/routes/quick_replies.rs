//! Quick replies (A5.9): 个人回复 is everybody's own, 公共回复 is read by all and changed by administrators.
use super::{ADMINISTER, SERVE, exchange};
use crate::exchange::{What, import_texts};
use crate::http::context::Context;
use crate::http::download;
use crate::http::reply::{self, Reply};
use crate::http::route::{Access, Route};
use http::{Method, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weikefu_core::desk::{Command, Topic};
use weikefu_core::error::Refusal;
use weikefu_core::ids::ShopId;
use weikefu_core::quick_replies::{Contents, Folder, Numbered, Order, QuickReplies, Shelf};
use weikefu_core::records::QuickReply;

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![Route::get(
        "/api/shops/{shop}/quick-replies",
        SERVE,
        "Both boxes of quick replies",
        both,
    )];
    macro_rules! of_box {
        ($name:literal, $access:expr, $shared:literal) => {
            routes.extend(of_box::<$shared>(
                $access,
                Paths {
                    folders: concat!("/api/shops/{shop}/quick-replies/", $name, "/folders"),
                    folder: concat!("/api/shops/{shop}/quick-replies/", $name, "/folders/{id}"),
                    replies: concat!("/api/shops/{shop}/quick-replies/", $name, "/replies"),
                    reply: concat!("/api/shops/{shop}/quick-replies/", $name, "/replies/{id}"),
                    order: concat!("/api/shops/{shop}/quick-replies/", $name, "/order"),
                    export: concat!("/api/shops/{shop}/quick-replies/", $name, "/export"),
                    import: concat!("/api/shops/{shop}/quick-replies/", $name, "/import"),
                },
            ));
        };
    }
    of_box!("mine", SERVE, false);
    of_box!("shared", ADMINISTER, true);
    routes
}

struct Paths {
    folders: &'static str,
    folder: &'static str,
    replies: &'static str,
    reply: &'static str,
    order: &'static str,
    export: &'static str,
    import: &'static str,
}

/// The routes of one box. Which box it is stands in the type, so that a route cannot reach the other one.
fn of_box<const SHARED: bool>(access: Access, at: Paths) -> Vec<Route> {
    vec![
        Route::json(
            Method::POST,
            at.folders,
            access,
            "Add a folder",
            add_folder::<SHARED>,
        ),
        Route::json(
            Method::PATCH,
            at.folder,
            access,
            "Rename it",
            rename_folder::<SHARED>,
        ),
        Route::json(
            Method::DELETE,
            at.folder,
            access,
            "Delete it with its replies",
            delete_folder::<SHARED>,
        ),
        Route::json(
            Method::POST,
            at.replies,
            access,
            "Add a reply",
            add_reply::<SHARED>,
        ),
        Route::json(Method::PATCH, at.reply, access, "Change it", edit_reply::<SHARED>),
        Route::json(
            Method::DELETE,
            at.reply,
            access,
            "Delete it",
            delete_reply::<SHARED>,
        ),
        Route::json(
            Method::PUT,
            at.order,
            access,
            "Set the order of everything in the box",
            reorder::<SHARED>,
        ),
        Route::raw(
            Method::GET,
            at.export,
            access,
            "The box as `format` csv, xlsx or json",
            export::<SHARED>,
        ),
        Route::raw(
            Method::POST,
            at.import,
            access,
            "Add the replies of a CSV, XLSX or JSON file, all or none; `dry=true` only tells",
            import::<SHARED>,
        )
        .answers::<ImportedView>(),
    ]
}

/// Both boxes.
#[derive(Serialize, JsonSchema)]
pub(crate) struct QuickRepliesView {
    mine: QuickBoxView,
    shared: QuickBoxView,
}

/// One box in order.
#[derive(Serialize, JsonSchema)]
pub(crate) struct QuickBoxView {
    folders: Vec<QuickFolderView>,
    /// Those in no folder.
    replies: Vec<QuickReplyView>,
}

/// A folder with its replies.
#[derive(Serialize, JsonSchema)]
pub(crate) struct QuickFolderView {
    id: u32,
    name: String,
    replies: Vec<QuickReplyView>,
}

/// A quick reply.
#[derive(Serialize, JsonSchema)]
pub(crate) struct QuickReplyView {
    id: u32,
    title: String,
    text: String,
}

/// What an import did.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ImportedView {
    added: usize,
    /// Were there already.
    skipped: usize,
    /// New folders.
    folders: usize,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct FolderName {
    name: String,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct NewReply {
    folder: Option<u32>,
    #[serde(default)]
    title: String,
    text: String,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ReplyChanges {
    title: Option<String>,
    text: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct QuickOrder {
    folders: Vec<FolderOrder>,
    replies: Vec<u32>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct FolderOrder {
    id: u32,
    replies: Vec<u32>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Nothing {}

fn shelf<const SHARED: bool>(context: &Context) -> Result<Shelf, Refusal> {
    Ok(if SHARED {
        Shelf::Shared
    } else {
        Shelf::Mine(context.agent()?.id)
    })
}

/// Does something to the quick replies where blocking is allowed: every change waits for the disk.
async fn blocking<T: Send + 'static>(
    context: &Context,
    work: impl FnOnce(&QuickReplies) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let replies = Arc::clone(&context.app.installation.quick_replies);
    tokio::task::spawn_blocking(move || work(&replies))
        .await
        .map_err(|_| Refusal::Unavailable)?
}

/// Changes a box and tells the shop's consoles.
async fn change<const SHARED: bool, T: Send + 'static>(
    context: &Context,
    work: impl FnOnce(&QuickReplies, ShopId, Shelf) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let (shop, shelf) = (context.shop()?, shelf::<SHARED>(context)?);
    let done = blocking(context, move |replies| work(replies, shop, shelf)).await?;
    let told = Command::Changed(Topic::QuickReplies);
    context.app.installation.engine.execute(shop, told).await?;
    Ok(done)
}

async fn both(context: Context) -> Result<QuickRepliesView, Refusal> {
    let (shop, mine) = (context.shop()?, Shelf::Mine(context.agent()?.id));
    blocking(&context, move |replies| {
        Ok(QuickRepliesView {
            mine: view(replies.contents(shop, mine)?),
            shared: view(replies.contents(shop, Shelf::Shared)?),
        })
    })
    .await
}

fn view(contents: Contents) -> QuickBoxView {
    QuickBoxView {
        folders: contents.folders.into_iter().map(folder).collect(),
        replies: contents.replies.into_iter().map(numbered).collect(),
    }
}

fn folder(folder: Folder) -> QuickFolderView {
    QuickFolderView {
        id: folder.id,
        name: folder.name,
        replies: folder.replies.into_iter().map(numbered).collect(),
    }
}

fn numbered(Numbered { id, reply }: Numbered) -> QuickReplyView {
    QuickReplyView {
        id,
        title: reply.title,
        text: reply.text,
    }
}

async fn add_folder<const SHARED: bool>(
    context: Context,
    new: FolderName,
) -> Result<QuickFolderView, Refusal> {
    let added = change::<SHARED, _>(&context, move |replies, shop, shelf| {
        replies.add_folder(shop, shelf, &new.name)
    });
    Ok(folder(added.await?))
}

async fn rename_folder<const SHARED: bool>(context: Context, new: FolderName) -> Result<(), Refusal> {
    let id = context.param("id")?;
    change::<SHARED, _>(&context, move |replies, shop, shelf| {
        replies.rename_folder(shop, shelf, id, &new.name)
    })
    .await
}

async fn delete_folder<const SHARED: bool>(context: Context, _: Nothing) -> Result<(), Refusal> {
    let id = context.param("id")?;
    change::<SHARED, _>(&context, move |replies, shop, shelf| {
        replies.delete_folder(shop, shelf, id)
    })
    .await
}

async fn add_reply<const SHARED: bool>(context: Context, new: NewReply) -> Result<QuickReplyView, Refusal> {
    let added = change::<SHARED, _>(&context, move |replies, shop, shelf| {
        let reply = QuickReply {
            title: new.title,
            text: new.text,
        };
        replies.add_reply(shop, shelf, new.folder, reply)
    });
    Ok(numbered(added.await?))
}

async fn edit_reply<const SHARED: bool>(
    context: Context,
    changes: ReplyChanges,
) -> Result<QuickReplyView, Refusal> {
    let id = context.param("id")?;
    let edited = change::<SHARED, _>(&context, move |replies, shop, shelf| {
        replies.edit_reply(shop, shelf, id, changes.title, changes.text)
    });
    Ok(numbered(edited.await?))
}

async fn delete_reply<const SHARED: bool>(context: Context, _: Nothing) -> Result<(), Refusal> {
    let id = context.param("id")?;
    change::<SHARED, _>(&context, move |replies, shop, shelf| {
        replies.delete_reply(shop, shelf, id)
    })
    .await
}

async fn reorder<const SHARED: bool>(context: Context, wanted: QuickOrder) -> Result<(), Refusal> {
    let order = Order {
        folders: wanted
            .folders
            .into_iter()
            .map(|folder| (folder.id, folder.replies))
            .collect(),
        replies: wanted.replies,
    };
    change::<SHARED, _>(&context, move |replies, shop, shelf| {
        replies.reorder(shop, shelf, &order)
    })
    .await
}

async fn export<const SHARED: bool>(context: Context) -> Result<Reply, Refusal> {
    let format = download::format(&context)?;
    let shelf = shelf::<SHARED>(&context)?;
    exchange::texts_out(context, shelf, format).await
}

async fn import<const SHARED: bool>(mut context: Context) -> Result<Reply, Refusal> {
    let shelf = shelf::<SHARED>(&context)?;
    let wanted = exchange::wanted(&mut context, What::QuickReplies).await?;
    let format = wanted.format;
    let report = import_texts(&context.app.installation, wanted, shelf).await?;
    if !report.errors.is_empty() {
        return Err(exchange::refused(&report, format));
    }
    let view = ImportedView {
        added: report.created,
        skipped: report.unchanged,
        folders: report.made.len(),
    };
    Ok(reply::json(StatusCode::OK, &view))
}
