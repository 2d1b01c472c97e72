//! `export!`: one list gives the dispatch, the manifest's capabilities and the table the host looks for.
use crate::bridge::{Answer, decode, encode};
use crate::channel::Channel;
use crate::error::{Cause, Error, Result};
use crate::http::Request;
use crate::manifest::Manifest;
use crate::thread::Outgoing;
use serde::Deserialize;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::OnceLock;

/// Exports a channel as this library's plugin, with the capabilities it implements.
///
/// The manifest's `capabilities` and `config` are filled in from here. Naming a capability the type does not
/// implement is a compile error at this place, and so is a build that aborts on panic.
///
/// ```
/// # use weikefu_channel::prelude::*;
/// #[derive(Deserialize, JsonSchema)]
/// struct Config {}
/// struct Quiet;
/// impl Channel for Quiet {
///     type Config = Config;
///     fn manifest() -> Manifest {
///         Manifest::new("quiet", "1.0.0").name("en", "Quiet").name("zh-CN", "安静")
///     }
///     async fn open(_: Host, _: Config) -> Result<Self> {
///         Ok(Quiet)
///     }
///     async fn send(&self, _: Outgoing) -> Result<Receipt> {
///         Ok(Receipt::default())
///     }
/// }
/// weikefu_channel::export!(Quiet);
/// # fn main() {}
/// ```
///
/// A capability that is not implemented:
/// ```compile_fail,E0277
/// # use weikefu_channel::prelude::*;
/// # #[derive(Deserialize, JsonSchema)]
/// # struct Config {}
/// # struct Quiet;
/// # impl Channel for Quiet {
/// #     type Config = Config;
/// #     fn manifest() -> Manifest { Manifest::new("quiet", "1.0.0") }
/// #     async fn open(_: Host, _: Config) -> Result<Self> { Ok(Quiet) }
/// #     async fn send(&self, _: Outgoing) -> Result<Receipt> { Ok(Receipt::default()) }
/// # }
/// weikefu_channel::export!(Quiet: Webhooks);
/// # fn main() {}
/// ```
///
/// A capability that does not exist:
/// ```compile_fail,E0433
/// # use weikefu_channel::prelude::*;
/// # #[derive(Deserialize, JsonSchema)]
/// # struct Config {}
/// # struct Quiet;
/// # impl Channel for Quiet {
/// #     type Config = Config;
/// #     fn manifest() -> Manifest { Manifest::new("quiet", "1.0.0") }
/// #     async fn open(_: Host, _: Config) -> Result<Self> { Ok(Quiet) }
/// #     async fn send(&self, _: Outgoing) -> Result<Receipt> { Ok(Receipt::default()) }
/// # }
/// weikefu_channel::export!(Quiet: Telepathy);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export {
    ($channel:ty $(: $($capability:ident),+ $(,)?)?) => {
        const _: () = {
            struct Exported;
            impl $crate::export::Export for Exported {
                type Channel = $channel;
                const CAPABILITIES: &'static [&'static str] =
                    &[$($($crate::export::capability::$capability::NAME),+)?];
                fn document() -> &'static ::std::sync::OnceLock<::std::vec::Vec<u8>> {
                    static DOCUMENT: ::std::sync::OnceLock<::std::vec::Vec<u8>> = ::std::sync::OnceLock::new();
                    &DOCUMENT
                }
                fn route(
                    channel: &::std::rc::Rc<$channel>,
                    call: &$crate::export::Call<'_>,
                ) -> ::std::option::Option<$crate::Result<$crate::export::Started>> {
                    $($(
                        let started = $crate::export::capability::$capability::route(channel, call);
                        if started.is_some() {
                            return started;
                        }
                    )+)?
                    let _ = (channel, call);
                    ::std::option::Option::None
                }
            }
            assert!(
                ::std::cfg!(panic = "unwind"),
                "a plugin must be built with panic = \"unwind\", or a panic would end the whole server"
            );
            #[unsafe(export_name = "weikefu_plugin")]
            static PLUGIN: $crate::abi::RawPlugin = $crate::abi::table::<Exported>();
        };
    };
}

/// What `export!` writes down about a channel.
pub trait Export: 'static {
    /// The exported type.
    type Channel: Channel;
    /// Names of the capabilities, in the order of the list.
    const CAPABILITIES: &'static [&'static str];
    /// Where the manifest is kept once it has been asked for.
    fn document() -> &'static OnceLock<Vec<u8>>;
    /// Starts a call of a capability; `None` when it belongs to none of them.
    fn route(channel: &Rc<Self::Channel>, call: &Call<'_>) -> Option<Result<Started>>;
}

/// A call of the host, not yet started.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    pub(crate) op: &'a str,
    pub(crate) head: &'a [u8],
    pub(crate) body: &'a [u8],
}

/// A call under way.
pub struct Started {
    pub(crate) lane: Option<u64>,
    pub(crate) future: Pin<Box<dyn Future<Output = Result<Answer>>>>,
}

impl Started {
    pub(crate) fn new(future: impl Future<Output = Result<Answer>> + 'static) -> Self {
        Started {
            lane: None,
            future: Box::pin(future),
        }
    }

    fn in_lane(lane: u64, future: impl Future<Output = Result<Answer>> + 'static) -> Self {
        Started {
            lane: Some(lane),
            future: Box::pin(future),
        }
    }
}

fn nothing() -> Answer {
    (b"{}".to_vec(), Vec::new())
}

/// The whole manifest as JSON.
pub(crate) fn document<E: Export>() -> Vec<u8> {
    let mut manifest: Manifest = E::Channel::manifest();
    manifest.capabilities = E::CAPABILITIES.iter().map(ToString::to_string).collect();
    manifest.config = schemars::schema_for!(<E::Channel as Channel>::Config).to_value();
    serde_json::to_vec(&manifest).unwrap_or_default()
}

/// The calls every channel answers.
pub(crate) fn channel<C: Channel>(channel: &Rc<C>, call: &Call<'_>) -> Option<Result<Started>> {
    #[derive(Deserialize)]
    struct Typing {
        peer: String,
    }
    #[derive(Deserialize)]
    struct Alarm {
        id: String,
    }
    let channel = channel.clone();
    Some(match call.op {
        "channel.send" => decode::<Outgoing>(call.op, call.head).map(|outgoing| {
            Started::new(async move { Ok((encode(&channel.send(outgoing).await?)?, Vec::new())) })
        }),
        "channel.typing" => decode::<Typing>(call.op, call.head)
            .map(|head| Started::new(async move { channel.typing(head.peer).await.map(|()| nothing()) })),
        "channel.alarm" => decode::<Alarm>(call.op, call.head)
            .map(|head| Started::new(async move { channel.alarm(head.id).await.map(|()| nothing()) })),
        _ => return None,
    })
}

/// The capabilities `export!` can name; each says which calls are its own.
pub mod capability {
    use super::{Call, Cause, Deserialize, Error, Rc, Request, Result, Started, decode, encode, nothing};
    use crate::thread::Notice;

    /// `webhooks`
    pub struct Webhooks;
    /// `sockets`
    pub struct Sockets;
    /// `notices`
    pub struct Notices;
    /// `entry`
    pub struct Entry;
    /// `directory`
    pub struct Directory;

    #[derive(Deserialize)]
    struct Switched {
        on: bool,
    }

    impl Entry {
        /// Its name in the manifest.
        pub const NAME: &'static str = "entry";
        /// Starts `entry.switched`.
        pub fn route<C: crate::Entry>(channel: &Rc<C>, call: &Call<'_>) -> Option<Result<Started>> {
            if call.op != "entry.switched" {
                return None;
            }
            Some(decode::<Switched>(call.op, call.head).map(|head| {
                let channel = channel.clone();
                Started::new(async move { channel.switched(head.on).await.map(|()| nothing()) })
            }))
        }
    }

    #[derive(Deserialize)]
    struct Peer {
        peer: String,
    }

    impl Directory {
        /// Its name in the manifest.
        pub const NAME: &'static str = "directory";
        /// Starts `directory.card`.
        pub fn route<C: crate::Directory>(channel: &Rc<C>, call: &Call<'_>) -> Option<Result<Started>> {
            if call.op != "directory.card" {
                return None;
            }
            Some(decode::<Peer>(call.op, call.head).map(|head| {
                let channel = channel.clone();
                Started::new(async move { Ok((encode(&channel.card(head.peer).await?)?, Vec::new())) })
            }))
        }
    }

    impl Webhooks {
        /// Its name in the manifest.
        pub const NAME: &'static str = "webhooks";
        /// Starts `webhooks.receive`.
        pub fn route<C: crate::Webhooks>(channel: &Rc<C>, call: &Call<'_>) -> Option<Result<Started>> {
            if call.op != "webhooks.receive" {
                return None;
            }
            Some(decode::<Request>(call.op, call.head).map(|mut request| {
                request.body = call.body.to_vec();
                let channel = channel.clone();
                Started::new(async move {
                    let mut response = channel.receive(request).await?;
                    let body = std::mem::take(&mut response.body);
                    Ok((encode(&response)?, body))
                })
            }))
        }
    }

    #[derive(Deserialize)]
    struct Socket {
        connection: u64,
        #[serde(default)]
        request: Request,
    }

    impl Sockets {
        /// Its name in the manifest.
        pub const NAME: &'static str = "sockets";
        /// Starts `sockets.opened`, `sockets.message` and `sockets.closed`; one at a time per connection.
        pub fn route<C: crate::Sockets>(channel: &Rc<C>, call: &Call<'_>) -> Option<Result<Started>> {
            if !matches!(call.op, "sockets.opened" | "sockets.message" | "sockets.closed") {
                return None;
            }
            Some(
                decode::<Socket>(call.op, call.head).and_then(|Socket { connection, request }| {
                    let channel = channel.clone();
                    Ok(match call.op {
                        "sockets.opened" => Started::in_lane(connection, async move {
                            channel.opened(connection, request).await;
                            Ok(nothing())
                        }),
                        "sockets.message" => {
                            let text = String::from_utf8(call.body.to_vec()).map_err(|_| {
                                Error::new(Cause::Internal, "sockets.message: the text is not UTF-8")
                            })?;
                            Started::in_lane(connection, async move {
                                channel.message(connection, text).await;
                                Ok(nothing())
                            })
                        }
                        _ => Started::in_lane(connection, async move {
                            channel.closed(connection).await;
                            Ok(nothing())
                        }),
                    })
                }),
            )
        }
    }

    impl Notices {
        /// Its name in the manifest.
        pub const NAME: &'static str = "notices";
        /// Starts `notices.notify`.
        pub fn route<C: crate::Notices>(channel: &Rc<C>, call: &Call<'_>) -> Option<Result<Started>> {
            if call.op != "notices.notify" {
                return None;
            }
            Some(decode::<Notice>(call.op, call.head).map(|notice| {
                let channel = channel.clone();
                Started::new(async move { channel.notice(notice).await.map(|()| nothing()) })
            }))
        }
    }
}
