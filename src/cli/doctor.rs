//! What the doctor has found, in the reader's language.
use super::output::line;
use crate::admin::doctor::{Line, Report};
use serde_json::{Value, json};
use weikefu_channel::Words;
use weikefu_core::error::Language;
use weikefu_core::records::DeliveryState;

/// For people.
pub(super) fn print(language: Language, report: &Report) {
    let say = |zh: &'static str, en: &'static str| match language {
        Language::Chinese => zh,
        Language::English => en,
    };
    if report.stuck.is_empty() {
        line(say("没有需要处理的消息。", "No message needs anybody."));
    }
    for found in &report.stuck {
        let Line {
            shop,
            channel,
            conversation,
            seq,
            ..
        } = found;
        line(&format!(
            "{}  {} {shop}  {} {channel}  {} {conversation}.{seq}  {}",
            state(language, found.state),
            say("店铺", "shop"),
            say("渠道", "channel"),
            say("消息", "message"),
            age(language, found.since),
        ));
        line(&format!(
            "    {} {}",
            say("原因：", "Why:"),
            one(language, &found.why)
        ));
        line(&format!(
            "    {} {}",
            say("下一步：", "Next:"),
            one(language, &found.next)
        ));
    }
    if report.more {
        line(say(
            "还有更多，处理完以上消息后再运行一次。",
            "There are more: see to these and run this again.",
        ));
    }
    if report.suppressed > 0 {
        line(&match language {
            Language::Chinese => format!("一天内有 {} 条自动回复按规则未发送（正常）。", report.suppressed),
            Language::English => format!(
                "{} automatic texts were kept back within a day, as they should.",
                report.suppressed
            ),
        });
    }
}

/// For scripts.
pub(super) fn json(language: Language, report: &Report) -> Value {
    let mut value = serde_json::to_value(report).unwrap_or_default();
    for (line, found) in value["stuck"]
        .as_array_mut()
        .into_iter()
        .flatten()
        .zip(&report.stuck)
    {
        line["why"] = json!(one(language, &found.why));
        line["next"] = json!(one(language, &found.next));
    }
    value
}

fn one(language: Language, words: &Words) -> &str {
    match language {
        Language::Chinese => &words.zh,
        Language::English => &words.en,
    }
}

fn state(language: Language, state: DeliveryState) -> &'static str {
    let (zh, en) = match state {
        DeliveryState::Queued => ("排队中", "queued"),
        DeliveryState::Sending => ("发送中", "sending"),
        DeliveryState::Accepted => ("已发送", "accepted"),
        DeliveryState::Failed => ("失败", "failed"),
        DeliveryState::Unknown => ("未知", "unknown"),
        DeliveryState::Suppressed => ("未发送", "kept back"),
    };
    match language {
        Language::Chinese => zh,
        Language::English => en,
    }
}

fn age(language: Language, since: i64) -> String {
    let minutes = (weikefu_core::engine::now() - since).max(0) / 60_000;
    match (language, minutes) {
        (Language::Chinese, 0..120) => format!("{minutes} 分钟前"),
        (Language::Chinese, _) => format!("{} 小时前", minutes / 60),
        (Language::English, 0..120) => format!("{minutes} min ago"),
        (Language::English, _) => format!("{} h ago", minutes / 60),
    }
}
