//! Writing: one writer, bounded memory, one thread that cuts and one that merges.
use crate::error::{Error, guarded};
use crate::finder::Finder;
use crate::fold::fold;
use crate::folder;
use crate::grams::BORDER;
use crate::schema::{Fields, VERSION};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use tantivy::directory::MmapDirectory;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::query::{BooleanQuery, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, Term};

/// Memory for entries that are not written yet, bytes.
const MEMORY: usize = 48 << 20;
/// A part whose entries are gone to this share is written anew.
const GONE: f32 = 0.2;

/// A message as the index knows it. Its place is `conversation` and `seq`.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Only questions of the same group find it.
    pub group: u32,
    /// Where.
    pub conversation: u64,
    /// Which.
    pub seq: u32,
    /// Whose.
    pub customer: u64,
    /// On which channel.
    pub channel: u32,
    /// By whom, as the caller numbers them.
    pub author: u64,
    /// When, milliseconds.
    pub at: i64,
    /// What it says.
    pub text: &'a str,
}

/// An index that is open for writing. There is one a folder.
pub struct Index {
    folder: PathBuf,
    fields: Fields,
    writer: IndexWriter,
    reader: IndexReader,
    text: String,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Index({})", self.folder.display())
    }
}

impl Index {
    /// Opens the index of a folder, and tells what was said at its last [`commit`](Self::commit).
    pub fn open(folder: &Path) -> Result<(Self, String), Error> {
        if !folder.join("meta.json").is_file() {
            return Err(Error::Missing(folder.into()));
        }
        guarded(|| {
            let fields = Fields::new();
            let mut index =
                tantivy::Index::open(MmapDirectory::open(folder).map_err(tantivy::TantivyError::from)?)?;
            let said = index.load_metas()?.payload.unwrap_or_default();
            let ours = format!("{VERSION}\n");
            let Some(said) = said.strip_prefix(&ours) else {
                let version = said.lines().next().unwrap_or_default().to_owned();
                return Err(Error::Version(version));
            };
            if index.schema() != fields.schema {
                return Err(Error::Version("other fields".into()));
            }
            index.set_tokenizers(Fields::tokenizers());
            Ok((Self::with(folder, &index, fields)?, said.to_owned()))
        })
    }

    /// Makes an empty index, whatever was in the folder before.
    pub fn create(folder: &Path) -> Result<Self, Error> {
        folder::empty(folder)?;
        let fields = Fields::new();
        let index = tantivy::Index::builder()
            .schema(fields.schema.clone())
            .tokenizers(Fields::tokenizers())
            .create_in_dir(folder)?;
        Self::with(folder, &index, fields)
    }

    fn with(folder: &Path, index: &tantivy::Index, fields: Fields) -> Result<Self, Error> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(MEMORY)
            .build();
        let writer = index.writer_with_options(options)?;
        let mut merging = LogMergePolicy::default();
        merging.set_del_docs_ratio_before_merge(GONE);
        writer.set_merge_policy(Box::new(merging));
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        Ok(Index {
            folder: folder.into(),
            fields,
            writer,
            reader,
            text: String::new(),
        })
    }

    /// For questions, on any thread. Sees what has been committed.
    #[must_use]
    pub fn finder(&self) -> Finder {
        Finder::new(self.reader.clone(), self.fields.clone())
    }

    /// Adds an entry, which must not be there.
    pub fn add(&mut self, entry: &Entry<'_>) -> Result<(), Error> {
        self.text.clear();
        let _ = write!(self.text, "{}{BORDER}", entry.group);
        self.text.push_str(&fold(entry.text));
        let fields = &self.fields;
        let mut document = TantivyDocument::new();
        document.add_text(fields.text, &self.text);
        document.add_i64(fields.at, entry.at);
        document.add_u64(fields.conversation, entry.conversation);
        document.add_u64(fields.seq, u64::from(entry.seq));
        document.add_u64(fields.customer, entry.customer);
        document.add_u64(fields.channel, u64::from(entry.channel));
        document.add_u64(fields.author, entry.author);
        self.writer.add_document(document)?;
        Ok(())
    }

    /// Takes an entry out, if it is there.
    pub fn remove(&mut self, conversation: u64, seq: u32) -> Result<(), Error> {
        let both: Vec<Box<dyn Query>> = vec![
            Self::named(self.fields.conversation, conversation),
            Self::named(self.fields.seq, u64::from(seq)),
        ];
        self.writer
            .delete_query(Box::new(BooleanQuery::intersection(both)))?;
        Ok(())
    }

    /// Takes all entries of a conversation out.
    pub fn remove_conversation(&mut self, conversation: u64) {
        let term = Term::from_field_u64(self.fields.conversation, conversation);
        self.writer.delete_term(term);
    }

    fn named(field: Field, number: u64) -> Box<dyn Query> {
        let term = Term::from_field_u64(field, number);
        Box::new(TermQuery::new(term, IndexRecordOption::Basic))
    }

    /// Makes what was added and removed durable and found, together with a word for the next opening.
    pub fn commit(&mut self, said: &str) -> Result<(), Error> {
        guarded(|| {
            let mut commit = self.writer.prepare_commit()?;
            commit.set_payload(&format!("{VERSION}\n{said}"));
            commit.commit()?;
            self.reader.reload()?;
            Ok(())
        })
    }

    /// Reads every file and compares it with its checksum. Takes as long as reading them takes.
    pub fn verify(&self) -> Result<(), Error> {
        guarded(|| {
            let damaged = self.writer.index().validate_checksum()?;
            if damaged.is_empty() {
                return Ok(());
            }
            let mut names: Vec<_> = damaged.iter().map(|path| path.display().to_string()).collect();
            names.sort();
            Err(Error::Damaged(names.join(", ")))
        })
    }

    /// Bytes of its files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        folder::bytes(&self.folder)
    }

    /// Parts it consists of, and entries.
    #[must_use]
    pub fn size(&self) -> (usize, u64) {
        let searcher = self.reader.searcher();
        (searcher.segment_readers().len(), searcher.num_docs())
    }

    /// Waits until what is being merged is merged, and closes. What was not committed is gone.
    pub fn close(self) -> Result<(), Error> {
        guarded(|| Ok(self.writer.wait_merging_threads()?))
    }
}
