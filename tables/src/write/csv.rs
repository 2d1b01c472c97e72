//! CSV as Excel and WPS open it by a double click: UTF-8 with its mark, CRLF, every text quoted.
use crate::{Cell, Column, Heading, Zone, guard, list};
use std::io::{self, Write};

/// So that spreadsheets know the encoding.
const BOM: &[u8] = b"\xef\xbb\xbf";

pub(super) struct Csv<W: Write>(csv::Writer<W>);

impl<W: Write> Csv<W> {
    pub(super) fn begin(columns: &[Column], heading: Heading, mut out: W) -> io::Result<Self> {
        out.write_all(BOM)?;
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .quote_style(csv::QuoteStyle::NonNumeric)
            .flexible(true)
            .from_writer(out);
        writer.write_record(columns.iter().map(|column| column.heading(heading)))?;
        Ok(Csv(writer))
    }

    pub(super) fn row(&mut self, zone: &Zone, cells: &[Cell<'_>]) -> io::Result<()> {
        for cell in cells {
            match cell {
                Cell::Empty => self.0.write_field("")?,
                Cell::Text(text) => self.text(text)?,
                Cell::Number(number) => self.0.write_field(number.to_string())?,
                Cell::Time(at) => self.0.write_field(zone.local(*at))?,
                Cell::List(texts) => self.text(&list::join(texts))?,
            }
        }
        self.0.write_record(None::<&[u8]>)?;
        Ok(())
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        if guard::needs(text) {
            return Ok(self.0.write_field(format!("'{text}"))?);
        }
        Ok(self.0.write_field(text)?)
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}
