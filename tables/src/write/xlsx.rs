//! A workbook with one sheet: headings that stay in sight, numbers and times as such, all else as text.
use crate::{Cell, Column, Heading, Zone, guard, list};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, XlsxError};
use std::io::{self, Write};

/// What a cell of a workbook holds.
const LONGEST: usize = 32_767;
/// What the name of a sheet may have.
const NAME: usize = 31;

pub(super) struct Xlsx<W> {
    workbook: Workbook,
    out: W,
    row: u32,
    text: Format,
    /// For whoever edits the cell: the text stays one.
    quoted: Format,
    time: Format,
}

impl<W: Write + Send> Xlsx<W> {
    pub(super) fn begin(columns: &[Column], heading: Heading, sheet: &str, out: W) -> io::Result<Self> {
        let mut workbook = Workbook::new();
        let page = workbook.add_worksheet_with_constant_memory().map_err(failed)?;
        page.set_name(sheet.chars().take(NAME).collect::<String>())
            .map_err(failed)?;
        page.set_freeze_panes(1, 0).map_err(failed)?;
        let bold = Format::new().set_bold().set_num_format("@");
        for (at, column) in (0..).zip(columns) {
            page.set_column_width(at, f64::from(column.width))
                .map_err(failed)?;
            page.write_string_with_format(0, at, column.heading(heading), &bold)
                .map_err(failed)?;
        }
        Ok(Xlsx {
            workbook,
            out,
            row: 0,
            text: Format::new().set_num_format("@"),
            quoted: Format::new().set_num_format("@").set_quote_prefix(),
            time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
        })
    }

    pub(super) fn row(&mut self, zone: &Zone, cells: &[Cell<'_>]) -> io::Result<()> {
        self.row += 1;
        let (row, text, quoted, time) = (self.row, &self.text, &self.quoted, &self.time);
        let page = self.workbook.worksheet_from_index(0).map_err(failed)?;
        let text = |said: &str| if guard::formula(said) { quoted } else { text };
        for (at, cell) in (0..).zip(cells) {
            match cell {
                Cell::Empty | Cell::Text("") => {}
                Cell::Text(said) => {
                    let said = cut(said);
                    page.write_string_with_format(row, at, said, text(said))
                        .map_err(failed)?;
                }
                Cell::List(texts) => {
                    let said = list::join(texts);
                    let said = cut(&said);
                    page.write_string_with_format(row, at, said, text(said))
                        .map_err(failed)?;
                }
                Cell::Number(number) => {
                    page.write_number(row, at, *number as f64).map_err(failed)?;
                }
                Cell::Time(moment) => {
                    let local = zone.local(*moment).replace(' ', "T");
                    // Before 1900 a workbook has no time.
                    if let Ok(local) = ExcelDateTime::parse_from_str(&local) {
                        page.write_datetime_with_format(row, at, local, time)
                            .map_err(failed)?;
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.workbook.save_to_writer(&mut self.out).map_err(failed)?;
        self.out.flush()
    }
}

/// At most what a cell holds. A workbook counts UTF-16, so a text of signs beyond the first plane is cut early.
fn cut(text: &str) -> &str {
    let mut units = 0;
    for (at, sign) in text.char_indices() {
        units += sign.len_utf16();
        if units > LONGEST {
            return &text[..at];
        }
    }
    text
}

fn failed(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        error => io::Error::other(error.to_string()),
    }
}
