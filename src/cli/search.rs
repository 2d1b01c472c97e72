//! `weikefu search`: how the index is, and `rebuild`, which has it made anew, through a running server or on the store
//! itself, and shows how far it is until it is complete.
use super::orders::{self, Door};
use super::{Common, exit, output};
use crate::admin::{Done, Order, SearchIndex};
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use std::process::ExitCode;
use std::time::Duration;
use weikefu_core::error::Language;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(150);

#[derive(Subcommand)]
pub(crate) enum Search {
    /// 重建消息搜索索引（服务运行与否都可以；期间搜索可用，结果不完整）
    Rebuild,
    /// 查看索引：可搜索的消息数、占用空间、重建进度
    Status,
}

impl Search {
    pub(super) fn run(self, common: &Common) -> ExitCode {
        if let Search::Status = self {
            return orders::run(common, Order::SearchStatus);
        }
        let runtime = match tokio::runtime::Runtime::new() {
            Ok(runtime) => runtime,
            Err(error) => {
                output::failed(common, "runtime", &error.to_string());
                return exit::data();
            }
        };
        let door = match Door::open(common, &runtime) {
            Ok(door) => door,
            Err(error) => return orders::start_failed(common, &error),
        };
        let bar = bar(common.language());
        let built = build(&door, &bar);
        bar.finish_and_clear();
        let closed = door.close();
        match (built, closed) {
            (_, Err(error)) | (Err(Failed::Start(error)), _) => orders::start_failed(common, &error),
            (Err(Failed::Refused(refused)), _) => output::refused(common, &refused),
            (Ok(index), Ok(())) => output::done(common, &Done::Search(index)),
        }
    }
}

enum Failed {
    Start(crate::app::StartError),
    Refused(crate::admin::Refused),
}

/// Orders it and waits for its end.
fn build(door: &Door<'_>, bar: &ProgressBar) -> Result<SearchIndex, Failed> {
    let ask = |order: Order| match door.carry_out(&order, &|_, _| {}) {
        Ok(Ok(Done::Search(index))) => Ok(index),
        Ok(Ok(_)) => Err(Failed::Refused(weikefu_core::error::Refusal::Unavailable.into())),
        Ok(Err(refused)) => Err(Failed::Refused(refused)),
        Err(error) => Err(Failed::Start(error)),
    };
    let mut index = ask(Order::SearchRebuild)?;
    while let Some(building) = index.building {
        bar.set_length(building.total);
        bar.set_position(building.done);
        std::thread::sleep(LOOK);
        index = ask(Order::SearchStatus)?;
    }
    Ok(index)
}

/// Drawn on a terminal's standard error only.
fn bar(language: Language) -> ProgressBar {
    let what = match language {
        Language::Chinese => "正在重建搜索索引（会话）",
        Language::English => "Making the search index (conversations)",
    };
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
    ProgressBar::new(0)
        .with_style(style.unwrap_or(ProgressStyle::default_bar()))
        .with_message(what)
}
