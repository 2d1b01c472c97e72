//! Tables that leave: read record by record, so that a hundred thousand customers need no more memory than their
//! numbers.
use super::What;
use super::plan::Channels;
use crate::app::Installation;
use std::collections::HashMap;
use std::io;
use weikefu_core::error::{Language, Refusal};
use weikefu_core::ids::{CustomerId, ShopId};
use weikefu_core::quick_replies::{Contents, Shelf};
use weikefu_core::records::{Customer, Gender, Tag, TagId};
use weikefu_tables::Cell;

/// Customers whose addresses are looked up at a time.
const AT_ONCE: usize = 500;

/// A table that is ready to be written.
pub(crate) enum Out {
    Customers(Box<Customers>),
    Tags(Vec<Tag>),
    Texts(Contents),
}

/// Customers to be written.
pub(crate) struct Customers {
    installation: Installation,
    ids: Vec<CustomerId>,
    channels: Channels,
    tags: HashMap<TagId, String>,
    language: Language,
}

/// Writes a row.
type Row<'a> = dyn FnMut(&[Cell<'_>]) -> io::Result<()> + 'a;

impl Out {
    /// The customers with these numbers, in their order; of the shop's own.
    pub(crate) fn customers(
        installation: &Installation,
        shop: ShopId,
        ids: Vec<CustomerId>,
        language: Language,
    ) -> Result<Self, Refusal> {
        let mut tags = HashMap::new();
        for entry in installation.trees.tags.scan(&shop) {
            let (_, tag) = entry?;
            tags.insert(tag.id, tag.name);
        }
        Ok(Out::Customers(Box::new(Customers {
            installation: installation.clone(),
            ids,
            channels: Channels::of(installation, shop)?,
            tags,
            language,
        })))
    }

    /// All service tags of a shop.
    pub(crate) fn tags(installation: &Installation, shop: ShopId) -> Result<Self, Refusal> {
        let tags = installation.trees.tags.scan(&shop);
        let tags = tags.map(|entry| Ok(entry?.1)).collect::<Result<_, Refusal>>()?;
        Ok(Out::Tags(tags))
    }

    /// A box of quick replies.
    pub(crate) fn texts(installation: &Installation, shop: ShopId, shelf: Shelf) -> Result<Self, Refusal> {
        Ok(Out::Texts(installation.quick_replies.contents(shop, shelf)?))
    }

    /// What it is about.
    pub(crate) fn what(&self) -> What {
        match self {
            Out::Customers(_) => What::Customers,
            Out::Tags(_) => What::Tags,
            Out::Texts(_) => What::QuickReplies,
        }
    }

    /// Rows it will have, unless somebody removes some meanwhile.
    pub(crate) fn rows(&self) -> usize {
        match self {
            Out::Customers(customers) => customers.ids.len(),
            Out::Tags(tags) => tags.len(),
            Out::Texts(contents) => {
                let inside = contents.folders.iter().map(|folder| folder.replies.len());
                inside.sum::<usize>() + contents.replies.len()
            }
        }
    }

    /// Writes all rows. Blocks; needs the runtime of the installation around it.
    pub(crate) fn write(&self, row: &mut Row<'_>) -> io::Result<()> {
        match self {
            Out::Customers(customers) => customers.write(row),
            Out::Tags(tags) => tags.iter().try_for_each(|tag| {
                row(&[
                    Cell::Text(&tag.name),
                    Cell::Number(tag.customers.into()),
                    Cell::Time(tag.created),
                ])
            }),
            Out::Texts(contents) => {
                let folders = contents
                    .folders
                    .iter()
                    .map(|folder| (folder.name.as_str(), &folder.replies));
                for (folder, replies) in folders.chain([("", &contents.replies)]) {
                    for held in replies {
                        let (title, text) = (&held.reply.title, &held.reply.text);
                        row(&[Cell::Text(folder), Cell::Text(title), Cell::Text(text)])?;
                    }
                }
                Ok(())
            }
        }
    }
}

impl Customers {
    fn write(&self, row: &mut Row<'_>) -> io::Result<()> {
        let runtime = tokio::runtime::Handle::current();
        for ids in self.ids.chunks(AT_ONCE) {
            let found = self.installation.people.found_all(ids);
            let found = runtime.block_on(found).map_err(io::Error::other)?;
            for (id, found) in ids.iter().zip(found) {
                let known = self
                    .installation
                    .trees
                    .customers
                    .get(id)
                    .map_err(io::Error::other)?;
                if let Some(customer) = known {
                    self.one(&customer, found.addresses.first(), found.last_contact, row)?;
                }
            }
        }
        Ok(())
    }

    fn one(
        &self,
        customer: &Customer,
        address: Option<&(weikefu_core::ids::ChannelId, String)>,
        last_contact: i64,
        row: &mut Row<'_>,
    ) -> io::Result<()> {
        let chinese = self.language == Language::Chinese;
        let gender = match (customer.details.gender, chinese) {
            (Gender::Unknown, _) => "",
            (Gender::Male, true) => "男",
            (Gender::Male, false) => "male",
            (Gender::Female, true) => "女",
            (Gender::Female, false) => "female",
        };
        let tags: Vec<&str> = customer
            .tags
            .iter()
            .filter_map(|tag| self.tags.get(tag).map(String::as_str))
            .collect();
        let channel = address.map(|(channel, _)| self.channels.name(*channel));
        let blocked = match (customer.blocked.is_some(), chinese) {
            (false, _) => "",
            (true, true) => "是",
            (true, false) => "yes",
        };
        row(&[
            Cell::Number(customer.id.number().into()),
            Cell::Text(customer.display_name()),
            Cell::Text(&customer.remark),
            Cell::Text(gender),
            Cell::Text(customer.phone().unwrap_or_default()),
            Cell::Text(&customer.details.address),
            Cell::List(&tags),
            channel.as_deref().map_or(Cell::Empty, Cell::Text),
            address.map_or(Cell::Empty, |(_, peer)| Cell::Text(peer)),
            Cell::Time(customer.first_seen),
            Cell::Time(last_contact.max(customer.last_seen)),
            Cell::Number(customer.conversations.into()),
            Cell::Text(blocked),
        ])
    }
}
