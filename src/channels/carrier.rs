//! The way out: hands queued messages and notices to the channels.
use super::{Channels, threads};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use weikefu_channel::{Cause, Error, Notice, Outgoing, Receipt};
use weikefu_core::ids::{AgentId, ChannelId};
use weikefu_core::outbox::{Carrier, Carrying, Pass};
use weikefu_core::records::{Conversation, Message};

impl Carrier for Channels {
    fn pass(&self) -> Option<Pass> {
        let pass = Arc::clone(&self.leaving).try_read_owned().ok()?;
        // Looked at behind the lock: whoever waits for all passes has set it before.
        (!self.held_back.load(Ordering::Acquire)).then(|| Box::new(pass) as Pass)
    }

    fn carry<'a>(
        &'a self,
        conversation: &'a Conversation,
        seq: u32,
        message: &'a Message,
    ) -> Carrying<'a, Result<Receipt, Error>> {
        Box::pin(async move {
            let Some(open) = self.by_id(conversation.channel) else {
                return Err(Error::told(
                    Cause::Auth,
                    "渠道未启用或未能打开，请管理员检查渠道设置后重试。",
                    "The channel is disabled or could not be opened; ask an administrator to check its settings, \
                     then try again.",
                ));
            };
            let message = threads::message(&self.trees, conversation.id, seq, message.clone());
            open.instance
                .send(Outgoing {
                    peer: conversation.peer.clone(),
                    message,
                })
                .await
        })
    }

    fn notify(
        &self,
        channel: ChannelId,
        peer: String,
        agent: Option<AgentId>,
        waiting: bool,
    ) -> Carrying<'_, ()> {
        Box::pin(async move {
            let Some(open) = self.by_id(channel).filter(|open| open.can("notices")) else {
                return;
            };
            let service = threads::service(&self.trees, agent, waiting);
            if let Err(error) = open.instance.notice(Notice { peer, service }).await {
                tracing::debug!(%channel, %error, "a notice did not reach its channel");
            }
        })
    }
}
