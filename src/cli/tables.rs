//! `weikefu export` and `weikefu import`. Files pass through the data folder, where a running server may read and
//! write whatever its unit forbids it elsewhere.
use super::{Common, exit, orders, output};
use crate::admin::tables::Exported;
use crate::admin::{Done, Order};
use crate::data::DataFolder;
use crate::exchange::{Report, What};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use weikefu_core::error::{Language, Refusal};
use weikefu_tables::Format;

/// What a table is about.
#[derive(Clone, Copy, ValueEnum)]
enum Subject {
    /// 客户
    Customers,
    /// 标签
    Tags,
    /// 公共回复
    QuickReplies,
}

impl From<Subject> for What {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::Customers => What::Customers,
            Subject::Tags => What::Tags,
            Subject::QuickReplies => What::QuickReplies,
        }
    }
}

#[derive(Args)]
pub(super) struct Export {
    /// 导出什么
    #[arg(value_enum)]
    what: Subject,
    /// 店铺编号，只有一个店铺时可省略
    #[arg(long)]
    shop: Option<u32>,
    /// 格式：csv、xlsx 或 json（默认按文件名，否则 csv）
    #[arg(long)]
    format: Option<String>,
    /// 写到这个文件；省略时写到标准输出
    #[arg(long, short)]
    out: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct Import {
    /// 导入什么
    #[arg(value_enum)]
    what: Subject,
    /// CSV、XLSX 或 JSON 文件
    file: PathBuf,
    /// 店铺编号，只有一个店铺时可省略
    #[arg(long)]
    shop: Option<u32>,
    /// 格式：csv、xlsx 或 json（默认按文件名和内容）
    #[arg(long)]
    format: Option<String>,
    /// 只检查并列出会有什么变化，不写入
    #[arg(long)]
    dry_run: bool,
}

/// The form a file's name says.
fn by_name(file: Option<&Path>) -> Option<String> {
    let end = file?.extension()?.to_str()?;
    Format::named(end).map(|format| format.name().to_owned())
}

/// A file of the data folder that goes when this does.
struct Passing(PathBuf);

impl Passing {
    fn new(common: &Common) -> Result<Self, Refusal> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|_| Refusal::Unavailable)?;
        let name = format!("table-{:016x}", u64::from_be_bytes(random));
        let folder = common.data();
        DataFolder::open(&folder)
            .map_err(|error| Refusal::invalid("data", error.to_string(), error.to_string()))?;
        let folder = folder.canonicalize().map_err(|error| failed(&folder, &error))?;
        Ok(Passing(folder.join(name)))
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        // It may never have been made.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn failed(file: &Path, error: &std::io::Error) -> Refusal {
    let file = file.display();
    Refusal::invalid(
        "file",
        format!("不能读写文件 {file}（{error}），请检查路径和权限。"),
        format!("The file {file} cannot be read or written ({error}). Check its path and rights."),
    )
}

impl Export {
    pub(super) fn run(self, common: &Common) -> ExitCode {
        let english = common.language() == Language::English;
        let format = self.format.or_else(|| by_name(self.out.as_deref()));
        let format = format.unwrap_or_else(|| "csv".into());
        let stdout = self.out.is_none();
        if stdout && (common.json || (format == "xlsx" && std::io::stdout().is_terminal())) {
            let refusal = Refusal::invalid(
                "out",
                "请用 --out 指定要写入的文件。",
                "Name the file to write with --out.",
            );
            return output::refused(common, &refusal.into());
        }
        let passing = match Passing::new(common) {
            Ok(passing) => passing,
            Err(refusal) => return output::refused(common, &refusal.into()),
        };
        let order = Order::Export {
            what: self.what.into(),
            shop: self.shop,
            format,
            file: passing.0.clone(),
            english,
        };
        let out = self.out;
        carry_out(common, &order, move |done| {
            let Done::Exported(exported) = done else {
                return Ok(done);
            };
            if let Some(out) = &out {
                place(&passing.0, out).map_err(|error| failed(out, &error))?;
            } else {
                let opened = std::fs::File::open(&passing.0);
                let mut file = opened.map_err(|error| failed(&passing.0, &error))?;
                // A closed pipe is the reader's wish.
                let _ = std::io::copy(&mut file, &mut std::io::stdout());
                let _ = std::io::stdout().flush();
            }
            Ok(Done::Exported(Exported {
                file: out,
                ..exported
            }))
        })
    }
}

/// Copies a finished table to where it is wanted, for its owner's eyes only.
fn place(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut to = options.open(to)?;
    std::io::copy(&mut std::fs::File::open(from)?, &mut to)?;
    to.sync_all()
}

impl Import {
    pub(super) fn run(self, common: &Common) -> ExitCode {
        let copied = Passing::new(common).and_then(|passing| {
            place(&self.file, &passing.0).map_err(|error| failed(&self.file, &error))?;
            Ok(passing)
        });
        let passing = match copied {
            Ok(passing) => passing,
            Err(refusal) => return output::refused(common, &refusal.into()),
        };
        let order = Order::Import {
            what: self.what.into(),
            shop: self.shop,
            format: self.format.or_else(|| by_name(Some(&self.file))),
            file: passing.0.clone(),
            dry: self.dry_run,
        };
        carry_out(common, &order, Ok)
    }
}

fn carry_out(common: &Common, order: &Order, then: impl FnOnce(Done) -> Result<Done, Refusal>) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::failed(common, "runtime", &error.to_string());
            return exit::data();
        }
    };
    // Nothing is drawn where standard error is no terminal.
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed}");
    bar.set_style(style.unwrap_or(ProgressStyle::default_bar()));
    let drawn = bar.clone();
    let progress = move |done: usize, all: usize| {
        drawn.set_length(all as u64);
        drawn.set_position(done as u64);
    };
    let done = orders::carry_out(common, &runtime, order, &progress);
    bar.finish_and_clear();
    match done {
        Ok(Ok(done)) => match then(done) {
            // The table itself is what was asked for.
            Ok(Done::Exported(Exported { file: None, .. })) => ExitCode::SUCCESS,
            Ok(done) => output::done(common, &done),
            Err(refusal) => output::refused(common, &refusal.into()),
        },
        Ok(Err(refused)) => output::refused(common, &refused),
        Err(error) => orders::start_failed(common, &error),
    }
}

/// Prints what has left.
pub(super) fn exported(language: Language, exported: &Exported) {
    let file = exported.file.as_deref().unwrap_or(Path::new("-")).display();
    let (zh, en) = exported.table.name();
    output::line(&match language {
        Language::Chinese => format!("已导出{zh} {} 条：{file}", exported.rows),
        Language::English => format!("Exported {} rows of {en}: {file}", exported.rows),
    });
}

/// Prints what came in, or would.
pub(super) fn imported(language: Language, report: &Report) {
    let Report {
        rows,
        created,
        changed,
        unchanged,
        passed_over,
        ..
    } = report;
    let chinese = language == Language::Chinese;
    let state = match (report.error_count > 0, report.dry, chinese) {
        (true, _, true) => "有错误，没有导入任何内容。",
        (true, _, false) => "There are errors; nothing was imported.",
        (false, true, true) => "检查通过，没有写入。",
        (false, true, false) => "Checked; nothing was written.",
        (false, false, true) => "已导入。",
        (false, false, false) => "Imported.",
    };
    output::line(&if chinese {
        format!("{state}共 {rows} 行：新增 {created}，修改 {changed}，不变 {unchanged}，跳过 {passed_over}")
    } else {
        format!(
            "{state} {rows} rows: {created} new, {changed} changed, {unchanged} unchanged, {passed_over} passed over"
        )
    });
    for (zh, en, names) in [
        ("新标签或文件夹：", "New tags or folders: ", &report.made),
        ("没有使用的列：", "Columns that were not used: ", &report.ignored),
    ] {
        if !names.is_empty() {
            output::line(&format!("{}{}", if chinese { zh } else { en }, names.join(", ")));
        }
    }
    for problem in &report.errors {
        let (zh, en) = problem.sentences(Format::Csv);
        output::line(if chinese { &zh } else { &en });
    }
    if let Some(more) = report
        .error_count
        .checked_sub(report.errors.len())
        .filter(|more| *more > 0)
    {
        output::line(&if chinese {
            format!("还有 {more} 处有问题。")
        } else {
            format!("{more} more are wrong.")
        });
    }
}
