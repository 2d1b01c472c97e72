//! The bounds of a command. What is larger than a record may be has to be refused before anything is decided:
//! once decided it must be written, and a store that cannot write stops the desk.
use super::command::Command;
use crate::error::Refusal;
use crate::records::StoredContent;
use weikefu_channel::{Content, Inbound, Profile, What};

/// Bytes of everything a message says, well below a record's 64 KiB.
const CONTENT: usize = 48 << 10;
/// Bytes of an address on a channel.
const PEER: usize = 128;
/// Bytes of a platform's or a console's id of a message.
const MESSAGE_ID: usize = 256;
/// Bytes of what describes a behaviour.
const DETAIL: usize = 1024;
/// Bytes of a field of a profile.
const PROFILE: usize = 256;
/// Customers of an agent. Filling that many slots at once still fits one transaction.
const LIMIT: u32 = 1000;
/// Characters of a greeting.
const GREETING: usize = 1000;
/// Characters of a customer's name.
const NAME: usize = 64;
/// Characters of a remark.
const REMARK: usize = 2000;

/// Refuses a command with a value out of its bounds.
pub(super) fn check(command: &Command) -> Result<(), Refusal> {
    match command {
        Command::Receive { inbound, .. } => arrival(inbound),
        Command::Amend {
            peer,
            dedupe,
            content: what,
            ..
        } => {
            within("peer", peer, 1, PEER)?;
            within("dedupe", dedupe, 1, MESSAGE_ID)?;
            content(what)
        }
        Command::SetAcceptance { limit, greeting, .. } => {
            if *limit > LIMIT {
                return Err(Refusal::invalid(
                    "limit",
                    format!("接入上限需要在 0 到 {LIMIT} 之间。"),
                    format!("The limit is a number from 0 to {LIMIT}."),
                ));
            }
            at_most("greeting", greeting, GREETING)
        }
        Command::Send {
            client_id,
            content: what,
            ..
        } => {
            within("client_id", client_id, 1, MESSAGE_ID)?;
            content(what)
        }
        Command::EditCustomer { name, remark, .. } => {
            at_most("name", name.as_deref().unwrap_or_default(), NAME)?;
            at_most("remark", remark.as_deref().unwrap_or_default(), REMARK)
        }
        Command::Join { .. }
        | Command::Refresh { .. }
        | Command::Leave { .. }
        | Command::SetOnline { .. }
        | Command::Accept { .. }
        | Command::Close { .. }
        | Command::Read { .. }
        | Command::Retry { .. }
        | Command::Delivering { .. }
        // What a channel reports is a fact: its words are cut, see `delivery::cut`.
        | Command::Delivered { .. }
        | Command::Announce { .. } => Ok(()),
    }
}

fn arrival(inbound: &Inbound) -> Result<(), Refusal> {
    within("peer", &inbound.peer, 1, PEER)?;
    within("dedupe", &inbound.dedupe, 1, MESSAGE_ID)?;
    let Profile {
        nickname,
        avatar,
        phone,
        language,
        verified: _,
    } = &inbound.profile;
    for field in [nickname, avatar, phone, language].into_iter().flatten() {
        within("profile", field, 0, PROFILE)?;
    }
    match &inbound.what {
        What::Message { content: what } => content(what),
        What::Behaviour { behaviour } => within("detail", &behaviour.detail, 0, DETAIL),
    }
}

fn content(content: &Content) -> Result<(), Refusal> {
    if StoredContent::from(content.clone()).bytes() > CONTENT {
        return Err(Refusal::TooLarge {
            limit: CONTENT as u64,
        });
    }
    Ok(())
}

fn within(field: &'static str, text: &str, least: usize, most: usize) -> Result<(), Refusal> {
    if (least..=most).contains(&text.len()) {
        return Ok(());
    }
    Err(Refusal::invalid(
        field,
        format!("需要 {least} 到 {most} 个字节，请缩短后重试。"),
        format!("This has {least} to {most} bytes; shorten it and try again."),
    ))
}

fn at_most(field: &'static str, text: &str, most: usize) -> Result<(), Refusal> {
    if text.chars().count() <= most {
        return Ok(());
    }
    Err(Refusal::invalid(
        field,
        format!("最多 {most} 个字符，请缩短后重试。"),
        format!("At most {most} characters; shorten it and try again."),
    ))
}
