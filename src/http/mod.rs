//! HTTP: hyper serves, a table of routes decides who may ask what.
mod admin_views;
mod annotated;
mod broadcasts;
mod channel;
mod contact;
mod context;
mod download;
mod events;
mod files;
pub(crate) mod filters;
mod leaving;
mod open_pages;
mod openapi;
mod pages;
pub(crate) mod present;
mod reach;
mod reply;
mod route;
mod routes;
mod server;
mod sockets;
pub(crate) mod views;

pub(crate) use broadcasts::skipped;
pub(crate) use open_pages::OpenPages;
pub(crate) use openapi::document;
pub(crate) use server::{Server, ServerError};
