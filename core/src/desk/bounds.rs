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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AgentId, ChannelId, ConversationId, CustomerId};
    use crate::records::{Author, Message};
    use weikefu_channel::{Action, Behaviour};
    use weikefu_storage::{MAX_RECORD_BYTES, Record};

    fn message(bytes: usize) -> What {
        What::Message {
            content: Content::text("x".repeat(bytes)),
        }
    }

    fn behaviour(bytes: usize) -> What {
        let behaviour = Behaviour {
            action: Action::Scan,
            detail: "x".repeat(bytes),
        };
        What::Behaviour { behaviour }
    }

    fn receive(peer: usize, dedupe: usize, nickname: usize, what: What) -> Command {
        Command::Receive {
            channel: ChannelId(1),
            inbound: Inbound {
                peer: "p".repeat(peer),
                dedupe: "d".repeat(dedupe),
                sent_at: 0,
                what,
                profile: Profile {
                    nickname: Some("n".repeat(nickname)),
                    ..Profile::default()
                },
            },
        }
    }

    fn send(client_id: usize, bytes: usize) -> Command {
        Command::Send {
            agent: AgentId(1),
            conversation: ConversationId(1),
            client_id: "c".repeat(client_id),
            content: Content::text("x".repeat(bytes)),
        }
    }

    fn accept(limit: u32, greeting: usize) -> Command {
        Command::SetAcceptance {
            agent: AgentId(1),
            auto: true,
            limit,
            greeting: "您".repeat(greeting),
        }
    }

    fn edit(name: usize, remark: usize) -> Command {
        Command::EditCustomer {
            customer: CustomerId(1),
            name: Some("名".repeat(name)),
            remark: Some("注".repeat(remark)),
        }
    }

    #[test]
    fn the_last_fine_value_and_the_first_refused() {
        let fine = [
            receive(PEER, MESSAGE_ID, PROFILE, message(CONTENT)),
            receive(1, 1, 0, message(0)),
            receive(1, 1, 0, behaviour(DETAIL)),
            send(MESSAGE_ID, CONTENT),
            accept(LIMIT, GREETING),
            accept(0, 0),
            edit(NAME, REMARK),
        ];
        for command in fine {
            assert!(check(&command).is_ok());
        }
        let refused = [
            receive(PEER + 1, 1, 0, message(1)),
            receive(0, 1, 0, message(1)),
            receive(1, MESSAGE_ID + 1, 0, message(1)),
            receive(1, 0, 0, message(1)),
            receive(1, 1, PROFILE + 1, message(1)),
            receive(1, 1, 0, message(CONTENT + 1)),
            receive(1, 1, 0, behaviour(DETAIL + 1)),
            send(0, 1),
            send(MESSAGE_ID + 1, 1),
            send(1, CONTENT + 1),
            accept(LIMIT + 1, 0),
            accept(1, GREETING + 1),
            edit(NAME + 1, 0),
            edit(0, REMARK + 1),
        ];
        for command in refused {
            let (code, _) = check(&command).unwrap_err().code();
            assert!(["invalid", "too_large"].contains(&code));
        }
    }

    #[test]
    fn the_largest_message_fits_a_record() {
        let message = Message {
            at: 0,
            sent_at: Some(0),
            author: Author::Customer,
            content: Content::text("x".repeat(CONTENT)).into(),
            client_id: Some("d".repeat(MESSAGE_ID)),
            delivery: None,
        };
        assert!(message.encode().unwrap().len() + 8 * 500 < MAX_RECORD_BYTES);
    }
}
