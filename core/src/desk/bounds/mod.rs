//! The bounds of a command. What is larger than a record may be has to be refused before anything is decided:
//! once decided it must be written, and a store that cannot write stops the desk.
mod measure;
mod people;

use super::command::{AgentSettings, Command};
use crate::error::Refusal;
use crate::records::{ShopSettings, StoredContent};
use measure::{at_most, few, number, within};
use people::{broadcasts, bulk, customers};
use weikefu_channel::{Content, Inbound, Profile, What};

/// Bytes of everything a message says, well below a record's 64 KiB.
const CONTENT: usize = 48 << 10;
/// Bytes of an address on a channel.
pub(crate) const PEER: usize = 128;
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
/// Characters of any other automatic text, and of the note of a transfer.
const TEXT: usize = 500;
/// Characters of a customer's name.
pub(crate) const NAME: usize = 64;
/// Characters of a remark.
pub(crate) const REMARK: usize = 2000;
/// Characters of a phone number, with blanks and an extension.
pub(crate) const PHONE: usize = 32;
/// Characters of a postal address.
pub(crate) const ADDRESS: usize = 200;
/// Service tags of a customer.
pub(crate) const TAGS_EACH: usize = 20;
/// Characters of a service tag.
pub(crate) const TAG_NAME: usize = 20;
/// Addresses of a customer.
const ADDRESSES: usize = 50;

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
        Command::Configure { settings, .. } => agent(settings),
        Command::ConfigureShop { settings } => shop(settings),
        Command::Offer { note, .. } => at_most("note", note, TEXT),
        Command::Send {
            client_id,
            content: what,
            ..
        } => {
            within("client_id", client_id, 1, MESSAGE_ID)?;
            content(what)
        }
        Command::Customer(command) => customers(command),
        Command::Contact { addresses, .. } => {
            for address in addresses {
                within("peer", &address.peer, 1, PEER)?;
            }
            few("addresses", addresses.len(), ADDRESSES)
        }
        Command::Bulk(command) => bulk(command),
        Command::Broadcast(command) => broadcasts(command),
        Command::Join { .. }
        | Command::Refresh { .. }
        | Command::Leave { .. }
        | Command::Suspend { .. }
        | Command::SetOnline { .. }
        | Command::SetPage { .. }
        | Command::Started
        | Command::Tick
        | Command::Dismiss { .. }
        | Command::Take { .. }
        | Command::Decline { .. }
        | Command::Withdraw { .. }
        | Command::Accept { .. }
        | Command::Close { .. }
        | Command::Read { .. }
        | Command::Retry { .. }
        | Command::Delivering { .. }
        // What a channel reports is a fact: its words are cut, see `delivery::cut`.
        | Command::Delivered { .. }
        | Command::Announce { .. }
        | Command::Changed(_) => Ok(()),
    }
}

fn agent(settings: &AgentSettings) -> Result<(), Refusal> {
    let AgentSettings {
        auto: _,
        limit,
        greeting,
        close,
        offline,
    } = settings;
    number("limit", *limit, 0, LIMIT)?;
    at_most("greeting", greeting, GREETING)?;
    number("idle_minutes", close.idle_minutes, 1, 1440)?;
    at_most("close_text", &close.text, TEXT)?;
    at_most("offline_text", &offline.text, TEXT)
}

fn shop(settings: &ShopSettings) -> Result<(), Refusal> {
    let ShopSettings {
        nobody_text,
        busy_text,
        transfer_seconds,
        away_seconds,
        reserve,
    } = settings;
    at_most("nobody_text", nobody_text, TEXT)?;
    at_most("busy_text", busy_text, TEXT)?;
    number("transfer_seconds", *transfer_seconds, 10, 3600)?;
    number("away_seconds", *away_seconds, 15, 600)?;
    number("reserve", *reserve, 0, 5)
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

#[cfg(test)]
mod tests {
    use super::people::{ANNOTATION, CARD_TAGS};
    use super::*;
    use crate::desk::customers::{CustomerCommand, Edit};
    use crate::desk::{Address, Gate};
    use crate::ids::{AgentId, ChannelId, ConversationId, CustomerId};
    use crate::records::{Author, Card, Message, TagId};
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
            rules: [].into(),
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
                trigger: None,
                passive: None,
            },
        }
    }

    fn send(client_id: usize, bytes: usize) -> Command {
        Command::Send {
            agent: AgentId(1),
            conversation: ConversationId(1),
            client_id: "c".repeat(client_id),
            content: Content::text("x".repeat(bytes)),
            force: false,
        }
    }

    fn accept(limit: u32, greeting: usize) -> Command {
        let greeting = "您".repeat(greeting);
        Command::Configure {
            agent: AgentId(1),
            settings: AgentSettings::accepting(true, limit, &greeting),
        }
    }

    fn configured(idle_minutes: u32, close: usize, offline: usize) -> Command {
        let mut settings = AgentSettings::accepting(true, 1, "");
        settings.close.idle_minutes = idle_minutes;
        settings.close.text = "您".repeat(close);
        settings.offline.text = "您".repeat(offline);
        Command::Configure {
            agent: AgentId(1),
            settings,
        }
    }

    fn shop([transfer_seconds, away_seconds, reserve]: [u32; 3], nobody: usize, busy: usize) -> Command {
        let settings = ShopSettings {
            nobody_text: "您".repeat(nobody),
            busy_text: "您".repeat(busy),
            transfer_seconds,
            away_seconds,
            reserve,
        };
        Command::ConfigureShop { settings }
    }

    fn offer(note: usize) -> Command {
        Command::Offer {
            agent: AgentId(1),
            senior: false,
            conversation: ConversationId(1),
            epoch: 1,
            to: AgentId(2),
            note: "您".repeat(note),
        }
    }

    fn edit(name: usize, remark: usize, phone: usize, address: usize) -> Command {
        Command::Customer(CustomerCommand::Edit {
            customer: CustomerId(1),
            edit: Edit {
                name: Some("名".repeat(name)),
                remark: Some("注".repeat(remark)),
                gender: None,
                phone: Some("1".repeat(phone)),
                address: Some("路".repeat(address)),
            },
        })
    }

    fn learn(tags: usize, long: usize) -> Command {
        Command::Customer(CustomerCommand::Learn {
            customer: CustomerId(1),
            language: Some("z".repeat(long)),
            card: Card {
                tags: vec!["t".repeat(long); tags],
                remark: "r".repeat(long),
                at: 0,
            },
        })
    }

    fn contact(count: usize, peer: usize) -> Command {
        let address = Address {
            channel: ChannelId(1),
            peer: "p".repeat(peer),
            gate: Gate::Open,
        };
        Command::Contact {
            agent: AgentId(1),
            customer: CustomerId(1),
            addresses: vec![address; count],
        }
    }

    fn tags(count: u64) -> Command {
        Command::Customer(CustomerCommand::SetTags {
            customer: CustomerId(1),
            tags: (0..count).map(TagId).collect(),
        })
    }

    fn annotate(text: String) -> Command {
        Command::Customer(CustomerCommand::Annotate {
            agent: AgentId(1),
            customer: CustomerId(1),
            text,
        })
    }

    fn tag(name: &str, new: bool) -> Command {
        let name = name.to_owned();
        Command::Customer(if new {
            CustomerCommand::AddTag { name }
        } else {
            CustomerCommand::RenameTag { tag: TagId(1), name }
        })
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
            edit(NAME, REMARK, PHONE, ADDRESS),
            learn(CARD_TAGS, PROFILE),
            tags(TAGS_EACH as u64),
            contact(ADDRESSES, PEER),
            contact(0, 0),
            annotate("注".repeat(ANNOTATION)),
            tag(&"签".repeat(TAG_NAME), true),
            tag(&"签".repeat(TAG_NAME), false),
            configured(1, TEXT, TEXT),
            configured(1440, 0, 0),
            shop([10, 15, 0], TEXT, TEXT),
            shop([3600, 600, 5], 0, 0),
            offer(TEXT),
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
            edit(NAME + 1, 0, 0, 0),
            edit(0, REMARK + 1, 0, 0),
            edit(0, 0, PHONE + 1, 0),
            edit(0, 0, 0, ADDRESS + 1),
            learn(CARD_TAGS + 1, 1),
            learn(1, PROFILE + 1),
            tags(TAGS_EACH as u64 + 1),
            contact(ADDRESSES + 1, PEER),
            contact(1, PEER + 1),
            contact(1, 0),
            annotate(" \n".into()),
            annotate("注".repeat(ANNOTATION + 1)),
            tag("", true),
            tag(" ", false),
            tag(&"签".repeat(TAG_NAME + 1), true),
            tag(&"签".repeat(TAG_NAME + 1), false),
            configured(0, 0, 0),
            configured(1441, 0, 0),
            configured(1, TEXT + 1, 0),
            configured(1, 0, TEXT + 1),
            shop([9, 15, 0], 0, 0),
            shop([3601, 15, 0], 0, 0),
            shop([10, 14, 0], 0, 0),
            shop([10, 601, 0], 0, 0),
            shop([10, 15, 6], 0, 0),
            shop([10, 15, 0], TEXT + 1, 0),
            shop([10, 15, 0], 0, TEXT + 1),
            offer(TEXT + 1),
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
