//! Annotations on customers (A2.17).
use super::CUSTOMERS;
use super::customers::customer;
use crate::http::context::Context;
use crate::http::route::Route;
use crate::http::views::{AnnotationView, SolvedView};
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use weikefu_core::desk::{Command, CustomerCommand, Reply};
use weikefu_core::error::Refusal;
use weikefu_core::ids::CustomerId;
use weikefu_core::records::{Annotation, AnnotationId};
use weikefu_core::trees::Trees;

/// Annotations of a customer that are shown.
const SHOWN: usize = 100;

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    let of_customer = "/api/shops/{shop}/customers/{id}/annotations";
    vec![
        Route::get(
            of_customer,
            CUSTOMERS,
            "A customer's latest annotations, newest first",
            list,
        ),
        Route::json(Method::POST, of_customer, CUSTOMERS, "Annotate a customer", add),
        Route::json(
            Method::PATCH,
            "/api/shops/{shop}/annotations/{id}",
            CUSTOMERS,
            "Mark an annotation as solved, or as open again",
            solve,
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
    let annotation: AnnotationId = context.param("id")?;
    let command = CustomerCommand::Solve {
        agent: context.agent()?.id,
        annotation,
        solved,
    };
    answer(&context, command).await
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
