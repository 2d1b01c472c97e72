//! Looks into a workbook before it is read: a few kilobytes of zip can unpack to more than a machine has.
use crate::Wrong;
use std::io::{Cursor, Read};

/// Parts of a workbook.
const PARTS: usize = 1_000;
/// Bytes of all its parts.
const ALL: u64 = 160 << 20;
/// Bytes of a sheet. Its cells are read one by one.
const SHEET: u64 = 128 << 20;
/// Bytes of the texts all sheets share, which are held in memory.
const TEXTS: u64 = 48 << 20;
/// Bytes of any other part, the styles for one.
const OTHER: u64 = 4 << 20;

/// Unpacks everything once, into nothing, and refuses what is too large. What the file says of its own sizes is
/// not believed.
pub(super) fn check(bytes: &[u8]) -> Result<(), Wrong> {
    let broken = |error: &dyn std::fmt::Display| Wrong::Workbook(error.to_string());
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    if archive.len() > PARTS {
        return Err(Wrong::Unpacks);
    }
    let mut all = 0;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|error| broken(&error))?;
        let name = part.name().map_err(|error| broken(&error))?.to_ascii_lowercase();
        let most = match name.as_str() {
            "xl/sharedstrings.xml" => TEXTS,
            name if name.starts_with("xl/worksheets/sheet") => SHEET,
            // In ten megabytes of zip a picture is about as large as it is in the zip.
            name if name.starts_with("xl/media/") => 16 << 20,
            _ => OTHER,
        };
        let read = std::io::copy(&mut part.take(most + 1), &mut std::io::sink());
        let size = read.map_err(|error| broken(&error))?;
        all += size;
        if size > most || all > ALL {
            return Err(Wrong::Unpacks);
        }
    }
    Ok(())
}
