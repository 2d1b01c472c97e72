//! What the page and programs can make the platform do.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Outcome;
use crate::answer::Answer;
use crate::callback::{self, Delivery};
use crate::customer::Customer;
use crate::faults::Fault;
use crate::inbound::Inbound;
use crate::media::{Kind, sample};
use crate::server::{Asked, Reply};
use crate::text::Query;
use crate::world::World;

const LONGEST_TEXT: usize = 20_000;

fn bad(sentence: impl Into<String>) -> (u16, String) {
    (400, sentence.into())
}

fn told(delivery: &Delivery) -> Reply {
    let (answer, reason) = match &delivery.answer {
        Answer::Success => ("success", None),
        Answer::Empty => ("empty", None),
        Answer::Reply(_) => ("reply", None),
        Answer::Http(status) => ("http", Some(status.to_string())),
        Answer::Malformed(reason) => ("malformed", Some(reason.clone())),
        Answer::None(reason) => ("none", Some(reason.clone())),
    };
    Reply::json(
        &json!({ "accepted": delivery.is_accepted(), "attempts": delivery.attempts.len(),
                         "answer": answer, "reason": reason }),
    )
}

fn done() -> Reply {
    Reply::json(&json!({ "ok": true }))
}

struct Order(Map<String, Value>);

impl Order {
    fn read(body: &[u8]) -> Result<Self, (u16, String)> {
        let object =
            serde_json::from_slice(body).map_err(|error| bad(format!("the body is not JSON: {error}")))?;
        Ok(Self(object))
    }

    fn text(&self, name: &str) -> Result<&str, (u16, String)> {
        let text = self
            .0
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| bad(format!("{name:?} must be a string")))?;
        if text.len() > LONGEST_TEXT {
            Err(bad(format!("{name:?} is too long")))
        } else {
            Ok(text)
        }
    }

    fn text_or<'a>(&'a self, name: &str, fallback: &'a str) -> &'a str {
        self.text(name).unwrap_or(fallback)
    }

    fn number(&self, name: &str) -> Result<f64, (u16, String)> {
        self.0
            .get(name)
            .and_then(Value::as_f64)
            .ok_or_else(|| bad(format!("{name:?} must be a number")))
    }

    fn whole(&self, name: &str) -> Option<u64> {
        self.0.get(name).and_then(Value::as_u64)
    }
}

fn customer(world: &Arc<World>, openid: &str) -> Result<Customer, (u16, String)> {
    let plausible = (1..=64).contains(&openid.len())
        && openid
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !plausible {
        return Err(bad("\"openid\" must be 1 to 64 letters, digits, - or _"));
    }
    Ok(Customer::meet(world, openid, false))
}

pub(super) async fn act(world: &Arc<World>, asked: &Asked) -> Outcome {
    if asked.path == "/sim/file" {
        return file(world, asked).await;
    }
    let order = Order::read(&asked.body)?;
    match asked.path.as_str() {
        "/sim/customers" => create(world, &order).await,
        "/sim/callback" => {
            let url = order.text("url")?;
            let uri = url
                .parse::<http::Uri>()
                .ok()
                .filter(|uri| uri.scheme_str() == Some("http"));
            world.set_callback(uri.ok_or_else(|| bad("\"url\" must be an http:// address"))?);
            Ok(done())
        }
        "/sim/verify" => callback::verify_url(world, None)
            .await
            .map(|_| done())
            .map_err(|reason| (502, reason)),
        "/sim/clock" => {
            world
                .options
                .clock
                .advance(Duration::from_millis(order.whole("advance_ms").unwrap_or(0)));
            Ok(Reply::json(&json!({ "now": world.now_ms() })))
        }
        "/sim/faults" => set_fault(world, &order),
        // What the account's operators put down in the platform's own console; tags parted by commas.
        "/sim/tags" => {
            let tags = order.text_or("tags", "").split(',').filter(|tag| !tag.is_empty());
            customer(world, order.text("openid")?)?
                .file(order.text_or("remark", ""), &tags.collect::<Vec<_>>());
            Ok(done())
        }
        "/sim/tokens/kill" => {
            world.change(|state| state.tokens.kill_all());
            Ok(done())
        }
        path => {
            let inbound = inbound(path, &order)?;
            let customer = customer(world, order.text("openid")?)?;
            Ok(told(&customer.send(inbound).await))
        }
    }
}

fn inbound(path: &str, order: &Order) -> Result<Inbound, (u16, String)> {
    Ok(match path {
        "/sim/text" => Inbound::text(order.text("content")?),
        "/sim/menu-choice" => Inbound::menu_choice(order.text("id")?, order.text("content")?),
        "/sim/location" => Inbound::location(
            order.number("latitude")?,
            order.number("longitude")?,
            order.text_or("label", ""),
        ),
        "/sim/link" => Inbound::link(
            order.text("title")?,
            order.text_or("description", ""),
            order.text("url")?,
        ),
        "/sim/event" => {
            let key = order.text_or("key", "");
            match order.text("event")? {
                "subscribe" => Inbound::subscribe(Some(key).filter(|key| !key.is_empty())),
                "unsubscribe" => Inbound::unsubscribe(),
                "SCAN" => Inbound::scan(key),
                "CLICK" => Inbound::click(key),
                "VIEW" => Inbound::view(key),
                "view_miniprogram" => Inbound::view_mini_program(key),
                other => Inbound::event(other, vec![crate::xml::Node::text("EventKey", key)]),
            }
        }
        path => return Err((404, format!("nothing is at {path}"))),
    })
}

async fn create(world: &Arc<World>, order: &Order) -> Outcome {
    let fresh = format!("oSim{}", crate::crypto::hex(&crate::crypto::random_bytes::<12>()));
    let customer = customer(world, order.text_or("openid", &fresh))?;
    customer.set_nickname(order.text_or("nickname", ""));
    // Following is an event the account hears of; without a callback address nobody could.
    if order.0.get("follow") == Some(&Value::Bool(true)) {
        let delivery = customer.follow().await;
        return Ok(Reply::json(
            &json!({ "openid": customer.openid(), "accepted": delivery.is_accepted() }),
        ));
    }
    Ok(Reply::json(&json!({ "openid": customer.openid() })))
}

fn set_fault(world: &World, order: &Order) -> Outcome {
    let path = order.text("path")?;
    let fault = match order.text("fault")? {
        "none" => {
            world.faults.clear(path);
            return Ok(done());
        }
        "errcode" => {
            let code = order.0.get("value").and_then(Value::as_i64);
            Fault::Errcode(code.ok_or_else(|| bad("\"value\" must be the errcode"))?)
        }
        "http" => Fault::Http(
            order
                .whole("value")
                .and_then(|value| u16::try_from(value).ok())
                .unwrap_or(500),
        ),
        "slow" => Fault::Slow(Duration::from_millis(order.whole("value").unwrap_or(6000))),
        "lost" => Fault::Lost,
        "cut" => Fault::Cut,
        "token" => Fault::TokenGone,
        other => {
            return Err(bad(format!(
                "unknown fault {other:?}: none, errcode, http, slow, lost, cut or token"
            )));
        }
    };
    if order.0.get("always") == Some(&Value::Bool(true)) {
        world.faults.always(path, fault);
    } else {
        world.faults.once(path, fault);
    }
    Ok(done())
}

/// A picture, sound or film: its bytes are the body.
async fn file(world: &Arc<World>, asked: &Asked) -> Outcome {
    let query = Query::read(&asked.query).ok_or_else(|| bad("the query is not well encoded"))?;
    if asked.body.is_empty() {
        return Err(bad("the body must be the file"));
    }
    let bytes = asked.body.clone();
    let inbound = match query.get("kind").and_then(Kind::named) {
        Some(Kind::Image) => Inbound::image(bytes),
        Some(Kind::Voice) => Inbound::voice(bytes, None),
        Some(Kind::Video) => Inbound::video(bytes, sample(Kind::Thumb)),
        _ => return Err(bad("\"kind\" must be image, voice or video")),
    };
    let customer = customer(world, query.get("openid").unwrap_or_default())?;
    Ok(told(&customer.send(inbound).await))
}
