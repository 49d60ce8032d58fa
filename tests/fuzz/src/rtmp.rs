//! RTMP from both ends: what a server may answer to our publisher, what a publisher may send to our room.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use rml_rtmp::handshake::{Handshake, HandshakeProcessResult, PeerType};
use vitrine_media::{
    AccessUnit, AudioCodec, AudioConfig, FrameRate, MediaTime, StreamConfig, TrackKind, VideoCodec,
    VideoConfig,
};
use vitrine_rehearsal::fuzz;
use vitrine_uplink::Configs;
use vitrine_uplink::rtmp::{ChunkReader, Publisher, PublisherSettings, Target, amf0};

use super::delivery;

/// Bytes a publisher may owe its socket, whatever the server sends: the commands' bound and some slack.
const MAX_OWED: usize = 256 * 1024;

/// Bytes of a server, with or without a proper handshake before them; also as bare chunks and as AMF0.
pub fn publisher(data: &[u8]) {
    let Some((after_handshake, portion, bytes)) = delivery(data) else { return };
    chunks(bytes, portion);
    values(bytes);
    let target = Target::parse("rtmp://127.0.0.1/live/secret").unwrap();
    let mut publisher = Publisher::new(target, PublisherSettings::default()).unwrap();
    let mut out = BytesMut::new();
    publisher.transmit(&mut out, usize::MAX);
    if after_handshake && !shake_hands(&mut publisher, &mut out) {
        return;
    }
    let units = [unit(TrackKind::Video), unit(TrackKind::Audio)];
    for piece in bytes.chunks(portion) {
        let fed = publisher.feed(piece);
        for unit in units.iter().filter(|u| publisher.can_send(u)).collect::<Vec<_>>() {
            publisher.send(unit, &Configs::default());
        }
        out.clear();
        publisher.transmit(&mut out, usize::MAX);
        assert!(out.len() < MAX_OWED, "{} bytes owed", out.len());
        assert!(!format!("{publisher:?}{fed:?}").contains("secret"), "the key shows");
        if fed.is_err() {
            break;
        }
    }
    publisher.close();
    out.clear();
    publisher.transmit(&mut out, usize::MAX);
    assert!(publisher.is_drained());
}

/// Completes the handshake as a server would.
fn shake_hands(publisher: &mut Publisher, out: &mut BytesMut) -> bool {
    let mut server = Handshake::new(PeerType::Server);
    let mut answer = server.generate_outbound_p0_and_p1().unwrap();
    for _ in 0..3 {
        let from_client = out.split();
        match server.process_bytes(&from_client) {
            Ok(HandshakeProcessResult::InProgress { response_bytes }) => answer.extend(response_bytes),
            Ok(HandshakeProcessResult::Completed { response_bytes, .. }) => {
                answer.extend(response_bytes);
                return publisher.feed(&answer).is_ok();
            }
            Err(_) => return false,
        }
        if publisher.feed(&std::mem::take(&mut answer)).is_err() {
            return false;
        }
        publisher.transmit(out, usize::MAX);
    }
    true
}

fn unit(track: TrackKind) -> AccessUnit {
    let config = match track {
        TrackKind::Video => StreamConfig::Video(VideoConfig {
            codec: VideoCodec::H264,
            width: 64,
            height: 48,
            rate: FrameRate::FPS_30,
            bitrate: 100_000,
            record: Bytes::from_static(&[1, 0x64, 0, 0x1f, 0xff, 0xe0, 0]),
        }),
        TrackKind::Audio => StreamConfig::Audio(AudioConfig {
            codec: AudioCodec::Aac,
            rate_hz: 48_000,
            channels: 2,
            bitrate: 64_000,
            record: Bytes::from_static(&[0x11, 0x90]),
        }),
    };
    let at = MediaTime::ZERO;
    let data = Bytes::from_static(&[0; 600]);
    AccessUnit { track, pts: at, dts: at, keyframe: true, data, config: Arc::new(config) }
}

fn chunks(bytes: &[u8], portion: usize) {
    const MAX: usize = 16 * 1024;
    let mut reader = ChunkReader::new(MAX);
    for piece in bytes.chunks(portion) {
        reader.push(piece);
        loop {
            match reader.next() {
                Ok(Some(message)) => assert!(message.payload.len() <= MAX),
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
}

/// What can be read can be written, and reads the same.
fn values(bytes: &[u8]) {
    let some = amf0::decode_prefix(bytes);
    if let Ok(all) = amf0::decode(bytes) {
        // Compared as text, since a number may be NaN.
        assert_eq!(format!("{all:?}"), format!("{some:?}"));
        let again = amf0::decode(&amf0::encode(&all)).expect("what was written can be read");
        assert_eq!(format!("{again:?}"), format!("{all:?}"));
    }
}

/// Text in the place of a stream address.
pub fn target_url(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Target::parse(&text) {
        Ok(target) => {
            let key = target.key().reveal();
            assert!(!target.host().is_empty() && target.port() > 0);
            // Unless it is also a part of the server's address.
            if key.len() >= 8 && text.matches(key.as_str()).count() == 1 {
                let shown = format!("{target:?}");
                assert!(!shown.contains(key.as_str()), "the key shows in {shown}");
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Bytes of a publisher to the rehearsal room.
pub fn ingest(data: &[u8]) {
    let Some((after_handshake, portion, bytes)) = delivery(data) else { return };
    if after_handshake {
        fuzz::ingest_after_handshake(bytes, portion);
    } else {
        fuzz::ingest(bytes, portion);
    }
}

/// Bytes as an FLV file.
pub fn flv(data: &[u8]) {
    fuzz::flv(data);
}
