//! What the tests share: a running weikefu, an agent's session, a visitor of the widget, an official account.
mod agent;
mod broadcast;
mod browser;
mod dice;
mod server;
mod shop;
mod visitor;
mod wechat;

pub(crate) use agent::{Agent, CHOSEN, text_of, texts};
pub(crate) use broadcast::{skipped, sum_of};
pub(crate) use browser::{Answer, Browser, Socket};
pub(crate) use dice::Dice;
pub(crate) use server::Weikefu;
pub(crate) use shop::Shop;
pub(crate) use visitor::Visitor;
pub(crate) use wechat::{Official, generous};

use std::time::{Duration, Instant};

/// The longest anything may take here. Nothing waits this long unless it is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// Asks again and again until there is an answer. Fails loudly when there never is.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut ask: impl FnMut() -> F,
) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Unix milliseconds now.
pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    i64::try_from(since.as_millis()).unwrap()
}
