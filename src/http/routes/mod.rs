//! All routes there are, gathered from the resources.
mod agents;
mod annotations;
mod blacklist;
mod broadcasts;
mod channels;
mod conversations;
mod customers;
mod deeds;
mod desk;
mod entries;
mod exchange;
mod media;
mod people;
mod quick_replies;
mod records;
mod search;
mod session;
mod settings;
mod tagging;
mod tags;

use super::route::{Access, Route};
use super::{channel, events, files, pages};
use http::Method;
use weikefu_core::rights::Action;

/// The right to work at the desk.
const SERVE: Access = Access::Shop(Action::Serve);
/// The right to see and correct customers.
const CUSTOMERS: Access = Access::Shop(Action::Customers);
/// The right to see what other agents do.
const SUPERVISE: Access = Access::Shop(Action::Supervise);
/// The right to manage the shop.
const ADMINISTER: Access = Access::Shop(Action::Administer);
/// The right to prepare, start and watch broadcasts.
const BROADCAST: Access = Access::Shop(Action::Broadcast);
/// The right to change what holds for the whole shop.
const EDIT_SHOP: Access = Access::Shop(Action::EditShop);
/// The right to make service tags.
const TAGS: Access = Access::Shop(Action::ManageTags);
/// The right to move tables and to change many customers by a filter.
const EXPORT: Access = Access::Shop(Action::Export);

/// The table. Everything the server answers stands here.
pub(crate) fn table() -> Vec<Route> {
    let mut routes = session::routes();
    routes.extend(desk::routes());
    routes.extend(settings::routes());
    routes.extend(conversations::routes());
    routes.extend(customers::routes());
    routes.extend(people::routes());
    routes.extend(records::routes());
    routes.extend(search::routes());
    routes.extend(tags::routes());
    routes.extend(tagging::routes());
    routes.extend(deeds::routes());
    routes.extend(exchange::routes());
    routes.extend(blacklist::routes());
    routes.extend(broadcasts::routes());
    routes.extend(annotations::routes());
    routes.extend(entries::routes());
    routes.extend(media::routes());
    routes.extend(quick_replies::routes());
    routes.extend(agents::routes());
    routes.extend(channels::routes());
    routes.extend(others());
    routes
}

/// The live events, then pages and addresses without a session.
fn others() -> Vec<Route> {
    let mut routes = vec![
        Route::raw(
            Method::GET,
            "/api/shops/{shop}/events",
            SERVE,
            "Live events: a WebSocket of `Frame` objects; `after` is the last event held",
            events::listen,
        ),
        Route::raw(
            Method::GET,
            "/healthz",
            Access::Public,
            "Whether the server works",
            pages::health,
        ),
        Route::raw(
            Method::GET,
            "/api/openapi.json",
            Access::Public,
            "This document",
            pages::openapi,
        ),
        Route::raw(
            Method::GET,
            "/demo/shop",
            Access::Public,
            "The sample shop page of a demo",
            pages::demo,
        ),
        Route::raw(
            Method::GET,
            "/w/{*path}",
            Access::Public,
            "The widget's files",
            files::widget,
        ),
        Route::raw(Method::GET, "/", Access::Public, "The console", files::console),
        Route::raw(
            Method::GET,
            "/{*path}",
            Access::Public,
            "The console's files and pages",
            files::console,
        ),
    ];
    let methods = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    routes.extend(methods.map(|method| {
        let summary = "A channel's own address; the plugin checks who calls";
        Route::raw(
            method,
            "/c/{key}/{*path}",
            Access::Public,
            summary,
            channel::receive,
        )
    }));
    routes
}
