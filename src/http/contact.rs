//! Whether and where a customer can be written to now, as the list shows it and as 联系TA asks the desk.
use super::views::ContactView;
use crate::app::Installation;
use weikefu_core::desk::{Address, check_contact};
use weikefu_core::engine::now;
use weikefu_core::error::{Language, Refusal, Unreachable};
use weikefu_core::history;
use weikefu_core::ids::ChannelId;
use weikefu_core::people::Found;
use weikefu_core::records::{Customer, Reach};

/// Addresses the desk is asked about.
const ADDRESSES: usize = 50;

/// A customer's addresses, that of the latest conversation first; on one channel only, if one is wanted.
pub(crate) fn addresses(
    installation: &Installation,
    found: &Found,
    wanted: Option<ChannelId>,
) -> Result<Vec<Address>, Refusal> {
    let latest = history::latest_conversation(&installation.trees, found.id)?;
    let latest = latest.map(|latest| (latest.channel, latest.peer));
    let mut known: Vec<&(ChannelId, String)> = found
        .addresses
        .iter()
        .filter(|(channel, _)| wanted.is_none_or(|wanted| wanted == *channel))
        .collect();
    known.sort_by_key(|address| Some(*address) != latest.as_ref());
    let address = |(channel, peer): &(ChannelId, String)| Address {
        channel: *channel,
        peer: peer.clone(),
        gate: installation.channels.gate(*channel),
    };
    Ok(known.into_iter().take(ADDRESSES).map(address).collect())
}

/// Whether somebody could write to a customer now, and until when.
pub(crate) fn view(
    installation: &Installation,
    customer: &Customer,
    found: &Found,
    language: Language,
) -> Result<ContactView, Refusal> {
    let now = now();
    let mut why = None;
    if customer.blocked.is_some() {
        why = Some(Refusal::from(Unreachable::Blacklisted));
    } else {
        for address in addresses(installation, found, None)? {
            let ledger = installation
                .trees
                .reaches
                .get(&(address.channel, address.peer))?
                .unwrap_or_default();
            match check_contact(address.gate, &ledger, now) {
                Ok(()) => return Ok(possible(address.channel, &ledger, now)),
                Err(refusal) => why = why.or(Some(refusal)),
            }
        }
    }
    let why = why.unwrap_or(Unreachable::NoAddress.into());
    Ok(ContactView {
        possible: false,
        channel: None,
        until: None,
        left: None,
        code: Some(why.code().0.to_owned()),
        reason: Some(why.text(language)),
    })
}

fn possible(channel: ChannelId, ledger: &Reach, now: i64) -> ContactView {
    let allowance = ledger.allowance(now);
    ContactView {
        possible: true,
        channel: Some(channel),
        until: allowance.map(|allowance| allowance.until),
        left: allowance.map(|allowance| allowance.left),
        code: None,
        reason: None,
    }
}
