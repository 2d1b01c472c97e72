//! A row of a table of quick replies: folder, title, text.
use super::bounds::{folder_name, normal};
use crate::error::Refusal;
use crate::records::QuickReply;

/// A row within the bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Empty for none.
    pub(super) folder: String,
    pub(super) reply: QuickReply,
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Replies that are new.
    pub added: usize,
    /// Replies that were there already.
    pub skipped: usize,
    /// Names of folders that are new.
    pub folders: Vec<String>,
}

impl Row {
    /// Understands a row; of one that is wrong, the column and why.
    pub fn new(folder: &str, title: String, text: String) -> Result<Self, (&'static str, Refusal)> {
        let folder = match folder.trim() {
            "" => String::new(),
            name => folder_name(name).map_err(|why| ("folder", why))?,
        };
        let reply = normal(QuickReply { title, text }).map_err(|why| match &why {
            Refusal::Invalid { field, .. } if field == "title" => ("title", why),
            _ => ("text", why),
        })?;
        Ok(Row { folder, reply })
    }
}
