//! Delivering many callbacks at once, out of order and some of them twice, the same way for the same seed.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::callback::{self, Callback, Delivery};
use crate::world::World;

/// How wild it gets.
#[derive(Debug, Clone, Copy)]
pub struct Storm {
    /// Same seed, same order.
    pub seed: u64,
    /// How many callbacks are delivered a second time.
    pub duplicates: usize,
    /// Requests at the same time.
    pub parallel: usize,
}

/// xorshift64*: good enough to shuffle, and without a dependency.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let roll = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        (roll as usize) % limit.max(1)
    }
}

/// The order of indices in which `count` callbacks are delivered.
fn plan(count: usize, storm: &Storm) -> Vec<usize> {
    let mut dice = Dice(storm.seed | 1);
    let mut order: Vec<usize> = (0..count).collect();
    if count > 0 {
        order.extend((0..storm.duplicates).map(|_| dice.below(count)));
    }
    for at in (1..order.len()).rev() {
        order.swap(at, dice.below(at + 1));
    }
    order
}

/// Returns the deliveries in the order they ended, each with the index of its callback.
pub(crate) async fn run(
    world: &Arc<World>,
    callbacks: Vec<Callback>,
    storm: Storm,
) -> Vec<(usize, Delivery)> {
    let callbacks = Arc::new(callbacks);
    let gate = Arc::new(Semaphore::new(storm.parallel.max(1)));
    let mut running = JoinSet::new();
    let mut ended = Vec::new();
    for index in plan(callbacks.len(), &storm) {
        let Ok(permit) = Arc::clone(&gate).acquire_owned().await else {
            break;
        };
        let (world, callbacks) = (Arc::clone(world), Arc::clone(&callbacks));
        running.spawn(async move {
            let delivery = callback::deliver(&world, &callbacks[index]).await;
            drop(permit);
            (index, delivery)
        });
        while let Some(Ok(done)) = running.try_join_next() {
            ended.push(done);
        }
    }
    while let Some(done) = running.join_next().await {
        ended.extend(done);
    }
    ended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_holds_every_callback_and_the_duplicates_and_repeats_itself() {
        let storm = Storm {
            seed: 7,
            duplicates: 50,
            parallel: 4,
        };
        let order = plan(100, &storm);
        assert_eq!(order.len(), 150);
        assert!((0..100).all(|index| order.contains(&index)));
        assert_eq!(order, plan(100, &storm));
        assert_ne!(order, plan(100, &Storm { seed: 8, ..storm }));
        assert_ne!(order[..100], (0..100).collect::<Vec<_>>());
        assert!(plan(0, &storm).is_empty());
    }
}
