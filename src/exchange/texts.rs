//! Quick replies that come in: added to a box, except for those it holds already.
use super::{Import, Report, columns};
use crate::app::Installation;
use std::sync::Arc;
use weikefu_core::desk::{BulkCommand, Command, Topic};
use weikefu_core::error::{Language, Refusal};
use weikefu_core::exchange::{Fault, Faults};
use weikefu_core::quick_replies::{Row, Shelf};
use weikefu_core::records::DeedKind;
use weikefu_tables::read;

pub(crate) async fn import(
    installation: &Installation,
    import: Import,
    shelf: Shelf,
) -> Result<Report, Refusal> {
    let Import {
        shop,
        format,
        bytes,
        dry,
        by,
        ..
    } = import;
    let (mut rows, mut faults) = (Vec::new(), Faults::default());
    let head = read(&bytes, format, columns::QUICK_REPLIES, &mut |row| {
        let mut cells = row.cells.into_iter().map(Option::unwrap_or_default);
        let mut next = || cells.next().unwrap_or_default();
        match Row::new(&next(), next(), next()) {
            Ok(row) => rows.push(row),
            Err((column, why)) => {
                let (zh, en) = (why.text(Language::Chinese), why.text(Language::English));
                faults.note(row.line, Fault::new(column, zh, en));
            }
        }
    });
    let head = head.map_err(|wrong| {
        let (zh, en) = wrong.words(format);
        Refusal::invalid("file", zh, en)
    })?;
    let mut report = Report::new(&head, dry);
    if !faults.is_empty() {
        report.fail(faults, columns::QUICK_REPLIES);
        return Ok(report);
    }
    let replies = Arc::clone(&installation.quick_replies);
    let importing = tokio::task::spawn_blocking(move || replies.import(shop, shelf, rows, dry));
    let done = importing.await.map_err(|_| Refusal::Unavailable)??;
    report.created = done.added;
    report.unchanged = done.skipped;
    report.made = done.folders;
    if dry {
        return Ok(report);
    }
    report.applied = true;
    let note = BulkCommand::Note {
        by,
        kind: DeedKind::Import,
        count: done.added as u32,
        about: "quick-replies".into(),
        topics: vec![Topic::QuickReplies],
    };
    installation.engine.execute(shop, Command::Bulk(note)).await?;
    Ok(report)
}
