//! From any older settings document to the present one. Pure: one function a step, each tested by a fixture.

use serde_json::{Map, Value};

/// A document as it lies in the file.
pub(crate) type Document = Map<String, Value>;

/// The version this studio writes.
pub(crate) const CURRENT: u32 = MIGRATIONS.len() as u32;

/// `MIGRATIONS[n]` leads from version `n` to `n + 1`. Append only: every version that ever lay in a host's folder
/// must find its way.
const MIGRATIONS: &[fn(Document) -> Document] = &[from_0];

/// The document's version; one without is version 0, a file written by hand.
pub(crate) fn version(document: &Document) -> u32 {
    document.get("version").and_then(Value::as_u64).and_then(|v| u32::try_from(v).ok()).unwrap_or(0)
}

/// Brings a document to [`CURRENT`]. One from the future is left as it is.
pub(crate) fn to_current(mut document: Document) -> Document {
    let found = version(&document);
    for (n, migrate) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        document = migrate(document);
        document.insert("version".to_owned(), Value::from(n + 1));
    }
    document
}

/// Version 0 is a file written by hand: sizes and rates may be given as on the command line, `"size": "1280x720"`
/// and `"fps": 30`.
fn from_0(mut document: Document) -> Document {
    let Some(Value::Object(video)) = document.get_mut("video") else {
        return document;
    };
    let size = video.get("size").and_then(Value::as_str).and_then(|size| {
        let (width, height) = size.split_once('x')?;
        Some((width.parse::<u32>().ok()?, height.parse::<u32>().ok()?))
    });
    if let Some((width, height)) = size {
        video.remove("size");
        video.insert("width".to_owned(), width.into());
        video.insert("height".to_owned(), height.into());
    }
    if let Some(fps) = video.get("fps").and_then(Value::as_u64) {
        video.insert("fps".to_owned(), serde_json::json!({ "num": fps, "den": 1 }));
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use proptest::prelude::*;

    fn document(text: &str) -> Document {
        serde_json::from_str(text).unwrap()
    }

    const FIXTURES: [&str; 2] =
        [include_str!("../fixtures/settings-v0.json"), include_str!("../fixtures/settings-v1.json")];

    #[test]
    fn there_is_a_fixture_of_every_version() {
        for (n, fixture) in FIXTURES.iter().enumerate() {
            assert_eq!(version(&document(fixture)), n as u32);
        }
        assert_eq!(FIXTURES.len() as u32, CURRENT + 1);
    }

    #[test]
    fn every_version_ends_as_the_same_settings() {
        let [oldest, .., newest] = FIXTURES;
        let settings =
            |text: &str| serde_json::from_value::<Settings>(to_current(document(text)).into()).unwrap();
        assert_eq!(settings(oldest), settings(newest));
        assert_eq!(settings(newest).check(), Ok(()));
        assert_eq!(settings(newest).video.width, 1280);
    }

    #[test]
    fn a_document_from_the_future_is_left_alone() {
        let future = document(r#"{"version": 99, "video": {"size": "1x1"}}"#);
        assert_eq!(to_current(future.clone()), future);
    }

    proptest! {
        #[test]
        fn migrating_twice_is_migrating_once(width in 0u32..10_000, fps in 0u64..300, versioned: bool) {
            let mut old = document(&format!(r#"{{"video": {{"size": "{width}x2", "fps": {fps}}}, "x": [1]}}"#));
            if versioned {
                old.insert("version".to_owned(), 0.into());
            }
            let once = to_current(old);
            prop_assert_eq!(version(&once), CURRENT);
            prop_assert_eq!(to_current(once.clone()), once);
        }
    }
}
