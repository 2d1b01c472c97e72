//! Reading, with a bound on everything: a file comes from outside.
mod csv;
mod json;
mod text;
mod unpack;
mod xlsx;

use crate::{Column, Format, Wrong};

/// Rows of a table.
pub const ROWS: usize = 100_000;
/// Cells of a row.
const CELLS: usize = 256;
/// Bytes of a cell: more than a spreadsheet can hold.
const CELL: usize = 128 << 10;

/// What the first line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Headings that name no column, at most 20; what stands below them is not read.
    pub ignored: Vec<String>,
    /// Rows that were read.
    pub rows: usize,
}

/// A row, by the columns asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its line, from 1; of JSON the object, from 1.
    pub line: usize,
    /// Its texts in the order of the columns; `None` where the table has no such column.
    pub cells: Vec<Option<String>>,
}

/// Reads a table and hands out row after row; rows without a text are left out.
pub fn read(
    bytes: &[u8],
    format: Format,
    columns: &[Column],
    each: &mut dyn FnMut(Row),
) -> Result<Head, Wrong> {
    let mut reading = Reading {
        columns,
        places: None,
        head: Head::default(),
        each,
    };
    match format {
        Format::Csv => csv::read(bytes, &mut reading)?,
        Format::Xlsx => xlsx::read(bytes, &mut reading)?,
        Format::Json => json::read(bytes, &mut reading)?,
    }
    if reading.head.rows == 0 {
        return Err(Wrong::Empty);
    }
    Ok(reading.head)
}

/// A table being read.
struct Reading<'a> {
    columns: &'a [Column],
    /// For each column, at which place of a line it stands; known after the first line.
    places: Option<Vec<Option<usize>>>,
    head: Head,
    each: &'a mut dyn FnMut(Row),
}

impl Reading<'_> {
    /// Takes a line of a sheet, the first one for the headings.
    fn line(&mut self, line: usize, mut cells: Vec<String>) -> Result<(), Wrong> {
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        if cells.len() > CELLS {
            return Err(Wrong::Wide(line));
        }
        if cells.iter().any(|cell| cell.len() > CELL) {
            return Err(Wrong::Long(line));
        }
        let Some(places) = &self.places else {
            return self.headings(&cells);
        };
        let texts = places.iter().map(|place| {
            let place = (*place)?;
            Some(cells.get_mut(place).map(std::mem::take).unwrap_or_default())
        });
        let texts = texts.collect();
        self.row(line, texts)
    }

    fn headings(&mut self, cells: &[String]) -> Result<(), Wrong> {
        let place = |column: &Column| cells.iter().position(|cell| column.is(cell));
        let places: Vec<_> = self.columns.iter().map(place).collect();
        if places.iter().all(Option::is_none) {
            return Err(self.no_headings());
        }
        for (at, cell) in cells.iter().enumerate() {
            if !places.contains(&Some(at)) {
                self.ignore(cell);
            }
        }
        self.places = Some(places);
        Ok(())
    }

    fn no_headings(&self) -> Wrong {
        Wrong::Headings(
            self.columns.iter().map(|column| column.zh).collect(),
            self.columns.iter().map(|column| column.en).collect(),
        )
    }

    /// Notes a heading that means nothing here.
    fn ignore(&mut self, heading: &str) {
        let heading = heading.trim();
        let ignored = &mut self.head.ignored;
        if !heading.is_empty() && ignored.len() < 20 && !ignored.iter().any(|known| known == heading) {
            ignored.push(heading.chars().take(40).collect());
        }
    }

    fn row(&mut self, line: usize, cells: Vec<Option<String>>) -> Result<(), Wrong> {
        if cells.iter().flatten().all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        if self.head.rows == ROWS {
            return Err(Wrong::Rows(ROWS));
        }
        self.head.rows += 1;
        (self.each)(Row { line, cells });
        Ok(())
    }
}
