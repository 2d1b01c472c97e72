//! What a message carries, in the words both sides of the boundary use.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kind of a message, as a manifest declares it and a console greys it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Plain text, Unicode.
    Text,
    /// A picture.
    Image,
    /// A recorded voice message.
    Voice,
    /// A film.
    Video,
    /// Any other file.
    File,
    /// A point on the map.
    Location,
    /// A shared web page.
    Link,
    /// One article or product card: title, description, address, picture.
    News,
    /// A page of a mini-program.
    MiniProgram,
    /// Anything a newer peer knows and this build does not.
    #[serde(other)]
    Unknown,
}

/// A stored file, named by the host. Plugins never see where it lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MediaRef {
    /// 32 lower-case hexadecimal characters, unguessable.
    pub id: String,
    /// Content type found by looking at the bytes, `image/png` for example.
    pub mime: String,
    /// Size in bytes.
    pub size: u64,
    /// The file's name as its sender called it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The content of one message.
///
/// `media` is `None` while the file is still being fetched from the platform; [`Content::note`] then
/// is all that can be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// Plain text.
    Text {
        /// Unicode text; line breaks are `\n`.
        text: String,
    },
    /// A picture.
    Image {
        /// The stored picture.
        media: Option<MediaRef>,
    },
    /// A voice message.
    Voice {
        /// The stored recording.
        media: Option<MediaRef>,
        /// What the platform's speech recognition heard, when it tells.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transcript: Option<String>,
    },
    /// A film.
    Video {
        /// The stored film.
        media: Option<MediaRef>,
        /// A still picture of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thumbnail: Option<MediaRef>,
    },
    /// Any other file.
    File {
        /// The stored file.
        media: Option<MediaRef>,
    },
    /// A point on the map.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// The address as text; may be empty.
        label: String,
    },
    /// A shared web page.
    Link {
        /// Title.
        title: String,
        /// Description; may be empty.
        description: String,
        /// Address.
        url: String,
    },
    /// One article or product card.
    News {
        /// Title.
        title: String,
        /// Description; may be empty.
        description: String,
        /// The address a tap opens.
        url: String,
        /// Address of the picture; may be empty.
        picture: String,
    },
    /// A page of a mini-program.
    MiniProgram {
        /// Title.
        title: String,
        /// The mini-program's own id.
        app_id: String,
        /// The page inside it.
        page: String,
    },
    /// A message of a kind this build does not know. Kept whole, so that nothing a customer sent is lost.
    Unknown {
        /// The platform's name of the kind.
        original: String,
        /// What arrived, as text.
        raw: String,
    },
}

impl Content {
    /// The kind of this content.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Content::Text { .. } => Kind::Text,
            Content::Image { .. } => Kind::Image,
            Content::Voice { .. } => Kind::Voice,
            Content::Video { .. } => Kind::Video,
            Content::File { .. } => Kind::File,
            Content::Location { .. } => Kind::Location,
            Content::Link { .. } => Kind::Link,
            Content::News { .. } => Kind::News,
            Content::MiniProgram { .. } => Kind::MiniProgram,
            Content::Unknown { .. } => Kind::Unknown,
        }
    }

    /// A plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Content::Text { text: text.into() }
    }

    /// The stored file this content points at, if it has arrived.
    #[must_use]
    pub fn media(&self) -> Option<&MediaRef> {
        match self {
            Content::Image { media }
            | Content::Voice { media, .. }
            | Content::Video { media, .. }
            | Content::File { media } => media.as_ref(),
            _ => None,
        }
    }
}
