//! What the plugin remembers of visitors between two requests: name and language, pictures uploaded, pages
//! seen this minute. All of it is a convenience that may be forgotten at any time, and all of it is bounded.
use crate::{identity, limits};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use weikefu_channel::{Action, Behaviour, Inbound, MediaRef, Profile, What};

/// Entries of each memory above which it is emptied.
const REMEMBERED: usize = 8_192;
const MINUTE_MS: i64 = 60_000;

/// The memory of one account.
#[derive(Default)]
pub(crate) struct Visitors {
    profiles: HashMap<String, Profile>,
    pictures: HashMap<String, MediaRef>,
    pages: HashSet<String>,
    minute: i64,
}

impl Visitors {
    /// Remembers what a session said of a visitor.
    pub(crate) fn meet(&mut self, peer: &str, profile: Profile) {
        make_room(&mut self.profiles);
        self.profiles.insert(peer.to_owned(), profile);
    }

    /// What goes along with a visitor's messages. The verification follows from the peer alone, so it is right
    /// even when nothing is remembered.
    #[must_use]
    pub(crate) fn profile(&self, peer: &str) -> Profile {
        let known = self.profiles.get(peer).cloned().unwrap_or_default();
        Profile {
            verified: identity::is_verified(peer),
            ..known
        }
    }

    /// Remembers an uploaded picture.
    pub(crate) fn keep(&mut self, media: &MediaRef) {
        make_room(&mut self.pictures);
        self.pictures.insert(media.id.clone(), media.clone());
    }

    /// A picture uploaded lately.
    #[must_use]
    pub(crate) fn picture(&self, id: &str) -> Option<MediaRef> {
        self.pictures.get(id).cloned()
    }

    /// The page view to give to the desk, unless this visitor's view of this page was given within the same
    /// minute. Its dedupe key only depends on page and minute: a restart does not double it.
    pub(crate) fn page_view(&mut self, peer: &str, url: &str, now: i64) -> Option<Inbound> {
        let url = page_address(url)?;
        let minute = now.div_euclid(MINUTE_MS);
        if minute != self.minute || self.pages.len() >= REMEMBERED {
            self.pages.clear();
            self.minute = minute;
        }
        let name = identity::hex(&Sha256::digest(&url)[..8]);
        if !self.pages.insert(format!("{name} {peer}")) {
            return None;
        }
        Some(Inbound {
            peer: peer.to_owned(),
            dedupe: format!("page:{minute}:{name}"),
            sent_at: minute * MINUTE_MS,
            what: What::Behaviour {
                behaviour: Behaviour {
                    action: Action::PageView,
                    detail: url,
                },
            },
            profile: self.profile(peer),
            trigger: None,
            passive: None,
        })
    }
}

/// The address of a page as it is kept: http or https, without fragment and control characters, bounded.
fn page_address(url: &str) -> Option<String> {
    let url = url.split('#').next().unwrap_or_default().trim();
    let web = ["http://", "https://"]
        .iter()
        .any(|scheme| url.starts_with(scheme));
    let url: String = limits::cut(url, limits::URL_BYTES)
        .chars()
        .filter(|c| !c.is_control())
        .collect();
    web.then_some(url)
}

fn make_room<V>(memory: &mut HashMap<String, V>) {
    if memory.len() >= REMEMBERED {
        memory.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_010_000;

    #[test]
    fn a_page_counts_once_a_minute_and_visitor() {
        let mut visitors = Visitors::default();
        let first = visitors.page_view("v:1", "https://a.example/x#y", NOW).unwrap();
        assert_eq!(first.sent_at % MINUTE_MS, 0);
        assert!(
            visitors
                .page_view("v:1", "https://a.example/x", NOW + 1)
                .is_none()
        );
        assert!(visitors.page_view("v:2", "https://a.example/x", NOW).is_some());
        assert!(visitors.page_view("v:1", "https://a.example/z", NOW).is_some());
        assert!(
            visitors
                .page_view("v:1", "https://a.example/x", NOW + MINUTE_MS)
                .is_some()
        );
        // A restarted plugin files it under the same name and time.
        let again = Visitors::default()
            .page_view("v:1", "https://a.example/x", NOW + 5)
            .unwrap();
        assert_eq!((again.dedupe, again.sent_at), (first.dedupe, first.sent_at));
    }

    #[test]
    fn addresses_are_bounded_and_of_the_web() {
        let mut visitors = Visitors::default();
        for bad in ["", "javascript:alert(1)", "file:///etc/passwd", "/relative"] {
            assert!(visitors.page_view("v:1", bad, NOW).is_none(), "{bad}");
        }
        let long = format!("https://a.example/{}", "字".repeat(1_000));
        let What::Behaviour { behaviour } = visitors.page_view("v:1", &long, NOW).unwrap().what else {
            panic!()
        };
        assert!(behaviour.detail.len() <= limits::URL_BYTES && behaviour.detail.len() > 1_000);
    }

    #[test]
    fn verification_survives_forgetting() {
        let visitors = Visitors::default();
        assert!(visitors.profile("u:42").verified);
        assert!(!visitors.profile("v:42").verified);
    }
}
