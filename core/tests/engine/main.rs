//! The engine and everything that stands on its trees, on a real store.
#![allow(clippy::unwrap_used)] // a test ends where it fails
mod accounts;
mod damage;
mod feed;
mod files;
mod history;
mod observers;
mod outbox;
mod people;
mod quick_replies;
mod races;
mod restart;
mod search;
mod shop;
mod tidy;
