//! Reads a broadcast's list in pages: by the index of states, then what nobody has looked at.
use crate::error::Refusal;
use crate::ids::BroadcastId;
use crate::records::{Broadcast, BroadcastState, Progress, Recipient, RecipientState, Skip};
use crate::trees::Trees;

/// Places that are looked at for one page; a page may be short and still have one behind it.
const LOOKED: usize = 2000;

/// What is wanted of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only this state; what waits for another turn counts as pending.
    pub state: Option<RecipientState>,
    /// Only skipped for this reason.
    pub skip: Option<Skip>,
}

/// Where a page ends: which part of the list, and the place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Part.
    pub part: u8,
    /// The next place.
    pub n: u32,
}

/// A page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListPage {
    /// Places with what has become of them.
    pub rows: Vec<(u32, Recipient)>,
    /// Where the next one begins.
    pub next: Option<Mark>,
}

/// Where the places of a part come from.
#[derive(Clone, Copy)]
enum Part {
    /// The whole list.
    List,
    /// Those in a state.
    Index(RecipientState),
    /// Those being sent.
    Sending,
    /// Those nobody has looked at.
    Untouched,
}

/// The recipients of a broadcast, at most `limit`, from a mark on. What a stopped broadcast never came to is told as
/// skipped, although its records say that it waits.
pub fn recipients(
    trees: &Trees,
    broadcast: &Broadcast,
    progress: &Progress,
    wanted: Wanted,
    from: Option<Mark>,
    limit: usize,
) -> Result<ListPage, Refusal> {
    let stopped = broadcast.state == BroadcastState::Stopped;
    let parts: &[Part] = match wanted.state {
        None if wanted.skip.is_none() => &[Part::List],
        Some(RecipientState::Pending | RecipientState::Again) if !stopped => {
            &[Part::Index(RecipientState::Again), Part::Untouched]
        }
        Some(RecipientState::Pending | RecipientState::Again) => &[],
        Some(RecipientState::Sending) => &[Part::Sending],
        Some(RecipientState::Skipped) | None if stopped => &[
            Part::Index(RecipientState::Skipped),
            Part::Index(RecipientState::Again),
            Part::Untouched,
        ],
        Some(RecipientState::Skipped) | None => &[Part::Index(RecipientState::Skipped)],
        Some(RecipientState::Accepted) => &[Part::Index(RecipientState::Accepted)],
        Some(RecipientState::Failed) => &[Part::Index(RecipientState::Failed)],
        Some(RecipientState::Unknown) => &[Part::Index(RecipientState::Unknown)],
    };
    let mut page = ListPage::default();
    let mut looked = 0;
    let begin = from.unwrap_or(Mark { part: 0, n: 0 });
    for (number, part) in parts.iter().enumerate().skip(begin.part.into()) {
        let number = number as u8;
        let first = if number == begin.part { begin.n } else { 0 };
        for n in places(trees, broadcast.id, progress, *part, first) {
            let n = n?;
            if page.rows.len() == limit || looked == LOOKED {
                page.next = Some(Mark { part: number, n });
                return Ok(page);
            }
            looked += 1;
            let Some(mut recipient) = trees.recipients.get(&(broadcast.id, n))? else {
                continue;
            };
            let waits = matches!(recipient.state, RecipientState::Pending | RecipientState::Again);
            if matches!(part, Part::Untouched) && recipient.state != RecipientState::Pending {
                continue;
            }
            if stopped && waits {
                recipient.state = RecipientState::Skipped;
                recipient.skip = Some(Skip::Stopped);
            }
            if wanted.skip.is_none_or(|skip| recipient.skip == Some(skip)) {
                page.rows.push((n, recipient));
            }
        }
    }
    Ok(page)
}

type Places = Box<dyn Iterator<Item = Result<u32, weikefu_storage::Error>>>;

fn places(trees: &Trees, id: BroadcastId, progress: &Progress, part: Part, from: u32) -> Places {
    let list = |from: u32| -> Places {
        let range = (id, from)..(BroadcastId(id.0 + 1), 0);
        Box::new(trees.recipients.range(range).map(|entry| Ok(entry?.0.1)))
    };
    match part {
        Part::List => list(from),
        Part::Untouched => list(from.max(progress.next)),
        Part::Sending => {
            let range = (id, from)..(BroadcastId(id.0 + 1), 0);
            Box::new(trees.recipients_sending.range(range).map(|entry| Ok(entry?.0.1)))
        }
        Part::Index(state) => {
            let state = state as u8;
            let range = (id, state, from)..(id, state + 1, 0);
            Box::new(trees.recipient_states.range(range).map(|entry| Ok(entry?.0.2)))
        }
    }
}
