//! Tables that leave and enter the desk: CSV, XLSX and JSON, with one vocabulary for all three.
//!
//! It owns the forms: encodings, quoting, what a spreadsheet would take for a formula or spoil as a number, and
//! the bounds of what is read. It knows no customers, no files and no network: bytes come in, bytes go out.
//!
//! What is written here is read here as it was; the tests at `tests/round_trip.rs` say so with hostile texts.
mod cell;
mod column;
mod error;
mod guard;
mod list;
mod read;
mod write;
mod zone;

pub use cell::Cell;
pub use column::{Column, Heading};
pub use error::Wrong;
pub use list::{join, split};
pub use read::{Head, ROWS, Row, read};
pub use write::Writer;
pub use zone::Zone;

/// The form of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated, UTF-8 with a byte order mark, as Excel and WPS want it; read in more ways than written.
    Csv,
    /// Excel's workbook; the first sheet counts.
    Xlsx,
    /// A list of objects.
    Json,
}

impl Format {
    /// The form with this name, which is also the end of a file's name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "csv" => Some(Format::Csv),
            "xlsx" => Some(Format::Xlsx),
            "json" => Some(Format::Json),
            _ => None,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
            Format::Json => "json",
        }
    }

    /// Its media type.
    #[must_use]
    pub fn mime(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Json => "application/json",
        }
    }

    /// The form of some bytes, by what they begin with; `None` when a person has to say.
    #[must_use]
    pub fn guess(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"PK\x03\x04") {
            return Some(Format::Xlsx);
        }
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let first = text.iter().find(|byte| !byte.is_ascii_whitespace())?;
        // A line of headings does not begin like that.
        Some(if *first == b'[' { Format::Json } else { Format::Csv })
    }
}
