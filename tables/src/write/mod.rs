//! Writing, a row at a time and in memory that does not grow with the rows.
mod csv;
mod json;
mod xlsx;

use crate::{Cell, Column, Format, Heading, Zone};
use std::io::{self, Write};

/// A table being written.
pub struct Writer<W: Write + Send> {
    zone: Zone,
    form: Form<W>,
}

enum Form<W: Write + Send> {
    Csv(Box<csv::Csv<W>>),
    Xlsx(Box<xlsx::Xlsx<W>>),
    Json(json::Json<W>),
}

impl<W: Write + Send> Writer<W> {
    /// Begins a table with its headings. `sheet` names the sheet of a workbook, whose rows lie in an unnamed file
    /// of the system's temporary folder until it is finished.
    pub fn begin(
        format: Format,
        columns: &'static [Column],
        heading: Heading,
        sheet: &str,
        zone: Zone,
        out: W,
    ) -> io::Result<Self> {
        let form = match format {
            Format::Csv => Form::Csv(Box::new(csv::Csv::begin(columns, heading, out)?)),
            Format::Xlsx => Form::Xlsx(Box::new(xlsx::Xlsx::begin(columns, heading, sheet, out)?)),
            Format::Json => Form::Json(json::Json::begin(columns, out)),
        };
        Ok(Writer { zone, form })
    }

    /// Writes a row: a cell for each column, in their order.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        match &mut self.form {
            Form::Csv(form) => form.row(&self.zone, cells),
            Form::Xlsx(form) => form.row(&self.zone, cells),
            Form::Json(form) => form.row(&self.zone, cells),
        }
    }

    /// Writes the end.
    pub fn finish(self) -> io::Result<()> {
        match self.form {
            Form::Csv(form) => form.finish(),
            Form::Xlsx(form) => form.finish(),
            Form::Json(form) => form.finish(),
        }
    }
}
