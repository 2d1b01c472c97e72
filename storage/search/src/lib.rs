//! The index of messages: which message says something, by any two characters or more of it.
//!
//! Owns the folder of the index and the way texts are cut and compared. Does not own the truth: whatever stands
//! here has been read from somewhere else and can be read again, so a folder that is missing, damaged or of
//! another version is refused and made anew. Knows numbers, not shops and agents. The engine below (tantivy)
//! appears nowhere in this API.
//!
//! A text is *folded* ([`Folded`]): case, full width and the length of blanks do not matter. Then every two
//! characters that stand together are a term, and every three of a Latin word or number; terms keep their
//! position, so a question is answered exactly: a text is found if and only if its folded form contains the
//! folded question.
mod error;
mod finder;
mod fold;
mod folder;
mod grams;
mod index;
mod pick;
mod schema;

pub use error::Error;
pub use finder::{Finder, Question};
pub use fold::{Folded, fold};
pub use grams::{LEAST, Terms};
pub use index::{Entry, Index};
pub use pick::{Accepts, Place};
