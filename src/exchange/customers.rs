//! Customers that come in: planned beside the event loop, carried out slice by slice through the desk, so that who
//! writes meanwhile does not wait.
use super::plan::{Plan, plan, stand_in};
use super::{Import, Report, columns};
use crate::app::Installation;
use std::collections::HashMap;
use weikefu_core::desk::{BulkCommand, Command, CustomerCommand, Reply, SLICE, Slice, Topic};
use weikefu_core::error::{Language, Refusal};
use weikefu_core::ids::ShopId;
use weikefu_core::records::{DeedKind, TagId};

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
    let planning = installation.clone();
    let planning = tokio::task::spawn_blocking(move || plan(&planning, shop, &bytes, format));
    let plan = planning.await.map_err(|_| Refusal::Unavailable)??;
    let mut report = Report::new(&plan.head, dry);
    report.created = plan.created;
    report.changed = plan.changed;
    report.unchanged = plan.unchanged;
    report.made.clone_from(&plan.new_tags);
    if !plan.faults.is_empty() {
        report.fail(plan.faults, columns::CUSTOMERS);
        return Ok(report);
    }
    if dry {
        return Ok(report);
    }
    let done = carry_out(installation, shop, plan, progress).await?;
    report.applied = true;
    report.created = done.created as usize;
    report.changed = done.changed as usize;
    report.unchanged += done.unchanged as usize;
    report.passed_over = (done.missing + done.refused) as usize;
    let note = BulkCommand::Note {
        by,
        kind: DeedKind::Import,
        count: done.created + done.changed,
        about: "customers".into(),
        topics: vec![Topic::Customers, Topic::Tags],
    };
    installation.engine.execute(shop, Command::Bulk(note)).await?;
    Ok(report)
}

async fn carry_out(
    installation: &Installation,
    shop: ShopId,
    plan: Plan,
    progress: &(dyn Fn(usize, usize) + Send + Sync),
) -> Result<Slice, Refusal> {
    let mut tags = HashMap::new();
    for (at, name) in plan.new_tags.into_iter().enumerate() {
        tags.insert(stand_in(at), tag(installation, shop, name).await?);
    }
    let (mut rows, all) = (plan.rows, plan.created + plan.changed);
    for row in &mut rows {
        for tag in row.tags.iter_mut().flatten() {
            *tag = tags.get(tag).copied().unwrap_or(*tag);
        }
        if let Some(tags) = &mut row.tags {
            tags.sort_unstable();
        }
    }
    let (mut done, mut total) = (0, Slice::default());
    progress(done, all);
    for rows in rows.chunks(SLICE) {
        let command = Command::Bulk(BulkCommand::Import { rows: rows.to_vec() });
        match installation.engine.execute(shop, command).await {
            Ok(Reply::Slice(slice)) => total += slice,
            Ok(_) => return Err(Refusal::Unavailable),
            Err(refusal) if done == 0 => return Err(refusal),
            Err(refusal) => return Err(broken_off(done, all, &refusal)),
        }
        done += rows.len();
        progress(done, all);
    }
    Ok(total)
}

/// The tag with a name; somebody may have made it meanwhile.
async fn tag(installation: &Installation, shop: ShopId, name: String) -> Result<TagId, Refusal> {
    let wanted = name.to_lowercase();
    let command = Command::Customer(CustomerCommand::AddTag { name });
    match installation.engine.execute(shop, command).await {
        Ok(Reply::Tag(tag)) => Ok(tag.id),
        Err(Refusal::Exists(_)) => {
            let find = move |desk: &weikefu_core::desk::Desk| {
                let mut tags = desk.tags();
                tags.find(|tag| tag.name.to_lowercase() == wanted)
                    .map(|tag| tag.id)
            };
            let found = installation.engine.look(shop, find).await?;
            found.ok_or(Refusal::Stale)
        }
        Ok(_) => Err(Refusal::Unavailable),
        Err(refusal) => Err(refusal),
    }
}

/// It stopped in the middle: said with what to do.
fn broken_off(done: usize, all: usize, why: &Refusal) -> Refusal {
    let (zh, en) = (why.text(Language::Chinese), why.text(Language::English));
    Refusal::invalid(
        "file",
        format!("导入中断：{all} 条中已完成 {done} 条。{zh}再次导入同一文件即可继续，已完成的不会重复。"),
        format!(
            "The import broke off after {done} of {all} rows. {en} Import the same file again: what is done counts as unchanged."
        ),
    )
}
