//! 微客服.
fn main() {}
