//! What can be asked about broadcasts.
use crate::desk::DeliveryResult;
use crate::ids::{AgentId, BroadcastId, ChannelId, CustomerId, Millis};
use crate::records::{BroadcastDraft, Reason, Silence, Skip, Waiting};

/// A command about broadcasts. Rights have been checked before.
#[derive(Clone, Debug, PartialEq)]
pub enum BroadcastCommand {
    /// Makes a draft; the same `client_id` again gives the same broadcast.
    Draft {
        /// Who.
        agent: AgentId,
        /// The console's id of it.
        client_id: String,
        /// What.
        draft: BroadcastDraft,
    },
    /// Changes a draft.
    Edit {
        /// Which.
        broadcast: BroadcastId,
        /// What it is from now on.
        draft: BroadcastDraft,
        /// The revision that was seen.
        revision: u32,
    },
    /// Removes a draft.
    Remove {
        /// Which.
        broadcast: BroadcastId,
    },
    /// Lets a draft begin, now or later. One that was started already stays as it is.
    Start {
        /// Who.
        agent: AgentId,
        /// Which.
        broadcast: BroadcastId,
        /// When; `None` or a moment that has passed: now.
        at: Option<Millis>,
        /// The revision that was seen.
        revision: u32,
    },
    /// The time of a scheduled one has come.
    Begin {
        /// Which.
        broadcast: BroadcastId,
    },
    /// Sends nothing more until it is resumed.
    Pause {
        /// Which.
        broadcast: BroadcastId,
        /// By whom; `None`: by itself, or from the command line.
        by: Option<AgentId>,
        /// Why, where it did so by itself.
        reason: Option<Reason>,
    },
    /// Lets a paused one go on.
    Resume {
        /// Which.
        broadcast: BroadcastId,
    },
    /// Ends one for good; what is being sent at the moment is told when it is known.
    Stop {
        /// Which.
        broadcast: BroadcastId,
    },
    /// Sets the shop's hours of silence.
    Silence(Silence),
    /// Some more of the list of recipients, in the order of customers.
    Freeze {
        /// Of which.
        broadcast: BroadcastId,
        /// Customers behind those on the list.
        rows: Vec<Row>,
        /// These were the last.
        complete: bool,
    },
    /// Looks at recipients once more and marks those that are sent to now, durably.
    Take {
        /// Of which.
        broadcast: BroadcastId,
        /// Which of them, new ones in the order of the list without a gap.
        picks: Vec<Pick>,
        /// The day it is in the shop.
        day: u32,
    },
    /// A message's fate is known.
    Settle {
        /// Of which.
        broadcast: BroadcastId,
        /// Whose.
        n: u32,
        /// How it went.
        outcome: CastOutcome,
    },
    /// Nothing is sent for a while, or it goes on.
    Wait {
        /// Which.
        broadcast: BroadcastId,
        /// Why, and until when.
        waiting: Option<Waiting>,
    },
    /// Tells how far it has come.
    Tell {
        /// Which.
        broadcast: BroadcastId,
    },
}

/// Somebody for the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Who.
    pub customer: CustomerId,
    /// By which channel.
    pub channel: ChannelId,
    /// Under which address.
    pub peer: String,
    /// Why they get nothing.
    pub skip: Option<Skip>,
}

/// A recipient to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// Place on the list.
    pub n: u32,
    /// Something outside the desk that speaks against it.
    pub hold: Hold,
}

/// What speaks against a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Nothing.
    Free,
    /// It comes again later: an agent's message is on its way there.
    Later,
    /// It gets nothing.
    Skip(Skip),
}

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CastOutcome {
    /// As the channel said.
    Delivered(DeliveryResult),
    /// It surely did not leave, and that is nobody's fault: it comes again, without a try being counted.
    Back,
}
