//! Messages that did not get out, found without reading all there are: the outbox holds what is on its way, an
//! index by state and time the rest.
use crate::ids::{ConversationId, Millis, ShopId};
use crate::records::{DeliveryState, Message};
use crate::trees::Trees;
use weikefu_storage::Error;

/// Messages of a state that are listed at most.
pub const LISTED: usize = 100;
/// Entries of the outbox that are looked at.
const LOOKED_AT: usize = 10_000;
/// How long a message may wait before somebody should know.
const PATIENCE: Millis = 2 * 60_000;
/// Failures and suppressed texts older than this are history.
const LATELY: Millis = 24 * 3_600_000;
/// How long what did not get out is listed at all; the messages themselves stay in their records.
const KEPT: Millis = 90 * LATELY;
/// Suppressed texts that are counted.
const COUNTED: usize = 10_000;

/// A message somebody should know of.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where it stands.
    pub conversation: ConversationId,
    /// Which.
    pub seq: u32,
    /// In what state.
    pub state: DeliveryState,
    /// Since when.
    pub since: Millis,
    /// As it is stored.
    pub message: Message,
}

/// What was found in a shop.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Queued or being sent for too long, of unknown fate, failed within a day; in this order.
    pub found: Vec<Found>,
    /// There are more than are listed.
    pub more: bool,
    /// Automatic texts that were kept back within a day, at most ten thousand.
    pub suppressed: u32,
}

/// Looks for messages of a shop that need somebody. `serving`: a server runs that carries what waits; without one
/// nothing that is on its way will get anywhere, however young it is.
pub fn report(trees: &Trees, shop: ShopId, now: Millis, serving: bool) -> Result<Report, Error> {
    let mut report = Report::default();
    let range = (ConversationId::of(shop, 0), 0)..=(ConversationId::of(shop, u32::MAX), u32::MAX);
    for entry in trees.outbox.range(range).take(LOOKED_AT) {
        let (conversation, seq) = entry?.0;
        if let Some(found) = read(trees, conversation, seq)?
            && (!serving || now - found.since >= PATIENCE)
            && !list(&mut report, found, LISTED)
        {
            break;
        }
    }
    for (state, from) in [
        (DeliveryState::Unknown, Millis::MIN),
        (DeliveryState::Failed, now - LATELY),
    ] {
        let most = report.found.len() + LISTED;
        for entry in trees.stuck.scan(&(shop, state as u32)).rev() {
            let stuck = entry?.0.stuck;
            if stuck.at < from {
                break;
            }
            if let Some(found) = read(trees, stuck.conversation, stuck.seq)?
                && !list(&mut report, found, most)
            {
                break;
            }
        }
    }
    let kept_back = trees.stuck.scan(&(shop, DeliveryState::Suppressed as u32)).rev();
    for entry in kept_back.take(COUNTED) {
        if entry?.0.stuck.at < now - LATELY {
            break;
        }
        report.suppressed += 1;
    }
    Ok(report)
}

/// Drops entries of the index that nobody asks for any more, at most `limit`. Returns how many.
pub fn forget(trees: &Trees, now: Millis, limit: usize) -> Result<usize, Error> {
    let mut txn = trees.db.begin();
    let mut count = 0;
    for entry in trees.shops.scan(&()) {
        let shop = entry?.0;
        for state in [
            DeliveryState::Failed,
            DeliveryState::Unknown,
            DeliveryState::Suppressed,
        ] {
            for entry in trees.stuck.scan(&(shop, state as u32)).take(limit - count) {
                let key = entry?.0;
                if now.saturating_sub(key.stuck.at) < KEPT {
                    break;
                }
                txn.delete(&trees.stuck, &key);
                count += 1;
            }
        }
    }
    if count > 0 {
        trees.db.commit(txn)?;
    }
    Ok(count)
}

/// Adds to the list while there is room.
fn list(report: &mut Report, found: Found, most: usize) -> bool {
    let room = report.found.len() < most;
    if room {
        report.found.push(found);
    } else {
        report.more = true;
    }
    room
}

fn read(trees: &Trees, conversation: ConversationId, seq: u32) -> Result<Option<Found>, Error> {
    let message = trees.messages.get(&(conversation, seq))?;
    Ok(message.and_then(|message| {
        let delivery = message.delivery.as_ref()?;
        Some(Found {
            conversation,
            seq,
            state: delivery.state,
            since: delivery.at,
            message,
        })
    }))
}
