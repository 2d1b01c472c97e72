//! Filters over customers in a query string; in a body they are JSON.
use super::context::Context;
use serde::de::DeserializeOwned;
use serde_json::Value;
use weikefu_channel::Action;
use weikefu_core::error::Refusal;
use weikefu_core::people::{Did, Filter, Sight};

/// What a route's summary says of the parameters read here.
macro_rules! parameters {
    ($before:literal) => {
        concat!(
            $before,
            "; filters, all of which have to fit: `words`, `served_by`, `tags` (comma-separated, one is enough), ",
            "`channel`, `plugin`, `behaviour` with `behaviour_since`, `gender`, `region`, `contact_from`, ",
            "`contact_to`, `blacklisted`, `open`"
        )
    };
}
pub(crate) use parameters;

/// The filter of a request.
pub(crate) fn filter(context: &Context) -> Result<Filter, Refusal> {
    let kind = word::<Action>(context, "behaviour")?;
    if kind == Some(Action::Other) && context.query("behaviour").as_deref() != Some("other") {
        return Err(bad("behaviour"));
    }
    let since = number(context, "behaviour_since")?;
    let mut tags = Vec::new();
    for tag in text(context, "tags").split(',').filter(|tag| !tag.is_empty()) {
        tags.push(tag.trim().parse().map_err(|_| bad("tags"))?);
    }
    let filter = Filter {
        words: text(context, "words"),
        served_by: number(context, "served_by")?,
        tags,
        channel: number(context, "channel")?,
        plugin: Some(text(context, "plugin")).filter(|plugin| !plugin.is_empty()),
        behaviour: kind.map(|kind| Did { kind, since }),
        gender: word(context, "gender")?,
        region: text(context, "region"),
        contact_from: number(context, "contact_from")?,
        contact_to: number(context, "contact_to")?,
        blacklisted: number(context, "blacklisted")?,
        open: number(context, "open")?,
    };
    filter.check()?;
    Ok(filter)
}

/// What the agent who asks may see of the customers.
pub(crate) fn sight(context: &Context) -> Result<Sight, Refusal> {
    Ok(Sight::new(context.agent()?.id, context.role()?))
}

fn bad(name: &str) -> Refusal {
    Refusal::Malformed(format!("the parameter {name}"))
}

fn text(context: &Context, name: &str) -> String {
    context.query(name).unwrap_or_default().trim().to_owned()
}

/// A parameter with a value of few bytes, if it is there and not empty.
pub(crate) fn number<T: std::str::FromStr>(context: &Context, name: &str) -> Result<Option<T>, Refusal> {
    let text = text(context, name);
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| bad(name))
}

/// One of the words the API uses.
pub(crate) fn word<T: DeserializeOwned>(context: &Context, name: &str) -> Result<Option<T>, Refusal> {
    let text = text(context, name);
    if text.is_empty() {
        return Ok(None);
    }
    serde_json::from_value(Value::String(text))
        .map(Some)
        .map_err(|_| bad(name))
}
