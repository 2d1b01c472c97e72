//! Broadcasts (A3.4, A3.5): drafts, the dry run, and what becomes of them.
use super::customers::Nothing;
use super::session::blocking;
use super::{BROADCAST, EDIT_SHOP};
use crate::http::broadcasts as shown;
use crate::http::context::Context;
use crate::http::route::Route;
use crate::http::views::{
    BroadcastSettings, BroadcastView, BroadcastsView, CardView, PlanPage, PlanView, RecipientsView,
};
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use weikefu_channel::{Content, MediaRef};
use weikefu_core::broadcast::limits;
use weikefu_core::broadcast::list::{self, Mark, Wanted};
use weikefu_core::desk::{BroadcastCommand, Command, Reply};
use weikefu_core::error::Refusal;
use weikefu_core::ids::{BroadcastId, CustomerId, Millis};
use weikefu_core::media::{self, MediaId};
use weikefu_core::people::Filter;
use weikefu_core::records::{
    BroadcastDraft, BroadcastKind, RecipientState, Silence, Skip, StoredContent, StoredMedia,
};

/// Rows of a page unless asked otherwise, and at most.
const PAGE: (usize, usize) = (50, 200);

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    let (all, one) = (
        "/api/shops/{shop}/broadcasts",
        "/api/shops/{shop}/broadcasts/{id}",
    );
    let plan = "/api/shops/{shop}/broadcasts/{id}/plan";
    vec![
        Route::get(
            all,
            BROADCAST,
            "Broadcasts, newest first: `before` is the `next` of the page in front, `limit`",
            list_all,
        ),
        Route::json(
            Method::POST,
            all,
            BROADCAST,
            "Make a draft; the same `client_id` again gives the same one",
            make,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/broadcasts/count",
            BROADCAST,
            "How many customers a filter means, and how many of them would get one message now",
            count,
        ),
        Route::get(one, BROADCAST, "A broadcast, and how far it has come", get),
        Route::json(Method::PUT, one, BROADCAST, "Change a draft", change),
        Route::json(Method::DELETE, one, BROADCAST, "Remove a draft", remove),
        Route::json(
            Method::POST,
            plan,
            BROADCAST,
            "Dry run: who would get it now, and why others would not",
            make_plan,
        ),
        Route::get(
            plan,
            BROADCAST,
            "The customers of the last dry run: `reason` (or `will`), `after`, `limit`",
            plan_page,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/broadcasts/{id}/start",
            BROADCAST,
            "Begin now, or at a time; started twice is started once",
            start,
        ),
        Route::get(
            "/api/shops/{shop}/broadcasts/{id}/recipients",
            BROADCAST,
            "The list with what became of each: `state`, `reason`, `after`, `limit`",
            recipients,
        ),
        Route::get(
            "/api/shops/{shop}/broadcast-settings",
            BROADCAST,
            "The hours in which broadcasts are silent",
            settings,
        ),
        Route::json(
            Method::PUT,
            "/api/shops/{shop}/broadcast-settings",
            EDIT_SHOP,
            "Set the hours in which broadcasts are silent",
            set_settings,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/broadcasts/{id}/pause",
            BROADCAST,
            "Send nothing more until it is resumed",
            pause,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/broadcasts/{id}/resume",
            BROADCAST,
            "Let a paused one go on",
            resume,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/broadcasts/{id}/stop",
            BROADCAST,
            "End it for good",
            stop,
        ),
    ]
}

/// What a broadcast says, to whom, and how careful it is.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct DraftFields {
    kind: BroadcastKind,
    /// Of kind `text`: 1 to 500 characters.
    #[serde(default)]
    text: String,
    /// Of kind `images`: ids of up to three stored pictures of 1 MB at most.
    #[serde(default)]
    images: Vec<String>,
    /// Of kind `products` and `articles`: up to five.
    #[serde(default)]
    cards: Vec<CardView>,
    /// Who is meant; nothing means everybody.
    #[serde(default)]
    filter: Filter,
    /// Customers in an open conversation get it too.
    #[serde(default)]
    also_open: bool,
    /// Broadcasts a customer gets on one day, this one counted; 1 to 10.
    #[serde(default = "one")]
    daily_limit: u32,
    /// Send in the hours of silence too.
    #[serde(default)]
    through_night: bool,
}

fn one() -> u32 {
    1
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct MakeBroadcast {
    /// 1 to 64 bytes, chosen by the console.
    client_id: String,
    #[serde(flatten)]
    draft: DraftFields,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ChangeBroadcast {
    /// The revision that was seen.
    revision: u32,
    #[serde(flatten)]
    draft: DraftFields,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct CountBroadcast {
    /// Who is meant; nothing means everybody.
    #[serde(default)]
    filter: Filter,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct StartBroadcast {
    /// The revision that was seen.
    revision: u32,
    /// When, Unix milliseconds; absent or past: now.
    #[serde(default)]
    at: Option<Millis>,
}

/// The draft a request describes, refused where it is out of its limits or nothing could carry it.
async fn draft(context: &Context, fields: DraftFields) -> Result<BroadcastDraft, Refusal> {
    let (channels, shop) = (&context.app.installation.channels, context.shop()?);
    fields.filter.check()?;
    if fields.kind == BroadcastKind::Products
        && !weikefu_core::broadcast::Platforms::has_products(channels.as_ref(), shop)
    {
        return Err(Refusal::invalid(
            "kind",
            "还没有接入商城，无法选择商品；请先接入商城渠道，或改用文字、图片、图文。",
            "No mall is connected, so there are no products. Connect one first, or use text, pictures or articles.",
        ));
    }
    let most = limits::CARDS.max(limits::IMAGES) + 1;
    let parts = match fields.kind {
        BroadcastKind::Text => vec![StoredContent::Text(fields.text.trim_end().to_owned())],
        BroadcastKind::Images => {
            let mut parts = Vec::new();
            for id in fields.images.into_iter().take(most) {
                parts.push(StoredContent::Image(Some(picture(context, &id)?)));
            }
            parts
        }
        BroadcastKind::Products | BroadcastKind::Articles => {
            let cards = fields.cards.into_iter().take(most);
            cards
                .map(|card| StoredContent::News {
                    title: card.title.trim().to_owned(),
                    description: card.description,
                    url: card.url,
                    picture: card.picture,
                })
                .collect()
        }
    };
    let draft = BroadcastDraft {
        kind: fields.kind,
        parts,
        filter: serde_json::to_string(&fields.filter)
            .map_err(|error| Refusal::Malformed(error.to_string()))?,
        also_open: fields.also_open,
        daily_limit: fields.daily_limit,
        through_night: fields.through_night,
    };
    limits::check(&draft)?;
    for part in draft.parts.iter().cloned() {
        channels.check_broadcast(shop, &Content::from(part))?;
    }
    Ok(draft)
}

fn picture(context: &Context, id: &str) -> Result<StoredMedia, Refusal> {
    let key: MediaId = id.parse()?;
    let meta = media::meta(&context.app.installation.trees, key)?;
    Ok(StoredMedia::from(MediaRef {
        id: id.to_owned(),
        mime: meta.mime,
        size: meta.size,
        name: meta.name,
    }))
}

async fn answer(context: &Context, command: BroadcastCommand) -> Result<BroadcastView, Refusal> {
    let installation = &context.app.installation;
    let command = Command::Broadcast(command);
    match installation.engine.execute(context.shop()?, command).await? {
        Reply::Broadcast(broadcast, progress) => Ok(shown::view(
            installation,
            &broadcast,
            &progress,
            context.language(),
        )),
        _ => Err(Refusal::Unavailable),
    }
}

fn limit(context: &Context) -> Result<usize, Refusal> {
    match context.query("limit") {
        Some(text) => Ok(text.parse::<usize>().map_err(|_| bad())?.clamp(1, PAGE.1)),
        None => Ok(PAGE.0),
    }
}

fn bad() -> Refusal {
    Refusal::Malformed("state, reason, before, after or limit".into())
}

/// A word of a list, as JSON names it.
fn word<T: serde::de::DeserializeOwned>(text: String) -> Result<T, Refusal> {
    serde_json::from_value(serde_json::Value::String(text)).map_err(|_| bad())
}

pub(crate) async fn list_all(context: Context) -> Result<BroadcastsView, Refusal> {
    let (shop, limit) = (context.shop()?, limit(&context)?);
    let end = match context.query("before") {
        Some(text) => text.parse::<BroadcastId>().map_err(|_| bad())?,
        None => BroadcastId(u64::MAX),
    };
    let (first, last) = (
        BroadcastId::of(shop, 0),
        BroadcastId::of(shop, u64::from(u32::MAX)),
    );
    let installation = &context.app.installation;
    let mut view = BroadcastsView {
        rows: Vec::new(),
        next: None,
    };
    for entry in installation.trees.broadcasts.range(first..end.min(last)).rev() {
        let (id, broadcast) = entry?;
        if view.rows.len() == limit {
            view.next = view.rows.last().map(|row| row.id);
            break;
        }
        let progress = installation.trees.broadcast_progress.get(&id)?;
        let progress = progress.unwrap_or_default();
        let language = context.language();
        view.rows
            .push(shown::view(installation, &broadcast, &progress, language));
    }
    Ok(view)
}

pub(crate) async fn make(context: Context, wanted: MakeBroadcast) -> Result<BroadcastView, Refusal> {
    let command = BroadcastCommand::Draft {
        agent: context.agent()?.id,
        client_id: wanted.client_id,
        draft: draft(&context, wanted.draft).await?,
    };
    answer(&context, command).await
}

pub(crate) async fn get(context: Context) -> Result<BroadcastView, Refusal> {
    let installation = &context.app.installation;
    let (broadcast, progress) = installation
        .broadcasts
        .get(context.shop()?, context.param("id")?)?;
    Ok(shown::view(
        installation,
        &broadcast,
        &progress,
        context.language(),
    ))
}

pub(crate) async fn change(context: Context, wanted: ChangeBroadcast) -> Result<BroadcastView, Refusal> {
    let broadcasts = &context.app.installation.broadcasts;
    let (known, _) = broadcasts.get(context.shop()?, context.param("id")?)?;
    let command = BroadcastCommand::Edit {
        broadcast: known.id,
        draft: draft(&context, wanted.draft).await?,
        revision: wanted.revision,
    };
    answer(&context, command).await
}

pub(crate) async fn remove(context: Context, _: Nothing) -> Result<(), Refusal> {
    let broadcast = context.param("id")?;
    let command = Command::Broadcast(BroadcastCommand::Remove { broadcast });
    let engine = &context.app.installation.engine;
    engine.execute(context.shop()?, command).await.map(drop)
}

pub(crate) async fn count(context: Context, wanted: CountBroadcast) -> Result<PlanView, Refusal> {
    wanted.filter.check()?;
    let draft = BroadcastDraft {
        kind: BroadcastKind::Text,
        parts: vec![StoredContent::Text(String::new())],
        filter: serde_json::to_string(&wanted.filter)
            .map_err(|error| Refusal::Malformed(error.to_string()))?,
        also_open: false,
        daily_limit: 1,
        through_night: false,
    };
    let broadcasts = &context.app.installation.broadcasts;
    let plan = broadcasts.count(context.shop()?, draft).await?;
    Ok(shown::plan(&plan, context.language()))
}

pub(crate) async fn make_plan(context: Context, _: Nothing) -> Result<PlanView, Refusal> {
    let broadcasts = &context.app.installation.broadcasts;
    let plan = broadcasts.plan(context.shop()?, context.param("id")?).await?;
    Ok(shown::plan(&plan, context.language()))
}

pub(crate) async fn plan_page(context: Context) -> Result<PlanPage, Refusal> {
    let (installation, limit) = (&context.app.installation, limit(&context)?);
    let only = match context.query("reason") {
        None => None,
        Some(reason) if reason == "will" => Some(None),
        Some(reason) => Some(Some(word::<Skip>(reason)?)),
    };
    let after = match context.query("after") {
        Some(text) => Some(text.parse::<CustomerId>().map_err(|_| bad())?),
        None => None,
    };
    let broadcasts = &installation.broadcasts;
    let plan = broadcasts
        .known_plan(context.shop()?, context.param("id")?)
        .await?;
    let mut rows: Vec<_> = plan.page(only, after).take(limit + 1).collect();
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().map(|(customer, _)| *customer);
    let language = context.language();
    Ok(PlanPage {
        rows: rows
            .into_iter()
            .map(|(customer, verdict)| shown::plan_row(installation, customer, verdict, language))
            .collect(),
        next: last.filter(|_| more),
    })
}

pub(crate) async fn start(context: Context, wanted: StartBroadcast) -> Result<BroadcastView, Refusal> {
    let command = BroadcastCommand::Start {
        agent: context.agent()?.id,
        broadcast: context.param("id")?,
        at: wanted.at,
        revision: wanted.revision,
    };
    answer(&context, command).await
}

pub(crate) async fn pause(context: Context, _: Nothing) -> Result<BroadcastView, Refusal> {
    let command = BroadcastCommand::Pause {
        broadcast: context.param("id")?,
        by: Some(context.agent()?.id),
        reason: None,
    };
    answer(&context, command).await
}

pub(crate) async fn resume(context: Context, _: Nothing) -> Result<BroadcastView, Refusal> {
    let broadcast = context.param("id")?;
    answer(&context, BroadcastCommand::Resume { broadcast }).await
}

pub(crate) async fn stop(context: Context, _: Nothing) -> Result<BroadcastView, Refusal> {
    let broadcast = context.param("id")?;
    answer(&context, BroadcastCommand::Stop { broadcast }).await
}

pub(crate) async fn recipients(context: Context) -> Result<RecipientsView, Refusal> {
    let (installation, limit) = (&context.app.installation, limit(&context)?);
    let (broadcast, progress) = installation
        .broadcasts
        .get(context.shop()?, context.param("id")?)?;
    let wanted = Wanted {
        state: context.query("state").map(word::<RecipientState>).transpose()?,
        skip: context.query("reason").map(word::<Skip>).transpose()?,
    };
    let from = match context.query("after") {
        Some(text) => Some(mark(&text).ok_or_else(bad)?),
        None => None,
    };
    let (trees, of) = (installation.trees.clone(), broadcast.clone());
    let page = blocking(move || list::recipients(&trees, &of, &progress, wanted, from, limit)).await?;
    let language = context.language();
    Ok(RecipientsView {
        rows: page
            .rows
            .into_iter()
            .map(|(n, row)| shown::recipient(installation, &broadcast, n, row, language))
            .collect(),
        next: page.next.map(|Mark { part, n }| format!("{part}.{n}")),
    })
}

/// Where a page ended, as it was told: `<part>.<place>`.
fn mark(text: &str) -> Option<Mark> {
    let (part, n) = text.split_once('.')?;
    Some(Mark {
        part: part.parse().ok()?,
        n: n.parse().ok()?,
    })
}

pub(crate) async fn settings(context: Context) -> Result<BroadcastSettings, Refusal> {
    let Silence { on, from, to } = context.app.installation.broadcasts.silence(context.shop()?)?;
    Ok(BroadcastSettings {
        silence: on,
        from,
        to,
    })
}

pub(crate) async fn set_settings(
    context: Context,
    wanted: BroadcastSettings,
) -> Result<BroadcastSettings, Refusal> {
    let silence = Silence {
        on: wanted.silence,
        from: wanted.from,
        to: wanted.to,
    };
    let command = Command::Broadcast(BroadcastCommand::Silence(silence));
    let engine = &context.app.installation.engine;
    engine.execute(context.shop()?, command).await?;
    Ok(wanted)
}
