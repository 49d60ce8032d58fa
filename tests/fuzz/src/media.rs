//! Media files that are not what they say.

use std::hint::black_box;
use std::io::Write;
use std::path::Path;

use vitrine_codec::{MediaInfo, PictureReader, SoundReader};
use vitrine_media::MediaTime;

/// Reads this many pictures or blocks of sound, before and after a jump.
const ENOUGH: usize = 12;
const MAX_BYTES: usize = 1 << 20;

/// Opens the bytes as a file, reads picture and sound, seeks and reads again.
pub fn media(data: &[u8]) {
    if data.len() > MAX_BYTES {
        return;
    }
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(data).unwrap();
    file.flush().unwrap();
    let Ok(info) = MediaInfo::probe(file.path()) else { return };
    assert!(info.picture.is_some() || info.sound.is_some());
    assert!(info.duration.is_none_or(|d| d >= MediaTime::ZERO), "a negative length");
    pictures(file.path());
    sound(file.path());
}

fn pictures(path: &Path) {
    let Ok(mut reader) = PictureReader::open(path) else { return };
    for round in 0..2 {
        for _ in 0..ENOUGH {
            let Ok(Some(picture)) = reader.next() else { break };
            assert!(picture.quarter_turns < 4);
            let raw = picture.raw();
            assert!(raw.width > 0 && raw.height > 0);
            for plane in raw.planes {
                black_box(plane.first().copied().unwrap_or(0) ^ plane.last().copied().unwrap_or(0));
            }
        }
        if round == 0 && reader.seek(MediaTime::from_millis(200)).is_err() {
            return;
        }
    }
}

fn sound(path: &Path) {
    let Ok(mut reader) = SoundReader::open(path) else { return };
    for round in 0..2 {
        for _ in 0..ENOUGH {
            let Ok(Some(sound)) = reader.next() else { break };
            assert!(sound.samples.iter().all(|s| s.is_finite()), "sound that is no number");
        }
        if round == 0 && reader.seek(MediaTime::from_millis(200)).is_err() {
            return;
        }
    }
}
