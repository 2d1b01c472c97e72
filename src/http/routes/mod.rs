//! All routes there are.
mod conversations;
mod customers;
mod desk;
mod media;
mod session;

use super::events;
use super::route::{Access, Route};
use super::views::{MessageView, SessionView};
use super::{channel, files, pages};
use crate::http::views::MediaView;
use http::Method;
use weikefu_core::rights::Action;

/// The table. Everything the server answers stands here.
pub(crate) fn table() -> Vec<Route> {
    let serve = Access::Shop(Action::Serve);
    let customers = Access::Shop(Action::Customers);
    let (get, post) = (Method::GET, Method::POST);
    let mut routes = vec![
        Route::raw(
            post.clone(),
            "/api/login",
            Access::Public,
            "Log in",
            session::log_in,
        )
        .takes::<session::LogIn>()
        .answers::<SessionView>(),
        Route::get(
            "/api/session",
            Access::Session,
            "The session and its shops",
            session::current,
        ),
        Route::raw(
            post.clone(),
            "/api/logout",
            Access::Session,
            "Log out",
            session::log_out,
        ),
        Route::raw(
            post.clone(),
            "/api/session/password",
            Access::Session,
            "Change one's password",
            session::password,
        )
        .takes::<session::NewPassword>()
        .answers::<SessionView>(),
        Route::json(
            Method::PATCH,
            "/api/me",
            Access::Session,
            "Change one's nickname and picture",
            session::edit_me,
        ),
        Route::get(
            "/api/shops/{shop}/desk",
            serve,
            "Everything the desk shows at first",
            desk::desk,
        ),
        Route::json(
            post.clone(),
            "/api/shops/{shop}/presence",
            serve,
            "Go online or offline",
            desk::presence,
        ),
        Route::get(
            "/api/shops/{shop}/acceptance",
            serve,
            "One's settings of acceptance",
            desk::acceptance,
        ),
        Route::json(
            Method::PUT,
            "/api/shops/{shop}/acceptance",
            serve,
            "Change them",
            desk::set_acceptance,
        ),
        Route::raw(
            get.clone(),
            "/api/shops/{shop}/events",
            serve,
            "Live events: a WebSocket of `Frame` objects; `after` is the last event held",
            events::listen,
        ),
        Route::raw(
            post.clone(),
            "/api/shops/{shop}/media",
            serve,
            "Store a file: its bytes as the body",
            media::store,
        )
        .answers::<MediaView>(),
    ];
    routes.extend(conversation_routes(serve));
    routes.extend([
        Route::get(
            "/api/shops/{shop}/customers/{id}",
            customers,
            "A customer with behaviours",
            customers::panel,
        ),
        Route::json(
            Method::PATCH,
            "/api/shops/{shop}/customers/{id}",
            customers,
            "Correct a customer's name or remark",
            customers::edit,
        ),
        Route::get(
            "/api/shops/{shop}/customers/{id}/messages",
            customers,
            "A part of a customer's thread on a channel: `channel`, `before` or `after` a cursor, `limit`",
            customers::messages,
        ),
        Route::raw(
            get.clone(),
            "/m/{id}",
            Access::Public,
            "A stored file; its id is the permission",
            media::serve,
        ),
        Route::raw(
            get.clone(),
            "/healthz",
            Access::Public,
            "Whether the server works",
            pages::health,
        ),
        Route::raw(
            get.clone(),
            "/api/openapi.json",
            Access::Public,
            "This document",
            pages::openapi,
        ),
        Route::raw(
            get.clone(),
            "/demo/shop",
            Access::Public,
            "The sample shop page of a demo",
            pages::demo,
        ),
        Route::raw(
            get.clone(),
            "/w/{*path}",
            Access::Public,
            "The widget's files",
            files::widget,
        ),
    ]);
    for method in [
        get.clone(),
        post,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ] {
        routes.push(Route::raw(
            method,
            "/c/{key}/{*path}",
            Access::Public,
            "A channel's own address; the plugin checks who calls",
            channel::receive,
        ));
    }
    routes.push(Route::raw(
        get.clone(),
        "/",
        Access::Public,
        "The console",
        files::console,
    ));
    routes.push(Route::raw(
        get,
        "/{*path}",
        Access::Public,
        "The console's files and pages",
        files::console,
    ));
    routes
}

fn conversation_routes(serve: Access) -> Vec<Route> {
    let post = Method::POST;
    vec![
        Route::json(
            post.clone(),
            "/api/shops/{shop}/conversations/{id}/accept",
            serve,
            "Take a waiting conversation; exactly one agent wins",
            conversations::accept,
        ),
        Route::json(
            post.clone(),
            "/api/shops/{shop}/conversations/{id}/close",
            serve,
            "End a conversation",
            conversations::close,
        ),
        Route::json(
            post.clone(),
            "/api/shops/{shop}/conversations/{id}/read",
            serve,
            "Everything up to a message has been seen",
            conversations::read,
        ),
        Route::json(
            post.clone(),
            "/api/shops/{shop}/conversations/{id}/typing",
            serve,
            "Show the customer that one is writing",
            conversations::typing,
        ),
        Route::json(
            post.clone(),
            "/api/shops/{shop}/conversations/{id}/messages",
            serve,
            "Send a message; the same `client_id` is the same message",
            conversations::send,
        ),
        Route::raw(
            post,
            "/api/shops/{shop}/conversations/{id}/messages/{seq}/retry",
            serve,
            "Send a failed or unknown message again",
            conversations::retry,
        )
        .answers::<MessageView>(),
    ]
}
