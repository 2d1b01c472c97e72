//! JSON: a list of objects with the columns' names. Numbers are taken as they are written, lists of texts as one
//! cell, `null` as nothing.
use super::{Reading, text};
use crate::{Column, Wrong, list};
use serde_json::{Map, Value};

pub(super) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), Wrong> {
    let text = text::decode(bytes)?;
    let rows: Vec<Map<String, Value>> =
        serde_json::from_str(&text).map_err(|error| Wrong::Json(error.line()))?;
    let mut known = false;
    for (at, mut row) in rows.into_iter().enumerate() {
        let columns = reading.columns;
        let cells = columns.iter().map(|column| take(&mut row, column));
        let cells: Vec<_> = cells.collect();
        known |= cells.iter().any(Option::is_some);
        for name in row.keys() {
            reading.ignore(name);
        }
        if cells.iter().flatten().any(|cell| cell.len() > super::CELL) {
            return Err(Wrong::Long(at + 1));
        }
        reading.row(at + 1, cells)?;
    }
    if reading.head.rows == 0 && !reading.head.ignored.is_empty() && !known {
        return Err(reading.no_headings());
    }
    Ok(())
}

fn take(row: &mut Map<String, Value>, column: &Column) -> Option<String> {
    let name = row.keys().find(|name| column.is(name))?.clone();
    Some(said(&row.remove(&name)?))
}

fn said(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => {
            let texts: Vec<String> = values.iter().map(said).collect();
            list::join(&texts.iter().map(String::as_str).collect::<Vec<_>>())
        }
        other => other.to_string(),
    }
}
