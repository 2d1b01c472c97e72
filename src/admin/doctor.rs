//! What is wrong with messages on their way out: which, since when, why, and what to do next.
use crate::app::Installation;
use serde::{Deserialize, Serialize};
use weikefu_channel::{Cause, Words};
use weikefu_core::engine::now;
use weikefu_core::error::Refusal;
use weikefu_core::ids::{ChannelId, Millis, ShopId};
use weikefu_core::records::DeliveryState;
use weikefu_core::stuck::{self, Found};

/// Characters of a reason; all reasons together fit the answer of a running server.
const REASON: usize = 200;
/// Messages listed of all shops together.
const LISTED: usize = 300;

/// What was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Messages that need somebody, by shop: on their way for too long, of unknown fate, failed within a day.
    pub(crate) stuck: Vec<Line>,
    /// There are more than are listed.
    pub(crate) more: bool,
    /// Automatic texts kept back within a day; nothing is wrong with that.
    pub(crate) suppressed: u32,
    /// Whether a server runs here.
    pub(crate) serving: bool,
}

/// One message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) shop: u32,
    pub(crate) channel: u32,
    pub(crate) conversation: u64,
    pub(crate) seq: u32,
    pub(crate) state: DeliveryState,
    /// Unix milliseconds.
    pub(crate) since: Millis,
    pub(crate) cause: Option<Cause>,
    /// Why it is there.
    pub(crate) why: Words,
    /// What to do.
    pub(crate) next: Words,
}

/// Looks through one shop or all.
pub(super) fn messages(installation: &Installation, shops: &[ShopId]) -> Result<Report, Refusal> {
    let serving = installation.channels.serving();
    let mut report = Report {
        stuck: Vec::new(),
        more: false,
        suppressed: 0,
        serving,
    };
    for &shop in shops {
        let found = stuck::report(&installation.trees, shop, now(), serving)?;
        report.more |= found.more;
        report.suppressed += found.suppressed;
        for found in found.found {
            if report.stuck.len() == LISTED {
                report.more = true;
                break;
            }
            report.stuck.push(line(installation, shop, found)?);
        }
    }
    Ok(report)
}

fn line(installation: &Installation, shop: ShopId, found: Found) -> Result<Line, Refusal> {
    let conversation = installation.trees.conversations.get(&found.conversation)?;
    let channel = conversation.map_or(ChannelId(0), |record| record.channel);
    let delivery = found.message.delivery.as_ref();
    let told = delivery
        .and_then(|delivery| delivery.reason.as_ref())
        .map(|reason| Words::new(cut(&reason.zh), cut(&reason.en)));
    let trouble = installation
        .channels
        .status_words(channel)
        .filter(|words| words.zh != "ok");
    let serving = installation.channels.serving();
    let (why, next) = match (found.state, serving) {
        (DeliveryState::Queued, true) => (
            trouble.unwrap_or_else(|| {
                Words::new(
                    "在等待发送：平台限流，或前面的消息还没有发完",
                    "It waits: the platform limits the pace, or messages in front of it are not done",
                )
            }),
            Words::new(
                "请按原因检查渠道设置；恢复后会自动发送",
                "See to the channel for this reason; it leaves by itself then",
            ),
        ),
        (DeliveryState::Queued, false) => (
            Words::new("服务没有运行，消息在排队", "No server runs; it is queued"),
            Words::new(
                "启动 weikefu serve，消息会自动发送",
                "Start `weikefu serve`; it leaves by itself",
            ),
        ),
        (DeliveryState::Sending, true) => (
            Words::new(
                "已交给平台，还没有应答",
                "It was handed over and no answer has come",
            ),
            Words::new(
                "一般会自行结束；一直如此时请重启服务，结果会标为未知",
                "It ends by itself; if not, restart the server, which marks it as unknown",
            ),
        ),
        (DeliveryState::Sending, false) => (
            Words::new("发送过程中服务停止", "The server ended while it was being sent"),
            Words::new(
                "启动 weikefu serve，消息会标为未知，由客服决定是否重发",
                "Start `weikefu serve`; it is marked as unknown then, and an agent decides",
            ),
        ),
        (DeliveryState::Unknown, _) => (
            told.unwrap_or_default(),
            Words::new(
                "客户可能已收到：请客服在会话中确认后再决定是否重发",
                "The customer may have it: let an agent make sure before sending it again",
            ),
        ),
        _ => {
            let cause = delivery
                .and_then(|delivery| delivery.cause)
                .unwrap_or(Cause::Internal);
            let (zh, en) = cause.words();
            (told.unwrap_or_default(), Words::new(zh, en))
        }
    };
    Ok(Line {
        shop: shop.0,
        channel: channel.0,
        conversation: found.conversation.0,
        seq: found.seq,
        state: found.state,
        since: found.since,
        cause: delivery.and_then(|delivery| delivery.cause),
        why,
        next,
    })
}

fn cut(text: &str) -> String {
    text.chars().take(REASON).collect()
}
