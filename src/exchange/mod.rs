//! Tables of a shop, out and in: what the command line and the server have in common. The merchant's view of it is
//! docs/import-export.md.
mod columns;
mod customers;
mod out;
mod plan;
mod report;
mod tags;
mod texts;

pub(crate) use out::Out;
pub(crate) use report::Report;
pub(crate) use texts::import as import_texts;

use crate::app::Installation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use weikefu_core::error::Refusal;
use weikefu_core::ids::{AgentId, ShopId};
use weikefu_core::quick_replies::Shelf;
use weikefu_tables::{Column, Format, Zone};

/// One at a time: each may hold a hundred thousand rows.
static IMPORTING: Semaphore = Semaphore::const_new(1);

/// What a table is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum What {
    Customers,
    Tags,
    /// 公共回复
    QuickReplies,
}

impl What {
    pub(crate) fn columns(self) -> &'static [Column] {
        match self {
            What::Customers => columns::CUSTOMERS,
            What::Tags => columns::TAGS,
            What::QuickReplies => columns::QUICK_REPLIES,
        }
    }

    /// Largest file that is imported, bytes.
    pub(crate) fn largest(self) -> u64 {
        match self {
            What::Customers | What::Tags => 10 << 20,
            // A full box is smaller.
            What::QuickReplies => 1 << 20,
        }
    }

    /// The table's name in Chinese and English.
    pub(crate) fn name(self) -> (&'static str, &'static str) {
        match self {
            What::Customers => ("客户", "customers"),
            What::Tags => ("标签", "tags"),
            What::QuickReplies => ("公共回复", "quick-replies"),
        }
    }
}

/// The zone a shop's days are told in.
pub(crate) fn zone(installation: &Installation, shop: ShopId) -> Zone {
    let known = installation.trees.shops.get(&shop).ok().flatten();
    Zone::named(&known.map(|shop| shop.zone).unwrap_or_default())
}

/// A table that wants to come in.
pub(crate) struct Import {
    pub(crate) shop: ShopId,
    pub(crate) what: What,
    pub(crate) format: Format,
    pub(crate) bytes: Vec<u8>,
    /// Only tell what would happen.
    pub(crate) dry: bool,
    /// Who asks; `None` is the command line.
    pub(crate) by: Option<AgentId>,
}

/// Takes a table in, or tells what that would do. All of it or, where a row is wrong, nothing. `progress` hears how
/// many of how many changes have been made.
pub(crate) async fn import(
    installation: &Installation,
    import: Import,
    progress: &(dyn Fn(usize, usize) + Send + Sync),
) -> Result<Report, Refusal> {
    let _alone = IMPORTING.acquire().await.map_err(|_| Refusal::Unavailable)?;
    match import.what {
        What::Customers => customers::import(installation, import, progress).await,
        What::Tags => tags::import(installation, import, progress).await,
        What::QuickReplies => texts::import(installation, import, Shelf::Shared).await,
    }
}
