//! Frames without rhyme or reason: every call gets one answer, and the plugin goes on.
use crate::support::{counts, open};
use std::task::Poll;
use std::time::Duration;

const OPS: [&str; 12] = [
    "channel.open",
    "channel.send",
    "channel.typing",
    "channel.alarm",
    "webhooks.receive",
    "sockets.opened",
    "sockets.message",
    "sockets.closed",
    "notices.notify",
    "orders.list",
    "",
    "channel.send.channel.send.channel.send.channel.send.channel.send.channel.send",
];

const PIECES: [&str; 14] = [
    "{",
    "}",
    "[",
    "]",
    "\"peer\"",
    "\"connection\"",
    ":",
    ",",
    "1",
    "-1e999",
    "null",
    "\"\\ud800\"",
    "\u{feff}",
    "\"\"",
];

struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below
    }

    fn head(&mut self) -> Vec<u8> {
        let pieces = self.roll(9);
        match self.roll(4) {
            0 => (0..pieces).map(|_| self.roll(256) as u8).collect(),
            1 => (0..pieces)
                .flat_map(|_| PIECES[self.roll(PIECES.len())].bytes())
                .collect(),
            2 => format!(
                r#"{{"connection":{},"peer":"p","id":"i","url":"echo"}}"#,
                self.roll(3)
            )
            .into(),
            _ => "[".repeat(self.roll(300)).into(),
        }
    }
}

#[tokio::test]
async fn ten_thousand_random_calls_get_one_answer_each() {
    let (instance, _memory) = open().await;
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let limit = Duration::from_secs(30);
    let mut failed = 0;
    for _ in 0..10_000 / 20 {
        let round: Vec<_> = (0..20)
            .map(|_| {
                let body = (0..dice.roll(40)).map(|_| dice.roll(256) as u8).collect();
                instance.call(OPS[dice.roll(OPS.len())], dice.head(), body, limit)
            })
            .collect();
        for call in futures_join(round).await {
            if let Err(error) = call {
                assert!(!error.message.contains("did not answer"), "{error}");
                failed += 1;
            }
        }
    }
    assert!((1_000..10_000).contains(&failed), "{failed} of 10,000 failed");
    assert!(!instance.quarantined());
    counts(&instance).await;
    assert!(instance.close().await);
}

/// Waits for all of them, polling them together.
async fn futures_join<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut pending: Vec<_> = futures
        .into_iter()
        .map(|future| (Box::pin(future), None))
        .collect();
    std::future::poll_fn(|cx| {
        for (future, output) in &mut pending {
            if output.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(cx)
            {
                *output = Some(value);
            }
        }
        if pending.iter().all(|(_, output)| output.is_some()) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    pending.into_iter().filter_map(|(_, output)| output).collect()
}
