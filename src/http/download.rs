//! Tables that leave the server while they are made: what waits to be sent is bounded, whoever reads slowly slows
//! the reading of the store, and one that breaks off looks broken to the browser.
use super::context::Context;
use super::reply::{self, Reply};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;
use weikefu_core::error::{Language, Refusal};
use weikefu_tables::{Cell, Column, Format, Heading, Writer, Zone};

/// Bytes of a piece, about.
const PIECE: usize = 32 << 10;
/// Pieces that wait to be sent.
const WAITING: usize = 8;

/// Pieces on their way; stands among an answer's extensions until the answer is written.
#[derive(Clone)]
pub(crate) struct Stream(Arc<Mutex<Option<Pieces>>>);

/// What a body takes them from.
pub(crate) type Pieces = mpsc::Receiver<io::Result<Bytes>>;

impl Stream {
    /// The pieces, once.
    pub(crate) fn take(&self) -> Option<Pieces> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A table to be made.
pub(crate) struct Table {
    pub(crate) format: Format,
    pub(crate) columns: &'static [Column],
    /// Name of the sheet, and of the file without its end.
    pub(crate) name: (&'static str, &'static str),
    pub(crate) zone: Zone,
}

/// Writes a row.
pub(crate) type Row<'a> = dyn FnMut(&[Cell<'_>]) -> io::Result<()> + 'a;

/// The form asked for with `format`; CSV when nothing is said.
pub(crate) fn format(context: &Context) -> Result<Format, Refusal> {
    let said = context.query("format").filter(|text| !text.is_empty());
    let format = said.as_deref().map_or(Some(Format::Csv), Format::named);
    format.ok_or_else(|| {
        Refusal::invalid(
            "format",
            "格式可以是 csv、xlsx 或 json。",
            "The format is csv, xlsx or json.",
        )
    })
}

/// The headings for a reader.
pub(crate) fn heading(language: Language) -> Heading {
    match language {
        Language::Chinese => Heading::Chinese,
        Language::English => Heading::English,
    }
}

/// Answers with a table whose rows `fill` writes, on a thread that may wait.
pub(crate) fn table(
    context: &Context,
    table: Table,
    fill: impl FnOnce(&mut Row<'_>) -> io::Result<()> + Send + 'static,
) -> Reply {
    let language = context.language();
    let (chinese, english) = table.name;
    let sheet = match language {
        Language::Chinese => chinese,
        Language::English => english,
    };
    let mut reply = reply::body(StatusCode::OK, table.format.mime(), Bytes::new());
    let headers = reply.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let disposition = format!(
        "attachment; filename=\"{english}.{end}\"; filename*=UTF-8''{encoded}.{end}",
        end = table.format.name(),
        encoded = percent(sheet),
    );
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    let (send, pieces) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let out = Out {
            send: send.clone(),
            piece: Vec::with_capacity(PIECE),
        };
        let made = Writer::begin(
            table.format,
            table.columns,
            heading(language),
            sheet,
            table.zone,
            out,
        )
        .and_then(|mut writer| {
            fill(&mut |cells| writer.row(cells))?;
            writer.finish()
        });
        if let Err(error) = made
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            tracing::warn!(%error, "a table could not be made to its end");
            let _ = send.blocking_send(Err(error));
        }
    });
    reply
        .extensions_mut()
        .insert(Stream(Arc::new(Mutex::new(Some(pieces)))));
    reply
}

/// A name in a header.
fn percent(name: &str) -> String {
    let mut encoded = String::new();
    for byte in name.bytes() {
        // Writing to a text does not fail.
        let _ = write!(encoded, "%{byte:02X}");
    }
    encoded
}

/// Writes into pieces. Dropped unfinished, its end is missing; [`table`] says so.
struct Out {
    send: mpsc::Sender<io::Result<Bytes>>,
    piece: Vec<u8>,
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.send.blocking_send(Ok(piece.into())).map_err(gone)
    }
}
