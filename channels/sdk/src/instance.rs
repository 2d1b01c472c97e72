//! One account inside a plugin: takes frames of the host, starts the calls, opens and ends the channel.
use crate::abi::{Frame, FrameKind, Line};
use crate::bridge::{Answer, Bridge, complaint, encode};
use crate::channel::Channel;
use crate::error::{Cause, Error, Result};
use crate::export::{Call, Export, Started};
use crate::host::Host;
use serde::de::DeserializeOwned;
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

pub(crate) struct Instance<E: Export> {
    bridge: Rc<Bridge>,
    state: Rc<State<E::Channel>>,
}

struct State<C: Channel> {
    /// Waits here for `channel.open`.
    config: RefCell<Option<C::Config>>,
    channel: OnceCell<Rc<C>>,
}

impl<E: Export> Instance<E> {
    pub(crate) fn new(line: Arc<dyn Line>, config: &[u8]) -> Result<Self> {
        let config = read_config(config)?;
        let state = Rc::new(State {
            config: RefCell::new(Some(config)),
            channel: OnceCell::new(),
        });
        Ok(Instance {
            bridge: Rc::new(Bridge::new(line)),
            state,
        })
    }

    pub(crate) fn post(&self, frame: &Frame<'_>) {
        self.bridge.executor().attend();
        match frame.kind {
            FrameKind::Call => self.start(frame),
            FrameKind::Reply => self
                .bridge
                .deliver(frame.id, Ok((frame.head.to_vec(), frame.body.to_vec()))),
            FrameKind::Error => {
                let error = serde_json::from_slice(frame.head);
                let unreadable = |_| Error::new(Cause::Internal, "the host's error could not be read");
                self.bridge
                    .deliver(frame.id, Err(error.unwrap_or_else(unreadable)));
            }
            FrameKind::Cancel => {
                if let Err(panic) = self.bridge.executor().cancel(frame.id) {
                    panic.report(self.bridge.line());
                }
            }
            // An event of a newer host, or the wake that was asked for: running is all there is to do.
            FrameKind::Event | FrameKind::Wake => {}
        }
        self.bridge.run();
    }

    pub(crate) fn deliver(&self, id: u64, answer: Result<Answer>) {
        self.bridge.executor().attend();
        self.bridge.deliver(id, answer);
        self.bridge.run();
    }

    fn start(&self, frame: &Frame<'_>) {
        let id = frame.id;
        let started = crate::panic::contain(|| {
            self.route(&Call {
                op: frame.op,
                head: frame.head,
                body: frame.body,
            })
        });
        match started {
            Ok(Ok(Started { lane, future })) => {
                let bridge = self.bridge.clone();
                let work = Box::pin(async move {
                    let answer = future.await;
                    bridge.reply(id, answer);
                });
                if !self.bridge.executor().answer(id, lane, work) {
                    self.bridge.reply(
                        id,
                        Err(Error::new(Cause::Internal, "this call is already under way")),
                    );
                }
            }
            Ok(Err(error)) => self.bridge.reply(id, Err(error)),
            Err(panic) => {
                panic.report(self.bridge.line());
                self.bridge.reply(id, Err(panic.into()));
            }
        }
    }

    fn route(&self, call: &Call<'_>) -> Result<Started> {
        if call.op == "channel.open" {
            return self.open();
        }
        let channel = self.state.channel.get();
        let channel = channel.ok_or_else(|| Error::new(Cause::Internal, "the channel is not open"))?;
        crate::export::channel(channel, call)
            .or_else(|| E::route(channel, call))
            .unwrap_or_else(|| Err(Error::unsupported(call.op)))
    }

    fn open(&self) -> Result<Started> {
        let config = self.state.config.borrow_mut().take();
        let config =
            config.ok_or_else(|| Error::new(Cause::Internal, "the channel has been opened before"))?;
        let (state, host) = (self.state.clone(), Host::new(self.bridge.clone()));
        Ok(Started::new(async move {
            let channel = E::Channel::open(host, config).await?;
            // Only one `open` can have taken the configuration.
            let _ = state.channel.set(Rc::new(channel));
            Ok((encode(&serde_json::json!({}))?, Vec::new()))
        }))
    }

    /// Drops the calls under way, then the channel.
    pub(crate) fn close(self) {
        self.bridge.close();
        drop(self.state);
    }
}

/// Reads a configuration.
pub(crate) fn read_config<T: DeserializeOwned>(config: &[u8]) -> Result<T> {
    serde_json::from_slice(config).map_err(|e| config_error(config, &e))
}

/// Names the field a configuration error is about.
fn config_error(config: &[u8], error: &serde_json::Error) -> Error {
    let text = error.to_string();
    if let Some(field) = text
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next())
    {
        return Error::config(field, "必须填写", "is missing");
    }
    let field = field_before(config, error.column());
    let complaint = complaint(error);
    Error::config(
        field.as_deref().unwrap_or("configuration"),
        &format!("格式不正确（{complaint}）"),
        &complaint,
    )
}

/// The last key of the outermost object that begins before this byte. The host writes one line of JSON.
fn field_before(config: &[u8], end: usize) -> Option<String> {
    let (mut depth, mut start, mut last, mut escaped) = (0_u32, None, None, false);
    let mut closed: Option<&[u8]> = None;
    for (at, byte) in config.iter().enumerate().take(end) {
        match (start, byte) {
            (Some(_), b'\\') if !escaped => {
                escaped = true;
                continue;
            }
            (Some(from), b'"') if !escaped => {
                closed = config.get(from..at);
                start = None;
            }
            (None, b'"') => start = Some(at + 1),
            (None, b'{' | b'[') => depth += 1,
            (None, b'}' | b']') => depth = depth.saturating_sub(1),
            (None, b':') if depth == 1 => last = closed,
            _ => {}
        }
        escaped = false;
    }
    last.map(|key| String::from_utf8_lossy(key).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)] // only its shape matters
    struct Config {
        app_id: String,
        secret: Secret,
        port: u16,
        inner: Option<Vec<u8>>,
    }

    fn complaint_about(config: &serde_json::Value) -> String {
        let bytes = serde_json::to_vec(config).unwrap();
        config_error(&bytes, &serde_json::from_slice::<Config>(&bytes).unwrap_err()).message
    }

    #[test]
    fn configuration_errors_name_the_field_and_no_value() {
        let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(complaint_about(&json(r#"{"app_id":"a"}"#)), "secret: is missing");
        let wrong = json(r#"{"app_id":"a","port":"hunter2\"{:","secret":"s"}"#);
        assert_eq!(complaint_about(&wrong), "port: expected u16");
        let wrong = json(r#"{"app_id":"a","inner":[{"x":"hunter2"}],"port":1,"secret":"s"}"#);
        assert_eq!(complaint_about(&wrong), "inner: expected u8");
        assert_eq!(
            complaint_about(&json("[]")),
            "configuration: expected struct Config with 4 elements"
        );
    }
}
