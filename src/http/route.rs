//! The table of routes: path, right, schema and handler in one line each. The server routes by it, checks
//! rights by it, and the OpenAPI document is printed from it.
use super::context::Context;
use super::reply::{self, Reply};
use http::{Method, StatusCode};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::pin::Pin;
use weikefu_core::error::Refusal;
use weikefu_core::rights::Action;

/// Largest JSON body.
const JSON_LIMIT: u64 = 256 << 10;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody; the handler checks what has to be checked.
    Public,
    /// Anybody with a session, even one that still has to change its password.
    Session,
    /// A member of the shop in the path whose role permits the action.
    Shop(Action),
}

type Answering = Pin<Box<dyn Future<Output = Result<Reply, Refusal>> + Send>>;
type Handler = Box<dyn Fn(Context) -> Answering + Send + Sync>;
type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One line of the table.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// Path with `{name}` for parameters, `{*name}` for the rest.
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    pub(crate) summary: &'static str,
    pub(crate) request: Option<SchemaOf>,
    pub(crate) response: Option<SchemaOf>,
    pub(crate) handler: Handler,
}

impl Route {
    /// A route whose handler answers in its own way. Not part of the OpenAPI document's schemas.
    pub(crate) fn raw<F>(
        method: Method,
        path: &'static str,
        access: Access,
        summary: &'static str,
        handler: fn(Context) -> F,
    ) -> Self
    where
        F: Future<Output = Result<Reply, Refusal>> + Send + 'static,
    {
        let handler: Handler = Box::new(move |context| Box::pin(handler(context)));
        Route {
            method,
            path,
            access,
            summary,
            request: None,
            response: None,
            handler,
        }
    }

    /// A route that reads: nothing in, JSON out.
    pub(crate) fn get<O, F>(
        path: &'static str,
        access: Access,
        summary: &'static str,
        handler: fn(Context) -> F,
    ) -> Self
    where
        O: Serialize + JsonSchema + 'static,
        F: Future<Output = Result<O, Refusal>> + Send + 'static,
    {
        let handler: Handler = Box::new(move |context| {
            let answer = handler(context);
            Box::pin(async move { Ok(answered(&answer.await?)) })
        });
        let response: SchemaOf = |generator| generator.subschema_for::<O>();
        Route {
            method: Method::GET,
            path,
            access,
            summary,
            request: None,
            response: Some(response),
            handler,
        }
    }

    /// A route that takes JSON and answers JSON. An answer of `()` is 204.
    pub(crate) fn json<I, O, F>(
        method: Method,
        path: &'static str,
        access: Access,
        summary: &'static str,
        handler: fn(Context, I) -> F,
    ) -> Self
    where
        I: DeserializeOwned + JsonSchema + Send + 'static,
        O: Serialize + JsonSchema + 'static,
        F: Future<Output = Result<O, Refusal>> + Send + 'static,
    {
        let handler: Handler = Box::new(move |mut context| {
            Box::pin(async move {
                let input = input(&mut context).await?;
                Ok(answered(&handler(context, input).await?))
            })
        });
        let request: SchemaOf = |generator| generator.subschema_for::<I>();
        let response: SchemaOf = |generator| generator.subschema_for::<O>();
        Route {
            method,
            path,
            access,
            summary,
            request: Some(request),
            response: Some(response),
            handler,
        }
    }

    /// Names the schema of a raw route's answer.
    pub(crate) fn answers<O: JsonSchema>(mut self) -> Self {
        self.response = Some(SchemaGenerator::subschema_for::<O>);
        self
    }

    /// Names the schema of a raw route's body.
    pub(crate) fn takes<I: JsonSchema>(mut self) -> Self {
        self.request = Some(SchemaGenerator::subschema_for::<I>);
        self
    }
}

/// Reads a JSON body. An empty body is `{}`, so that a route without parameters needs none.
pub(crate) async fn input<I: DeserializeOwned>(context: &mut Context) -> Result<I, Refusal> {
    let bytes = context.bytes(JSON_LIMIT).await?;
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
    serde_json::from_slice(text).map_err(|error| Refusal::Malformed(error.to_string()))
}

fn answered<O: Serialize + 'static>(answer: &O) -> Reply {
    if std::any::TypeId::of::<O>() == std::any::TypeId::of::<()>() {
        return reply::empty(StatusCode::NO_CONTENT);
    }
    reply::json(StatusCode::OK, answer)
}
