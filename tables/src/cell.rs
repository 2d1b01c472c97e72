//! What stands in a cell.

/// A value to write.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Empty,
    /// A text; also a number that is a name, such as a phone number.
    Text(&'a str),
    /// A number to reckon with.
    Number(i64),
    /// A moment, Unix milliseconds; written in the table's time zone.
    Time(i64),
    /// Several texts; see [`crate::join`].
    List(&'a [&'a str]),
}
