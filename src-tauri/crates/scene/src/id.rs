//! Names that never change: of scenes, items and sources.
//!
//! Owns: the id types. An id is chosen once and is what everything else refers to; the name beside it is the host's and
//! may change at any time.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest id, in bytes.
pub(crate) const MAX_ID: usize = 64;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// From its text: 1 to 64 bytes without control characters, checked when it enters a show.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// Its text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// `stem`, or `stem-2`, `stem-3`, … : the first that is not `taken`.
            pub fn free(stem: &str, taken: impl Fn(&Self) -> bool) -> Self {
                let mut id = Self(stem.to_owned());
                let mut n = 1u32;
                while taken(&id) {
                    n += 1;
                    id = Self(format!("{stem}-{n}"));
                }
                id
            }

            pub(crate) fn is_valid(&self) -> bool {
                !self.0.is_empty() && self.0.len() <= MAX_ID && !self.0.chars().any(char::is_control)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }
    };
}

id! {
    /// Names a scene within a show.
    SceneId
}
id! {
    /// Names an item within a show, not only within its scene.
    ItemId
}
id! {
    /// Names a source within a show.
    SourceId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_id_counts_up_from_its_stem() {
        let taken = ["camera", "camera-2"];
        assert_eq!(SourceId::free("camera", |id| taken.contains(&id.as_str())).as_str(), "camera-3");
        assert_eq!(SourceId::free("text", |_| false).as_str(), "text");
    }
}
