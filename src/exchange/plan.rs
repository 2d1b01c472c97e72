//! What a table of customers means for a shop: which rows are new, which change something, what is wrong. Only
//! reads; the desk decides again when it is carried out.
use super::columns;
use crate::app::Installation;
use std::collections::HashMap;
use weikefu_core::error::Refusal;
use weikefu_core::exchange::{CustomerRow, Fault, Faults, RawCustomer, merge, parse, parse_tag};
use weikefu_core::ids::{ChannelId, CustomerId, ShopId};
use weikefu_core::records::{ChannelRecord, Customer, TagId};
use weikefu_tables::{Format, Head, Row, read, split};

/// A plan.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) head: Head,
    /// Rows that do something.
    pub(super) rows: Vec<CustomerRow>,
    pub(super) created: usize,
    pub(super) changed: usize,
    pub(super) unchanged: usize,
    pub(super) faults: Faults,
    /// Names of tags that are not there yet, in the order of their stand-ins.
    pub(super) new_tags: Vec<String>,
}

/// The number that stands in for a tag that is not there yet; never given out.
pub(super) fn stand_in(at: usize) -> TagId {
    TagId(u64::MAX - at as u64)
}

/// Reads a table of customers against the store.
pub(super) fn plan(
    installation: &Installation,
    shop: ShopId,
    bytes: &[u8],
    format: Format,
) -> Result<Plan, Refusal> {
    let mut planner = Planner::new(installation, shop)?;
    let mut failed = None;
    let head = read(bytes, format, columns::CUSTOMERS, &mut |row| {
        if failed.is_none() {
            failed = planner.row(row).err();
        }
    });
    let head = head.map_err(|wrong| {
        let (zh, en) = wrong.words(format);
        Refusal::invalid("file", zh, en)
    })?;
    if let Some(refusal) = failed {
        return Err(refusal);
    }
    planner.plan.head = head;
    Ok(planner.plan)
}

struct Planner<'a> {
    installation: &'a Installation,
    shop: ShopId,
    channels: Channels,
    /// By name in small letters, with the stand-ins.
    tags: HashMap<String, TagId>,
    known_tags: usize,
    /// On which line an address or a customer was named first.
    lines: HashMap<Subject, usize>,
    plan: Plan,
}

#[derive(PartialEq, Eq, Hash)]
enum Subject {
    Known(CustomerId),
    New(ChannelId, String),
}

impl<'a> Planner<'a> {
    fn new(installation: &'a Installation, shop: ShopId) -> Result<Self, Refusal> {
        let mut tags = HashMap::new();
        for entry in installation.trees.tags.scan(&shop) {
            let (_, tag) = entry?;
            tags.insert(tag.name.to_lowercase(), tag.id);
        }
        Ok(Planner {
            installation,
            shop,
            channels: Channels::of(installation, shop)?,
            known_tags: tags.len(),
            tags,
            lines: HashMap::new(),
            plan: Plan::default(),
        })
    }

    fn row(&mut self, row: Row) -> Result<(), Refusal> {
        let line = row.line;
        match self.understood(row)? {
            Ok(()) => {}
            Err(fault) => self.plan.faults.note(line, fault),
        }
        Ok(())
    }

    /// The outer error is the store's.
    fn understood(&mut self, row: Row) -> Result<Result<(), Fault>, Refusal> {
        let line = row.line;
        let (tags, new, most) = (&mut self.tags, &mut self.plan.new_tags, self.known_tags);
        let mut tag = |name: &str| {
            let name = parse_tag(name)?.name;
            if let Some(id) = tags.get(&name.to_lowercase()) {
                return Ok(*id);
            }
            if most + new.len() >= weikefu_core::desk::TAGS {
                return Err(super::tags::too_many());
            }
            let id = stand_in(new.len());
            tags.insert(name.to_lowercase(), id);
            new.push(name);
            Ok(id)
        };
        let channels = &self.channels;
        let row = match parse(self.shop, raw(row), |named| channels.find(named), &mut tag) {
            Ok(row) => row,
            Err(fault) => return Ok(Err(fault)),
        };
        let trees = &self.installation.trees;
        let known = match &row.address {
            Some(address) => trees.identities.get(address)?.map(|known| known.customer),
            None => row.id,
        };
        let before = match known {
            Some(id) => trees.customers.get(&id)?,
            None => None,
        };
        let subject = match (&before, &row.address) {
            (Some(customer), _) => Subject::Known(customer.id),
            (None, Some((channel, peer))) => Subject::New(*channel, peer.clone()),
            (None, None) => {
                return Ok(Err(Fault::new(
                    "number",
                    "没有这个编号的客户。新客户请留空编号，填写渠道和 openid。",
                    "No customer has this number. For a new one leave it empty and give channel and openid.",
                )));
            }
        };
        if let Some(first) = self.lines.get(&subject) {
            return Ok(Err(Fault::new(
                "openid",
                format!("与第 {first} 行是同一位客户，请只保留一行。"),
                format!("The same customer as in line {first}; keep one of them."),
            )));
        }
        self.lines.insert(subject, line);
        // At most two hundred, and only looked through for customers whose tags are named.
        let exists = |tag: &TagId| self.tags.values().any(|known| known == tag);
        let start = before
            .clone()
            .unwrap_or_else(|| Customer::new(CustomerId::of(self.shop, 0), 0));
        let after = match merge(start, &row, exists) {
            Ok(after) => after,
            Err(fault) => return Ok(Err(fault)),
        };
        match before {
            None => self.plan.created += 1,
            Some(before) if before == after => {
                self.plan.unchanged += 1;
                return Ok(Ok(()));
            }
            Some(_) => self.plan.changed += 1,
        }
        self.plan.rows.push(row);
        Ok(Ok(()))
    }
}

fn raw(row: Row) -> RawCustomer {
    let mut cells = row.cells.into_iter();
    let mut next = || cells.next().flatten().unwrap_or_default().trim().to_owned();
    RawCustomer {
        number: next(),
        name: next(),
        remark: next(),
        gender: next(),
        phone: next(),
        address: next(),
        tags: split(&next()),
        channel: next(),
        openid: next(),
    }
}

/// A shop's channels by what they are called in a table.
pub(super) struct Channels(Vec<ChannelRecord>);

impl Channels {
    pub(super) fn of(installation: &Installation, shop: ShopId) -> Result<Self, Refusal> {
        let mut channels = Vec::new();
        for entry in installation.trees.channels.scan(&()) {
            let (_, record) = entry?;
            if record.shop == shop {
                channels.push(record);
            }
        }
        Ok(Channels(channels))
    }

    /// What a channel is called: its name, with its number where two have the same.
    pub(super) fn name(&self, id: ChannelId) -> String {
        let Some(channel) = self.0.iter().find(|channel| channel.id == id) else {
            return format!("#{id}");
        };
        let same = self.0.iter().filter(|other| other.name == channel.name);
        if same.count() == 1 {
            return channel.name.clone();
        }
        format!("{}#{id}", channel.name)
    }

    fn find(&self, named: &str) -> Result<ChannelId, Fault> {
        let only = match self.0.as_slice() {
            [only] if named.is_empty() => Some(only.id),
            _ => None,
        };
        let by_name = || {
            self.0
                .iter()
                .map(|channel| channel.id)
                .find(|id| self.name(*id) == named)
        };
        let by_number = || {
            let number: u32 = named.trim_start_matches('#').parse().ok()?;
            self.0.iter().map(|channel| channel.id).find(|id| id.0 == number)
        };
        only.or_else(by_name).or_else(by_number).ok_or_else(|| {
            let all: Vec<String> = self.0.iter().map(|channel| self.name(channel.id)).collect();
            Fault::new(
                "channel",
                format!("没有这个渠道，请填写：{}。", all.join("、")),
                format!("No such channel; write one of: {}.", all.join(", ")),
            )
        })
    }
}
