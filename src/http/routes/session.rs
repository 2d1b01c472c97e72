//! Logging in and out, and one's own account.
use crate::admin::agents;
use crate::avatar;
use crate::http::context::Context;
use crate::http::present;
use crate::http::reply::{self, Reply};
use crate::http::route::{Access, Route, input};
use crate::http::views::{EndedView, Me, SessionView};
use http::{Method, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;
use weikefu_core::accounts::{Login, Profile};
use weikefu_core::engine::now;
use weikefu_core::error::Refusal;
use weikefu_core::media;

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::raw(Method::POST, "/api/login", Access::Public, "Log in", log_in)
            .takes::<LogIn>()
            .answers::<SessionView>(),
        Route::get(
            "/api/session",
            Access::Session,
            "The session and its shops",
            current,
        ),
        Route::raw(Method::POST, "/api/logout", Access::Session, "Log out", log_out),
        Route::raw(
            Method::POST,
            "/api/session/password",
            Access::Session,
            "Change one's password",
            password,
        )
        .takes::<NewPassword>()
        .answers::<SessionView>(),
        Route::json(
            Method::PATCH,
            "/api/me",
            Access::Session,
            "Change one's nickname and name, or remove one's picture",
            edit_me,
        ),
        Route::raw(
            Method::POST,
            "/api/me/avatar",
            Access::Session,
            "Set one's picture: JPEG, PNG, GIF or WebP as the body, redrawn at 256 by 256",
            set_avatar,
        )
        .answers::<Me>(),
        Route::raw(
            Method::POST,
            "/api/session/others/end",
            Access::Session,
            "End one's other sessions",
            end_others,
        )
        .answers::<EndedView>(),
    ]
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct LogIn {
    login: String,
    password: String,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct NewPassword {
    old: String,
    /// 10 to 128 characters.
    new: String,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct EditMe {
    /// 1 to 32 characters.
    nickname: Option<String>,
    /// For colleagues; at most 32 characters, may be empty.
    name: Option<String>,
    /// `null` removes the picture. A new one is uploaded.
    #[serde(default, deserialize_with = "present_or_null")]
    avatar: Option<Option<String>>,
}

/// Tells a missing field from one that is `null`.
fn present_or_null<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

pub(crate) async fn log_in(mut context: Context) -> Result<Reply, Refusal> {
    let json = context
        .header("content-type")
        .is_some_and(|mime| mime.starts_with("application/json"));
    if !json || !context.same_origin() {
        // A form of another site could otherwise log its visitor into the attacker's account.
        return Err(Refusal::Csrf);
    }
    let LogIn { login, password } = input(&mut context).await?;
    let mut names = vec![format!("login:{}", login.trim().to_lowercase())];
    // Behind a proxy that names nobody, all the world is one address.
    if !context.remote.is_loopback() {
        names.push(format!("from:{}", context.remote));
    }
    for name in &names {
        context.app.throttle.check(name, now())?;
    }
    if login.chars().count() > 64 || password.chars().count() > 128 {
        return Err(Refusal::BadCredentials);
    }
    let accounts = Arc::clone(&context.app.installation.accounts);
    let tried = blocking(move || accounts.log_in(&login, &password)).await;
    match tried {
        Ok((agent, login)) => {
            for name in &names {
                context.app.throttle.succeeded(name);
            }
            let view = present::session(&context.app.installation, &login.session, &agent)?;
            Ok(opened(&context, &login, &view))
        }
        Err(refusal) => {
            if matches!(refusal, Refusal::BadCredentials) {
                for name in &names {
                    context.app.throttle.failed(name, now());
                }
            }
            Err(refusal)
        }
    }
}

pub(crate) async fn current(context: Context) -> Result<SessionView, Refusal> {
    let (session, agent) = context.login.as_ref().ok_or(Refusal::Unauthenticated)?;
    present::session(&context.app.installation, session, agent)
}

pub(crate) async fn log_out(context: Context) -> Result<Reply, Refusal> {
    if let Some(token) = context.token() {
        let (accounts, token) = (Arc::clone(&context.app.installation.accounts), token.to_owned());
        blocking(move || accounts.log_out(&token)).await?;
    }
    let mut reply = reply::empty(StatusCode::NO_CONTENT);
    context.set_cookie(&mut reply, "");
    Ok(reply)
}

pub(crate) async fn password(mut context: Context) -> Result<Reply, Refusal> {
    let NewPassword { old, new } = input(&mut context).await?;
    let id = context.agent()?.id;
    let name = format!("password:{id}");
    context.app.throttle.check(&name, now())?;
    let accounts = Arc::clone(&context.app.installation.accounts);
    let changed = blocking(move || {
        let login = accounts.change_password(id, &old, &new)?;
        Ok((login, accounts.get(id)?))
    });
    match changed.await {
        Ok((login, agent)) => {
            context.app.throttle.succeeded(&name);
            let view = present::session(&context.app.installation, &login.session, &agent)?;
            Ok(opened(&context, &login, &view))
        }
        Err(Refusal::BadCredentials) => {
            context.app.throttle.failed(&name, now());
            Err(Refusal::invalid(
                "old",
                "原密码不正确，请重新输入。",
                "The old password is wrong. Enter it again.",
            ))
        }
        Err(refusal) => Err(refusal),
    }
}

pub(crate) async fn edit_me(context: Context, edit: EditMe) -> Result<Me, Refusal> {
    if matches!(edit.avatar, Some(Some(_))) {
        return Err(Refusal::invalid(
            "avatar",
            "头像请上传图片；这里只能移除头像。",
            "Upload a picture to set it; here it can only be removed.",
        ));
    }
    let profile = Profile {
        nickname: edit.nickname,
        name: edit.name,
        avatar: edit.avatar,
    };
    let agent = agents::edit(&context.app.installation, context.agent()?.id, profile).await?;
    Ok(present::me(&agent))
}

pub(crate) async fn set_avatar(mut context: Context) -> Result<Reply, Refusal> {
    let id = context.agent()?.id;
    let bytes = context.bytes(avatar::MAX_BYTES).await?;
    let trees = context.app.installation.trees.clone();
    let picture = avatar::redraw(bytes).await?;
    let (media, _) = blocking(move || media::put(&trees, "", None, &picture)).await?;
    let profile = Profile {
        avatar: Some(Some(media.to_string())),
        ..Profile::default()
    };
    let agent = agents::edit(&context.app.installation, id, profile).await?;
    Ok(reply::json(StatusCode::OK, &present::me(&agent)))
}

pub(crate) async fn end_others(context: Context) -> Result<Reply, Refusal> {
    let token = context.token().ok_or(Refusal::Unauthenticated)?.to_owned();
    let accounts = Arc::clone(&context.app.installation.accounts);
    let ended = blocking(move || accounts.end_others(&token)).await?;
    Ok(reply::json(StatusCode::OK, &EndedView { ended }))
}

fn opened(context: &Context, login: &Login, view: &SessionView) -> Reply {
    let mut reply = reply::json(StatusCode::OK, view);
    context.set_cookie(&mut reply, &login.token);
    reply
}

/// Runs what blocks, such as hashing or waiting for the disk, beside the event loop.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Refusal::Unavailable)?
}
