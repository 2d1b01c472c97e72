//! A visitor of the widget, without the widget.
use super::browser::{Answer, Browser, Socket};
use http::Method;
use serde_json::{Value, json};

/// A visitor with a token.
#[derive(Clone)]
pub(crate) struct Visitor {
    pub(crate) browser: Browser,
    /// The channel's path, `/c/<key>/`.
    pub(crate) path: String,
    pub(crate) token: String,
}

impl Visitor {
    /// Comes to the page for the first time.
    pub(crate) async fn arrive(address: &str, path: &str) -> Self {
        let session = Self::session(address, path, &json!({ "lang": "zh-CN" }))
            .await
            .ok();
        Self::with_token(address, path, session["token"].as_str().unwrap())
    }

    /// Asks for a session with any body.
    pub(crate) async fn session(address: &str, path: &str, body: &Value) -> Answer {
        Browser::new(address).post(&format!("{path}session"), body).await
    }

    /// The same visitor at the same or another server address.
    pub(crate) fn with_token(address: &str, path: &str, token: &str) -> Self {
        let browser = Browser::new(address).with("authorization", &format!("Bearer {token}"));
        Visitor {
            browser,
            path: path.into(),
            token: token.into(),
        }
    }

    /// Writes a text; the answer may be a refusal.
    pub(crate) async fn say(&self, client_id: &str, created_at: i64, text: &str) -> Answer {
        self.try_say(client_id, created_at, text).await.unwrap()
    }

    /// Writes a text; `Err` when no answer came.
    pub(crate) async fn try_say(
        &self,
        client_id: &str,
        created_at: i64,
        text: &str,
    ) -> Result<Answer, String> {
        let body = json!({ "client_id": client_id, "created_at": created_at, "content": { "kind": "text", "text": text } });
        let headers = [("content-type", "application/json")];
        self.browser
            .try_send(
                Method::POST,
                &format!("{}messages", self.path),
                &headers,
                body.to_string(),
            )
            .await
    }

    /// Everything in the visitor's thread.
    pub(crate) async fn thread(&self) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        let mut after = "0.0".to_owned();
        loop {
            let page = self
                .browser
                .get(&format!("{}messages?limit=200&after={after}", self.path))
                .await
                .ok();
            all.extend(page["messages"].as_array().unwrap().iter().cloned());
            if page["more"] != true {
                return all;
            }
            after = all.last().unwrap()["cursor"].as_str().unwrap().to_owned();
        }
    }

    /// Opens a socket and says hello; the welcome is returned with it.
    pub(crate) async fn connect(&self, after: Option<&str>) -> (Socket, Value) {
        let (socket, welcome) = self.try_connect(after).await.unwrap();
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        (socket, welcome)
    }

    /// The same where there may be no server, or one that is about to go.
    pub(crate) async fn try_connect(&self, after: Option<&str>) -> Option<(Socket, Value)> {
        let browser = Browser::new(self.browser.address());
        let mut socket = browser.try_socket(&format!("{}ws", self.path)).await.ok()?;
        let hello = json!({ "type": "hello", "token": self.token, "after": after });
        socket.try_send(&hello).await.ok()?;
        let first = socket.next().await?;
        Some((socket, first))
    }
}
