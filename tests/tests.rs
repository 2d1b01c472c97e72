//! One integration test binary. Every test drives the real executable over real sockets, on a free port and
//! in a folder of its own, so that all of them can run at once.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed
mod harness;

mod accounts;
mod annotations;
mod broadcast;
mod broadcast_crash;
mod cli;
mod crash;
mod crash_desk;
mod customers;
mod desk;
mod doctor;
mod entries;
mod handing;
mod hostile;
mod hostile_http;
mod import_export;
mod people;
mod plugins;
mod quick_replies;
mod quota;
mod reach;
mod reconnect;
mod routes;
mod search;
mod sessions;
mod storm;
mod tls;
mod wechat;
