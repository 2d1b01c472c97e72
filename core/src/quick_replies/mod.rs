//! Quick replies (A5.9): two fixed boxes, 个人回复 and 公共回复, with folders of second level and replies in them.
//!
//! It owns their trees, bounds and order. Who may do what is the routes' affair; telling the consoles is, too.
mod bounds;
mod row;

pub use bounds::{FOLDERS, NAME, REPLIES, TEXT, TITLE};
pub use row::{Imported, Row};

use crate::error::Refusal;
use crate::ids::{AgentId, ShopId};
use crate::records::{QuickBox, QuickFolder, QuickReply};
use crate::trees::Trees;
use bounds::{count, folder, folder_name, lists, new_folder, normal, room};
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use weikefu_storage::Txn;

/// One of the boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// 公共回复
    Shared,
    /// 个人回复
    Mine(AgentId),
}

impl Shelf {
    /// The second part of its keys: accounts are numbered from 1.
    fn owner(self) -> AgentId {
        match self {
            Shelf::Shared => AgentId(0),
            Shelf::Mine(agent) => agent,
        }
    }
}

/// A reply with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// Within the box.
    pub id: u32,
    /// The reply.
    pub reply: QuickReply,
}

/// A folder with its replies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Within the box.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Its replies in order.
    pub replies: Vec<Numbered>,
}

/// A whole box in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Its folders.
    pub folders: Vec<Folder>,
    /// Replies in no folder.
    pub replies: Vec<Numbered>,
}

/// The order a box shall have: everything in it, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Folders with their replies.
    pub folders: Vec<(u32, Vec<u32>)>,
    /// Replies in no folder.
    pub replies: Vec<u32>,
}

/// Quick replies. The one writer of their trees.
pub struct QuickReplies {
    trees: Trees,
    writing: Mutex<()>,
}

impl QuickReplies {
    /// Quick replies in these trees.
    #[must_use]
    pub fn new(trees: Trees) -> Self {
        QuickReplies {
            trees,
            writing: Mutex::new(()),
        }
    }

    /// Everything in a box, in order.
    pub fn contents(&self, shop: ShopId, which: Shelf) -> Result<Contents, Refusal> {
        // Order and texts of one moment: a reply deleted in between would be missing.
        let _writing = self.writing();
        self.read(shop, which)
    }

    fn read(&self, shop: ShopId, which: Shelf) -> Result<Contents, Refusal> {
        let order = self.order_of(shop, which)?;
        let replies = |ids: &[u32]| {
            ids.iter()
                .map(|id| {
                    Ok(Numbered {
                        id: *id,
                        reply: self.reply(shop, which, *id)?,
                    })
                })
                .collect::<Result<Vec<_>, Refusal>>()
        };
        let folders = order.folders.iter().map(|folder| {
            Ok(Folder {
                id: folder.id,
                name: folder.name.clone(),
                replies: replies(&folder.replies)?,
            })
        });
        Ok(Contents {
            folders: folders.collect::<Result<_, Refusal>>()?,
            replies: replies(&order.replies)?,
        })
    }

    /// Adds a folder at the end.
    pub fn add_folder(&self, shop: ShopId, which: Shelf, name: &str) -> Result<Folder, Refusal> {
        let name = folder_name(name)?;
        let _writing = self.writing();
        let mut order = self.order_of(shop, which)?;
        let id = new_folder(&mut order, &name)?;
        self.store(shop, which, &order, |_| Ok(()))?;
        Ok(Folder {
            id,
            name,
            replies: Vec::new(),
        })
    }

    /// Renames a folder.
    pub fn rename_folder(&self, shop: ShopId, which: Shelf, id: u32, name: &str) -> Result<(), Refusal> {
        let name = folder_name(name)?;
        let _writing = self.writing();
        let mut order = self.order_of(shop, which)?;
        if order
            .folders
            .iter()
            .any(|folder| folder.id != id && folder.name == name)
        {
            return Err(Refusal::Exists("folder"));
        }
        folder(&mut order, id)?.name = name;
        self.store(shop, which, &order, |_| Ok(()))
    }

    /// Deletes a folder with everything in it.
    pub fn delete_folder(&self, shop: ShopId, which: Shelf, id: u32) -> Result<(), Refusal> {
        let _writing = self.writing();
        let mut order = self.order_of(shop, which)?;
        let replies = std::mem::take(&mut folder(&mut order, id)?.replies);
        order.folders.retain(|folder| folder.id != id);
        self.store(shop, which, &order, |txn| {
            for reply in &replies {
                txn.delete(&self.trees.quick_replies, &(shop, which.owner(), *reply));
            }
            Ok(())
        })
    }

    /// Adds a reply at the end of a folder, or of the box.
    pub fn add_reply(
        &self,
        shop: ShopId,
        which: Shelf,
        within: Option<u32>,
        reply: QuickReply,
    ) -> Result<Numbered, Refusal> {
        let reply = normal(reply)?;
        let _writing = self.writing();
        let mut order = self.order_of(shop, which)?;
        room(count(&order) + 1)?;
        let id = order.last + 1;
        match within {
            Some(within) => folder(&mut order, within)?.replies.push(id),
            None => order.replies.push(id),
        }
        order.last = id;
        self.store(shop, which, &order, |txn| self.put(txn, shop, which, id, &reply))?;
        Ok(Numbered { id, reply })
    }

    /// Changes a reply; what is `None` stays.
    pub fn edit_reply(
        &self,
        shop: ShopId,
        which: Shelf,
        id: u32,
        title: Option<String>,
        text: Option<String>,
    ) -> Result<Numbered, Refusal> {
        let _writing = self.writing();
        let old = self.reply(shop, which, id)?;
        let reply = normal(QuickReply {
            title: title.unwrap_or(old.title),
            text: text.unwrap_or(old.text),
        })?;
        let mut txn = self.trees.db.begin();
        self.put(&mut txn, shop, which, id, &reply)?;
        self.trees.db.commit(txn)?;
        Ok(Numbered { id, reply })
    }

    /// Deletes a reply.
    pub fn delete_reply(&self, shop: ShopId, which: Shelf, id: u32) -> Result<(), Refusal> {
        let _writing = self.writing();
        self.reply(shop, which, id)?;
        let mut order = self.order_of(shop, which)?;
        for list in lists(&mut order) {
            list.retain(|reply| *reply != id);
        }
        self.store(shop, which, &order, |txn| {
            txn.delete(&self.trees.quick_replies, &(shop, which.owner(), id));
            Ok(())
        })
    }

    /// Gives a box an order; replies may change folders with it. It must name exactly what the box holds:
    /// otherwise somebody has added or deleted meanwhile. The same order again changes nothing.
    pub fn reorder(&self, shop: ShopId, which: Shelf, wanted: &Order) -> Result<(), Refusal> {
        let _writing = self.writing();
        let old = self.order_of(shop, which)?;
        let mut names: Vec<u32> = wanted.folders.iter().map(|(id, _)| *id).collect();
        let mut replies: Vec<u32> = wanted
            .folders
            .iter()
            .flat_map(|(_, replies)| replies)
            .chain(&wanted.replies)
            .copied()
            .collect();
        let mut held_names: Vec<u32> = old.folders.iter().map(|folder| folder.id).collect();
        let mut held: Vec<u32> = old
            .folders
            .iter()
            .flat_map(|folder| &folder.replies)
            .chain(&old.replies)
            .copied()
            .collect();
        for list in [&mut names, &mut replies, &mut held_names, &mut held] {
            list.sort_unstable();
        }
        if names != held_names || replies != held {
            return Err(Refusal::Stale);
        }
        let mut new = QuickBox {
            last: old.last,
            folders: Vec::with_capacity(wanted.folders.len()),
            replies: wanted.replies.clone(),
        };
        for (id, replies) in &wanted.folders {
            let name = old.folders.iter().find(|folder| folder.id == *id);
            new.folders.push(QuickFolder {
                id: *id,
                name: name.map(|folder| folder.name.clone()).unwrap_or_default(),
                replies: replies.clone(),
            });
        }
        if new == old {
            return Ok(());
        }
        self.store(shop, which, &new, |_| Ok(()))
    }

    /// Adds the replies of a table to a box; those it holds already are skipped. All or nothing, and nothing at
    /// all when it is only a `dry` run.
    pub fn import(&self, shop: ShopId, which: Shelf, rows: Vec<Row>, dry: bool) -> Result<Imported, Refusal> {
        let _writing = self.writing();
        let held = self.read(shop, which)?;
        let mut order = self.order_of(shop, which)?;
        let mut known: BTreeSet<(String, QuickReply)> = BTreeSet::new();
        for folder in &held.folders {
            known.extend(
                folder
                    .replies
                    .iter()
                    .map(|held| (folder.name.clone(), held.reply.clone())),
            );
        }
        known.extend(held.replies.into_iter().map(|held| (String::new(), held.reply)));
        let mut done = Imported::default();
        let mut added = Vec::new();
        for row in rows {
            if !known.insert((row.folder.clone(), row.reply.clone())) {
                done.skipped += 1;
                continue;
            }
            let within = match order.folders.iter().position(|folder| folder.name == row.folder) {
                _ if row.folder.is_empty() => None,
                Some(at) => Some(at),
                None => {
                    new_folder(&mut order, &row.folder)?;
                    done.folders.push(row.folder);
                    Some(order.folders.len() - 1)
                }
            };
            order.last += 1;
            match within {
                Some(at) => order.folders[at].replies.push(order.last),
                None => order.replies.push(order.last),
            }
            added.push((order.last, row.reply));
            done.added += 1;
        }
        room(count(&order))?;
        if !added.is_empty() && !dry {
            self.store(shop, which, &order, |txn| {
                added
                    .iter()
                    .try_for_each(|(id, reply)| self.put(txn, shop, which, *id, reply))
            })?;
        }
        Ok(done)
    }

    fn writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn order_of(&self, shop: ShopId, which: Shelf) -> Result<QuickBox, Refusal> {
        let order = self.trees.quick_boxes.get(&(shop, which.owner()))?;
        Ok(order.unwrap_or_default())
    }

    fn reply(&self, shop: ShopId, which: Shelf, id: u32) -> Result<QuickReply, Refusal> {
        let reply = self.trees.quick_replies.get(&(shop, which.owner(), id))?;
        reply.ok_or(Refusal::NotFound("quick reply"))
    }

    fn put(
        &self,
        txn: &mut Txn,
        shop: ShopId,
        which: Shelf,
        id: u32,
        reply: &QuickReply,
    ) -> Result<(), Refusal> {
        Ok(txn.put(&self.trees.quick_replies, &(shop, which.owner(), id), reply)?)
    }

    /// Writes an order and what goes with it.
    fn store(
        &self,
        shop: ShopId,
        which: Shelf,
        order: &QuickBox,
        with: impl FnOnce(&mut Txn) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let mut txn = self.trees.db.begin();
        txn.put(&self.trees.quick_boxes, &(shop, which.owner()), order)?;
        with(&mut txn)?;
        Ok(self.trees.db.commit(txn)?)
    }
}
