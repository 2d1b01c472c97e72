//! A disk that keeps what was synced, and of the rest whatever it likes.
//!
//! Content is durable after the file's own sync, a name after the folder's. Writes that were not
//! synced may be there, be missing, or be there in part, in any order; changes of names happen in
//! order, as file systems with a journal do it.

use std::collections::BTreeMap;

use crate::hooks::{FileId, Op};
use crate::random::Random;

/// What a sector holds is there whole or not at all.
const SECTOR: usize = 512;

#[derive(Debug, Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Resize(u64),
}

#[derive(Debug, Default)]
struct File {
    durable: Vec<u8>,
    loose: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Renaming {
    Create(String, FileId),
    Rename(String, String),
    Unlink(String),
}

#[derive(Debug, Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    durable: BTreeMap<String, FileId>,
    loose: Vec<Renaming>,
}

impl Disk {
    /// A disk that holds these files, numbered by their names' order.
    pub(crate) fn holding(files: &BTreeMap<String, Vec<u8>>) -> Self {
        let durable = files.keys().cloned().zip(0..).collect();
        let file = |content: &Vec<u8>| File {
            durable: content.clone(),
            loose: Vec::new(),
        };
        Self {
            files: files.values().map(file).collect(),
            durable,
            loose: Vec::new(),
        }
    }

    /// Does what the process did.
    pub(crate) fn play(&mut self, op: &Op) {
        match op {
            Op::Create { name, file } => {
                assert_eq!(*file, self.files.len(), "files are numbered as they come");
                assert!(
                    !name.starts_with("blobs/"),
                    "no record is so large that it leaves the log"
                );
                self.files.push(File::default());
                self.loose.push(Renaming::Create(name.clone(), *file));
            }
            Op::Write { file, at, bytes } => self.files[*file].loose.push(Change::Write(*at, bytes.clone())),
            Op::Resize { file, len } => self.files[*file].loose.push(Change::Resize(*len)),
            Op::Sync { file } => {
                let file = &mut self.files[*file];
                for change in std::mem::take(&mut file.loose) {
                    apply(&mut file.durable, &change);
                }
            }
            Op::SyncFolder => {
                for renaming in std::mem::take(&mut self.loose) {
                    rename(&mut self.durable, &renaming);
                }
            }
            Op::Rename { from, to } => self.loose.push(Renaming::Rename(from.clone(), to.clone())),
            Op::Unlink { name } => self.loose.push(Renaming::Unlink(name.clone())),
            Op::Told(_) => {}
        }
    }

    /// Number of files there ever were.
    pub(crate) fn files(&self) -> usize {
        self.files.len()
    }

    /// The files that a power cut leaves now.
    pub(crate) fn cut(&self, random: &mut Random) -> BTreeMap<String, Vec<u8>> {
        let mut names = self.durable.clone();
        let kept = random.below(self.loose.len() as u64 + 1) as usize;
        self.loose[..kept]
            .iter()
            .for_each(|renaming| rename(&mut names, renaming));
        // Everything is lost, everything is kept, or each write has its own fate.
        let fate = random.below(4);
        names
            .into_iter()
            .map(|(name, file)| (name, self.files[file].cut(fate, random)))
            .collect()
    }
}

impl File {
    fn cut(&self, fate: u64, random: &mut Random) -> Vec<u8> {
        let mut content = self.durable.clone();
        for change in &self.loose {
            let fate = if fate < 2 { fate } else { random.below(3) };
            match (fate, change) {
                (0, _) => {}
                (1, change) | (_, change @ Change::Resize(_)) => apply(&mut content, change),
                (_, Change::Write(at, bytes)) => tear(&mut content, *at, bytes, random),
            }
        }
        content
    }
}

fn apply(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Resize(len) => content.resize(*len as usize, 0),
        Change::Write(at, bytes) => {
            let (start, end) = (*at as usize, *at as usize + bytes.len());
            if content.len() < end {
                content.resize(end, 0);
            }
            content[start..end].copy_from_slice(bytes);
        }
    }
}

/// Keeps some sectors of a write: the first ones, or any.
fn tear(content: &mut Vec<u8>, at: u64, bytes: &[u8], random: &mut Random) {
    let first = SECTOR - at as usize % SECTOR;
    let (head, rest) = bytes.split_at(first.min(bytes.len()));
    let sectors: Vec<&[u8]> = std::iter::once(head).chain(rest.chunks(SECTOR)).collect();
    let end = random.below(sectors.len() as u64 + 1);
    let any = random.below(2) == 0;
    let mut start = at;
    for (number, sector) in (0..).zip(sectors) {
        if if any { random.below(2) == 0 } else { number < end } {
            apply(content, &Change::Write(start, sector.to_vec()));
        }
        start += sector.len() as u64;
    }
}

fn rename(names: &mut BTreeMap<String, FileId>, renaming: &Renaming) {
    match renaming {
        Renaming::Create(name, file) => {
            names.insert(name.clone(), *file);
        }
        Renaming::Rename(from, to) => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        Renaming::Unlink(name) => {
            names.remove(name);
        }
    }
}
