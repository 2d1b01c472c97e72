//! Quick replies as a table: folder, title, text. Written as CSV; read as CSV or JSON, with every wrong row named.
use super::bounds::{folder_name, normal};
use super::{Contents, QuickReply, csv};
use crate::error::{Language, Refusal};
use serde::Deserialize;

/// The form of a table that is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// With a first line that names the columns.
    Csv,
    /// A list of `{folder, title, text}`.
    Json,
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Replies that are new.
    pub added: usize,
    /// Replies that were there already.
    pub skipped: usize,
    /// Folders that are new.
    pub folders: usize,
}

/// One row, within the bounds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Empty for none.
    pub(super) folder: String,
    pub(super) reply: QuickReply,
}

/// So that spreadsheets know the encoding.
const BOM: char = '\u{feff}';
/// The columns as they are written and as they are also read.
const COLUMNS: [[&str; 2]; 3] = [["文件夹", "folder"], ["标题", "title"], ["内容", "text"]];
/// Wrong rows that are named one by one.
const NAMED: usize = 10;

pub(super) fn write(contents: &Contents) -> String {
    let mut out = String::from(BOM);
    let mut line = |cells: [&str; 3]| {
        for (at, cell) in cells.into_iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            csv::cell(&mut out, cell);
        }
        out.push_str("\r\n");
    };
    line(COLUMNS.map(|names| names[0]));
    for folder in &contents.folders {
        for held in &folder.replies {
            line([&folder.name, &held.reply.title, &held.reply.text]);
        }
    }
    for held in &contents.replies {
        line(["", &held.reply.title, &held.reply.text]);
    }
    out
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    folder: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    text: String,
}

/// Reads a table. Refused as a whole when one row is wrong; the refusal names the rows.
pub(super) fn read(bytes: &[u8], format: Format) -> Result<Vec<Row>, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        invalid(
            "文件不是 UTF-8 编码，请在 Excel 或 WPS 中另存为“CSV UTF-8”后再导入。",
            "The file is not UTF-8. Save it as \"CSV UTF-8\" and import it again.",
        )
    })?;
    let text = text.strip_prefix(BOM).unwrap_or(text);
    let raw = match format {
        Format::Csv => of_csv(text)?,
        Format::Json => of_json(text)?,
    };
    if raw.is_empty() {
        return Err(invalid(
            "文件里没有快捷回复，请检查后再导入。",
            "There is no quick reply in the file. Look at it and import it again.",
        ));
    }
    let mut rows = Vec::with_capacity(raw.len());
    let mut wrong = Vec::new();
    for (line, raw) in raw {
        match row(raw) {
            Ok(row) => rows.push(row),
            Err(why) => wrong.push((line, why)),
        }
    }
    if wrong.is_empty() {
        Ok(rows)
    } else {
        Err(named(&wrong, format))
    }
}

fn row(raw: Raw) -> Result<Row, Refusal> {
    let folder = match raw.folder.trim() {
        "" => String::new(),
        name => folder_name(name)?,
    };
    let reply = normal(QuickReply {
        title: raw.title,
        text: raw.text,
    })?;
    Ok(Row { folder, reply })
}

fn of_csv(text: &str) -> Result<Vec<(usize, Raw)>, Refusal> {
    let mut lines = csv::read(text)
        .map_err(|line| {
            invalid(
                format!("第 {line} 行：引号没有结束，请补上后再导入。"),
                format!("Line {line}: a quote is not closed. Close it and import again."),
            )
        })?
        .into_iter();
    let (_, head) = lines.next().unwrap_or_default();
    let column = |names: [&str; 2]| {
        head.iter()
            .position(|cell| names.iter().any(|name| cell.trim().eq_ignore_ascii_case(name)))
    };
    let [folder, title, text] = COLUMNS.map(column);
    let Some(text) = text else {
        return Err(invalid(
            "第 1 行需要列名：文件夹、标题、内容。请先导出一份作为模板。",
            "Line 1 must name the columns: folder, title, text. Export once to have a pattern.",
        ));
    };
    let rows = lines.map(|(line, cells)| {
        let cell = |at: Option<usize>| {
            let cell = at.and_then(|at| cells.get(at)).map_or("", String::as_str);
            csv::plain(cell).to_owned()
        };
        let raw = Raw {
            folder: cell(folder),
            title: cell(title),
            text: cell(Some(text)),
        };
        (line, raw)
    });
    Ok(rows.collect())
}

fn of_json(text: &str) -> Result<Vec<(usize, Raw)>, Refusal> {
    let rows: Vec<Raw> = serde_json::from_str(text).map_err(|error| {
        let line = error.line();
        invalid(
            format!("第 {line} 行：不是 [{{\"folder\", \"title\", \"text\"}}] 格式的 JSON，请修改后再导入。"),
            format!("Line {line}: not JSON of the form [{{\"folder\", \"title\", \"text\"}}]. Correct it and import again."),
        )
    })?;
    Ok(rows
        .into_iter()
        .enumerate()
        .map(|(at, raw)| (at + 1, raw))
        .collect())
}

/// All wrong rows in one refusal, each on a line of its own.
fn named(wrong: &[(usize, Refusal)], format: Format) -> Refusal {
    let (row, item) = match format {
        Format::Csv => ("行", "Line"),
        Format::Json => ("条", "Item"),
    };
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    for (line, why) in wrong.iter().take(NAMED) {
        zh.push(format!("第 {line} {row}：{}", why.text(Language::Chinese)));
        en.push(format!("{item} {line}: {}", why.text(Language::English)));
    }
    if let Some(more) = wrong.len().checked_sub(NAMED).filter(|more| *more > 0) {
        zh.push(format!("还有 {more} {row}有问题。"));
        en.push(format!("{more} more are wrong."));
    }
    zh.push("没有导入任何内容，请修改后再导入。".to_owned());
    en.push("Nothing was imported. Correct the file and import it again.".to_owned());
    invalid(zh.join("\n"), en.join("\n"))
}

fn invalid(zh: impl Into<String>, en: impl Into<String>) -> Refusal {
    Refusal::invalid("file", zh, en)
}
