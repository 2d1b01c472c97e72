//! The core of weikefu: what a customer-service desk is, apart from sockets, files and plugins.
//!
//! Commands go in, events come out. [`desk`] holds the rules and does no I/O; [`engine`] makes its decisions
//! durable before anybody hears of them; the rest reads, and keeps accounts, files and secrets.
pub mod accounts;
pub mod annotations;
pub mod broadcast;
pub mod desk;
pub mod engine;
pub mod error;
pub mod exchange;
pub mod feed;
pub mod history;
pub mod ids;
pub mod index;
pub mod media;
pub mod outbox;
pub mod people;
pub mod quick_replies;
pub mod rebuild;
pub mod records;
pub mod rights;
pub mod search;
pub mod secrets;
pub mod stuck;
pub mod throttle;
pub mod trees;
