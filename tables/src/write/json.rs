//! JSON: a list with an object a line.
use crate::{Cell, Column, Zone};
use serde_json::{Map, Value};
use std::io::{self, Write};

pub(super) struct Json<W: Write> {
    columns: &'static [Column],
    out: W,
    begun: bool,
}

impl<W: Write> Json<W> {
    pub(super) fn begin(columns: &'static [Column], out: W) -> Self {
        Json {
            columns,
            out,
            begun: false,
        }
    }

    pub(super) fn row(&mut self, zone: &Zone, cells: &[Cell<'_>]) -> io::Result<()> {
        self.out.write_all(if self.begun { b",\n" } else { b"[\n" })?;
        self.begun = true;
        let mut row = Map::new();
        for (column, cell) in self.columns.iter().zip(cells) {
            let value = match cell {
                Cell::Empty => Value::Null,
                Cell::Text(text) => Value::from(*text),
                Cell::Number(number) => Value::from(*number),
                Cell::Time(at) => Value::from(zone.rfc3339(*at)),
                Cell::List(texts) => Value::from(texts.to_vec()),
            };
            row.insert(column.key.to_owned(), value);
        }
        serde_json::to_writer(&mut self.out, &row)?;
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.out.write_all(if self.begun { b"\n]\n" } else { b"[]\n" })?;
        self.out.flush()
    }
}
