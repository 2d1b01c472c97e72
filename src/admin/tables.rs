//! Tables out of the shop and into it, by way of files of the machine. The file of an export is made by whoever
//! holds the store, so it has to lie where that may write: the command line names one in the data folder.
use super::{Done, Order, Progress, shops};
use crate::app::Installation;
use crate::exchange::{self, Import, Out, What};
use serde::{Deserialize, Serialize};
use std::io::{BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use weikefu_core::desk::{BulkCommand, Command};
use weikefu_core::error::{Language, Refusal};
use weikefu_core::ids::ShopId;
use weikefu_core::people::{Filter, Sight};
use weikefu_core::quick_replies::Shelf;
use weikefu_core::records::DeedKind;
use weikefu_tables::{Cell, Format, Heading, Writer};

/// A table that has left.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Exported {
    pub(crate) table: What,
    pub(crate) rows: usize,
    pub(crate) format: String,
    /// Where it lies; absent when it went to standard output.
    pub(crate) file: Option<PathBuf>,
}

pub(super) async fn run(
    installation: &Installation,
    order: Order,
    progress: &Progress,
) -> Result<Done, Refusal> {
    match order {
        Order::Export {
            what,
            shop,
            format,
            file,
            english,
        } => {
            let shop = shops::choose(installation, shop)?;
            let format = Format::named(&format).ok_or_else(unknown)?;
            let language = if english {
                Language::English
            } else {
                Language::Chinese
            };
            export(installation, shop, what, format, &file, language).await
        }
        Order::Import {
            what,
            shop,
            format,
            file,
            dry,
        } => {
            let shop = shops::choose(installation, shop)?;
            let bytes = read(&file, what.largest())?;
            let format = match format {
                Some(name) => Format::named(&name),
                None => Format::guess(&bytes),
            };
            let import = Import {
                shop,
                what,
                format: format.ok_or_else(unknown)?,
                bytes,
                dry,
                by: None,
            };
            exchange::import(installation, import, progress)
                .await
                .map(Done::Imported)
        }
        _ => Err(Refusal::Malformed("not about a table".into())),
    }
}

fn unknown() -> Refusal {
    Refusal::invalid(
        "format",
        "格式可以是 csv、xlsx 或 json。",
        "The format is csv, xlsx or json.",
    )
}

fn unreadable(file: &Path, error: &std::io::Error) -> Refusal {
    let file = file.display();
    Refusal::invalid(
        "file",
        format!("不能读写文件 {file}（{error}），请检查路径和权限。"),
        format!("The file {file} cannot be read or written ({error}). Check its path and rights."),
    )
}

fn read(file: &Path, limit: u64) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file);
    opened
        .and_then(|opened| opened.take(limit + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(file, &error))?;
    if bytes.len() as u64 > limit {
        return Err(Refusal::TooLarge { limit });
    }
    Ok(bytes)
}

async fn export(
    installation: &Installation,
    shop: ShopId,
    what: What,
    format: Format,
    file: &Path,
    language: Language,
) -> Result<Done, Refusal> {
    let out = match what {
        What::Customers => {
            let everybody = Filter::default();
            let ids = installation.people.select(shop, &everybody, Sight::All).await?;
            Out::customers(installation, shop, ids, language)?
        }
        What::Tags => Out::tags(installation, shop)?,
        What::QuickReplies => Out::texts(installation, shop, Shelf::Shared)?,
    };
    let rows = out.rows();
    let note = BulkCommand::Note {
        by: None,
        kind: DeedKind::Export,
        count: rows as u32,
        about: format!("{} {}", what.name().1, format.name()),
        topics: Vec::new(),
    };
    installation.engine.execute(shop, Command::Bulk(note)).await?;
    let zone = exchange::zone(installation, shop);
    let path = file.to_owned();
    let writing = tokio::task::spawn_blocking(move || {
        let file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        let (heading, sheet) = match language {
            Language::Chinese => (Heading::Chinese, what.name().0),
            Language::English => (Heading::English, what.name().1),
        };
        let mut file = BufWriter::new(file);
        let mut writer = Writer::begin(format, what.columns(), heading, sheet, zone, &mut file)?;
        out.write(&mut |cells: &[Cell<'_>]| writer.row(cells))?;
        writer.finish()?;
        file.flush()
    });
    let written = writing.await.map_err(|_| Refusal::Unavailable)?;
    written.map_err(|error| unreadable(file, &error))?;
    Ok(Done::Exported(Exported {
        table: what,
        rows,
        format: format.name().to_owned(),
        file: Some(file.to_owned()),
    }))
}
