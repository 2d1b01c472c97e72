//! The desk against everything that can be asked of it, in any order. After every command the invariants hold,
//! and the answer is the one the rules ask for.
#![allow(clippy::unwrap_used)] // a test ends where it fails
mod broadcasts;
mod contact;
mod customers;
mod deadlines;
mod expect;
mod handing;
mod invariants;
mod memory;
mod quota;
mod script;
mod slots;
mod timed;
mod world;

use proptest::prelude::*;
use proptest::test_runner::Config;
use world::World;

proptest! {
    #![proptest_config(Config { cases: 1000, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_script_keeps_the_invariants(script in script::script()) {
        let mut world = World::new();
        for step in script {
            world.step(step);
        }
    }
}
