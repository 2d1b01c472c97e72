//! A set of numbers within a shop, in little memory: two bytes each where they are few, a bit where they are many.
use std::collections::HashMap;

/// Numbers of a piece that are listed one by one; more, and a bit for every possible one takes less.
const LISTED: usize = 4096;

/// The set.
#[derive(Clone, Debug, Default)]
pub(super) struct Set(HashMap<u16, Piece>);

/// The numbers that begin with the same sixteen bits.
#[derive(Clone, Debug)]
enum Piece {
    /// Ascending.
    Few(Vec<u16>),
    Many(Box<[u64; 1024]>),
}

impl Set {
    pub(super) fn insert(&mut self, number: u32) {
        let low = number as u16;
        let piece = self
            .0
            .entry((number >> 16) as u16)
            .or_insert(Piece::Few(Vec::new()));
        match piece {
            Piece::Few(list) => {
                if let Err(place) = list.binary_search(&low) {
                    list.insert(place, low);
                }
                if list.len() > LISTED {
                    let mut bits = Box::new([0; 1024]);
                    for low in list.iter() {
                        bits[usize::from(low >> 6)] |= 1 << (low & 63);
                    }
                    *piece = Piece::Many(bits);
                }
            }
            Piece::Many(bits) => bits[usize::from(low >> 6)] |= 1 << (low & 63),
        }
    }

    pub(super) fn contains(&self, number: u32) -> bool {
        let low = number as u16;
        match self.0.get(&((number >> 16) as u16)) {
            None => false,
            Some(Piece::Few(list)) => list.binary_search(&low).is_ok(),
            Some(Piece::Many(bits)) => bits[usize::from(low >> 6)] & (1 << (low & 63)) != 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_are_kept_alike() {
        let mut set = Set::default();
        let numbers = || (0..9000_u32).map(|n| n * 7).chain([u32::MAX, 65_535, 65_536]);
        assert!(numbers().all(|number| !set.contains(number)));
        for number in numbers() {
            set.insert(number);
            set.insert(number);
            assert!(set.contains(number));
        }
        assert!(numbers().all(|number| set.contains(number)));
        let more = (0..9000_u32)
            .map(|n| n * 7 + 1)
            .filter(|n| *n != 65_535 && *n != 65_536);
        assert!(more.into_iter().all(|number| !set.contains(number)));
    }
}
