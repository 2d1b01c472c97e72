//! The host's side of the plugin boundary: loads shared objects through one checked door, gives every account
//! an instance on a thread of its own, and serves what plugins ask for.
//!
//! No domain logic and no storage: what a plugin emits, reads and keeps goes through [`Services`], which the
//! executable implements. `http` and `sleep` are served here.
//!
//! Plugins run inside this process. Panics are contained by the SDK; a plugin that corrupts memory or
//! overflows its stack takes the process with it. The frames would travel to a child process unchanged;
//! that is not built, only the [`probe()`] of unknown files runs in a child.
mod calls;
mod desk;
mod elf;
mod faults;
mod ffi;
mod instance;
mod library;
mod mailbox;
mod network;
mod probe;
mod refusal;
mod said;
mod served;
mod services;
mod thread;
mod trust;
mod unpack;
mod voice;
mod web;

pub use instance::{Instance, Limits};
pub use library::{Library, Trust};
pub use probe::{probe, probe_main};
pub use refusal::LoadError;
pub use services::{Amendment, Answer, Services};
pub use unpack::unpack;
