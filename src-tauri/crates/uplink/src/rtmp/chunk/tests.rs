//! The chunk layer against `rml_rtmp`'s reader (messages one after the other) and ours (interleaved).

use proptest::prelude::*;
use rml_rtmp::chunk_io::ChunkDeserializer;

use super::*;
use crate::rtmp::reader::ChunkReader;

fn message(lane: Lane, timestamp: u32, len: usize) -> OutMessage {
    let type_id = if lane == Lane::Audio { kind::AUDIO } else { kind::VIDEO };
    let body: Vec<u8> = (0..len).map(|n| (n as u8).wrapping_add(timestamp as u8)).collect();
    OutMessage { timestamp, type_id, stream_id: 1, head: Head::new(&[0x17, 1, 0, 0, 0]), body: body.into() }
}

fn payload(message: &OutMessage) -> Vec<u8> {
    [message.head.as_slice(), &message.body].concat()
}

fn announce(writer: &mut ChunkWriter, size: u32) {
    writer.queue(
        Lane::Control,
        OutMessage {
            timestamp: 0,
            type_id: kind::SET_CHUNK_SIZE,
            stream_id: 0,
            head: Head::default(),
            body: Bytes::copy_from_slice(&size.to_be_bytes()),
        },
    );
}

/// Writes one message after the other and reads them with `rml_rtmp`.
fn through_rml(messages: &[(Lane, u32, usize)]) {
    let mut writer = ChunkWriter::new(true);
    let mut reader = ChunkDeserializer::new();
    let mut out = BytesMut::new();
    announce(&mut writer, 4096);
    writer.write(&mut out, usize::MAX);
    reader.get_next_message(&out.split()).unwrap().unwrap();
    reader.set_max_chunk_size(4096).unwrap();
    for &(lane, timestamp, len) in messages {
        let sent = message(lane, timestamp, len);
        writer.queue(lane, sent.clone());
        writer.write(&mut out, usize::MAX);
        let got = reader.get_next_message(&out.split()).unwrap().expect("a whole message");
        assert_eq!(got.timestamp.value, timestamp, "len {len}");
        assert_eq!((got.type_id, got.message_stream_id), (sent.type_id, 1));
        assert_eq!(got.data, payload(&sent));
    }
}

#[test]
fn timestamps_cross_2_pow_24_and_2_pow_32_and_start_beyond() {
    for start in [0, (1 << 24) - 400, 1 << 24, 20_000_000, u32::MAX - 400, 0x00ff_ffff, 0x00ff_fffe] {
        for len in [10, 4091, 4092, 9000, 100_000] {
            let steps: Vec<_> = (0..30u32).map(|n| (Lane::Video, start.wrapping_add(n * 33), len)).collect();
            through_rml(&steps);
        }
    }
}

#[test]
fn the_wire_has_the_extended_timestamp_in_every_chunk_of_a_full_header_and_in_no_other() {
    let mut writer = ChunkWriter::new(true);
    let mut out = BytesMut::new();
    let start = 20_000_000u32;
    writer.queue(Lane::Video, message(Lane::Video, start, 251));
    writer.write(&mut out, usize::MAX);
    // 256 bytes in two chunks of 128: basic + 11 + 4, then basic + 4.
    assert_eq!(out.len(), 256 + (1 + 11 + 4) + (1 + 4));
    assert_eq!(&out[..4], [6, 0xff, 0xff, 0xff]);
    assert_eq!(&out[12..16], start.to_be_bytes());
    assert_eq!(&out[16 + 128..16 + 133], [&[0xc6], &start.to_be_bytes()[..]].concat());
    out.clear();
    writer.queue(Lane::Video, message(Lane::Video, start + 33, 251));
    writer.write(&mut out, usize::MAX);
    assert_eq!(out.len(), 256 + (1 + 3) + 1, "same shape: type 2, bare continuation");
    out.clear();
    writer.queue(Lane::Video, message(Lane::Video, start + 66, 251));
    writer.write(&mut out, usize::MAX);
    assert_eq!(out.len(), 256 + 1 + 1, "same delta: type 3");
}

#[test]
fn sound_goes_between_the_chunks_of_a_large_picture() {
    let mut writer = ChunkWriter::new(true);
    let mut reader = ChunkReader::new(1 << 20);
    let mut out = BytesMut::new();
    announce(&mut writer, 4096);
    let picture = message(Lane::Video, 1000, 50_000);
    let sound = message(Lane::Audio, 1010, 300);
    writer.queue(Lane::Video, picture.clone());
    writer.write(&mut out, 10_000);
    assert!(!writer.is_idle(Lane::Video));
    writer.queue(Lane::Audio, sound.clone());
    writer.write(&mut out, usize::MAX);
    reader.push(&out);
    let got: Vec<_> = std::iter::from_fn(|| reader.next().unwrap()).filter(|m| m.stream_id == 1).collect();
    assert_eq!((got[0].timestamp, got[0].payload.to_vec()), (1010, payload(&sound)));
    assert_eq!((got[1].timestamp, got[1].payload.to_vec()), (1000, payload(&picture)));
}

#[test]
fn without_interleaving_a_message_is_never_split() {
    let mut writer = ChunkWriter::new(false);
    let mut out = BytesMut::new();
    let mut reader = ChunkReader::new(1 << 20);
    writer.queue(Lane::Video, message(Lane::Video, 1000, 5000));
    writer.write(&mut out, 1000);
    writer.queue(Lane::Audio, message(Lane::Audio, 1010, 300));
    writer.write(&mut out, usize::MAX);
    reader.push(&out);
    let got: Vec<_> = std::iter::from_fn(|| reader.next().unwrap()).map(|m| m.timestamp).collect();
    assert_eq!(got, [1000, 1010]);
}

fn stamps() -> impl Strategy<Value = u32> {
    prop_oneof![any::<u32>(), (1u32 << 24) - 300..(1 << 24) + 300, u32::MAX - 300..=u32::MAX, 0u32..300,]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_order_of_timestamps_and_sizes_survives(
        start in stamps(),
        // Mostly small steps, some jumps either way, some repeated shapes.
        steps in proptest::collection::vec((prop_oneof![0u32..60, 16_777_000u32..16_777_300, any::<u32>()],
            prop_oneof![Just(40usize), 0..10_000usize], any::<bool>()), 1..40),
    ) {
        let mut at = start;
        let messages: Vec<_> = steps.iter().map(|&(step, len, sound)| {
            at = at.wrapping_add(step);
            (if sound { Lane::Audio } else { Lane::Video }, at, len)
        }).collect();
        through_rml(&messages);
    }

    #[test]
    fn interleaved_messages_all_arrive_whole(
        start in stamps(), budgets in proptest::collection::vec(1usize..9000, 1..60),
    ) {
        let mut writer = ChunkWriter::new(true);
        let mut reader = ChunkReader::new(1 << 20);
        let mut out = BytesMut::new();
        let (mut sent, mut got) = (Vec::new(), Vec::new());
        for (n, budget) in budgets.into_iter().enumerate() {
            let at = start.wrapping_add(n as u32 * 20);
            let lane = if n % 3 == 0 { Lane::Video } else { Lane::Audio };
            let m = message(lane, at, if lane == Lane::Video { 20_000 + n } else { 200 + n });
            sent.push((m.type_id, at, payload(&m)));
            writer.queue(lane, m);
            writer.write(&mut out, budget);
            reader.push(&out.split());
            got.extend(std::iter::from_fn(|| reader.next().unwrap()));
        }
        writer.write(&mut out, usize::MAX);
        reader.push(&out);
        got.extend(std::iter::from_fn(|| reader.next().unwrap()));
        for track in [kind::AUDIO, kind::VIDEO] {
            let want: Vec<_> = sent.iter().filter(|m| m.0 == track).cloned().collect();
            let have: Vec<_> = got.iter().filter(|m| m.type_id == track)
                .map(|m| (m.type_id, m.timestamp, m.payload.to_vec())).collect();
            prop_assert_eq!(want, have);
        }
    }
}
