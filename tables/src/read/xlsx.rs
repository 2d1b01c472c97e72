//! The first sheet of a workbook, cell by cell: a sheet with one cell in its last corner is not a large one.
use super::{CELLS, Reading, unpack};
use crate::Wrong;
use calamine::{DataRef, Reader, SheetVisible, Xlsx, open_workbook_from_rs};
use std::io::Cursor;

pub(super) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), Wrong> {
    unpack::check(bytes)?;
    let broken = |error: calamine::XlsxError| Wrong::Workbook(error.to_string());
    let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(bytes)).map_err(broken)?;
    let sheets = book.sheets_metadata();
    let first = sheets
        .iter()
        .find(|sheet| sheet.visible == SheetVisible::Visible)
        .or(sheets.first());
    let name = first.ok_or(Wrong::Empty)?.name.clone();
    let mut cells = book.worksheet_cells_reader(&name).map_err(broken)?;
    let mut line = (0, Vec::new());
    while let Some(cell) = cells.next_cell().map_err(broken)? {
        let (row, column) = cell.get_position();
        if row != line.0 {
            if row < line.0 {
                return Err(Wrong::Workbook("rows out of order".into()));
            }
            let full = std::mem::replace(&mut line, (row, Vec::new()));
            reading.line(full.0 as usize + 1, full.1)?;
        }
        let said = said(cell.get_value());
        let column = column as usize;
        if said.is_empty() {
            continue;
        }
        if column >= CELLS {
            return Err(Wrong::Wide(row as usize + 1));
        }
        if line.1.len() <= column {
            line.1.resize(column + 1, String::new());
        }
        line.1[column] = said;
    }
    reading.line(line.0 as usize + 1, line.1)
}

fn said(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        // A phone number that was typed as a number: without point and exponent.
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(is) => is.to_string(),
        DataRef::DateTime(at) => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
        }
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}
