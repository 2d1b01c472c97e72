//! Broadcasts as a senior prepares and watches them.
use super::agent::Agent;
use super::eventually;
use http::Method;
use serde_json::{Value, json};

impl Agent {
    /// A draft of a text to everybody.
    pub(crate) async fn text_broadcast(&self, client_id: &str, text: &str) -> Value {
        let draft = json!({ "client_id": client_id, "kind": "text", "text": text, "through_night": true });
        self.post("/broadcasts", &draft).await.ok()
    }

    /// A broadcast as it is now.
    pub(crate) async fn broadcast(&self, id: &Value) -> Value {
        self.get(&format!("/broadcasts/{id}")).await
    }

    /// The answer to an order about a broadcast.
    pub(crate) async fn order_broadcast(&self, broadcast: &Value, order: &str) -> Value {
        let body = json!({ "revision": broadcast["revision"] });
        let path = format!("/broadcasts/{}/{order}", broadcast["id"]);
        self.post(&path, &body).await.ok()
    }

    /// Lets it begin, and waits until it is in a state.
    pub(crate) async fn run_broadcast(&self, broadcast: &Value, state: &str) -> Value {
        self.order_broadcast(broadcast, "start").await;
        self.broadcast_in(&broadcast["id"], state).await
    }

    /// Waits until a broadcast is in a state.
    pub(crate) async fn broadcast_in(&self, id: &Value, state: &str) -> Value {
        eventually(&format!("broadcast {state}"), async || {
            let now = self.broadcast(id).await;
            (now["state"] == state).then_some(now)
        })
        .await
    }

    /// The whole list with what became of each, or those in one state.
    pub(crate) async fn recipients(&self, id: &Value, query: &str) -> Vec<Value> {
        self.all_pages(&format!("/broadcasts/{id}/recipients?limit=200{query}"))
            .await
    }

    /// A dry run: the counts, and everybody with a verdict.
    pub(crate) async fn dry_run(&self, id: &Value) -> (Value, Vec<Value>) {
        let counts = self
            .post(&format!("/broadcasts/{id}/plan"), &json!({}))
            .await
            .ok();
        let rows = self.all_pages(&format!("/broadcasts/{id}/plan?limit=200")).await;
        (counts, rows)
    }

    async fn all_pages(&self, path: &str) -> Vec<Value> {
        let mut rows: Vec<Value> = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.get(&format!("{path}{after}")).await;
            rows.extend(page["rows"].as_array().unwrap().iter().cloned());
            match &page["next"] {
                Value::Null => return rows,
                Value::String(next) => after = format!("&after={next}"),
                next => after = format!("&after={next}"),
            }
        }
    }

    pub(crate) async fn remove_broadcast(&self, id: &Value) -> (u16, String) {
        let path = format!("/api/shops/{}/broadcasts/{id}", self.shop);
        let answer = self.browser.json(Method::DELETE, &path, &json!({})).await;
        if answer.status == 204 {
            return (204, String::new());
        }
        answer.refused()
    }
}

/// Customers of a broadcast by what became of them, from its progress: all of them together, and each.
pub(crate) fn sum_of(broadcast: &Value) -> u64 {
    let progress = &broadcast["progress"];
    let of = |name: &str| progress[name].as_u64().unwrap();
    let skipped: u64 = progress["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|skip| skip["count"].as_u64().unwrap())
        .sum();
    of("pending") + of("sending") + of("accepted") + of("failed") + of("unknown") + skipped
}

/// How many were skipped for a reason.
pub(crate) fn skipped(list: &Value, reason: &str) -> u64 {
    let list = list.as_array().unwrap();
    let found = list.iter().find(|skip| skip["reason"] == reason);
    found.map_or(0, |skip| skip["count"].as_u64().unwrap())
}
