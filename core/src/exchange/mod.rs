//! What the tables of a shop mean: their columns, which record a row is about, what it changes, and what is wrong
//! with it. How a table is written down is the business of the crate `weikefu-tables`; carrying it out slice by
//! slice is the desk's ([`crate::desk::BulkCommand`]). See docs/import-export.md for the merchant's view.
mod customers;
mod fault;
mod tags;

pub use customers::{CustomerRow, RawCustomer, merge, parse};
pub use fault::{Fault, Faults, LISTED};
pub use tags::{TagRow, parse_tag};
