//! Settings of agents and of the whole desk. What holds for other resources is set with them.
use super::{ADMINISTER, SERVE};
use crate::http::context::Context;
use crate::http::route::Route;
use crate::http::views::{AgentSettingsView, AutoCloseView, OfflineTextView, ShopSettingsView};
use http::Method;
use weikefu_core::desk::{AgentSettings, Command, Reply};
use weikefu_core::error::Refusal;
use weikefu_core::ids::AgentId;
use weikefu_core::records::{AutoClose, OfflineText, ShopSettings};

/// Largest limit of automatic acceptance.
const LIMIT: u32 = 200;
/// Characters of a greeting.
const GREETING: usize = 500;

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/shops/{shop}/settings/mine",
            SERVE,
            "What one has set for oneself",
            mine,
        ),
        Route::json(
            Method::PUT,
            "/api/shops/{shop}/settings/mine",
            SERVE,
            "Change it",
            set_mine,
        ),
        Route::get(
            "/api/shops/{shop}/agents/{id}/settings",
            ADMINISTER,
            "What an agent has set",
            theirs,
        ),
        Route::json(
            Method::PUT,
            "/api/shops/{shop}/agents/{id}/settings",
            ADMINISTER,
            "Change it for him",
            set_theirs,
        ),
        Route::get(
            "/api/shops/{shop}/settings/shop",
            SERVE,
            "What holds for the whole desk",
            shop,
        ),
        Route::json(
            Method::PUT,
            "/api/shops/{shop}/settings/shop",
            ADMINISTER,
            "Change it",
            set_shop,
        ),
    ]
}

pub(crate) async fn mine(context: Context) -> Result<AgentSettingsView, Refusal> {
    let agent = context.agent()?.id;
    let settings = of(&context, agent).await?.ok_or(Refusal::NotAtDesk)?;
    Ok(view(settings))
}

pub(crate) async fn set_mine(
    context: Context,
    wanted: AgentSettingsView,
) -> Result<AgentSettingsView, Refusal> {
    let agent = context.agent()?.id;
    change(&context, agent, settings(wanted)?).await.map(view)
}

pub(crate) async fn theirs(context: Context) -> Result<AgentSettingsView, Refusal> {
    let agent = context.param("id")?;
    let settings = of(&context, agent).await?.ok_or(Refusal::NotFound("agent"))?;
    Ok(view(settings))
}

pub(crate) async fn set_theirs(
    context: Context,
    wanted: AgentSettingsView,
) -> Result<AgentSettingsView, Refusal> {
    let agent = context.param("id")?;
    of(&context, agent).await?.ok_or(Refusal::NotFound("agent"))?;
    change(&context, agent, settings(wanted)?).await.map(view)
}

pub(crate) async fn shop(context: Context) -> Result<ShopSettingsView, Refusal> {
    let engine = &context.app.installation.engine;
    let settings = engine
        .look(context.shop()?, |desk| desk.settings().clone())
        .await?;
    Ok(ShopSettingsView {
        nobody_text: settings.nobody_text,
        busy_text: settings.busy_text,
        transfer_seconds: settings.transfer_seconds,
        away_seconds: settings.away_seconds,
        reserve: settings.reserve,
    })
}

pub(crate) async fn set_shop(
    context: Context,
    wanted: ShopSettingsView,
) -> Result<ShopSettingsView, Refusal> {
    let settings = ShopSettings {
        nobody_text: wanted.nobody_text.trim().to_owned(),
        busy_text: wanted.busy_text.trim().to_owned(),
        transfer_seconds: wanted.transfer_seconds,
        away_seconds: wanted.away_seconds,
        reserve: wanted.reserve,
    };
    let command = Command::ConfigureShop { settings };
    let engine = &context.app.installation.engine;
    engine.execute(context.shop()?, command).await?;
    shop(context).await
}

/// What an agent at this desk has set.
async fn of(context: &Context, agent: AgentId) -> Result<Option<AgentSettings>, Refusal> {
    let engine = &context.app.installation.engine;
    engine
        .look(context.shop()?, move |desk| {
            desk.agent(agent).map(AgentSettings::of)
        })
        .await
}

async fn change(
    context: &Context,
    agent: AgentId,
    settings: AgentSettings,
) -> Result<AgentSettings, Refusal> {
    let engine = &context.app.installation.engine;
    let command = Command::Configure { agent, settings };
    match engine.execute(context.shop()?, command).await? {
        Reply::Agent(agent) => Ok(AgentSettings::of(&agent)),
        _ => Err(Refusal::Unavailable),
    }
}

fn view(settings: AgentSettings) -> AgentSettingsView {
    AgentSettingsView {
        auto: settings.auto,
        limit: settings.limit,
        greeting: settings.greeting,
        close: AutoCloseView {
            on: settings.close.on,
            idle_minutes: settings.close.idle_minutes,
            text: settings.close.text,
        },
        offline: OfflineTextView {
            on: settings.offline.on,
            text: settings.offline.text,
        },
    }
}

fn settings(wanted: AgentSettingsView) -> Result<AgentSettings, Refusal> {
    if wanted.limit > LIMIT {
        return Err(Refusal::invalid(
            "limit",
            "自动接入上限为 0 到 200 人。",
            "Automatic acceptance takes 0 to 200 customers.",
        ));
    }
    let greeting = wanted.greeting.trim();
    if greeting.chars().count() > GREETING {
        return Err(Refusal::invalid(
            "greeting",
            "接入语最多 500 字。",
            "A greeting has at most 500 characters.",
        ));
    }
    Ok(AgentSettings {
        auto: wanted.auto,
        limit: wanted.limit,
        greeting: greeting.to_owned(),
        close: AutoClose {
            on: wanted.close.on,
            idle_minutes: wanted.close.idle_minutes,
            text: wanted.close.text.trim().to_owned(),
        },
        offline: OfflineText {
            on: wanted.offline.on,
            text: wanted.offline.text.trim().to_owned(),
        },
    })
}
