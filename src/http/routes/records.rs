//! What a customer and the shop have said to each other: the thread of a channel, and the records of all of them
//! with their filters (A2.11).
use super::CUSTOMERS;
use super::customers::customer;
use crate::http::context::Context;
use crate::http::present;
use crate::http::route::Route;
use crate::http::views::{MessageView, MessagesView, RecordView, RecordsView};
use weikefu_channel::Cursor;
use weikefu_core::error::{Language, Refusal};
use weikefu_core::history::{self, Part};
use weikefu_core::ids::{AgentId, ChannelId, ConversationId, CustomerId};
use weikefu_core::records::{Conversation, Role};
use weikefu_core::rights;
use weikefu_core::search::{self, Filter};

/// Messages of a page unless asked otherwise, and at most.
const PAGE: (usize, usize) = (50, 200);
/// Characters of a keyword.
const WORD: usize = 64;

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/shops/{shop}/customers/{id}/messages",
            CUSTOMERS,
            "A part of a customer's thread on a channel: `channel`, `before`, `after` or `around` a cursor \
             (`around` finds the channel itself), `limit`",
            messages,
        ),
        Route::get(
            "/api/shops/{shop}/customers/{id}/records",
            CUSTOMERS,
            "A customer's messages on all channels, the newest: `keyword`, `agent`, `from` and `to` in \
             milliseconds, `before` is the `next` of the page in front, `limit`",
            records,
        ),
    ]
}

/// Who reads.
#[derive(Clone, Copy)]
struct Reader {
    agent: AgentId,
    role: Role,
    language: Language,
}

impl Reader {
    /// Refuses who may read nothing of a customer at all.
    fn of(context: &Context, customer: CustomerId) -> Result<Self, Refusal> {
        let (agent, role) = (context.agent()?.id, context.role()?);
        let relation = history::relation(&context.app.installation.trees, customer, agent)?;
        if !rights::may_read_records(role, relation) {
            return Err(Refusal::Forbidden);
        }
        let language = context.language();
        Ok(Reader {
            agent,
            role,
            language,
        })
    }

    /// The right that decides about live events decides here too; that the records are his to read is known.
    fn reads(self, conversation: &Conversation) -> bool {
        rights::may_read(self.agent, self.role, &conversation.into(), || true)
    }
}

fn bad() -> Refusal {
    Refusal::Malformed("channel, before, after, around, agent, from, to or limit".into())
}

/// A parameter of the query, if it is there and not empty.
fn asked<T: std::str::FromStr>(context: &Context, name: &str) -> Result<Option<T>, Refusal> {
    let text = context.query(name).filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(|_| bad())).transpose()
}

fn limit(context: &Context) -> Result<usize, Refusal> {
    Ok(asked::<usize>(context, "limit")?.map_or(PAGE.0, |limit| limit.clamp(1, PAGE.1)))
}

pub(crate) async fn messages(context: Context) -> Result<MessagesView, Refusal> {
    let customer = customer(&context)?.id;
    let trees = &context.app.installation.trees;
    let channel = asked::<ChannelId>(&context, "channel")?;
    let cursor = |name: &str| asked::<Cursor>(&context, name);
    let part = match (cursor("before")?, cursor("after")?, cursor("around")?) {
        (None, None, None) => Part::Newest,
        (Some(before), None, None) => Part::Before(before),
        (None, Some(after), None) => Part::After(after),
        (None, None, Some(around)) => Part::Around(around),
        _ => return Err(bad()),
    };
    let channel = match (channel, part) {
        (Some(channel), _) => channel,
        (None, Part::Around(place)) => {
            let known = trees.conversations.get(&ConversationId(place.conversation))?;
            let theirs = known.filter(|known| known.customer == customer);
            theirs.ok_or(Refusal::NotFound("message"))?.channel
        }
        (None, _) => return Err(bad()),
    };
    let limit = limit(&context)?;
    let reader = Reader::of(&context, customer)?;
    let page = history::thread(trees, customer, channel, part, limit)?;
    let mut messages: Vec<MessageView> = Vec::with_capacity(page.messages.len());
    let mut looked: Option<(ConversationId, bool)> = None;
    for (id, seq, message) in page.messages {
        // A page is a few conversations in a row.
        let readable = match looked {
            Some((known, readable)) if known == id => readable,
            _ => trees
                .conversations
                .get(&id)?
                .is_some_and(|known| reader.reads(&known)),
        };
        looked = Some((id, readable));
        if readable {
            messages.push(present::message(id, seq, message, reader.language));
        }
    }
    // Whoever may not see the end of a thread has no place to go on from.
    let seen = !messages.is_empty();
    Ok(MessagesView {
        messages,
        more: page.more && seen,
        newer: page.newer && seen,
        channel,
    })
}

pub(crate) async fn records(context: Context) -> Result<RecordsView, Refusal> {
    let customer = customer(&context)?.id;
    let word = context.query("keyword").map(|word| word.trim().to_lowercase());
    if word.as_ref().is_some_and(|word| word.chars().count() > WORD) {
        return Err(Refusal::invalid(
            "keyword",
            format!("关键词最多 {WORD} 个字符，请缩短后重试。"),
            format!("A keyword has at most {WORD} characters; shorten it and try again."),
        ));
    }
    let mut filter = Filter {
        word: word.filter(|word| !word.is_empty()),
        agent: asked(&context, "agent")?,
        ..Filter::default()
    };
    filter.from = asked(&context, "from")?.unwrap_or(filter.from);
    filter.to = asked(&context, "to")?.unwrap_or(filter.to);
    let before = asked::<Cursor>(&context, "before")?;
    let limit = limit(&context)?;
    let reader = Reader::of(&context, customer)?;
    let trees = context.app.installation.trees.clone();
    // Long enough not to be done between other people's requests.
    let looking = tokio::task::spawn_blocking(move || {
        let found = search::search(&trees, customer, &filter, before, limit, |known| {
            reader.reads(known)
        })?;
        let mut messages = Vec::with_capacity(found.messages.len());
        for (id, seq, message) in found.messages {
            let Some(conversation) = trees.conversations.get(&id)? else {
                continue;
            };
            messages.push(RecordView {
                message: present::message(id, seq, message, reader.language),
                channel: conversation.channel,
            });
        }
        Ok(RecordsView {
            messages,
            more: found.next.is_some(),
            next: found.next,
        })
    });
    looking.await.map_err(|_| Refusal::Unavailable)?
}
