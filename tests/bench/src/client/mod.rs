//! The clients: as little of HTTP and WebSocket as the load needs, so that the machine is left to the servers.

mod console;
mod screens;
mod session;
mod socket;
mod wire;

pub(crate) use console::Console;
pub(crate) use screens::{Arrivals, Place, Screens, Seen};
pub(crate) use session::Session;
pub(crate) use socket::{Socket, Speaker};
pub(crate) use wire::Wire;
