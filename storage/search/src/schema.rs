//! The fields of an entry, and the marks of a version.
use crate::grams::Cutter;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{TextAnalyzer, TokenizerManager};

/// Grows with every change of the fields or of the way texts are folded and cut.
pub(crate) const VERSION: u32 = 1;
/// Name of the way texts are cut.
const CUTTER: &str = "grams";

/// Names of the fields that are read for every match.
pub(crate) const AT: &str = "at";
pub(crate) const CONVERSATION: &str = "conversation";
pub(crate) const SEQ: &str = "seq";
pub(crate) const CUSTOMER: &str = "customer";
pub(crate) const CHANNEL: &str = "channel";
pub(crate) const AUTHOR: &str = "author";

/// The fields.
#[derive(Clone)]
pub(crate) struct Fields {
    pub(crate) schema: Schema,
    pub(crate) text: Field,
    pub(crate) at: Field,
    pub(crate) conversation: Field,
    pub(crate) seq: Field,
    pub(crate) customer: Field,
    pub(crate) channel: Field,
    pub(crate) author: Field,
}

impl Fields {
    pub(crate) fn new() -> Self {
        let mut schema = Schema::builder();
        let grams = TextFieldIndexing::default()
            .set_tokenizer(CUTTER)
            // Nothing is ranked by length.
            .set_fieldnorms(false)
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        let named = NumericOptions::from(FAST | INDEXED);
        let text = TextOptions::default().set_indexing_options(grams);
        Fields {
            text: schema.add_text_field("text", text),
            at: schema.add_i64_field(AT, FAST),
            conversation: schema.add_u64_field(CONVERSATION, named.clone()),
            seq: schema.add_u64_field(SEQ, named),
            customer: schema.add_u64_field(CUSTOMER, FAST),
            channel: schema.add_u64_field(CHANNEL, FAST),
            author: schema.add_u64_field(AUTHOR, FAST),
            schema: schema.build(),
        }
    }

    pub(crate) fn tokenizers() -> TokenizerManager {
        // Fields of numbers ask for the usual ones, and do not use them.
        let tokenizers = TokenizerManager::default();
        tokenizers.register(CUTTER, TextAnalyzer::from(Cutter::default()));
        tokenizers
    }
}
