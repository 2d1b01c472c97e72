//! The bounds of what is done to customers: to one, to many, by a broadcast.
use super::measure::{at_most, few, number, some, within};
use super::{ADDRESS, NAME, PEER, PHONE, PROFILE, REMARK, TAG_NAME, TAGS_EACH, TEXT};
use crate::broadcast::limits;
use crate::desk::bulk::{BulkCommand, SLICE};
use crate::desk::casting::{BroadcastCommand, PICKS, ROWS};
use crate::desk::customers::{CustomerCommand, Edit};
use crate::error::Refusal;

/// Bytes of a console's id of a broadcast.
const CLIENT_ID: usize = 64;
/// Tags a channel tells of a customer.
pub(super) const CARD_TAGS: usize = 50;
/// Characters of an annotation.
pub(super) const ANNOTATION: usize = 1000;

pub(super) fn customers(command: &CustomerCommand) -> Result<(), Refusal> {
    match command {
        CustomerCommand::Edit { edit, .. } => {
            let Edit {
                name,
                remark,
                gender: _,
                phone,
                address,
            } = edit;
            for (field, text, most) in [
                ("name", name, NAME),
                ("remark", remark, REMARK),
                ("phone", phone, PHONE),
                ("address", address, ADDRESS),
            ] {
                at_most(field, text.as_deref().unwrap_or_default(), most)?;
            }
            Ok(())
        }
        CustomerCommand::Learn { language, card, .. } => {
            within("language", language.as_deref().unwrap_or_default(), 0, PROFILE)?;
            within("remark", &card.remark, 0, PROFILE)?;
            for tag in &card.tags {
                within("tag", tag, 0, PROFILE)?;
            }
            few("tags", card.tags.len(), CARD_TAGS)
        }
        CustomerCommand::SetTags { tags, .. } => few("tags", tags.len(), TAGS_EACH),
        CustomerCommand::Annotate { text, .. } => some("text", text, ANNOTATION),
        CustomerCommand::AddTag { name } | CustomerCommand::RenameTag { name, .. } => {
            some("name", name, TAG_NAME)
        }
        CustomerCommand::Block { .. } | CustomerCommand::Solve { .. } | CustomerCommand::RemoveTag { .. } => {
            Ok(())
        }
    }
}

pub(super) fn bulk(command: &BulkCommand) -> Result<(), Refusal> {
    match command {
        BulkCommand::Tag {
            customers,
            add,
            remove,
        } => {
            few("ids", customers.len(), SLICE)?;
            few("add", add.len(), TAGS_EACH)?;
            few("remove", remove.len(), TAGS_EACH)
        }
        // What stands in them is checked row by row.
        BulkCommand::Import { rows } => few("rows", rows.len(), SLICE),
        BulkCommand::DeleteAnnotations { annotations } => few("ids", annotations.len(), SLICE),
        BulkCommand::Note { about, topics, .. } => {
            at_most("about", about, TEXT)?;
            few("topics", topics.len(), TAGS_EACH)
        }
    }
}

pub(super) fn broadcasts(command: &BroadcastCommand) -> Result<(), Refusal> {
    match command {
        BroadcastCommand::Draft { client_id, draft, .. } => {
            within("client_id", client_id, 1, CLIENT_ID)?;
            limits::check(draft)
        }
        BroadcastCommand::Edit { draft, .. } => limits::check(draft),
        BroadcastCommand::Silence(silence) => {
            number("from", silence.from, 0, 1439)?;
            number("to", silence.to, 0, 1439)
        }
        BroadcastCommand::Freeze { rows, .. } if rows.len() > ROWS => {
            Err(Refusal::Malformed("too many rows".into()))
        }
        BroadcastCommand::Freeze { rows, .. } => {
            rows.iter().try_for_each(|row| within("peer", &row.peer, 1, PEER))
        }
        BroadcastCommand::Take { picks, .. } if picks.len() > PICKS => {
            Err(Refusal::Malformed("too many picks".into()))
        }
        _ => Ok(()),
    }
}
