//! Broadcasts as the console sees them, with the sentences people read.
use super::present;
use super::views::{
    BroadcastView, CardView, MediaView, PausedView, PlanRow, PlanView, ProgressView, RecipientView, SkipView,
    WaitingView,
};
use crate::app::Installation;
use weikefu_core::broadcast::Plan;
use weikefu_core::error::Language;
use weikefu_core::ids::{AgentId, CustomerId};
use weikefu_core::records::{
    Broadcast, Progress, Reason, Recipient, Skip, StoredContent, WaitReason, Waiting,
};

pub(crate) fn view(
    installation: &Installation,
    broadcast: &Broadcast,
    progress: &Progress,
    language: Language,
) -> BroadcastView {
    let nickname = |agent: AgentId| Some(installation.accounts.get(agent).ok()?.nickname);
    let draft = &broadcast.draft;
    let mut view = BroadcastView {
        id: broadcast.id,
        state: broadcast.state,
        kind: draft.kind,
        text: None,
        images: Vec::new(),
        cards: Vec::new(),
        messages_each: draft.parts.len() as u32,
        filter: serde_json::from_str(&draft.filter).unwrap_or_default(),
        also_open: draft.also_open,
        daily_limit: draft.daily_limit,
        through_night: draft.through_night,
        revision: broadcast.revision,
        by: broadcast.by,
        by_name: nickname(broadcast.by),
        created: broadcast.created,
        at: broadcast.at,
        started_by: broadcast.started.map(|(agent, _)| agent),
        started_by_name: broadcast.started.and_then(|(agent, _)| nickname(agent)),
        started_at: broadcast.started.map(|(_, at)| at),
        finished_at: broadcast.finished,
        paused: broadcast.paused.as_ref().map(|paused| PausedView {
            by: paused.by,
            reason: paused.reason.as_ref().map(|reason| words(reason, language)),
            at: paused.at,
        }),
        progress: self::progress(progress, language),
    };
    for part in &draft.parts {
        match part {
            StoredContent::Text(text) => view.text = Some(text.clone()),
            StoredContent::Image(Some(media)) => view.images.push(MediaView {
                id: media.id.clone(),
                mime: media.mime.clone(),
                size: media.size,
                name: media.name.clone(),
            }),
            StoredContent::News {
                title,
                description,
                url,
                picture,
            } => view.cards.push(CardView {
                title: title.clone(),
                description: description.clone(),
                url: url.clone(),
                picture: picture.clone(),
            }),
            _ => {}
        }
    }
    view
}

fn progress(progress: &Progress, language: Language) -> ProgressView {
    ProgressView {
        total: progress.total,
        complete: progress.complete,
        pending: progress.pending(),
        sending: progress.sending,
        accepted: progress.accepted,
        failed: progress.failed,
        unknown: progress.unknown,
        skipped: skips(|why| progress.skipped_for(why), language),
        messages: progress.messages,
        partial: progress.partial,
        waiting: progress.waiting.map(|Waiting { until, why }| WaitingView {
            why,
            until,
            text: waits(why, language).to_owned(),
        }),
    }
}

fn skips(count: impl Fn(Skip) -> u32, language: Language) -> Vec<SkipView> {
    Skip::ALL
        .into_iter()
        .map(|reason| SkipView {
            reason,
            text: skipped(reason, language).to_owned(),
            count: count(reason),
        })
        .filter(|view| view.count > 0)
        .collect()
}

pub(crate) fn plan(plan: &Plan, language: Language) -> PlanView {
    PlanView {
        at: plan.at,
        total: plan.total(),
        will: plan.count(None),
        wont: skips(|why| plan.count(Some(why)), language),
    }
}

pub(crate) fn plan_row(
    installation: &Installation,
    customer: CustomerId,
    verdict: Option<Skip>,
    language: Language,
) -> PlanRow {
    PlanRow {
        customer,
        name: name(installation, customer),
        will: verdict.is_none(),
        reason: verdict,
        text: verdict.map(|why| skipped(why, language).to_owned()),
    }
}

pub(crate) fn recipient(
    installation: &Installation,
    broadcast: &Broadcast,
    n: u32,
    recipient: Recipient,
    language: Language,
) -> RecipientView {
    let skip = recipient.skip.map(|why| skipped(why, language).to_owned());
    RecipientView {
        n,
        customer: recipient.customer,
        name: name(installation, recipient.customer),
        channel: Some(present::channel(installation, recipient.channel)),
        state: recipient.state,
        skip: recipient.skip,
        text: skip.or_else(|| recipient.reason.as_ref().map(|reason| words(reason, language))),
        sent: recipient.sent,
        of: broadcast.draft.parts.len() as u32,
        at: recipient.at,
        proof: recipient.proof,
    }
}

fn name(installation: &Installation, customer: CustomerId) -> String {
    let record = installation.trees.customers.get(&customer).ok().flatten();
    record.map_or_else(String::new, |customer| customer.display_name().to_owned())
}

fn words(reason: &Reason, language: Language) -> String {
    match language {
        Language::Chinese => reason.zh.clone(),
        Language::English => reason.en.clone(),
    }
}

/// Why a customer gets nothing.
pub(crate) fn skipped(why: Skip, language: Language) -> &'static str {
    let (zh, en) = match why {
        Skip::Blacklisted => ("客户在黑名单中", "On the blacklist"),
        Skip::Unfollowed => ("客户已取消关注", "Has unfollowed the account"),
        Skip::ChannelDown => (
            "渠道未启用或未能打开，请管理员检查渠道设置",
            "The channel is disabled or could not be opened; ask an administrator to check it",
        ),
        Skip::EntryOff => ("渠道的客服入口已关闭", "The channel's entry is switched off"),
        Skip::KindUnsupported => (
            "渠道不支持这种类型的消息",
            "The channel cannot carry this kind of message",
        ),
        Skip::OpenConversation => ("客户正在会话中", "In an open conversation"),
        Skip::GotToday => (
            "客户今天已收到过群发",
            "Has already got as many broadcasts today as allowed",
        ),
        Skip::WindowOver => (
            "已超过平台允许的发送时间，客户再次互动后才能发送",
            "The platform's time to write is over until the customer does something again",
        ),
        Skip::QuotaSpent => (
            "平台允许的条数已用完，客户再次互动后才能发送",
            "All messages the platform allows are used up until the customer does something again",
        ),
        Skip::QuotaReserved => (
            "剩余条数不多，已为客服保留",
            "Too few messages are left besides those kept for the agents",
        ),
        Skip::Stopped => (
            "群发在轮到该客户之前已停止",
            "The broadcast was stopped before it came to this customer",
        ),
    };
    match language {
        Language::Chinese => zh,
        Language::English => en,
    }
}

fn waits(why: WaitReason, language: Language) -> &'static str {
    let (zh, en) = match why {
        WaitReason::Silence => (
            "夜间免打扰，到时间后自动继续",
            "Hours of silence; it goes on by itself when they are over",
        ),
        WaitReason::RateLimited => (
            "平台限制了发送频率，稍后自动继续",
            "The platform limits how often it is called; it goes on by itself",
        ),
    };
    match language {
        Language::Chinese => zh,
        Language::English => en,
    }
}
