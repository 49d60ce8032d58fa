//! The publisher against a scripted server that speaks with our own reader and `rml_rtmp`'s handshake.

use bytes::BytesMut;
use proptest::prelude::*;
use rml_rtmp::handshake::{Handshake, HandshakeProcessResult, PeerType};
use vitrine_media::MediaTime;

use super::*;
use crate::samples::{audio, audio_config, video, video_config};

/// The server's side of one connection.
struct Server {
    handshake: Option<Handshake>,
    reader: ChunkReader,
    writer: ChunkWriter,
    got: Vec<InMessage>,
}

impl Server {
    fn new() -> Self {
        Self {
            handshake: Some(Handshake::new(PeerType::Server)),
            reader: ChunkReader::new(1 << 22),
            writer: ChunkWriter::new(true),
            got: Vec::new(),
        }
    }

    /// Moves bytes both ways until silence; what the publisher refuses is returned.
    fn exchange(&mut self, publisher: &mut Publisher) -> Result<(), PublishError> {
        loop {
            let mut out = BytesMut::new();
            publisher.transmit(&mut out, usize::MAX);
            let mut back = BytesMut::new();
            if let Some(handshake) = &mut self.handshake {
                match handshake.process_bytes(&out).unwrap() {
                    HandshakeProcessResult::InProgress { response_bytes } => back.extend(response_bytes),
                    HandshakeProcessResult::Completed { response_bytes, remaining_bytes } => {
                        back.extend(response_bytes);
                        self.handshake = None;
                        self.reader.push(&remaining_bytes);
                    }
                }
            } else {
                self.reader.push(&out);
            }
            while let Some(message) = self.reader.next().unwrap() {
                self.got.push(message);
            }
            self.writer.write(&mut back, usize::MAX);
            if out.is_empty() && back.is_empty() {
                return Ok(());
            }
            publisher.feed(&back)?;
        }
    }

    fn say(&mut self, type_id: u8, body: Vec<u8>) {
        let message =
            OutMessage { timestamp: 0, type_id, stream_id: 0, head: Head::default(), body: body.into() };
        self.writer.queue(Lane::Command, message);
    }

    fn answer(&mut self, name: &str, id: f64, info: Value) {
        self.say(
            kind::COMMAND_AMF0,
            amf0::encode(&[Value::string(name), Value::Number(id), Value::Null, info]),
        );
    }

    fn status(&mut self, level: &str, code: &str) {
        let info = Value::Object(vec![
            ("level".into(), Value::string(level)),
            ("code".into(), Value::string(code)),
            ("description".into(), Value::string("about stream-key-1")),
        ]);
        self.answer("onStatus", 0.0, info);
    }

    fn commands(&self) -> Vec<Vec<Value>> {
        self.got
            .iter()
            .filter(|m| m.type_id == kind::COMMAND_AMF0)
            .map(|m| amf0::decode(&m.payload).unwrap())
            .collect()
    }

    fn names(&self) -> Vec<String> {
        self.commands().iter().map(|c| c[0].as_str().unwrap().to_owned()).collect()
    }
}

fn publisher() -> Publisher {
    let target = Target::parse("rtmp://ingest.example/live/stream-key-1").unwrap();
    Publisher::new(target, PublisherSettings::default()).unwrap()
}

fn live() -> (Publisher, Server) {
    let (mut publisher, mut server) = (publisher(), Server::new());
    server.exchange(&mut publisher).unwrap();
    server.answer("_result", 1.0, Value::Object(vec![]));
    server.exchange(&mut publisher).unwrap();
    server.answer("_result", 4.0, Value::Number(7.0));
    server.exchange(&mut publisher).unwrap();
    server.status("status", "NetStream.Publish.Start");
    server.exchange(&mut publisher).unwrap();
    assert_eq!(publisher.phase(), Phase::Live);
    (publisher, server)
}

fn known() -> Configs {
    Configs { video: Some(video_config(1280, 720)), audio: Some(audio_config()) }
}

fn push(publisher: &mut Publisher, server: &mut Server, unit: &AccessUnit) {
    assert!(publisher.can_send(unit));
    publisher.send(unit, &known());
    server.exchange(publisher).unwrap();
}

#[test]
fn the_commands_come_in_the_order_servers_expect() {
    let (_, server) = live();
    assert_eq!(server.names(), ["connect", "releaseStream", "FCPublish", "createStream", "publish"]);
    let commands = server.commands();
    let connect = &commands[0][2];
    assert_eq!(connect.get("app").unwrap().as_str(), Some("live"));
    assert_eq!(connect.get("tcUrl").unwrap().as_str(), Some("rtmp://ingest.example/live"));
    assert!(connect.get("fourCcList").is_some() && connect.get("capsEx").is_none());
    assert_eq!(commands[4][3].as_str(), Some("stream-key-1"));
    assert_eq!(server.got.iter().find(|m| m.stream_id == 7).unwrap().type_id, kind::COMMAND_AMF0);
}

#[test]
fn a_stream_opens_with_metadata_and_both_sequence_headers() {
    let (mut publisher, mut server) = live();
    server.got.clear();
    push(&mut publisher, &mut server, &video(0, true, 20_000));
    push(&mut publisher, &mut server, &audio(10));
    push(&mut publisher, &mut server, &video(33, false, 500));
    let seen: Vec<_> =
        server.got.iter().map(|m| (m.type_id, m.timestamp, m.payload[0], m.payload[1])).collect();
    assert_eq!(
        seen,
        [
            (18, 100, 2, 0),
            (9, 100, 0x17, 0),
            (9, 100, 0x17, 1),
            (8, 110, 0xaf, 0),
            (8, 110, 0xaf, 1),
            (9, 133, 0x27, 1),
        ]
    );
    let metadata = amf0::decode(&server.got[0].payload).unwrap();
    assert_eq!(metadata[2].get("width").unwrap().as_number(), Some(1280.0));
    assert_eq!(metadata[2].get("audiosamplerate").unwrap().as_number(), Some(48_000.0));
}

#[test]
fn a_new_configuration_is_sent_before_the_unit_that_needs_it() {
    let (mut publisher, mut server) = live();
    push(&mut publisher, &mut server, &video(0, true, 100));
    server.got.clear();
    let mut unit = video(2000, true, 100);
    unit.config = video_config(640, 360);
    push(&mut publisher, &mut server, &unit);
    let seen: Vec<_> = server.got.iter().map(|m| (m.type_id, m.payload[1])).collect();
    assert_eq!(seen, [(18, 0), (9, 0), (9, 1)]);
}

#[test]
fn refusals_are_typed_and_never_show_the_key() {
    for (level, code, kind) in [
        ("error", "NetStream.Publish.BadName", RefusalKind::KeyInUse),
        ("error", "NetStream.Publish.Denied", RefusalKind::KeyRejected),
        ("status", "NetStream.Publish.Denied", RefusalKind::KeyRejected),
        ("error", "NetStream.Whatever", RefusalKind::Other),
    ] {
        let (mut publisher, mut server) = (publisher(), Server::new());
        server.exchange(&mut publisher).unwrap();
        server.status(level, code);
        match server.exchange(&mut publisher) {
            Err(PublishError::Refused(refusal)) => {
                assert_eq!((refusal.kind, refusal.status.as_str()), (kind, code));
                assert!(!format!("{refusal:?} {publisher:?}").contains("stream-key-1"));
            }
            other => panic!("{code}: {other:?}"),
        }
    }
}

#[test]
fn a_rejected_connect_is_a_refusal_but_an_unknown_command_is_not() {
    let (mut publisher, mut server) = (publisher(), Server::new());
    server.exchange(&mut publisher).unwrap();
    server.answer("_result", 1.0, Value::Object(vec![]));
    server.answer("_error", 2.0, Value::Null);
    server.exchange(&mut publisher).unwrap();
    assert_eq!(publisher.phase(), Phase::CreateStream);
    let info = Value::Object(vec![("code".into(), Value::string("NetConnection.Connect.InvalidApp"))]);
    server.answer("_error", 1.0, info);
    let refused = server.exchange(&mut publisher);
    assert!(matches!(refused, Err(PublishError::Refused(r)) if r.kind == RefusalKind::NoSuchApp));
}

#[test]
fn pings_windows_and_bandwidth_are_answered() {
    let (mut publisher, mut server) = live();
    server.got.clear();
    server.say(kind::USER_CONTROL, vec![0, 6, 1, 2, 3, 4]);
    server.say(kind::SET_PEER_BANDWIDTH, vec![0, 1, 0, 0, 2]);
    server.say(kind::WINDOW_ACK_SIZE, vec![0, 0, 0x10, 0]);
    server.exchange(&mut publisher).unwrap();
    assert_eq!(server.got[0].payload.to_vec(), [0, 7, 1, 2, 3, 4]);
    assert_eq!((server.got[1].type_id, server.got[1].payload.len()), (kind::WINDOW_ACK_SIZE, 4));
    let before = publisher.received;
    server.got.clear();
    server.say(kind::DATA_AMF0, vec![5; 4000]);
    server.exchange(&mut publisher).unwrap();
    let total = u32::from_be_bytes(*server.got[0].payload.first_chunk().unwrap());
    assert_eq!(server.got[0].type_id, kind::ACKNOWLEDGEMENT);
    assert!(u64::from(total) >= before + 4000, "a total, not a difference: {total}");
}

#[test]
fn sound_overtakes_a_large_picture_a_little_and_the_next_picture_waits() {
    let (mut publisher, mut server) = live();
    let (mut out, picture) = (BytesMut::new(), video(0, true, 200_000));
    publisher.send(&picture, &known());
    publisher.transmit(&mut out, 8192);
    assert!(!publisher.can_send(&video(33, false, 10)));
    assert!(publisher.can_send(&audio(150)));
    assert!(!publisher.can_send(&audio(201)));
    publisher.send(&audio(21), &known());
    publisher.transmit(&mut out, usize::MAX);
    server.reader.push(&out);
    server.got = std::iter::from_fn(|| server.reader.next().unwrap()).collect();
    let order: Vec<_> = server.got.iter().filter(|m| m.payload[1] == 1).map(|m| m.type_id).collect();
    assert_eq!(order, [kind::AUDIO, kind::VIDEO]);
    assert!(publisher.first_keyframe_end().is_some());
}

#[test]
fn a_farewell_follows_what_was_begun_and_nothing_else() {
    let (mut publisher, mut server) = live();
    let mut out = BytesMut::new();
    publisher.send(&video(0, true, 50_000), &known());
    publisher.transmit(&mut out, 8192);
    publisher.send(&audio(10), &known());
    publisher.close();
    assert!(!publisher.is_drained());
    publisher.transmit(&mut out, usize::MAX);
    assert!(publisher.is_drained());
    server.reader.push(&out);
    server.got = std::iter::from_fn(|| server.reader.next().unwrap()).collect();
    let kinds: Vec<_> = server.got.iter().map(|m| m.type_id).collect();
    assert_eq!(kinds, [18, 9, 9, 20, 20]);
    assert_eq!(server.names(), ["FCUnpublish", "deleteStream"]);
    assert!(!publisher.can_send(&audio(20)));
}

#[test]
fn a_peer_that_pings_without_end_is_cut_off() {
    let (mut publisher, mut server) = live();
    let mut flood = BytesMut::new();
    for _ in 0..20_000 {
        server.say(kind::USER_CONTROL, vec![0, 6, 0, 0, 0, 0]);
    }
    server.writer.write(&mut flood, usize::MAX);
    assert_eq!(publisher.feed(&flood), Err(PublishError::Flood));
}

#[test]
fn a_web_server_is_recognised_as_such() {
    assert_eq!(publisher().feed(b"HTTP/1.1 400 Bad Request\r\n"), Err(PublishError::NotRtmp));
}

#[test]
fn a_programme_of_fifty_days_keeps_its_time() {
    let (mut publisher, mut server) = live();
    let start = (1i64 << 32) - 1100;
    for n in 0..60 {
        let at = start + n * 40;
        push(&mut publisher, &mut server, &video(at, n % 10 == 0, 6000));
        push(&mut publisher, &mut server, &audio(at));
    }
    let stamps: Vec<_> =
        server.got.iter().filter(|m| m.type_id == 9 && m.payload[1] == 1).map(|m| m.timestamp).collect();
    let want: Vec<_> = (0..60).map(|n| wire(start + n * 40)).collect();
    assert_eq!(stamps, want);
    assert!(stamps.windows(2).any(|w| w[1] < w[0]), "the wrap is crossed");
}

fn wire(millis: i64) -> u32 {
    flv::wire_millis(MediaTime::from_millis(millis))
}

use crate::rtmp::RefusalKind;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn no_server_can_make_it_panic(
        skip_handshake: bool,
        pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..30),
        // Whole messages with random contents, which get past the chunk layer.
        messages in proptest::collection::vec((0u8..23, proptest::collection::vec(any::<u8>(), 0..60)), 0..20),
    ) {
        let (mut publisher, mut server) = (publisher(), Server::new());
        if skip_handshake {
            server.exchange(&mut publisher).unwrap();
            for (type_id, body) in messages {
                server.say(type_id, body);
                if server.exchange(&mut publisher).is_err() {
                    return Ok(());
                }
            }
        }
        for piece in pieces {
            if publisher.feed(&piece).is_err() {
                break;
            }
        }
    }
}
