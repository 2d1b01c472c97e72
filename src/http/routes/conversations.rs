//! Taking, answering and ending conversations.
use super::SERVE;
use crate::http::context::Context;
use crate::http::present;
use crate::http::route::Route;
use crate::http::views::{ConversationView, MessageView};
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use weikefu_channel::{Content, MediaRef};
use weikefu_core::desk::{Command, Reply};
use weikefu_core::error::Refusal;
use weikefu_core::history;
use weikefu_core::ids::{AgentId, ConversationId};
use weikefu_core::media;
use weikefu_core::records::Conversation;
use weikefu_core::rights::{self, Action};

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    let taking = "Take a waiting conversation; exactly one agent wins";
    let seen = "Everything up to a message has been seen";
    let writing = "Show the customer that one is writing";
    let sending = "Send a message; the same `client_id` is the same message";
    let again = "Send a failed or unknown message again";
    vec![
        Route::json(
            Method::POST,
            "/api/shops/{shop}/conversations/{id}/accept",
            SERVE,
            taking,
            accept,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/conversations/{id}/delete",
            SERVE,
            "Delete a waiting conversation without an answer",
            delete,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/conversations/{id}/transfer",
            SERVE,
            "Offer a conversation to an agent who is online",
            offer,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/conversations/{id}/transfer/take",
            SERVE,
            "Take what one was offered",
            take,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/conversations/{id}/transfer/decline",
            SERVE,
            "Give back what one was offered",
            decline,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/conversations/{id}/transfer/cancel",
            SERVE,
            "Take an offer back",
            cancel,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/conversations/{id}/close",
            SERVE,
            "End a conversation",
            close,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/conversations/{id}/read",
            SERVE,
            seen,
            read,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/conversations/{id}/typing",
            SERVE,
            writing,
            typing,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/conversations/{id}/messages",
            SERVE,
            sending,
            send,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/conversations/{id}/messages/{seq}/retry",
            SERVE,
            again,
            retry,
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Seen {
    /// The epoch of the conversation as the agent saw it.
    epoch: u32,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Offered {
    /// The epoch of the conversation as the agent saw it.
    epoch: u32,
    /// To whom.
    to: AgentId,
    /// What the receiver should know, at most 500 characters.
    #[serde(default)]
    note: String,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ReadUpTo {
    seq: u32,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct NoBody {}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Sending {
    /// 1 to 64 bytes, chosen by the client.
    client_id: String,
    content: SendingContent,
    /// Send although the platform seems to take no more.
    #[serde(default)]
    force: bool,
}

#[derive(Default, Deserialize, JsonSchema)]
pub(crate) struct Again {
    /// Send although the platform seems to take no more.
    #[serde(default)]
    force: bool,
}

/// What an agent can send.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum SendingContent {
    Text {
        text: String,
    },
    Image {
        media: MediaById,
    },
    Voice {
        media: MediaById,
    },
    Video {
        media: MediaById,
    },
    File {
        media: MediaById,
    },
    News {
        title: String,
        description: String,
        url: String,
        picture: String,
    },
}

/// A file stored before.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct MediaById {
    id: String,
}

pub(crate) async fn accept(context: Context, Seen { epoch }: Seen) -> Result<ConversationView, Refusal> {
    let (agent, conversation) = (context.agent()?.id, conversation(&context)?);
    answer(
        &context,
        Command::Accept {
            agent,
            conversation,
            epoch,
        },
    )
    .await
}

pub(crate) async fn close(context: Context, Seen { epoch }: Seen) -> Result<ConversationView, Refusal> {
    let (agent, conversation) = (context.agent()?.id, conversation(&context)?);
    let senior = rights::permits(context.role()?, Action::Supervise);
    answer(
        &context,
        Command::Close {
            agent,
            senior,
            conversation,
            epoch,
        },
    )
    .await
}

pub(crate) async fn delete(context: Context, Seen { epoch }: Seen) -> Result<ConversationView, Refusal> {
    let (agent, conversation) = (context.agent()?.id, conversation(&context)?);
    answer(
        &context,
        Command::Dismiss {
            agent,
            conversation,
            epoch,
        },
    )
    .await
}

pub(crate) async fn offer(context: Context, offered: Offered) -> Result<ConversationView, Refusal> {
    let command = Command::Offer {
        agent: context.agent()?.id,
        senior: rights::permits(context.role()?, Action::Supervise),
        conversation: conversation(&context)?,
        epoch: offered.epoch,
        to: offered.to,
        note: offered.note.trim().to_owned(),
    };
    answer(&context, command).await
}

pub(crate) async fn take(context: Context, Seen { epoch }: Seen) -> Result<ConversationView, Refusal> {
    let (agent, conversation) = (context.agent()?.id, conversation(&context)?);
    answer(
        &context,
        Command::Take {
            agent,
            conversation,
            epoch,
        },
    )
    .await
}

pub(crate) async fn decline(context: Context, Seen { epoch }: Seen) -> Result<ConversationView, Refusal> {
    let (agent, conversation) = (context.agent()?.id, conversation(&context)?);
    answer(
        &context,
        Command::Decline {
            agent,
            conversation,
            epoch,
        },
    )
    .await
}

pub(crate) async fn cancel(context: Context, Seen { epoch }: Seen) -> Result<ConversationView, Refusal> {
    let command = Command::Withdraw {
        agent: context.agent()?.id,
        senior: rights::permits(context.role()?, Action::Supervise),
        conversation: conversation(&context)?,
        epoch,
    };
    answer(&context, command).await
}

pub(crate) async fn read(context: Context, ReadUpTo { seq }: ReadUpTo) -> Result<(), Refusal> {
    let (agent, conversation) = (context.agent()?.id, conversation(&context)?);
    let command = Command::Read {
        agent,
        conversation,
        seq,
    };
    context
        .app
        .installation
        .engine
        .execute(context.shop()?, command)
        .await
        .map(drop)
}

pub(crate) async fn typing(context: Context, _: NoBody) -> Result<(), Refusal> {
    let conversation = stored(&context)?;
    if conversation.owner != Some(context.agent()?.id) {
        return Err(Refusal::NotOwner);
    }
    context
        .app
        .installation
        .channels
        .typing(conversation.channel, conversation.peer);
    Ok(())
}

pub(crate) async fn send(context: Context, sending: Sending) -> Result<MessageView, Refusal> {
    if !(1..=64).contains(&sending.client_id.len()) {
        return Err(Refusal::invalid(
            "client_id",
            "消息编号无效，请刷新页面。",
            "Invalid client_id. Reload the page.",
        ));
    }
    let known = stored(&context)?;
    let wanted = content(&context, sending.content)?;
    context.app.installation.channels.check(known.channel, &wanted)?;
    let command = Command::Send {
        agent: context.agent()?.id,
        conversation: known.id,
        client_id: sending.client_id,
        content: wanted,
        force: sending.force,
    };
    sent(&context, command).await
}

pub(crate) async fn retry(context: Context, Again { force }: Again) -> Result<MessageView, Refusal> {
    let (agent, conversation) = (context.agent()?.id, conversation(&context)?);
    let command = Command::Retry {
        agent,
        conversation,
        seq: context.param("seq")?,
        force,
    };
    sent(&context, command).await
}

/// The conversation of the path, which must be of the shop of the path.
fn conversation(context: &Context) -> Result<ConversationId, Refusal> {
    let id: ConversationId = context.param("id")?;
    if id.shop() == context.shop()? {
        Ok(id)
    } else {
        Err(Refusal::NotFound("conversation"))
    }
}

fn stored(context: &Context) -> Result<Conversation, Refusal> {
    let id = conversation(context)?;
    context
        .app
        .installation
        .trees
        .conversations
        .get(&id)?
        .ok_or(Refusal::NotFound("conversation"))
}

async fn answer(context: &Context, command: Command) -> Result<ConversationView, Refusal> {
    let installation = &context.app.installation;
    match installation.engine.execute(context.shop()?, command).await? {
        Reply::Conversation(conversation) => {
            let customer = installation.trees.customers.get(&conversation.customer)?;
            let customer = customer.ok_or(Refusal::NotFound("customer"))?;
            let (agent, role) = (context.agent()?.id, context.role()?);
            let relation = history::relation(&installation.trees, conversation.customer, agent)?;
            let readable = rights::may_read(agent, role, &(&conversation).into(), || {
                rights::may_read_records(role, relation)
            });
            Ok(present::conversation(
                installation,
                &conversation,
                &customer,
                readable,
            ))
        }
        _ => Err(Refusal::Unavailable),
    }
}

async fn sent(context: &Context, command: Command) -> Result<MessageView, Refusal> {
    match context
        .app
        .installation
        .engine
        .execute(context.shop()?, command)
        .await?
    {
        Reply::Message(id, seq, message) => Ok(present::message(id, seq, message, context.language())),
        _ => Err(Refusal::Unavailable),
    }
}

/// Turns what the console sends into a content: files are looked up, so that type and size are the stored ones.
fn content(context: &Context, sending: SendingContent) -> Result<Content, Refusal> {
    let trees = &context.app.installation.trees;
    let file = |by: MediaById| -> Result<Option<MediaRef>, Refusal> {
        let meta = media::meta(trees, by.id.parse()?)?;
        Ok(Some(MediaRef {
            id: by.id,
            mime: meta.mime,
            size: meta.size,
            name: meta.name,
        }))
    };
    Ok(match sending {
        SendingContent::Text { text } => {
            if text.trim().is_empty() {
                return Err(Refusal::invalid(
                    "content",
                    "请先输入内容再发送。",
                    "Write something before sending.",
                ));
            }
            Content::Text { text }
        }
        SendingContent::Image { media } => Content::Image { media: file(media)? },
        SendingContent::Voice { media } => Content::Voice {
            media: file(media)?,
            transcript: None,
        },
        SendingContent::Video { media } => Content::Video {
            media: file(media)?,
            thumbnail: None,
        },
        SendingContent::File { media } => Content::File { media: file(media)? },
        SendingContent::News {
            title,
            description,
            url,
            picture,
        } => {
            let long = [&title, &description, &url, &picture]
                .iter()
                .any(|text| text.len() > 2048);
            if title.trim().is_empty() || long || !(url.starts_with("https://") || url.starts_with("http://"))
            {
                return Err(Refusal::invalid(
                    "content",
                    "图文需要标题和以 http(s):// 开头的链接，每项不超过 2048 字节。",
                    "An article needs a title and an http(s) address; each part has at most 2,048 bytes.",
                ));
            }
            Content::News {
                title,
                description,
                url,
                picture,
            }
        }
    })
}
