//! Carries what is queued: one message to an address at a time and in order, different addresses side by side. Every step is stored before the next, so that a crash never sends a message twice.
use crate::desk::{Command, DeliveryResult, Effect, Reply};
use crate::engine::Engine;
use crate::error::Refusal;
use crate::ids::{AgentId, BroadcastId, ChannelId, ConversationId};
use crate::records::{Conversation, DeliveryState, Message, Way};
use crate::trees::Trees;
use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use weikefu_channel::{Cause, Error, Receipt, Words};

/// Tries of a message whose failure may pass.
const TRIES: u32 = 4;
/// The longest a rate limit is waited for before the message is given up.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long an answer that carries a message may take; platforms wait for a few seconds.
const ANSWER: Duration = Duration::from_secs(30);

/// Where a message goes: messages to one address keep their order, also when a conversation has ended and the
/// next has begun.
type Address = (ChannelId, String);

/// A future of a carrier.
pub type Carrying<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Held while a message is handed over and until its outcome is stored.
pub type Pass = Box<dyn Send>;

/// Carries messages to customers; the executable implements it with the loaded channels.
pub trait Carrier: Send + Sync + 'static {
    /// Asked before a message is handed over. `None` once nothing may leave any more because the process is
    /// about to end: what is queued stays queued and leaves after the next start.
    fn pass(&self) -> Option<Pass> {
        Some(Box::new(()))
    }

    /// Hands one message over. `Err(Unknown)` when it may have left.
    fn carry<'a>(
        &'a self,
        conversation: &'a Conversation,
        seq: u32,
        message: &'a Message,
    ) -> Carrying<'a, Result<Receipt, Error>>;

    /// Tells a customer who serves them now.
    fn notify(
        &self,
        channel: ChannelId,
        peer: String,
        agent: Option<AgentId>,
        waiting: bool,
    ) -> Carrying<'_, ()>;
}

/// An address that is held: see [`Outbox::hold`].
pub struct Held<C: Carrier> {
    outbox: Arc<Outbox<C>>,
    address: Address,
}

impl<C: Carrier> Drop for Held<C> {
    fn drop(&mut self) {
        self.outbox.release(&self.address);
    }
}

/// The outbox.
pub struct Outbox<C> {
    engine: Engine,
    trees: Trees,
    carrier: Arc<C>,
    lines: Mutex<HashMap<Address, VecDeque<(ConversationId, u32)>>>,
}

impl<C: Carrier> Outbox<C> {
    /// Nothing is carried before [`Outbox::run`].
    pub fn new(engine: Engine, trees: Trees, carrier: Arc<C>) -> Arc<Self> {
        Arc::new(Outbox {
            engine,
            trees,
            carrier,
            lines: Mutex::default(),
        })
    }

    /// Takes up what the last run left behind, then everything new, until the engine ends. Broadcasts that want to
    /// be looked after are passed on.
    pub async fn run(
        self: Arc<Self>,
        mut effects: mpsc::UnboundedReceiver<Effect>,
        broadcasts: mpsc::UnboundedSender<BroadcastId>,
    ) {
        self.resume().await;
        let notices = self.notifier();
        while let Some(effect) = effects.recv().await {
            match effect {
                Effect::Carry {
                    conversation, seq, ..
                } => self.line_up(conversation, seq),
                Effect::Await { conversation, seq } => self.watch(conversation, seq),
                Effect::Broadcast(id) => drop(broadcasts.send(id)),
                notice @ Effect::Notify { .. } => drop(notices.send(notice)),
            }
        }
    }

    /// Whether messages of the desk are on their way.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.values().any(|line| !line.is_empty())
    }

    /// Keeps the desk's messages to an address waiting until the hold is dropped; `None` when one is on its way, or
    /// somebody else holds it.
    #[must_use]
    pub fn hold(self: &Arc<Self>, channel: ChannelId, peer: &str) -> Option<Held<C>> {
        let address = (channel, peer.to_owned());
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.contains_key(&address) {
            return None;
        }
        lines.insert(address.clone(), VecDeque::new());
        Some(Held {
            outbox: Arc::clone(self),
            address,
        })
    }

    fn release(self: &Arc<Self>, address: &Address) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.get(address).is_some_and(VecDeque::is_empty) {
            lines.remove(address);
            return;
        }
        drop(lines);
        // Without a runtime the process is ending: what is queued stays queued in the store.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let _inside = runtime.enter();
            self.walk(address.clone());
        }
    }

    /// Tells customers who serves them, in order and beside the messages: a slow channel must not hold those up.
    fn notifier(self: &Arc<Self>) -> mpsc::UnboundedSender<Effect> {
        let (notices, mut waiting_notices) = mpsc::unbounded_channel();
        let carrier = Arc::clone(&self.carrier);
        tokio::spawn(async move {
            while let Some(effect) = waiting_notices.recv().await {
                if let Effect::Notify {
                    channel,
                    peer,
                    agent,
                    waiting,
                } = effect
                {
                    carrier.notify(channel, peer, agent, waiting).await;
                }
            }
        });
        notices
    }

    /// What was being handed over when the process ended may have arrived: nobody knows.
    async fn resume(self: &Arc<Self>) {
        let left: Vec<(ConversationId, u32)> = self
            .trees
            .outbox
            .scan(&())
            .filter_map(|entry| Some(entry.ok()?.0))
            .collect();
        for (conversation, seq) in left {
            let state = self
                .message(conversation, seq)
                .and_then(|message| Some(message.delivery?.state));
            if state == Some(DeliveryState::Sending) {
                let reason = Words::new(
                    "发送过程中服务器重启，客户可能已收到。",
                    "The server restarted while this was being sent; the customer may have received it.",
                );
                self.delivered(conversation, seq, DeliveryResult::Unknown { reason })
                    .await;
            } else {
                self.line_up(conversation, seq);
            }
        }
    }

    /// A message that leaves in an answer is reported by whoever answers. Should that never happen, nobody knows.
    fn watch(self: &Arc<Self>, conversation: ConversationId, seq: u32) {
        let outbox = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(ANSWER).await;
            let delivery = outbox
                .message(conversation, seq)
                .and_then(|message| message.delivery);
            let leaving = delivery.is_some_and(|delivery| {
                delivery.way == Way::Passive && delivery.state == DeliveryState::Sending
            });
            if leaving {
                let reason = Words::new(
                    "这条消息随对平台的应答发出，但没有得到发出的确认，客户可能没有收到。",
                    "This was to leave in the answer to the platform, and nothing says that it did; the customer may not have it.",
                );
                outbox
                    .delivered(conversation, seq, DeliveryResult::Unknown { reason })
                    .await;
            }
        });
    }

    fn line_up(self: &Arc<Self>, conversation: ConversationId, seq: u32) {
        let Ok(Some(record)) = self.trees.conversations.get(&conversation) else {
            return;
        };
        let address = (record.channel, record.peer);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get_mut(&address) {
            // Even when it stands there already: it may just have failed and been retried, and its first
            // turn be over. A turn too many finds nothing to carry.
            line.push_back((conversation, seq));
            return;
        }
        lines.insert(address.clone(), VecDeque::from([(conversation, seq)]));
        drop(lines);
        self.walk(address);
    }

    /// Carries what stands in a line, until it is empty.
    fn walk(self: &Arc<Self>, address: Address) {
        let outbox = Arc::clone(self);
        tokio::spawn(async move {
            while let Some((conversation, seq)) = outbox.first(&address) {
                // On a task of its own: a carrier that panics loses one answer, not the line behind it.
                let carrying = Arc::clone(&outbox);
                let carried = tokio::spawn(async move { carrying.carry(conversation, seq).await });
                // One that is cancelled because the process ends has not gone wrong.
                if carried.await.is_err_and(|end| end.is_panic()) {
                    let reason = Words::new(
                        "发送时程序出错，客户可能已收到。",
                        "The program failed while this was being sent; the customer may have received it.",
                    );
                    outbox
                        .delivered(conversation, seq, DeliveryResult::Unknown { reason })
                        .await;
                }
                outbox.done(&address);
            }
        });
    }

    /// The first of a line; an empty line ends.
    fn first(&self, address: &Address) -> Option<(ConversationId, u32)> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let first = lines.get(address).and_then(|line| line.front().copied());
        if first.is_none() {
            lines.remove(address);
        }
        first
    }

    fn done(&self, address: &Address) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get_mut(address) {
            line.pop_front();
        }
    }

    async fn carry(&self, id: ConversationId, seq: u32) {
        for attempt in 1.. {
            let Some(pass) = self.carrier.pass() else {
                return;
            };
            let command = Command::Delivering {
                conversation: id,
                seq,
            };
            let Ok(Reply::Message(_, _, message)) = self.engine.execute(id.shop(), command).await else {
                // Not under way any more, or shutting down: it is taken up at the next start.
                return;
            };
            if message.delivery.as_ref().map(|delivery| delivery.state) != Some(DeliveryState::Sending) {
                // It waited for too long.
                return;
            }
            let Ok(Some(conversation)) = self.trees.conversations.get(&id) else {
                return;
            };
            let result = match self.carrier.carry(&conversation, seq, &message).await {
                Ok(receipt) => DeliveryResult::Accepted {
                    upstream: receipt.upstream,
                    proof: receipt.proof,
                },
                Err(error) => match wait_before_retry(&error, attempt) {
                    Some(wait) => {
                        self.delivered(id, seq, DeliveryResult::Queued).await;
                        drop(pass);
                        tokio::time::sleep(wait).await;
                        continue;
                    }
                    None => refused(error),
                },
            };
            self.delivered(id, seq, result).await;
            return;
        }
    }

    async fn delivered(&self, conversation: ConversationId, seq: u32, result: DeliveryResult) {
        let command = Command::Delivered {
            conversation,
            seq,
            result,
        };
        match self.engine.execute(conversation.shop(), command).await {
            Ok(_) | Err(Refusal::Unavailable) => {}
            Err(refusal) => tracing::warn!(%conversation, seq, %refusal, "a delivery could not be recorded"),
        }
    }

    fn message(&self, conversation: ConversationId, seq: u32) -> Option<Message> {
        self.trees.messages.get(&(conversation, seq)).ok()?
    }
}

/// How long to wait before the next try; `None` when there is none. Half of the wait is random, so that many
/// messages that failed together do not come back together.
fn wait_before_retry(error: &Error, attempt: u32) -> Option<Duration> {
    if attempt >= TRIES {
        return None;
    }
    let wait = match (error.kind, error.retry_after_ms) {
        (Cause::Retryable, None) => Duration::from_secs(1 << attempt.min(6)),
        (Cause::Retryable | Cause::RateLimited, Some(ms)) => Duration::from_millis(ms),
        (Cause::RateLimited, None) => Duration::from_mins(1),
        _ => return None,
    };
    if wait > PATIENCE {
        return None;
    }
    let mut random = [0];
    // Without randomness the wait is just longer.
    let _ = getrandom::fill(&mut random);
    Some(wait / 2 + wait / 2 * u32::from(random[0]) / 255)
}

pub(crate) fn refused(error: Error) -> DeliveryResult {
    // The platform's number helps whoever looks it up; its words, in another language, help nobody here.
    let number = error
        .upstream
        .as_deref()
        .and_then(|words| words.split_whitespace().next());
    let mut reason = error.words();
    if let Some(number) = number {
        reason.zh = format!("{}（{number}）", reason.zh);
        reason.en = format!("{} ({number})", reason.en);
    }
    tracing::debug!(upstream = error.upstream, "a message was refused");
    match error.kind {
        Cause::Unknown => DeliveryResult::Unknown { reason },
        cause => DeliveryResult::Failed { cause, reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_tried_again() {
        assert!(wait_before_retry(&Error::new(Cause::Retryable, ""), 1).is_some());
        assert!(wait_before_retry(&Error::new(Cause::Retryable, ""), TRIES).is_none());
        assert!(wait_before_retry(&Error::new(Cause::Unknown, ""), 1).is_none());
        assert!(wait_before_retry(&Error::new(Cause::WindowClosed, ""), 1).is_none());
        let day = Error::new(Cause::RateLimited, "").retry_after(Duration::from_hours(1));
        assert!(wait_before_retry(&day, 1).is_none());
    }

    #[test]
    fn an_unknown_outcome_stays_unknown() {
        let result = refused(Error::told(Cause::Unknown, "没有应答", "no answer"));
        assert_eq!(
            result,
            DeliveryResult::Unknown {
                reason: Words::new("没有应答", "no answer")
            }
        );
    }

    #[test]
    fn a_refusal_is_told_in_both_languages_with_the_platforms_number() {
        let error = Error::told(Cause::WindowClosed, "等客户来信", "wait for the customer");
        let result = refused(error.upstream("45015 response out of time limit"));
        assert_eq!(
            result,
            DeliveryResult::Failed {
                cause: Cause::WindowClosed,
                reason: Words::new("等客户来信（45015）", "wait for the customer (45015)")
            }
        );
    }
}
