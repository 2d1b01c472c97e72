//! Annotations (A2.17): "could not solve it now", a mark on a customer to come back to.
use super::ticketed::ticketed;
use crate::ids::{AgentId, CustomerId, Millis};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use weikefu_storage::{Key, record};

ticketed!(
    /// An annotation of a shop, in order of time.
    AnnotationId
);

/// An annotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// Number within the shop.
    pub id: AnnotationId,
    /// On whom.
    pub customer: CustomerId,
    /// What is to be done.
    pub text: String,
    /// Who wrote it.
    pub by: AgentId,
    /// When.
    pub at: Millis,
    /// Who solved it and when; open while `None`.
    pub solved: Option<Solved>,
}
record!(Annotation, b"annot1");

/// The end of an annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Solved {
    /// By whom.
    pub by: AgentId,
    /// When.
    pub at: Millis,
}
