//! Entries for fuzzing: everything the room reads from the network, without the network.

use vitrine_media::Secret;

use crate::flv::FlvReader;
use crate::session::{Event, PublisherSession};
use crate::{amf, describe};

/// Bytes as an RTMP connection would send them, in portions of `portion` (at least 1); lets the peer publish with
/// the key `key`. Returns how many tags came through.
pub fn ingest(bytes: &[u8], portion: usize) -> usize {
    let mut session = PublisherSession::new(Secret::new("key".into()));
    let mut events = Vec::new();
    let mut tags = 0;
    for piece in bytes.chunks(portion.max(1)) {
        if session.input(piece, &mut events).is_err() {
            return tags;
        }
        let asked = events.iter().any(|event| matches!(event, Event::PublishAsked));
        if asked && session.accept(&mut events).is_err() {
            return tags;
        }
        for event in events.drain(..) {
            if let Event::Tag(tag) = event {
                tags += 1;
                let _ = tag.role();
                let _ = describe::video(&tag.body);
                let _ = describe::audio(&tag.body);
                let _ = amf::read_all(&tag.body);
            }
        }
    }
    tags
}

/// As [`ingest`], with a handshake put before the bytes, so that they reach the chunk and command readers.
pub fn ingest_after_handshake(bytes: &[u8], portion: usize) -> usize {
    let mut whole = vec![0u8; 1 + 2 * 1536];
    if let Some(version) = whole.first_mut() {
        *version = 3;
    }
    whole.extend_from_slice(bytes);
    ingest(&whole, portion)
}

/// Bytes as an FLV stream.
pub fn flv(bytes: &[u8]) {
    let mut reader = FlvReader::new();
    reader.push(bytes);
    while let Ok(Some(tag)) = reader.next_tag() {
        let _ = tag.role();
        let _ = describe::video(&tag.body);
        let _ = describe::audio(&tag.body);
    }
}
