//! Reading: questions and their answers.
use crate::error::{Error, guarded};
use crate::grams::Terms;
use crate::pick::{Accepts, LastOf, Newest, Place};
use crate::schema::Fields;
use tantivy::query::{PhrasePrefixQuery, PhraseQuery, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{IndexReader, Term};

/// Terms that begin with two characters of a word: one for each character that can follow.
const BEGUN: u32 = 10_000;

/// What is looked for.
#[derive(Clone)]
pub struct Question {
    /// The folded text, in terms.
    pub terms: Terms,
    /// Only in front of this place, which is excluded; everything when `None`.
    pub before: Option<(i64, u64, u32)>,
    /// At this time or later, milliseconds.
    pub from: i64,
    /// At this time or earlier.
    pub to: i64,
    /// Places at most.
    pub limit: usize,
}

/// Answers questions.
#[derive(Clone)]
pub struct Finder {
    reader: IndexReader,
    fields: Fields,
}

impl std::fmt::Debug for Finder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Finder")
    }
}

impl Finder {
    pub(crate) fn new(reader: IndexReader, fields: Fields) -> Self {
        Finder { reader, fields }
    }

    /// The newest places that `accepts` takes, newest first.
    pub fn find(&self, question: &Question, accepts: Accepts) -> Result<Vec<Place>, Error> {
        guarded(|| {
            let query = self.query(&question.terms);
            let newest = Newest {
                before: question.before,
                times: question.from..=question.to,
                limit: question.limit,
                accepts,
            };
            Ok(self.reader.searcher().search(&*query, &newest)?)
        })
    }

    /// The highest number among a conversation's entries.
    pub fn last(&self, conversation: u64) -> Result<Option<u32>, Error> {
        guarded(|| {
            let term = Term::from_field_u64(self.fields.conversation, conversation);
            let query = TermQuery::new(term, IndexRecordOption::Basic);
            Ok(self.reader.searcher().search(&query, &LastOf)?)
        })
    }

    /// How many entries there are.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    fn query(&self, terms: &Terms) -> Box<dyn Query> {
        let field = self.fields.text;
        let term = |(at, text): &(usize, String)| (*at, Term::from_field_text(field, text));
        let mut all: Vec<_> = terms.whole.iter().map(term).collect();
        if let Some(begun) = &terms.begun {
            all.push(term(begun));
            let mut query = PhrasePrefixQuery::new_with_offset(all);
            query.set_max_expansions(BEGUN);
            return Box::new(query);
        }
        match <[_; 1]>::try_from(all) {
            Ok([(_, only)]) => Box::new(TermQuery::new(only, IndexRecordOption::Basic)),
            Err(all) => Box::new(PhraseQuery::new_with_offset(all)),
        }
    }
}
