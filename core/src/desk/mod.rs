//! The desk of one shop: a state machine. Commands go in, changes and events come out.
//!
//! It owns the rules of dispatch, acceptance, sequence numbers and delivery. It knows no clock, no
//! randomness and no I/O: the time comes with the command, and what is not in memory is looked up through
//! [`Facts`]. That makes every decision repeatable and testable.
mod accept;
mod automatic;
mod bounds;
mod change;
mod command;
mod customers;
mod delivery;
mod dispatch;
mod facts;
mod presence;
mod reach;
mod receive;
mod send;
mod state;
mod tags;
mod texts;
mod work;

pub use change::{Change, DedupeKey, Stuck};
pub use command::{Command, DeliveryResult, Reply};
pub use customers::{CustomerCommand, Edit};
pub use facts::{Facts, Lookup};
pub use reach::{Allowance, Rules, Standing};
pub use state::Desk;
pub use work::{Effect, Event, Happening, Outcome, Topic};

use crate::error::Refusal;
use crate::ids::Millis;
use work::Work;

impl Desk {
    /// Decides one command. Either everything it causes is in the outcome and in the live state, or it is
    /// refused and nothing has changed.
    pub fn decide(&mut self, facts: &impl Facts, command: Command, now: Millis) -> Result<Outcome, Refusal> {
        bounds::check(&command)?;
        let mut work = Work::new(self, facts, now);
        let reply = match command {
            Command::Receive {
                channel,
                inbound,
                rules,
            } => receive::receive(&mut work, channel, inbound, &rules),
            Command::Amend {
                channel,
                peer,
                dedupe,
                sent_at,
                content,
            } => receive::amend(&mut work, channel, &peer, sent_at, &dedupe, content),
            Command::Join { agent } => Ok(presence::join(&mut work, agent)),
            Command::Refresh { agent } => {
                work.tell_agent(agent);
                Ok(Reply::Done)
            }
            Command::Leave { agent } => presence::leave(&mut work, agent),
            Command::Suspend { agent } => presence::suspend(&mut work, agent),
            Command::SetOnline { agent, online } => presence::set_online(&mut work, agent, online),
            Command::SetAcceptance {
                agent,
                auto,
                limit,
                greeting,
            } => presence::set_acceptance(&mut work, agent, auto, limit, greeting),
            Command::Accept {
                agent,
                conversation,
                epoch,
            } => accept::accept(&mut work, agent, conversation, epoch),
            Command::Close {
                agent,
                senior,
                conversation,
                epoch,
            } => accept::close(&mut work, agent, senior, conversation, epoch),
            Command::Read {
                agent,
                conversation,
                seq,
            } => send::read(&mut work, agent, conversation, seq),
            Command::Send {
                agent,
                conversation,
                client_id,
                content,
                force,
            } => send::send(&mut work, agent, conversation, client_id, content, force),
            Command::Retry {
                agent,
                conversation,
                seq,
                force,
            } => send::retry(&mut work, agent, conversation, seq, force),
            Command::Delivering { conversation, seq } => delivery::delivering(&mut work, conversation, seq),
            Command::Delivered {
                conversation,
                seq,
                result,
            } => delivery::delivered(&mut work, conversation, seq, result),
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
            Command::Customer(command) => customers::decide(&mut work, command),
            Command::Changed(topic) => {
                work.tell(Happening::Changed(topic));
                Ok(Reply::Done)
            }
        }?;
        Ok(work.finish(reply))
    }
}
