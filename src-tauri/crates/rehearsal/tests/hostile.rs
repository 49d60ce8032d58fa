//! A whole conversation with bytes changed at random: no panic, no endless loop, whatever comes.
// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use rml_amf0::Amf0Value;
use rml_rtmp::chunk_io::ChunkSerializer;
use rml_rtmp::messages::{MessagePayload, RtmpMessage};
use rml_rtmp::time::RtmpTimestamp;
use vitrine_rehearsal::fuzz;

/// Connect, create a stream, publish with the key that [`fuzz`] uses, then metadata, headers and media.
fn conversation() -> Vec<u8> {
    let mut writer = ChunkSerializer::new();
    let mut wire = writer.set_max_chunk_size(4096, RtmpTimestamp::new(0)).unwrap().bytes;
    let text = |s: &str| Amf0Value::Utf8String(s.into());
    let app = Amf0Value::Object([("app".to_string(), text("live"))].into_iter().collect());
    let commands = [
        ("connect", app, vec![]),
        ("createStream", Amf0Value::Null, vec![]),
        ("publish", Amf0Value::Null, vec![text("key"), text("live")]),
    ];
    for (number, (name, object, arguments)) in commands.into_iter().enumerate() {
        let message = RtmpMessage::Amf0Command {
            command_name: name.into(),
            transaction_id: number as f64 + 1.0,
            command_object: object,
            additional_arguments: arguments,
        };
        let payload = message.into_message_payload(RtmpTimestamp::new(0), 1).unwrap();
        wire.extend(writer.serialize(&payload, false, false).unwrap().bytes);
    }
    let sps = [
        0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x28, 0xff, 0xe1, 0, 10, 0x67, 0x64, 0, 0x28, 0xac, 0xd9, 0x40, 0x78, 2,
    ];
    let bodies: [(u8, Vec<u8>); 5] = [
        (18, b"\x02\x00\x0d@setDataFrame\x02\x00\x0aonMetaData\x08\x00\x00\x00\x00\x00\x00\x09".to_vec()),
        (9, sps.to_vec()),
        (8, vec![0xaf, 0, 0x11, 0x90]),
        (9, [&[0x17, 1, 0, 0, 0][..], &[5; 9000]].concat()),
        (8, vec![0xaf, 1, 2, 3]),
    ];
    for (time, (type_id, body)) in bodies.into_iter().enumerate() {
        let payload = MessagePayload {
            timestamp: RtmpTimestamp::new(time as u32 * 20),
            type_id,
            message_stream_id: 1,
            data: body.into(),
        };
        wire.extend(writer.serialize(&payload, false, false).unwrap().bytes);
    }
    wire
}

#[test]
fn the_conversation_itself_is_a_good_one() {
    assert_eq!(fuzz::ingest_after_handshake(&conversation(), 1000), 5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_changed_conversation_ends_in_an_answer_or_an_error(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in any::<prop::sample::Index>(),
        portion in 1usize..2000,
    ) {
        let mut wire = conversation();
        for (at, value) in changes {
            let at = at.index(wire.len());
            if let Some(byte) = wire.get_mut(at) {
                *byte = value;
            }
        }
        wire.truncate(cut.index(wire.len() + 1));
        fuzz::ingest_after_handshake(&wire, portion);
    }

    #[test]
    fn changed_flv_ends_in_tags_or_an_error(
        head in prop_oneof![Just(b"FLV\x01\x05\0\0\0\x09\0\0\0\0".to_vec()), Just(Vec::new())],
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        fuzz::flv(&[head, bytes].concat());
    }
}
