//! The boundary from the host's side: real shared objects, real threads, a real HTTP server.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed
mod abort;
mod calls;
mod example_c;
mod hazards;
mod loading;
mod random;
mod services;
mod support;
mod web;
