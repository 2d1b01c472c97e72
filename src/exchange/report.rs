//! What an import did, or would do.
use serde::{Deserialize, Serialize};
use weikefu_core::exchange::{Fault, Faults};
use weikefu_tables::{Column, Format, Head};

/// What came of a table. Counts of records, not of cells.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Nothing was to be changed.
    pub(crate) dry: bool,
    /// It has been carried out.
    pub(crate) applied: bool,
    /// Rows that were read.
    pub(crate) rows: usize,
    /// Records that are new.
    pub(crate) created: usize,
    /// Records that are different.
    pub(crate) changed: usize,
    /// Records that were so already.
    pub(crate) unchanged: usize,
    /// Records that somebody else changed or removed in that moment.
    pub(crate) passed_over: usize,
    /// Tags or folders that are new because rows name them.
    pub(crate) made: Vec<String>,
    /// Headings that name no column.
    pub(crate) ignored: Vec<String>,
    /// Wrong cells, all of them.
    pub(crate) error_count: usize,
    /// The first of them.
    pub(crate) errors: Vec<Problem>,
}

/// A wrong cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Problem {
    /// Line of the file, from 1; of JSON the object, from 1.
    pub(crate) line: usize,
    /// Its heading in Chinese and English; empty for the row as a whole.
    pub(crate) column: (String, String),
    pub(crate) zh: String,
    pub(crate) en: String,
}

impl Report {
    /// A report on what was read.
    pub(super) fn new(head: &Head, dry: bool) -> Self {
        Report {
            dry,
            rows: head.rows,
            ignored: head.ignored.clone(),
            ..Report::default()
        }
    }

    /// Takes the faults over.
    pub(super) fn fail(&mut self, faults: Faults, columns: &[Column]) {
        self.error_count = faults.total;
        let problem = |(line, fault): (usize, Fault)| {
            let column = columns.iter().find(|column| column.key == fault.column);
            let column = column.map_or(("", ""), |column| (column.zh, column.en));
            Problem {
                line,
                column: (column.0.to_owned(), column.1.to_owned()),
                zh: fault.zh,
                en: fault.en,
            }
        };
        self.errors = faults.listed.into_iter().map(problem).collect();
    }
}

impl Problem {
    /// One sentence in Chinese and English.
    pub(crate) fn sentences(&self, format: Format) -> (String, String) {
        let Problem {
            line,
            column: (zh, en),
            ..
        } = self;
        let (row, item) = match format {
            Format::Json => ("条", "Item"),
            Format::Csv | Format::Xlsx => ("行", "Line"),
        };
        let zh = if zh.is_empty() {
            String::new()
        } else {
            format!("“{zh}”")
        };
        let en = if en.is_empty() {
            String::new()
        } else {
            format!(", {en}")
        };
        (
            format!("第 {line} {row}{zh}：{}", self.zh),
            format!("{item} {line}{en}: {}", self.en),
        )
    }
}
