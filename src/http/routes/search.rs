//! Search over all messages of the shop.
use super::CUSTOMERS;
use crate::app::Installation;
use crate::http::context::Context;
use crate::http::present;
use crate::http::route::Route;
use crate::http::views::{BuildingView, FoundView, LineView, SearchView, SnippetView};
use weikefu_core::desk::preview;
use weikefu_core::error::Refusal;
use weikefu_core::ids::Millis;
use weikefu_core::index::{Answer, Asked, Hit, Reader, Spot};
use weikefu_core::records::Message;

/// Hits of a page unless asked otherwise, and at most.
const PAGE: (usize, usize) = (20, 50);

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    vec![Route::get(
        "/api/shops/{shop}/search",
        CUSTOMERS,
        "Messages of the whole shop that contain `q` (2 to 64 characters), the newest first: `agent`, `channel`, \
         `from` and `to` in milliseconds, `after` is the `next` of the page in front, `limit` (at most 50)",
        search,
    )]
}

/// A parameter of the query, if it is there and not empty.
fn asked<T: std::str::FromStr>(context: &Context, name: &str) -> Result<Option<T>, Refusal> {
    let bad = || Refusal::Malformed("agent, channel, from, to, after or limit".into());
    let text = context.query(name).filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(|_| bad())).transpose()
}

pub(crate) async fn search(context: Context) -> Result<SearchView, Refusal> {
    let reader = Reader {
        agent: context.agent()?.id,
        role: context.role()?,
    };
    let question = Asked {
        shop: context.shop()?,
        text: context.query("q").unwrap_or_default(),
        agent: asked(&context, "agent")?,
        channel: asked(&context, "channel")?,
        from: asked(&context, "from")?.unwrap_or(Millis::MIN),
        to: asked(&context, "to")?.unwrap_or(Millis::MAX),
        after: asked::<Spot>(&context, "after")?,
        limit: asked::<usize>(&context, "limit")?.map_or(PAGE.0, |limit| limit.clamp(1, PAGE.1)),
    };
    let installation = context.app.installation.clone();
    // Long enough not to be done between other people's requests.
    let looking = tokio::task::spawn_blocking(move || {
        let answer = installation.index.find(&question, reader)?;
        Ok(view(&installation, answer))
    });
    looking.await.map_err(|_| Refusal::Unavailable)?
}

fn view(installation: &Installation, answer: Answer) -> SearchView {
    SearchView {
        hits: answer.hits.iter().map(|hit| found(installation, hit)).collect(),
        next: answer.next.map(|next| next.to_string()),
        building: answer.building.map(|progress| BuildingView {
            done: progress.done,
            total: progress.total,
        }),
    }
}

fn found(installation: &Installation, hit: &Hit) -> FoundView {
    let part = |part: &weikefu_core::index::Part| SnippetView {
        text: part.text.clone(),
        marked: part.marked,
    };
    let beside =
        |message: &Option<(u32, Message)>| message.as_ref().map(|(seq, message)| line(*seq, message));
    FoundView {
        customer: present::customer(installation, &hit.customer),
        conversation: hit.conversation.id,
        channel: present::channel(installation, hit.conversation.channel),
        state: hit.conversation.state,
        line: line(hit.seq, &hit.message),
        snippet: hit.snippet.iter().map(part).collect(),
        before: beside(&hit.before),
        behind: beside(&hit.behind),
        place: weikefu_channel::Cursor {
            conversation: hit.conversation.id.0,
            seq: hit.seq,
        },
    }
}

fn line(seq: u32, message: &Message) -> LineView {
    let preview = preview(message);
    LineView {
        seq,
        at: message.at,
        from: preview.from,
        agent: message.author.agent(),
        auto: message.author.auto(),
        kind: preview.kind,
        text: preview.text,
    }
}
