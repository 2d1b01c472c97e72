//! One WebSocket with small buffers: ten thousand of them fit into this process.

use crate::problem::{Outcome, wrong};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// A WebSocket that carries text.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

/// The half of a socket that speaks.
pub(crate) type Speaker = SplitSink<WebSocketStream<TcpStream>, Message>;
/// The half of a socket that listens.
pub(crate) struct Listener(SplitStream<WebSocketStream<TcpStream>>);

impl Socket {
    pub(crate) async fn open(address: &str, path: &str, headers: &[(String, String)]) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{address}{path}").into_client_request()?;
        for (name, value) in headers {
            let name: hyper::header::HeaderName = name.parse()?;
            request.headers_mut().insert(name, value.parse()?);
        }
        let config = WebSocketConfig::default()
            .read_buffer_size(4 << 10)
            .write_buffer_size(0);
        let opened = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
        Ok(Self(
            opened.map_err(|error| format!("no socket at {path}: {error}"))?.0,
        ))
    }

    pub(crate) async fn send(&mut self, text: String) -> Outcome {
        Ok(self.0.send(Message::text(text)).await?)
    }

    /// The next text.
    pub(crate) async fn next(&mut self) -> Outcome<String> {
        text(&mut self.0).await
    }

    pub(crate) fn split(self) -> (Speaker, Listener) {
        let (speaker, listener) = self.0.split();
        (speaker, Listener(listener))
    }
}

impl Listener {
    pub(crate) async fn next(&mut self) -> Outcome<String> {
        text(&mut self.0).await
    }
}

type Heard = Result<Message, tokio_tungstenite::tungstenite::Error>;

async fn text(stream: &mut (impl futures_util::Stream<Item = Heard> + Unpin)) -> Outcome<String> {
    loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(other)) => return wrong(format!("the server closed a socket: {other}")),
            Some(Err(error)) => return Err(error.into()),
            None => return wrong("the server closed a socket"),
        }
    }
}
