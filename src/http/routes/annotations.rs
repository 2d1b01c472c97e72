//! Annotations on customers (A2.17, A3.3): those of one customer, those of the shop with everything that is done
//! about them.
use super::CUSTOMERS;
use super::customers::{Nothing, customer};
use super::deeds::{self, Done};
use crate::http::context::Context;
use crate::http::download;
use crate::http::reply::Reply as Answer;
use crate::http::route::Route;
use crate::http::views::{AnnotationPage, AnnotationRow, AnnotationView, SolvedView};
use crate::http::{annotated, present};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use weikefu_core::annotations::{self, Sought};
use weikefu_core::desk::{BulkCommand, Command, CustomerCommand, Reply, SLICE};
use weikefu_core::error::Refusal;
use weikefu_core::history;
use weikefu_core::ids::{AgentId, CustomerId};
use weikefu_core::people::{Filter, Sight};
use weikefu_core::records::{Annotation, AnnotationId, DeedKind};
use weikefu_core::rights::{self, Action};
use weikefu_core::trees::Trees;

/// Annotations of a customer that are shown.
const SHOWN: usize = 100;
/// Annotations of a page unless asked otherwise, and at most.
const PAGE: (usize, usize) = (50, 200);
/// Annotations that are deleted, or exported by name, at once.
const NAMED: usize = 500;
/// Characters of what is looked for.
const WORDS: usize = 64;

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    let of_customer = "/api/shops/{shop}/customers/{id}/annotations";
    let (all, one) = (
        "/api/shops/{shop}/annotations",
        "/api/shops/{shop}/annotations/{id}",
    );
    vec![
        Route::get(
            of_customer,
            CUSTOMERS,
            "A customer's latest annotations, newest first",
            list,
        ),
        Route::json(Method::POST, of_customer, CUSTOMERS, "Annotate a customer", add),
        Route::get(
            all,
            CUSTOMERS,
            "The shop's annotations, newest first: `words` in the customer's nickname, remark, phone or openid or in \
             the author's account, `state` open or solved, `agent`, `from` and `to` in milliseconds, `after` is the \
             `next` of the page in front, `limit`. An agent sees his own and those on customers he may read",
            search,
        ),
        Route::json(
            Method::PATCH,
            one,
            CUSTOMERS,
            "Mark an annotation as solved, or as open again",
            solve,
        ),
        Route::json(
            Method::DELETE,
            one,
            CUSTOMERS,
            "Delete an annotation: one's own, or as a senior",
            delete,
        ),
        Route::json(
            Method::POST,
            "/api/shops/{shop}/annotations/delete",
            CUSTOMERS,
            "Delete annotations, at most 500: one's own, or as a senior",
            delete_many,
        ),
        Route::raw(
            Method::GET,
            "/api/shops/{shop}/annotations/export",
            CUSTOMERS,
            "Annotations as `format` csv, xlsx or json: the selected `ids` (at most 500, between commas), or what \
             the parameters of the list find, at most 10,000",
            export,
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Annotate {
    /// 1 to 1,000 characters.
    text: String,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Solve {
    solved: bool,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct DeleteAnnotations {
    /// 1 to 500.
    ids: Vec<AnnotationId>,
}

/// What was deleted.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DeletedView {
    deleted: u32,
    /// Were gone already.
    missing: u32,
}

pub(crate) async fn list(context: Context) -> Result<Vec<AnnotationView>, Refusal> {
    latest(&context.app.installation.trees, customer(&context)?.id)
}

/// A customer's latest annotations, newest first.
pub(super) fn latest(trees: &Trees, customer: CustomerId) -> Result<Vec<AnnotationView>, Refusal> {
    let mut views = Vec::new();
    for entry in trees.annotated.scan(&customer).rev().take(SHOWN) {
        let (_, id) = entry?.0;
        views.extend(trees.annotations.get(&(customer.shop(), id))?.map(view));
    }
    Ok(views)
}

pub(crate) async fn add(context: Context, Annotate { text }: Annotate) -> Result<AnnotationView, Refusal> {
    let command = CustomerCommand::Annotate {
        agent: context.agent()?.id,
        customer: customer(&context)?.id,
        text: text.trim().to_owned(),
    };
    answer(&context, command).await
}

pub(crate) async fn solve(context: Context, Solve { solved }: Solve) -> Result<AnnotationView, Refusal> {
    let annotation = readable(&context)?.id;
    let command = CustomerCommand::Solve {
        agent: context.agent()?.id,
        annotation,
        solved,
    };
    answer(&context, command).await
}

pub(crate) async fn delete(context: Context, _: Nothing) -> Result<DeletedView, Refusal> {
    let id = readable(&context)?.id;
    gone(&context, vec![id]).await
}

pub(crate) async fn delete_many(context: Context, wanted: DeleteAnnotations) -> Result<DeletedView, Refusal> {
    if !(1..=NAMED).contains(&wanted.ids.len()) {
        return Err(named());
    }
    gone(&context, wanted.ids).await
}

/// Deletes annotations, if the asker may delete each of them.
async fn gone(context: &Context, ids: Vec<AnnotationId>) -> Result<DeletedView, Refusal> {
    let (shop, me, role) = (context.shop()?, context.agent()?.id, context.role()?);
    let installation = &context.app.installation;
    if !rights::permits(role, Action::Supervise) {
        for id in &ids {
            let known = installation.trees.annotations.get(&(shop, *id))?;
            if known.is_some_and(|known| known.by != me) {
                return Err(Refusal::Forbidden);
            }
        }
    }
    let mut view = DeletedView {
        deleted: 0,
        missing: 0,
    };
    for annotations in ids.chunks(SLICE) {
        let annotations = annotations.to_vec();
        let command = Command::Bulk(BulkCommand::DeleteAnnotations { annotations });
        match installation.engine.execute(shop, command).await? {
            Reply::Slice(slice) => {
                view.deleted += slice.changed;
                view.missing += slice.missing;
            }
            _ => return Err(Refusal::Unavailable),
        }
    }
    if view.deleted > 0 {
        let done = Done {
            kind: DeedKind::DeleteAnnotations,
            count: view.deleted,
            about: String::new(),
            topics: Vec::new(),
        };
        deeds::note(context, done).await?;
    }
    Ok(view)
}

/// The annotation of the path, which the asker must be able to see.
pub(super) fn readable(context: &Context) -> Result<Annotation, Refusal> {
    let id: AnnotationId = context.param("id")?;
    let trees = &context.app.installation.trees;
    let known = trees.annotations.get(&(context.shop()?, id))?;
    let annotation = known.ok_or(Refusal::NotFound("annotation"))?;
    let (me, role) = (context.agent()?.id, context.role()?);
    let relation = history::relation(trees, annotation.customer, me)?;
    if annotation.by != me && !rights::may_read_records(role, relation) {
        return Err(Refusal::Forbidden);
    }
    Ok(annotation)
}

fn named() -> Refusal {
    Refusal::invalid(
        "ids",
        format!("请选择 1 到 {NAMED} 条标注。"),
        format!("Name 1 to {NAMED} annotations."),
    )
}

fn asked<T: std::str::FromStr>(context: &Context, name: &str) -> Result<Option<T>, Refusal> {
    let bad = |_| Refusal::Malformed("state, agent, from, to, after, limit or ids".into());
    let text = context.query(name).filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(bad)).transpose()
}

/// What the query looks for, as far as the asker may see it.
async fn sought(context: &Context) -> Result<Sought, Refusal> {
    let (shop, me, role) = (context.shop()?, context.agent()?.id, context.role()?);
    let people = &context.app.installation.people;
    let sight = Sight::new(me, role);
    let words = context.query("words").unwrap_or_default().trim().to_owned();
    if words.chars().count() > WORDS {
        return Err(Refusal::invalid(
            "words",
            format!("最多 {WORDS} 个字符，请缩短后重试。"),
            format!("At most {WORDS} characters; shorten it and try again."),
        ));
    }
    let mut sought = Sought {
        by: asked(context, "agent")?,
        ..Sought::default()
    };
    sought.from = asked(context, "from")?.unwrap_or(sought.from);
    sought.to = asked(context, "to")?.unwrap_or(sought.to);
    sought.solved = match context.query("state").unwrap_or_default().as_str() {
        "" => None,
        "open" => Some(false),
        "solved" => Some(true),
        _ => return Err(Refusal::Malformed("state is open or solved".into())),
    };
    if sight != Sight::All {
        let seen = people.select(shop, &Filter::default(), sight).await?;
        sought.readable = Some((me, seen.into_iter().collect()));
    }
    if !words.is_empty() {
        let agents = agents(context, &words)?;
        let filter = Filter {
            words,
            ..Filter::default()
        };
        // His own stay his own, whoever the customer belongs to by now; `readable` leaves out the others.
        let customers = people.select(shop, &filter, Sight::All).await?;
        sought.named = Some((customers.into_iter().collect(), agents));
    }
    Ok(sought)
}

/// Agents of the shop with the words in their login or nickname.
fn agents(context: &Context, words: &str) -> Result<HashSet<AgentId>, Refusal> {
    let (accounts, words) = (&context.app.installation.accounts, words.to_lowercase());
    let mut agents = HashSet::new();
    for (id, _) in accounts.members(context.shop()?)? {
        let account = accounts.get(id)?;
        let named = [&account.login, &account.nickname];
        if named.iter().any(|name| name.to_lowercase().contains(&words)) {
            agents.insert(id);
        }
    }
    Ok(agents)
}

pub(crate) async fn search(context: Context) -> Result<AnnotationPage, Refusal> {
    let shop = context.shop()?;
    let sought = sought(&context).await?;
    let after = asked(&context, "after")?;
    let limit = asked::<usize>(&context, "limit")?.map_or(PAGE.0, |limit| limit.clamp(1, PAGE.1));
    let trees = context.app.installation.trees.clone();
    let looking = move || annotations::search(&trees, shop, &sought, after, limit);
    let looking = tokio::task::spawn_blocking(looking).await;
    let found = looking.map_err(|_| Refusal::Unavailable)??;
    let mut rows = Vec::with_capacity(found.annotations.len());
    for annotation in found.annotations {
        rows.push(row(&context, annotation).await?);
    }
    Ok(AnnotationPage {
        rows,
        next: found.next,
    })
}

async fn row(context: &Context, annotation: Annotation) -> Result<AnnotationRow, Refusal> {
    let installation = &context.app.installation;
    let id = annotation.customer;
    let known = installation.trees.customers.get(&id)?;
    let known = known.ok_or(Refusal::NotFound("customer"))?;
    let address = installation.people.found(id).await?.addresses.pop();
    let (channel, openid) = address.unzip();
    let name = |by| Some(installation.accounts.get(by).ok()?.nickname);
    Ok(AnnotationRow {
        customer: present::customer(installation, &known),
        channel: channel.map(|channel| present::channel(installation, channel)),
        openid,
        by_name: name(annotation.by),
        solved_by_name: annotation.solved.and_then(|solved| name(solved.by)),
        place: annotations::place(&installation.trees, id, annotation.at)?,
        annotation: view(annotation),
    })
}

pub(crate) async fn export(context: Context) -> Result<Answer, Refusal> {
    let format = download::format(&context)?;
    let shop = context.shop()?;
    let ids: Vec<AnnotationId> = match context.query("ids").filter(|text| !text.is_empty()) {
        None => Vec::new(),
        Some(text) => {
            let ids = text.split(',').map(|id| id.trim().parse());
            ids.collect::<Result<_, _>>().map_err(|_| named())?
        }
    };
    if ids.len() > NAMED {
        return Err(named());
    }
    let sought = sought(&context).await?;
    let wanted = annotated::Annotations {
        installation: context.app.installation.clone(),
        language: context.language(),
        shop,
        sought,
        ids,
    };
    Ok(wanted.table(&context, format))
}

async fn answer(context: &Context, command: CustomerCommand) -> Result<AnnotationView, Refusal> {
    let engine = &context.app.installation.engine;
    match engine
        .execute(context.shop()?, Command::Customer(command))
        .await?
    {
        Reply::Annotation(annotation) => Ok(view(annotation)),
        _ => Err(Refusal::Unavailable),
    }
}

fn view(annotation: Annotation) -> AnnotationView {
    AnnotationView {
        id: annotation.id,
        customer: annotation.customer,
        text: annotation.text,
        by: annotation.by,
        at: annotation.at,
        solved: annotation.solved.map(|solved| SolvedView {
            by: solved.by,
            at: solved.at,
        }),
    }
}
