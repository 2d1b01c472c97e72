//! What was done to many at once, and by whom.
use super::SUPERVISE;
use crate::http::context::Context;
use crate::http::route::Route;
use schemars::JsonSchema;
use serde::Serialize;
use weikefu_core::desk::{BulkCommand, Command, Topic};
use weikefu_core::error::Refusal;
use weikefu_core::ids::{AgentId, Millis};
use weikefu_core::records::{DeedId, DeedKind};

/// Deeds of a page unless asked otherwise, and at most.
const PAGE: (usize, usize) = (50, 200);

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    vec![Route::get(
        "/api/shops/{shop}/deeds",
        SUPERVISE,
        "What was done to many at once and by whom, newest first: `after` is the `next` of the page in front, `limit`",
        list,
    )]
}

/// A page of deeds.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DeedsView {
    rows: Vec<DeedView>,
    /// `after` of the next page; absent on the last one.
    next: Option<DeedId>,
}

/// Something that was done to many.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DeedView {
    id: DeedId,
    kind: DeedKind,
    /// Absent: the command line.
    by: Option<AgentId>,
    by_name: Option<String>,
    at: Millis,
    /// Records it was done to.
    count: u32,
    /// In a few words.
    about: String,
}

pub(crate) async fn list(context: Context) -> Result<DeedsView, Refusal> {
    let shop = context.shop()?;
    let bad = || Refusal::Malformed("after or limit".into());
    let asked = |name: &str| context.query(name).filter(|text| !text.is_empty());
    let limit = asked("limit").map(|text| text.parse::<usize>().map_err(|_| bad()));
    let limit = limit.transpose()?.map_or(PAGE.0, |limit| limit.clamp(1, PAGE.1));
    let end = asked("after").map(|text| text.parse().map_err(|_| bad()));
    let end = DeedId(end.transpose()?.unwrap_or(u64::MAX));
    let installation = &context.app.installation;
    let mut view = DeedsView {
        rows: Vec::new(),
        next: None,
    };
    let range = (shop, DeedId(0))..(shop, end);
    for entry in installation.trees.deeds.range(range).rev() {
        let ((_, id), deed) = entry?;
        if view.rows.len() == limit {
            view.next = view.rows.last().map(|row| row.id);
            break;
        }
        let name = |by| Some(installation.accounts.get(by).ok()?.nickname);
        view.rows.push(DeedView {
            id,
            kind: deed.kind,
            by: deed.by,
            by_name: deed.by.and_then(name),
            at: deed.at,
            count: deed.count,
            about: deed.about,
        });
    }
    Ok(view)
}

/// Something that has been done.
pub(super) struct Done {
    pub(super) kind: DeedKind,
    pub(super) count: u32,
    pub(super) about: String,
    /// What everybody looks at again.
    pub(super) topics: Vec<Topic>,
}

/// Notes it with the agent who asked.
pub(super) async fn note(context: &Context, done: Done) -> Result<(), Refusal> {
    let (shop, by) = (context.shop()?, Some(context.agent()?.id));
    let Done {
        kind,
        count,
        about,
        topics,
    } = done;
    let about = about.chars().take(200).collect();
    let command = Command::Bulk(BulkCommand::Note {
        by,
        kind,
        count,
        about,
        topics,
    });
    context
        .app
        .installation
        .engine
        .execute(shop, command)
        .await
        .map(drop)
}
