//! The content of a message as it is stored. bincode cannot read the tagged form of the boundary, and a tree
//! must not change when the boundary does: hence a type of its own and two conversions.
use serde::{Deserialize, Serialize};
use weikefu_channel::{Content, MediaRef};

/// A file a stored message points at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredMedia {
    /// Media id.
    pub id: String,
    /// Content type.
    pub mime: String,
    /// Bytes.
    pub size: u64,
    /// The sender's name of it.
    pub name: Option<String>,
}

/// Mirror of [`Content`]; see there. Variants are only ever added at the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the mirror's fields are documented where they are defined
pub enum StoredContent {
    Text(String),
    Image(Option<StoredMedia>),
    Voice {
        media: Option<StoredMedia>,
        transcript: Option<String>,
    },
    Video {
        media: Option<StoredMedia>,
        thumbnail: Option<StoredMedia>,
    },
    File(Option<StoredMedia>),
    Location {
        latitude: f64,
        longitude: f64,
        label: String,
    },
    Link {
        title: String,
        description: String,
        url: String,
    },
    News {
        title: String,
        description: String,
        url: String,
        picture: String,
    },
    MiniProgram {
        title: String,
        app_id: String,
        page: String,
    },
    Unknown {
        original: String,
        raw: String,
    },
}

impl StoredMedia {
    fn name_of(media: Option<&StoredMedia>) -> Option<&str> {
        media?.name.as_deref()
    }

    fn bytes(&self) -> usize {
        self.id.len() + self.mime.len() + self.name.as_ref().map_or(0, String::len)
    }
}

impl StoredContent {
    /// The texts a person would look for. Addresses and ids are no such texts.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        let name = StoredMedia::name_of;
        let texts = match self {
            StoredContent::Text(text) => [Some(text.as_str()), None],
            StoredContent::Image(media) | StoredContent::File(media) | StoredContent::Video { media, .. } => {
                [name(media.as_ref()), None]
            }
            StoredContent::Voice { media, transcript } => [transcript.as_deref(), name(media.as_ref())],
            StoredContent::Location { label, .. } => [Some(label.as_str()), None],
            StoredContent::Link {
                title, description, ..
            }
            | StoredContent::News {
                title, description, ..
            } => [Some(title.as_str()), Some(description.as_str())],
            StoredContent::MiniProgram { title, .. } => [Some(title.as_str()), None],
            StoredContent::Unknown { .. } => [None, None],
        };
        texts.into_iter().flatten().collect()
    }

    /// Whether a text a person would look for contains `word`, which is lower-case.
    #[must_use]
    pub fn mentions(&self, word: &str) -> bool {
        self.texts().iter().any(|text| text.to_lowercase().contains(word))
    }

    /// What may name a stored file: ids, and addresses that end in one.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let (first, second) = match self {
            StoredContent::Image(media) | StoredContent::File(media) | StoredContent::Voice { media, .. } => {
                (media.as_ref(), None)
            }
            StoredContent::Video { media, thumbnail } => (media.as_ref(), thumbnail.as_ref()),
            _ => (None, None),
        };
        let addresses = match self {
            StoredContent::News { url, picture, .. } => [Some(url), Some(picture)],
            StoredContent::Link { url, .. } => [Some(url), None],
            _ => [None, None],
        };
        let ids = [first, second]
            .into_iter()
            .flatten()
            .map(|media| media.id.as_str());
        let ends = addresses.into_iter().flatten().filter_map(|url| {
            let path = url.split(['?', '#']).next()?;
            path.rsplit_once("/m/").map(|(_, id)| id)
        });
        ids.chain(ends)
    }

    /// Bytes of all its texts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let file = |media: &Option<StoredMedia>| media.as_ref().map_or(0, StoredMedia::bytes);
        match self {
            StoredContent::Text(text) => text.len(),
            StoredContent::Image(media) | StoredContent::File(media) => file(media),
            StoredContent::Voice { media, transcript } => {
                file(media) + transcript.as_ref().map_or(0, String::len)
            }
            StoredContent::Video { media, thumbnail } => file(media) + file(thumbnail),
            StoredContent::Location { label, .. } => label.len(),
            StoredContent::Link {
                title,
                description,
                url,
            } => title.len() + description.len() + url.len(),
            StoredContent::News {
                title,
                description,
                url,
                picture,
            } => title.len() + description.len() + url.len() + picture.len(),
            StoredContent::MiniProgram { title, app_id, page } => title.len() + app_id.len() + page.len(),
            StoredContent::Unknown { original, raw } => original.len() + raw.len(),
        }
    }
}

impl From<MediaRef> for StoredMedia {
    fn from(MediaRef { id, mime, size, name }: MediaRef) -> Self {
        StoredMedia { id, mime, size, name }
    }
}

impl From<StoredMedia> for MediaRef {
    fn from(StoredMedia { id, mime, size, name }: StoredMedia) -> Self {
        MediaRef { id, mime, size, name }
    }
}

impl From<Content> for StoredContent {
    fn from(content: Content) -> Self {
        let stored = |media: Option<MediaRef>| media.map(StoredMedia::from);
        match content {
            Content::Text { text } => StoredContent::Text(text),
            Content::Image { media } => StoredContent::Image(stored(media)),
            Content::Voice { media, transcript } => StoredContent::Voice {
                media: stored(media),
                transcript,
            },
            Content::Video { media, thumbnail } => StoredContent::Video {
                media: stored(media),
                thumbnail: stored(thumbnail),
            },
            Content::File { media } => StoredContent::File(stored(media)),
            Content::Location {
                latitude,
                longitude,
                label,
            } => StoredContent::Location {
                latitude,
                longitude,
                label,
            },
            Content::Link {
                title,
                description,
                url,
            } => StoredContent::Link {
                title,
                description,
                url,
            },
            Content::News {
                title,
                description,
                url,
                picture,
            } => StoredContent::News {
                title,
                description,
                url,
                picture,
            },
            Content::MiniProgram { title, app_id, page } => {
                StoredContent::MiniProgram { title, app_id, page }
            }
            Content::Unknown { original, raw } => StoredContent::Unknown { original, raw },
        }
    }
}

impl From<StoredContent> for Content {
    fn from(content: StoredContent) -> Self {
        let media = |stored: Option<StoredMedia>| stored.map(MediaRef::from);
        match content {
            StoredContent::Text(text) => Content::Text { text },
            StoredContent::Image(stored) => Content::Image { media: media(stored) },
            StoredContent::Voice {
                media: stored,
                transcript,
            } => Content::Voice {
                media: media(stored),
                transcript,
            },
            StoredContent::Video {
                media: stored,
                thumbnail,
            } => Content::Video {
                media: media(stored),
                thumbnail: media(thumbnail),
            },
            StoredContent::File(stored) => Content::File { media: media(stored) },
            StoredContent::Location {
                latitude,
                longitude,
                label,
            } => Content::Location {
                latitude,
                longitude,
                label,
            },
            StoredContent::Link {
                title,
                description,
                url,
            } => Content::Link {
                title,
                description,
                url,
            },
            StoredContent::News {
                title,
                description,
                url,
                picture,
            } => Content::News {
                title,
                description,
                url,
                picture,
            },
            StoredContent::MiniProgram { title, app_id, page } => {
                Content::MiniProgram { title, app_id, page }
            }
            StoredContent::Unknown { original, raw } => Content::Unknown { original, raw },
        }
    }
}
