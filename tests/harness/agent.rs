//! An agent at the console.
use super::browser::{Answer, Browser, Socket};
use super::eventually;
use http::Method;
use serde_json::{Value, json};

/// A logged-in agent of shop 1 (unless told otherwise).
#[derive(Clone)]
pub(crate) struct Agent {
    pub(crate) browser: Browser,
    pub(crate) id: u64,
    pub(crate) shop: u64,
}

/// The password every test agent chooses.
pub(crate) const CHOSEN: &str = "an agent's own password";

impl Agent {
    /// Logs in with a one-time password and chooses one's own.
    pub(crate) async fn first_login(address: &str, login: &str, one_time: &str) -> Self {
        let agent = Self::login(address, login, one_time).await;
        let passwords = json!({ "old": one_time, "new": CHOSEN });
        let changed = agent.browser.post("/api/session/password", &passwords).await;
        Self::of(address, &changed)
    }

    pub(crate) async fn login(address: &str, login: &str, password: &str) -> Self {
        let given = json!({ "login": login, "password": password });
        let answer = Browser::new(address).post("/api/login", &given).await;
        Self::of(address, &answer)
    }

    /// The agent a login was answered to.
    pub(crate) fn of(address: &str, answer: &Answer) -> Self {
        let session = answer.ok();
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap();
        let csrf = session["csrf"].as_str().unwrap();
        let browser = Browser::new(address)
            .with("cookie", cookie)
            .with("x-weikefu-csrf", csrf)
            .with("origin", &format!("http://{address}"));
        Agent {
            browser,
            id: session["agent"]["id"].as_u64().unwrap(),
            shop: 1,
        }
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/shops/{}{rest}", self.shop)
    }

    pub(crate) async fn get(&self, rest: &str) -> Value {
        self.browser.get(&self.path(rest)).await.ok()
    }

    pub(crate) async fn post(&self, rest: &str, body: &Value) -> Answer {
        self.browser.post(&self.path(rest), body).await
    }

    pub(crate) async fn put(&self, rest: &str, body: &Value) -> Answer {
        self.browser.json(Method::PUT, &self.path(rest), body).await
    }

    pub(crate) async fn patch(&self, rest: &str, body: &Value) -> Answer {
        self.browser.json(Method::PATCH, &self.path(rest), body).await
    }

    pub(crate) async fn online(&self, online: bool) {
        self.post("/presence", &json!({ "online": online })).await.ok();
    }

    pub(crate) async fn desk(&self) -> Value {
        self.get("/desk").await
    }

    /// The conversations of the desk: all that wait, and this agent's own.
    pub(crate) async fn conversations(&self) -> Vec<Value> {
        self.desk().await["conversations"].as_array().unwrap().clone()
    }

    /// A conversation of the desk as it is now.
    pub(crate) async fn conversation(&self, id: &Value) -> Option<Value> {
        let all = self.conversations().await;
        all.into_iter().find(|known| known["id"] == *id)
    }

    pub(crate) async fn accept(&self, conversation: &Value) -> Answer {
        let body = json!({ "epoch": conversation["epoch"] });
        self.post(&format!("/conversations/{}/accept", conversation["id"]), &body)
            .await
    }

    pub(crate) async fn close(&self, conversation: &Value) -> Answer {
        let body = json!({ "epoch": conversation["epoch"] });
        self.post(&format!("/conversations/{}/close", conversation["id"]), &body)
            .await
    }

    /// Writes a text.
    pub(crate) async fn say(&self, conversation: &Value, client_id: &str, text: &str) -> Answer {
        self.send(conversation, client_id, &json!({ "kind": "text", "text": text }))
            .await
    }

    /// Sends anything.
    pub(crate) async fn send(&self, conversation: &Value, client_id: &str, content: &Value) -> Answer {
        let body = json!({ "client_id": client_id, "content": content });
        self.post(&format!("/conversations/{}/messages", conversation["id"]), &body)
            .await
    }

    /// Sends a failed message again.
    pub(crate) async fn retry(&self, message: &Value) -> Answer {
        let path = format!(
            "/conversations/{}/messages/{}/retry",
            message["conversation"], message["seq"]
        );
        self.post(&path, &json!({})).await
    }

    /// Stores a file.
    pub(crate) async fn upload(&self, mime: &str, name: &str, bytes: &[u8]) -> Answer {
        let headers = [("content-type", mime), ("x-file-name", name)];
        let path = self.path("/media");
        let sent = self
            .browser
            .try_send(Method::POST, &path, &headers, bytes.to_vec());
        sent.await.unwrap()
    }

    /// A page of a customer's thread.
    pub(crate) async fn page(&self, customer: u64, channel: u64, rest: &str) -> Value {
        self.get(&format!("/customers/{customer}/messages?channel={channel}{rest}"))
            .await
    }

    /// The whole thread of a customer on a channel, read page by page.
    pub(crate) async fn thread(&self, customer: u64, channel: u64) -> Vec<Value> {
        self.thread_after(customer, channel, "0.0").await
    }

    /// What is behind a cursor.
    pub(crate) async fn thread_after(&self, customer: u64, channel: u64, cursor: &str) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        let mut after = cursor.to_owned();
        loop {
            let page = self
                .page(customer, channel, &format!("&limit=200&after={after}"))
                .await;
            all.extend(page["messages"].as_array().unwrap().iter().cloned());
            if page["more"] != true {
                return all;
            }
            let last = all.last().unwrap();
            after = format!("{}.{}", last["conversation"], last["seq"]);
        }
    }

    /// A message as it is now.
    pub(crate) async fn message(&self, conversation: &Value, message: &Value) -> Value {
        let customer = conversation["customer"]["id"].as_u64().unwrap();
        let channel = conversation["channel"]["id"].as_u64().unwrap();
        let seq = message["seq"].as_u64().unwrap();
        let after = format!("&limit=1&after={}.{}", message["conversation"], seq - 1);
        let page = self.page(customer, channel, &after).await;
        assert_eq!(page["messages"][0]["seq"], seq, "{page}");
        page["messages"][0].clone()
    }

    /// Waits until a message's delivery is in a state, and returns the message.
    pub(crate) async fn delivered(&self, conversation: &Value, message: &Value, state: &str) -> Value {
        eventually(&format!("{state}: {message}"), async || {
            let message = self.message(conversation, message).await;
            (message["delivery"]["state"] == state).then_some(message)
        })
        .await
    }

    /// The live events after a number, or from now on.
    pub(crate) async fn events(&self, after: Option<u64>) -> Socket {
        let query = after.map(|after| format!("?after={after}")).unwrap_or_default();
        self.browser.socket(&self.path(&format!("/events{query}"))).await
    }
}

/// The words of a message, the console's or the widget's.
pub(crate) fn text_of(message: &Value) -> &str {
    message["content"]["text"].as_str().unwrap_or_default()
}

/// The words of several.
pub(crate) fn texts(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(text_of).collect()
}
