use super::*;
use crate::flv::FlvReader;

const AVC: &[u8] = &[
    0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x28, 0xff, 0xe1, 0, 27, 0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78,
    0x02, 0x27, 0xe5, 0xc0, 0x44, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60,
    0xc6, 0x58, 1, 0, 4, 0x68, 0xeb, 0xe3, 0xcb,
];
const AAC: &[u8] = &[0xaf, 0, 0x11, 0x90];

fn now() -> Now {
    Now { instant: Instant::now(), wall_millis: 1_000_000 }
}

fn video(timestamp: u32, key: bool) -> Tag {
    let body = vec![if key { 0x17 } else { 0x27 }, 1, 0, 0, 0, timestamp as u8];
    Tag { kind: TagKind::Video, timestamp, body: body.into() }
}

fn audio(timestamp: u32) -> Tag {
    Tag { kind: TagKind::Audio, timestamp, body: vec![0xaf, 1, timestamp as u8].into() }
}

fn config(kind: TagKind, body: &'static [u8]) -> Tag {
    Tag { kind, timestamp: 0, body: Bytes::from_static(body) }
}

fn on_air() -> Broadcast {
    let mut room = Broadcast::default();
    room.open().unwrap();
    room.tag(config(TagKind::Video, AVC), now()).unwrap();
    room.tag(config(TagKind::Audio, AAC), now()).unwrap();
    room
}

/// Everything that waits for a viewer, as (role, timestamp), and whether the stream is over.
fn fetch(room: &mut Broadcast, id: u64, reader: &mut FlvReader) -> (Vec<(Role, u32)>, bool) {
    let mut out = Vec::new();
    loop {
        match room.pull(id, 1000, Waker::noop()) {
            Pull::Bytes(bytes) => reader.push(&bytes),
            other => return (out, other == Pull::Ended),
        }
        while let Some(tag) = reader.next_tag().unwrap() {
            out.push((tag.role().unwrap(), tag.timestamp));
        }
    }
}

#[test]
fn a_newcomer_gets_headers_then_the_last_keyframe_then_the_rest() {
    let mut room = on_air();
    for tag in [video(0, true), video(40, false), video(80, true), audio(70), audio(90), video(120, false)] {
        room.tag(tag, now()).unwrap();
    }
    let id = room.join(Instant::now());
    let mut reader = FlvReader::new();
    let (got, ended) = fetch(&mut room, id, &mut reader);
    let expected = [
        (Role::VideoConfig, 80),
        (Role::AudioConfig, 80),
        (Role::Script, 80),
        (Role::Keyframe, 80),
        (Role::Sound, 90),
        (Role::Picture, 120),
    ];
    assert_eq!((&got[..], ended), (&expected[..], false));
    room.tag(video(160, false), now()).unwrap();
    assert_eq!(fetch(&mut room, id, &mut reader).0, [(Role::Picture, 160)]);
}

#[test]
fn a_second_publisher_finds_the_place_taken_until_the_first_leaves() {
    let mut room = Broadcast::default();
    let first = room.open().unwrap();
    assert_eq!(room.open(), None);
    room.close(first);
    let second = room.open().unwrap();
    room.close(first);
    assert_eq!(room.on_air(), (true, second));
}

#[test]
fn the_streams_of_all_viewers_end_with_the_broadcast() {
    let mut room = on_air();
    room.tag(video(0, true), now()).unwrap();
    let id = room.join(Instant::now());
    room.close(1);
    let (got, ended) = fetch(&mut room, id, &mut FlvReader::new());
    assert!(ended && got.contains(&(Role::Keyframe, 0)), "what was sent is still delivered: {got:?}");
    let late = room.join(Instant::now());
    assert!(fetch(&mut room, late, &mut FlvReader::new()).1);
}

#[test]
fn a_broadcast_without_sound_starts_after_a_moment() {
    let mut room = Broadcast::default();
    room.open().unwrap();
    room.tag(config(TagKind::Video, AVC), now()).unwrap();
    let id = room.join(Instant::now());
    let mut reader = FlvReader::new();
    room.tag(video(0, true), now()).unwrap();
    assert!(fetch(&mut room, id, &mut reader).0.is_empty());
    room.tag(video(500, false), now()).unwrap();
    assert_eq!(fetch(&mut room, id, &mut reader).0.len(), 4);
    // Sound that turns up later makes a new stream, since players cannot add a track.
    room.tag(config(TagKind::Audio, AAC), now()).unwrap();
    assert!(fetch(&mut room, id, &mut reader).1);
}

#[test]
fn a_jump_in_time_makes_a_new_stream() {
    let mut room = on_air();
    room.tag(video(50_000, true), now()).unwrap();
    let id = room.join(Instant::now());
    room.tag(video(0, true), now()).unwrap();
    assert!(fetch(&mut room, id, &mut FlvReader::new()).1);
    let again = room.join(Instant::now());
    assert!(fetch(&mut room, again, &mut FlvReader::new()).0.contains(&(Role::Keyframe, 0)));
}

#[test]
fn a_stream_crosses_the_wrap_of_the_timestamp() {
    let mut room = on_air();
    room.tag(video(u32::MAX - 10, true), now()).unwrap();
    let id = room.join(Instant::now());
    room.tag(video(22, false), now()).unwrap();
    let (got, ended) = fetch(&mut room, id, &mut FlvReader::new());
    assert_eq!((got.last(), ended), (Some(&(Role::Picture, 22)), false));
}

#[test]
fn a_new_sequence_header_reaches_those_who_watch() {
    let mut room = on_air();
    room.tag(video(0, true), now()).unwrap();
    let id = room.join(Instant::now());
    let mut reader = FlvReader::new();
    fetch(&mut room, id, &mut reader);
    room.tag(config(TagKind::Video, AVC), now()).unwrap();
    assert!(fetch(&mut room, id, &mut reader).0.is_empty(), "an equal one is not repeated");
    let mut other = AVC.to_vec();
    other[8] = 0x29;
    room.tag(Tag { kind: TagKind::Video, timestamp: 40, body: other.into() }, now()).unwrap();
    assert_eq!(fetch(&mut room, id, &mut reader).0, [(Role::VideoConfig, 40)]);
}

#[test]
fn the_studio_can_tell_when_a_picture_was_made() {
    let mut room = on_air();
    room.set_origin(Some(5_000));
    let clock = |room: &Broadcast, timestamp| {
        let values = amf::read_all(&room.clock_tag(timestamp, 7_777).body).unwrap();
        let number = |name: &str| values[1].field(name).and_then(amf::Value::as_number);
        let from = values[1].field("from").and_then(amf::Value::as_text).map(str::to_string);
        (values[0].as_text().map(str::to_string), number("ts"), number("wall"), from)
    };
    let name = || Some("onVitrineClock".to_string());
    assert_eq!(clock(&room, 40), (name(), Some(40.0), Some(5_040.0), Some("studio".into())));
    room.set_origin(None);
    assert_eq!(clock(&room, 40), (name(), Some(40.0), Some(7_777.0), Some("room".into())));
}

#[test]
fn useless_tags_are_counted_and_not_passed_on() {
    let mut room = on_air();
    room.tag(video(0, true), now()).unwrap();
    let id = room.join(Instant::now());
    let mut reader = FlvReader::new();
    fetch(&mut room, id, &mut reader);
    let hevc = Tag { kind: TagKind::Video, timestamp: 1, body: Bytes::from_static(b"\x90hvc1....") };
    assert_eq!(room.tag(hevc, now()), Err(TagError::VideoCodec(0)));
    let script =
        Tag { kind: TagKind::Script, timestamp: 1, body: Bytes::from_static(b"\x02\x00\x04evil\x03") };
    room.tag(script, now()).unwrap();
    assert!(fetch(&mut room, id, &mut reader).0.is_empty());
    assert_eq!(room.status(Instant::now()).tags_refused, 2);
}
