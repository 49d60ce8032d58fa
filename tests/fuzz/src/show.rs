//! Show files written by hand, by other programs, and by accident.

use vitrine_scene::{Edit, History, Show};

/// Between a show and the edits tried on it, one a line (ASCII record separator).
const SEPARATOR: u8 = 0x1e;

/// Reads a show; a good one can be written, read again and placed, and every edit it takes can be taken back exactly.
pub fn show(data: &[u8]) {
    let mut parts = data.splitn(2, |&b| b == SEPARATOR);
    let document = parts.next().unwrap_or_default();
    let mut show = match Show::parse_bytes(document) {
        Ok(show) => show,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert_eq!(Show::parse(&show.to_json()).as_ref(), Ok(&show), "written and read again");
    place(&show);
    let mut history = History::new();
    for line in parts.next().unwrap_or_default().split(|&b| b == b'\n').take(32) {
        let Ok(edit) = serde_json::from_slice::<Edit>(line) else { continue };
        let before = show.clone();
        match edit.apply(&mut show) {
            Ok(inverse) => {
                show.check().expect("an edit leaves a good show");
                let after = show.clone();
                let redo = inverse.apply(&mut show).expect("what was done can be undone");
                assert_eq!(show, before, "undone by {inverse:?}");
                redo.apply(&mut show).expect("and done again");
                assert_eq!(show, after, "done again by {redo:?}");
                show = before;
                history.apply(&mut show, &edit, None).expect("as before");
                place(&show);
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                assert_eq!(show, before, "a refused edit changes nothing");
            }
        }
    }
    while history.undo(&mut show).expect("the history is whole") {}
}

fn place(show: &Show) {
    for scene in &show.scenes {
        for placement in show.place(&scene.id).expect("a checked show can be placed") {
            for (width, height) in [(1, 1), (1920, 1080), (u32::MAX, 1)] {
                if let Some((crop, rect)) = placement.resolve(width, height) {
                    assert!(crop.left < width && crop.top < height);
                    assert!(rect.width >= 0.0 && rect.height >= 0.0, "{rect:?}");
                }
            }
        }
    }
}
