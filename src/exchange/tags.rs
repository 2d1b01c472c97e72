//! Service tags that come in, by name: what is not there is made, another way of writing a name takes its place.
use super::{Import, Report, columns};
use crate::app::Installation;
use std::collections::HashMap;
use weikefu_core::desk::{BulkCommand, Command, CustomerCommand, Desk, Topic};
use weikefu_core::error::Refusal;
use weikefu_core::exchange::{Fault, Faults, parse_tag};
use weikefu_core::records::{DeedKind, TagId};
use weikefu_tables::read;

/// A shop would have too many.
pub(super) fn too_many() -> Fault {
    let most = weikefu_core::desk::TAGS;
    Fault::new(
        "tags",
        format!("店铺最多 {most} 个标签，请先删除不用的标签。"),
        format!("A shop has at most {most} tags. Remove some that are not used first."),
    )
}

pub(super) async fn import(
    installation: &Installation,
    import: Import,
    progress: &(dyn Fn(usize, usize) + Send + Sync),
) -> Result<Report, Refusal> {
    let Import {
        shop,
        format,
        bytes,
        dry,
        by,
        ..
    } = import;
    let list = |desk: &Desk| desk.tags().map(|tag| (tag.id, tag.name.clone())).collect();
    let known: Vec<(TagId, String)> = installation.engine.look(shop, list).await?;
    let mut names: HashMap<String, Option<(TagId, String)>> = known
        .into_iter()
        .map(|(id, name)| (name.to_lowercase(), Some((id, name))))
        .collect();
    let (mut faults, mut commands) = (Faults::default(), Vec::new());
    let mut count = (0, 0, 0);
    let head = read(&bytes, format, columns::TAGS, &mut |row| {
        let name = row.cells.into_iter().next().flatten().unwrap_or_default();
        let name = match parse_tag(&name) {
            Ok(row) => row.name,
            Err(fault) => {
                return faults.note(
                    row.line,
                    Fault {
                        column: "name",
                        ..fault
                    },
                );
            }
        };
        match names.get(&name.to_lowercase()) {
            None if names.len() >= weikefu_core::desk::TAGS => {
                faults.note(
                    row.line,
                    Fault {
                        column: "name",
                        ..too_many()
                    },
                );
            }
            None => {
                names.insert(name.to_lowercase(), None);
                count.0 += 1;
                commands.push(CustomerCommand::AddTag { name });
            }
            Some(Some((id, known))) if *known != name => {
                count.1 += 1;
                commands.push(CustomerCommand::RenameTag { tag: *id, name });
            }
            Some(_) => count.2 += 1,
        }
    });
    let head = head.map_err(|wrong| {
        let (zh, en) = wrong.words(format);
        Refusal::invalid("file", zh, en)
    })?;
    let mut report = Report::new(&head, dry);
    (report.created, report.changed, report.unchanged) = count;
    if !faults.is_empty() {
        report.fail(faults, columns::TAGS);
        return Ok(report);
    }
    if dry {
        return Ok(report);
    }
    let all = commands.len();
    for (done, command) in commands.into_iter().enumerate() {
        match installation
            .engine
            .execute(shop, Command::Customer(command))
            .await
        {
            // Somebody has just made it.
            Err(Refusal::Exists(_)) => report.passed_over += 1,
            other => drop(other?),
        }
        progress(done + 1, all);
    }
    report.applied = true;
    let note = BulkCommand::Note {
        by,
        kind: DeedKind::Import,
        count: all as u32,
        about: "tags".into(),
        topics: vec![Topic::Tags],
    };
    installation.engine.execute(shop, Command::Bulk(note)).await?;
    Ok(report)
}
