//! CSV as spreadsheets write it (RFC 4180, and what they make of it).
use super::{CELLS, Reading, text};
use crate::{Wrong, guard};
use std::io::Read;

/// Appended as a line of its own: where it is not the last one, a quote in front of it is open.
const END: &str = "\u{1}end\u{1}";

pub(super) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), Wrong> {
    let text = text::decode(bytes)?;
    let end = format!("\n{END}\n");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator(&text))
        .from_reader(text.as_bytes().chain(end.as_bytes()));
    let mut record = csv::StringRecord::new();
    let (mut line, mut counted) = (1, 0);
    while reader.read_record(&mut record).map_err(|_| Wrong::Quote(line))? {
        let begins = record.position().map_or(counted, |at| at.byte() as usize);
        let begins = begins + blank(text.as_bytes().get(begins..).unwrap_or_default());
        let passed = text.as_bytes().get(counted..begins).unwrap_or_default();
        line += line_ends(passed);
        counted = begins;
        if record.len() == 1 && &record[0] == END {
            return Ok(());
        }
        if record.len() > CELLS {
            return Err(Wrong::Wide(line));
        }
        if record.iter().any(|cell| cell.contains(END)) {
            return Err(Wrong::Quote(line));
        }
        let cells = record.iter().map(|cell| guard::plain(cell).to_owned());
        reading.line(line, cells.collect())?;
    }
    Err(Wrong::Quote(line))
}

fn line_ends(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').count() - 1
}

/// Line ends in front of a record: its position is told from the end of the one before.
fn blank(bytes: &[u8]) -> usize {
    let ends = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    ends.count()
}

/// What the first line uses: spreadsheets of some countries write semicolons, copied tables have tabs.
fn separator(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let count = |separator: u8| first.bytes().filter(|byte| *byte == separator).count();
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|separator| (count(*separator), *separator == b','))
        .unwrap_or(b',')
}
