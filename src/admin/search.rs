//! The search index: how it is, and having it made anew.
use crate::app::Installation;
use serde::{Deserialize, Serialize};
use weikefu_core::error::Refusal;

/// How the index is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SearchIndex {
    /// Messages that can be found.
    pub(crate) search_messages: u64,
    /// Bytes on the disk.
    pub(crate) bytes: u64,
    /// What is missing; `None` when it is complete.
    pub(crate) building: Option<Building>,
}

/// How far it is, in conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Building {
    pub(crate) done: u64,
    pub(crate) total: u64,
}

/// Begins to make it anew; it goes on in the background.
pub(super) async fn rebuild(installation: &Installation) -> Result<SearchIndex, Refusal> {
    // A server's runs already.
    installation.index.start(&installation.engine).await?;
    installation.index.rebuild().await?;
    Ok(status(installation))
}

/// How it is now.
pub(super) async fn look(installation: &Installation) -> Result<SearchIndex, Refusal> {
    installation.index.start(&installation.engine).await?;
    installation.index.settled().await?;
    Ok(status(installation))
}

fn status(installation: &Installation) -> SearchIndex {
    let status = installation.index.status();
    SearchIndex {
        search_messages: status.messages,
        bytes: status.bytes,
        building: status.building.map(|progress| Building {
            done: progress.done,
            total: progress.total,
        }),
    }
}
