//! The API an account calls: routes, methods, tokens and the words of errors. One file per group of calls.

mod base;
mod media;
mod message;
mod multipart;
mod send;
mod typing;
mod users;

use std::time::{SystemTime, UNIX_EPOCH};

use http::Method;
use serde_json::{Map, Value, json};

use crate::record::Violation;
use crate::server::{Asked, Reply};
use crate::text::Query;
use crate::world::World;

/// What a call comes to: the answer, or an errcode.
type Outcome = Result<Reply, i64>;

const SEND: &str = "/cgi-bin/message/custom/send";
const STABLE_TOKEN: &str = "/cgi-bin/stable_token";
const TOKEN: &str = "/cgi-bin/token";

/// Error object with a request id, as the platform words it.
pub(crate) fn failure(code: i64) -> Value {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let rid = format!("{:08x}-{:08x}", since.as_secs(), since.subsec_nanos());
    json!({ "errcode": code, "errmsg": format!("{} rid: {rid}", words(code)) })
}

fn words(code: i64) -> &'static str {
    match code {
        -1 => "system error",
        40001 => "invalid credential, access_token is invalid or not latest",
        40003 => "invalid openid",
        40004 => "invalid media type",
        40005 => "invalid file type",
        40007 => "invalid media_id",
        40008 => "invalid message type",
        40009 => "invalid image size",
        40010 => "invalid voice size",
        40011 => "invalid video size",
        40012 => "invalid thumb size",
        40013 => "invalid appid",
        40014 => "invalid access_token",
        40033 => "invalid charset. please check your request, if include \\uxxxx will create fail!",
        40035 => "invalid parameter",
        40066 => "invalid url",
        40125 => "invalid appsecret",
        41001 => "access_token missing",
        41002 => "appid missing",
        41004 => "appsecret missing",
        41005 => "media data missing",
        42001 => "access_token expired",
        43001 => "require GET method",
        43002 => "require POST method",
        43004 => "require subscribe",
        44002 => "empty post data",
        44003 => "empty news data",
        44004 => "empty content",
        45001 => "media size out of limit",
        45002 => "content size out of limit",
        45007 => "playtime out of limit",
        45008 => "article size out of limit",
        45009 => "reach max api daily quota limit",
        45015 => "response out of time limit or subscription is canceled",
        45047 => "out of response count limit",
        45072 => "invalid command",
        45080 => "no message exchanged lately",
        45081 => "already in typing status",
        47001 => "data format error",
        48001 => "api unauthorized",
        48008 => "no permission for this msgtype",
        53600 => "article id invalid",
        61452 => "invalid kf_account",
        _ => "simulated error",
    }
}

/// Notices calls that overlap although the document says one at a time.
pub(crate) struct InFlight<'a> {
    world: &'a World,
    openid: Option<String>,
    token: bool,
}

impl<'a> InFlight<'a> {
    pub(crate) fn enter(world: &'a World, asked: &Asked) -> Self {
        let mut entered = Self {
            world,
            openid: None,
            token: false,
        };
        let mut state = world.state();
        if asked.path == SEND {
            let body: Option<Value> = serde_json::from_slice(&asked.body).ok();
            let openid = body
                .as_ref()
                .and_then(|body| body["touser"].as_str())
                .map(str::to_owned);
            if let Some(openid) = openid {
                if state.sending.insert(openid.clone()) {
                    entered.openid = Some(openid);
                } else {
                    state.violations.push(Violation::OverlappingSends(openid));
                }
            }
        } else if asked.path == STABLE_TOKEN || asked.path == TOKEN {
            if state.fetching_token {
                state.violations.push(Violation::OverlappingTokenCalls);
            } else {
                state.fetching_token = true;
                entered.token = true;
            }
        }
        drop(state);
        entered
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let mut state = self.world.state();
        if let Some(openid) = &self.openid {
            state.sending.remove(openid);
        }
        if self.token {
            state.fetching_token = false;
        }
    }
}

/// Answers one call.
pub(crate) fn answer(world: &World, asked: &Asked) -> Reply {
    route(world, asked).unwrap_or_else(|code| Reply::json(&failure(code)))
}

fn route(world: &World, asked: &Asked) -> Outcome {
    let query = Query::read(&asked.query).ok_or(40035)?;
    let get = |parameters: &[&str]| allow(asked, &Method::GET, &query, parameters);
    let post = |parameters: &[&str]| allow(asked, &Method::POST, &query, parameters);
    let token = || {
        world
            .state()
            .tokens
            .check(query.get("access_token"), world.now_ms())
    };
    match asked.path.as_str() {
        STABLE_TOKEN => {
            post(&[])?;
            base::stable_token(world, &asked.body)
        }
        TOKEN => {
            get(&["grant_type", "appid", "secret"])?;
            base::token(world, &query)
        }
        SEND => {
            post(&["access_token"])?;
            token()?;
            send::send(world, &asked.body)
        }
        "/cgi-bin/message/custom/typing" => {
            post(&["access_token"])?;
            token()?;
            typing::typing(world, &asked.body)
        }
        "/cgi-bin/media/upload" => {
            post(&["access_token", "type"])?;
            token()?;
            media::upload(world, &query, &asked.content_type, &asked.body)
        }
        "/cgi-bin/media/get" => {
            get(&["access_token", "media_id"])?;
            token()?;
            Ok(media::get(world, &query))
        }
        "/cgi-bin/user/info" => {
            get(&["access_token", "openid", "lang"])?;
            token()?;
            users::info(world, &query)
        }
        "/cgi-bin/tags/get" => {
            get(&["access_token"])?;
            token()?;
            Ok(users::tags(world))
        }
        "/cgi-bin/getcallbackip" | "/cgi-bin/get_api_domain_ip" => {
            get(&["access_token"])?;
            token()?;
            Ok(Reply::json(&json!({ "ip_list": ["127.0.0.1", "127.0.0.0/8"] })))
        }
        _ => Err(40066),
    }
}

fn allow(asked: &Asked, method: &Method, query: &Query, parameters: &[&str]) -> Result<(), i64> {
    if asked.method != method {
        return Err(if method == Method::GET { 43001 } else { 43002 });
    }
    if query.beyond(parameters).is_some() {
        Err(40035)
    } else {
        Ok(())
    }
}

/// A body that must be a JSON object with no other than these members.
fn object(body: &[u8]) -> Result<Map<String, Value>, i64> {
    if body.is_empty() {
        return Err(44002);
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(47001),
    }
}

fn only(object: &Map<String, Value>, names: &[&str]) -> Result<(), i64> {
    if object.keys().all(|name| names.contains(&name.as_str())) {
        Ok(())
    } else {
        Err(40035)
    }
}

/// A member that must be a string; `missing` is the errcode when it is not there.
fn string<'a>(object: &'a Map<String, Value>, name: &str, missing: i64) -> Result<&'a str, i64> {
    match object.get(name) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(40035),
        None => Err(missing),
    }
}
