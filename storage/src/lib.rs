//! The store of everything: typed ordered trees, transactions over several of them, and one
//! writer that makes a whole group of transactions durable before anybody is told.
//!
//! Owns the data folder of the store: its lock, its repair after a crash, its format version.
//! Does not own what is stored (records live with the crate that understands them), nor who may
//! write: **each key space has one writer** (see [`Txn`]). The engine below (sled, with bincode
//! for records) appears nowhere in this API, so that another one can take its place.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use weikefu_storage::{Db, Options, Tree, record};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Customer { nickname: String }
//! record!(Customer, b"customer1");
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let (db, _report) = Db::open(folder.path(), Options::default())?;
//! let customers: Tree<(u64, u64), Customer> = db.tree("customers")?;
//! let mut txn = db.begin();
//! txn.put(&customers, &(1, 7), &Customer { nickname: "小王".into() })?;
//! db.commit(txn)?; // returns when it would survive a power cut
//! for entry in customers.scan(&1_u64).rev() {
//!     let ((_shop, id), customer) = entry?;
//!     assert_eq!((id, customer.nickname.as_str()), (7, "小王"));
//! }
//! db.close()?;
//! # Ok(()) }
//! ```

mod barrier;
mod changes;
mod db;
mod error;
mod files;
mod format;
mod key;
mod lock;
mod open;
mod record;
mod repair;
mod stats;
mod tree;
mod txn;
mod writer;

pub use db::{Db, Options};
pub use error::{Error, OpenError, Result};
pub use key::{Key, StartsWith};
pub use record::{MAX_RECORD_BYTES, NoPrevious, Record, Refused};
pub use repair::{Repair, Report};
pub use stats::Stats;
pub use tree::{Scan, Tree};
pub use txn::{MAX_KEY_BYTES, MAX_TXN_BYTES, Txn};
