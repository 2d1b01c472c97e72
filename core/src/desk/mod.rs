//! The desk of one shop: a state machine. Commands go in, changes and events come out.
//!
//! It owns the rules of dispatch, acceptance, sequence numbers and delivery. It knows no clock, no
//! randomness and no I/O: the time comes with the command, and what is not in memory is looked up through
//! [`Facts`]. That makes every decision repeatable and testable.
mod accept;
mod automatic;
mod bounds;
mod bulk;
mod casting;
mod change;
mod command;
mod contact;
mod customers;
mod delivery;
mod dispatch;
mod facts;
mod news;
mod presence;
mod reach;
mod receive;
mod send;
mod state;
mod tags;
mod texts;
mod timers;
mod transfer;
mod work;

pub(crate) use bounds::{ADDRESS, NAME, PEER, PHONE, REMARK, TAG_NAME, TAGS_EACH};
pub use bulk::{BulkCommand, SLICE, Slice};
pub(crate) use casting::ROWS;
pub use casting::{BroadcastCommand, CastOutcome, Hold, Pick, Row};
pub use change::{Change, DedupeKey, Stuck};
pub use command::{AgentSettings, Command, DeliveryResult, Reply};
pub use contact::{Address, Gate, check as check_contact};
pub use customers::{CustomerCommand, Edit};
pub use facts::{Facts, Lookup};
pub use reach::{Allowance, Rules, Standing};
pub use receive::preview;
pub use state::Desk;
pub use tags::TAGS;
pub use work::{Effect, Event, Happening, Outcome, ReturnReason, Topic};

use crate::error::Refusal;
use crate::ids::Millis;
use work::Work;

impl Desk {
    /// Decides one command. Either everything it causes is in the outcome and in the live state, or it is
    /// refused and nothing has changed; see [`Desk::is_torn`] for the one exception.
    pub fn decide(&mut self, facts: &impl Facts, command: Command, now: Millis) -> Result<Outcome, Refusal> {
        bounds::check(&command)?;
        let counters = self.counters;
        let mut work = Work::new(self, facts, now);
        match carry_out(&mut work, command) {
            Ok(reply) => Ok(work.finish(reply)),
            Err(refusal) => {
                let begun = work.has_begun() || work.desk.counters != counters;
                work.desk.torn |= begun;
                Err(refusal)
            }
        }
    }
}

#[allow(clippy::too_many_lines)] // a table: one entry a command
fn carry_out<F: Facts>(work: &mut Work<'_, F>, command: Command) -> Result<Reply, Refusal> {
    match command {
        Command::Receive {
            channel,
            inbound,
            rules,
        } => receive::receive(work, channel, inbound, &rules),
        Command::Amend {
            channel,
            peer,
            dedupe,
            sent_at,
            content,
        } => receive::amend(work, channel, &peer, sent_at, &dedupe, content),
        Command::Join { agent } => Ok(presence::join(work, agent)),
        Command::Refresh { agent } => {
            work.tell_agent(agent);
            Ok(Reply::Done)
        }
        Command::Leave { agent } => presence::leave(work, agent),
        Command::Suspend { agent } => presence::suspend(work, agent),
        Command::SetOnline { agent, online } => presence::set_online(work, agent, online),
        Command::SetPage { agent, open } => presence::set_page(work, agent, open),
        Command::Started => presence::started(work),
        Command::Tick => timers::tick(work),
        Command::Configure { agent, settings } => presence::configure(work, agent, settings),
        Command::ConfigureShop { settings } => Ok(presence::configure_shop(work, settings)),
        Command::Accept {
            agent,
            conversation,
            epoch,
        } => accept::accept(work, agent, conversation, epoch),
        Command::Contact {
            agent,
            customer,
            addresses,
        } => contact::contact(work, agent, customer, &addresses),
        Command::Dismiss {
            agent,
            conversation,
            epoch,
        } => accept::dismiss(work, agent, conversation, epoch),
        Command::Offer {
            agent,
            senior,
            conversation,
            epoch,
            to,
            note,
        } => {
            let offer = transfer::Offer {
                agent,
                senior,
                conversation,
                epoch,
                to,
                note,
            };
            transfer::offer(work, offer)
        }
        Command::Take {
            agent,
            conversation,
            epoch,
        } => transfer::take(work, agent, conversation, epoch),
        Command::Decline {
            agent,
            conversation,
            epoch,
        } => transfer::decline(work, agent, conversation, epoch),
        Command::Withdraw {
            agent,
            senior,
            conversation,
            epoch,
        } => transfer::cancel(work, agent, senior, conversation, epoch),
        Command::Close {
            agent,
            senior,
            conversation,
            epoch,
        } => accept::close(work, agent, senior, conversation, epoch),
        Command::Read {
            agent,
            conversation,
            seq,
        } => send::read(work, agent, conversation, seq),
        Command::Send {
            agent,
            conversation,
            client_id,
            content,
            force,
        } => send::send(work, agent, conversation, client_id, content, force),
        Command::Retry {
            agent,
            conversation,
            seq,
            force,
        } => send::retry(work, agent, conversation, seq, force),
        Command::Delivering { conversation, seq } => delivery::delivering(work, conversation, seq),
        Command::Delivered {
            conversation,
            seq,
            result,
        } => delivery::delivered(work, conversation, seq, result),
        Command::Announce {
            channel,
            healthy,
            text,
        } => {
            work.tell(Happening::Channel {
                channel,
                healthy,
                text: delivery::cut_words(text),
            });
            Ok(Reply::Done)
        }
        Command::Customer(command) => customers::decide(work, command),
        Command::Bulk(command) => bulk::decide(work, command),
        Command::Broadcast(command) => casting::decide(work, command),
        Command::Changed(topic) => {
            work.tell(Happening::Changed(topic));
            Ok(Reply::Done)
        }
    }
}
