//! The phone page and the endpoints under `/sim/` that drive it. Placeholder of the page only.

use std::sync::Arc;

use crate::server::{Asked, Reply};
use crate::world::World;

/// Answers one request of the page.
pub(crate) async fn answer(world: &Arc<World>, asked: Asked) -> Reply {
    if let Some(id) = asked.path.strip_prefix("/sim/media/") {
        if let Some(file) = world.state().media.get(id, world.now_ms()) {
            return Reply::bytes(file.content_type, file.bytes.clone());
        }
    }
    Reply::status(404, "not found")
}
