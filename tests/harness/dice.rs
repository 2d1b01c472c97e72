//! Random numbers that can be had again: a failing run names its seed.

/// xorshift64*.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// From `WEIKEFU_SEED`, or from the clock. The seed is printed, and shown when the test fails.
    pub(crate) fn thrown(what: &str) -> Self {
        let seed = match std::env::var("WEIKEFU_SEED") {
            Ok(text) => text.parse().unwrap(),
            Err(_) => {
                u64::try_from(super::now()).unwrap().wrapping_mul(2_654_435_761)
                    ^ u64::from(std::process::id())
            }
        };
        println!("{what}: WEIKEFU_SEED={seed}");
        Dice::of(seed)
    }

    /// The same numbers for the same seed.
    pub(crate) fn of(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Another series for each name.
    pub(crate) fn of_its_own(&self, name: u64) -> Self {
        Dice::of(self.0 ^ name.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) % limit.max(1)
    }
}
