//! What the orders about broadcasts print.
use super::output::line;
use crate::admin::broadcasts::BroadcastLine;
use crate::http::skipped;
use weikefu_core::error::Language;
use weikefu_core::records::{BroadcastKind, BroadcastState};

fn state(language: Language, state: BroadcastState) -> &'static str {
    let (zh, en) = match state {
        BroadcastState::Draft => ("草稿", "draft"),
        BroadcastState::Scheduled => ("已定时", "scheduled"),
        BroadcastState::Preparing => ("准备中", "preparing"),
        BroadcastState::Running => ("发送中", "running"),
        BroadcastState::Paused => ("已暂停", "paused"),
        BroadcastState::Stopped => ("已停止", "stopped"),
        BroadcastState::Done => ("已完成", "done"),
    };
    match language {
        Language::Chinese => zh,
        Language::English => en,
    }
}

fn kind(language: Language, kind: BroadcastKind) -> &'static str {
    let (zh, en) = match kind {
        BroadcastKind::Text => ("文字", "text"),
        BroadcastKind::Images => ("图片", "images"),
        BroadcastKind::Products => ("商品", "products"),
        BroadcastKind::Articles => ("图文", "articles"),
    };
    match language {
        Language::Chinese => zh,
        Language::English => en,
    }
}

/// One line of the list.
pub(super) fn short(language: Language, one: &BroadcastLine) -> String {
    let state = state(language, one.state);
    let kind = kind(language, one.kind);
    format!(
        "{}  {kind}  {state}  {}/{}",
        one.broadcast, one.accepted, one.total
    )
}

/// All there is to say of one.
pub(super) fn print(language: Language, one: &BroadcastLine) {
    line(&short(language, one));
    let rows = [
        (("已送达", "accepted"), one.accepted),
        (("失败", "failed"), one.failed),
        (
            ("结果未知（不会自动重发）", "unknown (not sent again)"),
            one.unknown,
        ),
        (("发送中", "sending"), one.sending),
        (("等待发送", "pending"), one.pending),
    ];
    for ((zh, en), count) in rows {
        let name = match language {
            Language::Chinese => zh,
            Language::English => en,
        };
        line(&format!("{count:>8}  {name}"));
    }
    for (why, count) in &one.skipped {
        line(&format!("{count:>8}  {}", skipped(*why, language)));
    }
}
