//! Broadcasts: one message to many customers, to each at most once (A3.4, A3.5).
//!
//! What is decided, and written in one transaction with the ledger of reach, stands in `desk::casting`. Here is the
//! rest: who is meant ([`audience`]), who gets it ([`judge`]), when the shop is silent ([`Calendar`]), what may be sent
//! ([`limits`]), and the worker that carries it ([`Broadcasts`]). A message is marked as being sent, durably, before it is
//! handed over; one that was so marked when the process ended is *unknown* from then on and never sent again.
pub mod audience;
mod calendar;
pub mod limits;
pub mod list;
mod plan;
mod queue;
mod runner;
mod turn;
mod verdict;
mod worker;

pub use audience::{Platform, Platforms};
pub use calendar::Calendar;
pub use plan::Plan;
pub use verdict::{Standing, Terms, judge};
pub use worker::Broadcasts;
