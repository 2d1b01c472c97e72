//! An answer that carries a message to a customer: what became of the answer is what became of the message.
use crate::channels::OpenChannel;
use crate::http::context::Context;
use crate::http::download::{Pieces, Stream};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use weikefu_channel::{Cursor, Words};
use weikefu_core::desk::{Command, DeliveryResult};
use weikefu_core::engine::Engine;
use weikefu_core::ids::ConversationId;
use weikefu_core::records::Way;

/// What shows that such a message left.
const PROOF: &str = "passive";

/// A message that leaves in an answer; stands among the answer's extensions until that is written.
#[derive(Clone)]
pub(crate) struct Leaving(Arc<Mutex<Option<Carried>>>);

struct Carried {
    engine: Engine,
    conversation: ConversationId,
    seq: u32,
}

impl Leaving {
    /// The message a plugin says its answer carries, if it is one that is to leave that way on this channel.
    pub(crate) fn of(context: &Context, channel: &OpenChannel, cursor: Cursor) -> Option<Self> {
        let installation = &context.app.installation;
        let (conversation, seq) = (ConversationId(cursor.conversation), cursor.seq);
        let record = installation.trees.conversations.get(&conversation).ok()??;
        let message = installation.trees.messages.get(&(conversation, seq)).ok()??;
        let way = message.delivery.map(|delivery| delivery.way);
        (record.channel == channel.id && way == Some(Way::Passive)).then(|| {
            Leaving(Arc::new(Mutex::new(Some(Carried {
                engine: installation.engine.clone(),
                conversation,
                seq,
            }))))
        })
    }

    fn end(&self, written: bool) {
        let carried = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (Some(carried), Ok(runtime)) = (carried, tokio::runtime::Handle::try_current()) else {
            return;
        };
        let result = if written {
            DeliveryResult::Accepted {
                upstream: None,
                proof: Some(PROOF.into()),
            }
        } else {
            DeliveryResult::Unknown {
                reason: Words::new(
                    "平台在收到应答前断开了连接，客户可能没有收到。",
                    "The platform hung up before it had the answer; the customer may not have received it.",
                ),
            }
        };
        runtime.spawn(async move {
            let Carried {
                engine,
                conversation,
                seq,
            } = carried;
            let command = Command::Delivered {
                conversation,
                seq,
                result,
            };
            if let Err(refusal) = engine.execute(conversation.shop(), command).await {
                tracing::debug!(%conversation, seq, %refusal, "a message that left in an answer could not be recorded");
            }
        });
    }
}

/// The body of an answer. When it goes, what it carried has left if all of it was taken to be written.
pub(crate) struct Answer {
    bytes: Full<Bytes>,
    leaving: Option<Leaving>,
    /// Instead of the bytes: what is being made.
    pieces: Option<Pieces>,
}

impl Answer {
    /// The answer with whatever leaves in it.
    pub(crate) fn whole(mut reply: super::reply::Reply) -> http::Response<Answer> {
        let leaving = reply.extensions_mut().remove();
        let stream: Option<Stream> = reply.extensions_mut().remove();
        let pieces = stream.and_then(|stream| stream.take());
        reply.map(|bytes| Answer {
            bytes,
            leaving,
            pieces,
        })
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if let Some(pieces) = &mut self.pieces {
            let piece = pieces.poll_recv(context);
            return piece.map(|piece| Some(piece?.map(Frame::data)));
        }
        let frame = Pin::new(&mut self.bytes).poll_frame(context);
        frame.map(|frame| Some(frame?.map_err(|never| match never {})))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_none() && self.bytes.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.pieces.is_some() {
            return SizeHint::default();
        }
        self.bytes.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(leaving) = self.leaving.take() {
            leaving.end(self.bytes.is_end_stream());
        }
    }
}
