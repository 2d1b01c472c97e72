//! A plugin's call, read, checked against its bounds and handed to the service it names.
use crate::services::{Amendment, Services};
use crate::web::Web;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use weikefu_channel::{Cause, Error, Inbound, Profile, Request, ThreadQuery, What};

/// Head and body of an answer.
pub(crate) type Payload = (Vec<u8>, Vec<u8>);
/// An answer under way.
pub(crate) type Serving = Pin<Box<dyn Future<Output = Result<Payload, Error>> + Send>>;

/// Longest text message of a socket, bytes.
const MAX_TEXT: usize = 64 << 10;

#[derive(Deserialize)]
struct Key {
    key: String,
    /// Length of the expected value in front of the body.
    expected: Option<usize>,
}

#[derive(Deserialize)]
struct Scan {
    prefix: String,
    limit: u32,
}

#[derive(Deserialize)]
struct Sleep {
    ms: u64,
}

#[derive(Deserialize)]
struct Alarm {
    id: String,
    at: i64,
}

#[derive(Deserialize)]
struct File {
    mime: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct Socket {
    connection: u64,
    #[serde(default)]
    code: u16,
    #[serde(default)]
    reason: String,
}

/// Starts a call. An error is the call's answer.
pub(crate) fn start(
    services: &Arc<dyn Services>,
    web: &Arc<Web>,
    op: &str,
    head: &[u8],
    body: &[u8],
) -> Result<Serving, Error> {
    let services = services.clone();
    Ok(match op {
        "emit" => {
            let inbound: Inbound = read(op, head)?;
            check_inbound(&inbound)?;
            Box::pin(async move { reply(&services.emit(inbound).await?) })
        }
        "amend" => {
            let amendment: Amendment = read(op, head)?;
            check_message(&amendment.peer, &amendment.dedupe)?;
            Box::pin(async move { services.amend(amendment).await.map(done) })
        }
        "ws.send" => {
            let Socket { connection, .. } = read(op, head)?;
            within("text", body.len(), 0, MAX_TEXT)?;
            let text =
                String::from_utf8(body.to_vec()).map_err(|_| refused("ws.send: the text is not UTF-8"))?;
            Box::pin(async move { services.ws_send(connection, text).await.map(done) })
        }
        "ws.close" => {
            let Socket {
                connection,
                code,
                reason,
            } = read(op, head)?;
            within("reason", reason.len(), 0, 123)?;
            Box::pin(async move { services.ws_close(connection, code, reason).await.map(done) })
        }
        "http" => {
            let request: Request = read(op, head)?;
            let (web, body) = (web.clone(), body.to_vec());
            Box::pin(async move { web.exchange(request, body).await })
        }
        "sleep" => {
            let Sleep { ms } = read(op, head)?;
            Box::pin(async move {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                Ok(done(()))
            })
        }
        "thread" => {
            let query: ThreadQuery = read(op, head)?;
            within("peer", query.peer.len(), 1, 128)?;
            within("limit", query.limit as usize, 1, 200)?;
            Box::pin(async move {
                // In the body: 200 long messages do not fit into a head.
                let (thread, _) = reply(&services.thread(query).await?)?;
                Ok((b"{}".to_vec(), thread))
            })
        }
        "alarm.set" => {
            let Alarm { id, at } = read(op, head)?;
            within("id", id.len(), 1, 256)?;
            Box::pin(async move { services.alarm_set(id, at).await.map(done) })
        }
        "media.put" => {
            let File { mime, name } = read(op, head)?;
            within("file", body.len(), 1, 20 << 20)?;
            within("mime", mime.len(), 0, 256)?;
            within("name", name.as_ref().map_or(0, String::len), 0, 1024)?;
            let bytes = body.to_vec();
            Box::pin(async move { reply(&services.media_put(mime, name, bytes).await?) })
        }
        "media.get" => {
            let Named { id } = read(op, head)?;
            within("id", id.len(), 1, 64)?;
            Box::pin(async move {
                let (media, bytes) = services.media_get(id).await?;
                Ok((reply(&media)?.0, bytes))
            })
        }
        _ => store(services, op, head, body)?,
    })
}

/// The calls of the account's own store.
fn store(services: Arc<dyn Services>, op: &str, head: &[u8], body: &[u8]) -> Result<Serving, Error> {
    #[derive(Serialize)]
    struct Keys {
        keys: Vec<String>,
    }
    if op == "kv.scan" {
        let Scan { prefix, limit } = read(op, head)?;
        within("prefix", prefix.len(), 0, 256)?;
        within("limit", limit as usize, 1, 1000)?;
        return Ok(Box::pin(async move {
            reply(&Keys {
                keys: services.kv_scan(prefix, limit).await?,
            })
        }));
    }
    if !matches!(op, "kv.get" | "kv.put" | "kv.delete" | "kv.swap") {
        return Err(Error::new(
            Cause::Unsupported,
            format!("this host has no service {op:?}"),
        ));
    }
    let Key { key, expected } = read(op, head)?;
    within("key", key.len(), 1, 256)?;
    let expected = expected.map(|length| {
        let parts = body.split_at_checked(length);
        parts.ok_or_else(|| refused("kv.swap: the expected value is longer than the body"))
    });
    let (expected, value) = match expected.transpose()? {
        Some((expected, value)) => (Some(expected.to_vec()), value),
        None => (None, body),
    };
    within("value", value.len(), 0, 16 << 10)?;
    let value = value.to_vec();
    Ok(match op {
        "kv.get" => Box::pin(async move {
            let found = services.kv_get(key).await?;
            let head: &[u8] = if found.is_some() {
                br#"{"found":true}"#
            } else {
                br#"{"found":false}"#
            };
            Ok((head.to_vec(), found.unwrap_or_default()))
        }),
        "kv.put" => Box::pin(async move { services.kv_put(key, value).await.map(done) }),
        "kv.delete" => Box::pin(async move { services.kv_delete(key).await.map(done) }),
        _ => Box::pin(async move {
            let swapped = services.kv_swap(key, expected, value).await?;
            Ok((format!(r#"{{"swapped":{swapped}}}"#).into_bytes(), Vec::new()))
        }),
    })
}

fn check_inbound(inbound: &Inbound) -> Result<(), Error> {
    check_message(&inbound.peer, &inbound.dedupe)?;
    if let What::Behaviour { behaviour } = &inbound.what {
        within("detail", behaviour.detail.len(), 0, 1024)?;
    }
    let Profile {
        nickname,
        avatar,
        phone,
        language,
        verified: _,
    } = &inbound.profile;
    for field in [nickname, avatar, phone, language].into_iter().flatten() {
        within("profile", field.len(), 0, 256)?;
    }
    Ok(())
}

fn check_message(peer: &str, dedupe: &str) -> Result<(), Error> {
    within("peer", peer.len(), 1, 128)?;
    within("dedupe", dedupe.len(), 1, 256)
}

/// Checks a bound of the documentation of `Host`.
fn within(what: &str, found: usize, least: usize, most: usize) -> Result<(), Error> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(refused(&format!("{what}: {found}, must be {least} to {most}")))
}

fn refused(why: &str) -> Error {
    Error::new(Cause::Rejected, why)
}

/// Reads a head. The error tells the place, never what stood there.
pub(crate) fn read<T: DeserializeOwned>(op: &str, head: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(head).map_err(|e| {
        Error::new(
            Cause::Internal,
            format!(
                "{op}: the head cannot be read ({:?} at byte {})",
                e.classify(),
                e.column()
            ),
        )
    })
}

/// Writes a head.
pub(crate) fn reply(head: &impl Serialize) -> Result<Payload, Error> {
    let head = serde_json::to_vec(head);
    head.map(|head| (head, Vec::new()))
        .map_err(|e| Error::new(Cause::Internal, format!("cannot be written: {e}")))
}

fn done((): ()) -> Payload {
    (b"{}".to_vec(), Vec::new())
}
