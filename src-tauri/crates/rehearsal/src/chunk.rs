//! RTMP chunks in, whole messages out (RTMP 1.0 §5.3), for bytes from anywhere.
//!
//! Owns reassembly and its limits. Never does I/O and never reads what a message says, apart from the two
//! messages that steer reassembly itself (Set Chunk Size, Abort). Messages of several chunk streams may be
//! interleaved, as publishers do to keep sound flowing during a large keyframe; the chunk reader of `rml_rtmp`
//! keeps one payload for all streams and cannot read that, which is why this one exists.

use std::collections::HashMap;

use bytes::{Buf, Bytes, BytesMut};

/// What a chunk stream may not exceed.
#[derive(Clone, Copy, Debug)]
pub struct ChunkLimits {
    /// Bytes of one message.
    pub message: usize,
    /// Chunk streams used at once; publishers use four or five.
    pub streams: usize,
    /// Bytes of unfinished messages over all streams.
    pub pending: usize,
}

impl ChunkLimits {
    /// Before a publisher has shown its key: commands only.
    pub const STRANGER: Self = Self { message: 64 * 1024, streams: 16, pending: 128 * 1024 };
    /// A publisher: one keyframe of a very high bitrate fits many times.
    pub const PUBLISHER: Self = Self { message: 8 * 1024 * 1024, streams: 16, pending: 16 * 1024 * 1024 };
}

/// Why the bytes are not RTMP; the connection is of no more use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// A message announces more bytes than allowed.
    #[error("a message of {size} bytes, at most {limit} are allowed")]
    Oversized {
        /// Announced bytes.
        size: usize,
        /// Allowed bytes.
        limit: usize,
    },
    /// A compressed header refers to a chunk stream that was never opened.
    #[error("chunk stream {stream} continues a message that never began")]
    NoPrevious {
        /// Chunk stream id.
        stream: u32,
    },
    /// A header starts a message while the same stream's last one is unfinished.
    #[error("chunk stream {stream} begins a message inside another")]
    Overlapping {
        /// Chunk stream id.
        stream: u32,
    },
    /// More chunk streams than any publisher needs.
    #[error("more than {limit} chunk streams")]
    TooManyStreams {
        /// Allowed streams.
        limit: usize,
    },
    /// Set Chunk Size with zero or without its four bytes.
    #[error("an impossible chunk size")]
    ChunkSize,
    /// Too much begun and not finished.
    #[error("{size} bytes of unfinished messages, at most {limit} are allowed")]
    Pending {
        /// Bytes held.
        size: usize,
        /// Allowed bytes.
        limit: usize,
    },
}

/// A whole RTMP message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Message type id (RTMP 1.0 §5.4, §7.1).
    pub type_id: u8,
    /// Message stream id.
    pub stream_id: u32,
    /// Milliseconds, wrapping at 2^32.
    pub timestamp: u32,
    /// The payload, exactly as sent.
    pub body: Bytes,
}

/// What one chunk stream remembers.
#[derive(Debug, Default)]
struct Lane {
    timestamp: u32,
    /// The 24-bit field or its extension; the delta, or after a type 0 header the timestamp itself.
    field: u32,
    extended: bool,
    length: usize,
    type_id: u8,
    stream_id: u32,
    partial: BytesMut,
    begun: bool,
}

/// A chunk header read off the front of the buffer.
#[derive(Clone, Copy)]
struct Header {
    csid: u32,
    format: u8,
    field: u32,
    length: usize,
    type_id: u8,
    stream_id: u32,
    extended: bool,
    size: usize,
}

/// Reassembles messages. Pure.
#[derive(Debug)]
pub struct ChunkReader {
    buffer: BytesMut,
    chunk_size: usize,
    streams: HashMap<u32, Lane>,
    pending: usize,
    limits: ChunkLimits,
}

impl ChunkReader {
    /// Chunks of 128 bytes until told otherwise.
    pub fn new(limits: ChunkLimits) -> Self {
        Self { buffer: BytesMut::new(), chunk_size: 128, streams: HashMap::new(), pending: 0, limits }
    }

    /// Changes the limits for messages that begin from now on.
    pub fn set_limits(&mut self, limits: ChunkLimits) {
        self.limits = limits;
    }

    /// Takes bytes from the socket. The caller reads all messages before it adds more.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message, or `None` until more bytes come.
    pub fn next_message(&mut self) -> Result<Option<Message>, ChunkError> {
        loop {
            let Some(message) = self.step()? else { return Ok(None) };
            match message {
                Step::Continues => {}
                Step::Whole(message) => match message.type_id {
                    1 => self.set_chunk_size(&message.body)?,
                    2 => self.abort(&message.body),
                    _ => return Ok(Some(message)),
                },
            }
        }
    }

    fn step(&mut self) -> Result<Option<Step>, ChunkError> {
        let Some(header) = self.read_header()? else { return Ok(None) };
        let limits = self.limits;
        let known = self.streams.contains_key(&header.csid);
        if !known && self.streams.len() >= limits.streams {
            return Err(ChunkError::TooManyStreams { limit: limits.streams });
        }
        let unfinished = self.streams.get(&header.csid).map_or(0, |s| s.partial.len());
        let fresh = self.streams.get(&header.csid).is_none_or(|s| !s.begun);
        if !fresh && header.format != 3 {
            return Err(ChunkError::Overlapping { stream: header.csid });
        }
        if header.length > limits.message {
            return Err(ChunkError::Oversized { size: header.length, limit: limits.message });
        }
        let take = (header.length - unfinished.min(header.length)).min(self.chunk_size);
        if self.buffer.len() < header.size + take {
            return Ok(None);
        }
        if self.pending + take > limits.pending {
            return Err(ChunkError::Pending { size: self.pending + take, limit: limits.pending });
        }
        self.buffer.advance(header.size);
        let payload = self.buffer.split_to(take);
        let stream = self.streams.entry(header.csid).or_default();
        if fresh {
            begin(stream, header);
        }
        stream.partial.extend_from_slice(&payload);
        self.pending += take;
        if stream.partial.len() < stream.length {
            return Ok(Some(Step::Continues));
        }
        stream.begun = false;
        self.pending -= stream.partial.len();
        Ok(Some(Step::Whole(Message {
            type_id: stream.type_id,
            stream_id: stream.stream_id,
            timestamp: stream.timestamp,
            body: stream.partial.split().freeze(),
        })))
    }

    /// Basic header, message header and extended timestamp, without consuming them.
    fn read_header(&self) -> Result<Option<Header>, ChunkError> {
        let mut cursor = Cursor { bytes: &self.buffer, at: 0 };
        let Some(first) = cursor.u8() else { return Ok(None) };
        let format = first >> 6;
        let csid = match first & 0x3f {
            0 => cursor.u8().map(|low| 64 + u32::from(low)),
            1 => cursor.u8().zip(cursor.u8()).map(|(low, high)| 64 + u32::from(low) + 256 * u32::from(high)),
            small => Some(u32::from(small)),
        };
        let Some(csid) = csid else { return Ok(None) };
        let previous = self.streams.get(&csid);
        if format != 0 && previous.is_none() {
            return Err(ChunkError::NoPrevious { stream: csid });
        }
        let mut header = Header {
            csid,
            format,
            field: previous.map_or(0, |s| s.field),
            length: previous.map_or(0, |s| s.length),
            type_id: previous.map_or(0, |s| s.type_id),
            stream_id: previous.map_or(0, |s| s.stream_id),
            extended: previous.is_some_and(|s| s.extended),
            size: 0,
        };
        Ok(read_fields(&mut cursor, &mut header, previous).map(|()| {
            header.size = cursor.at;
            header
        }))
    }

    fn set_chunk_size(&mut self, body: &[u8]) -> Result<(), ChunkError> {
        let size = body.first_chunk::<4>().map_or(0, |b| u32::from_be_bytes(*b) & 0x7fff_ffff);
        if size == 0 {
            return Err(ChunkError::ChunkSize);
        }
        // A larger chunk than the largest message changes nothing.
        self.chunk_size = (size as usize).min(self.limits.message.max(ChunkLimits::PUBLISHER.message));
        Ok(())
    }

    fn abort(&mut self, body: &[u8]) {
        let Some(csid) = body.first_chunk::<4>().map(|b| u32::from_be_bytes(*b)) else { return };
        if let Some(stream) = self.streams.get_mut(&csid) {
            self.pending -= stream.partial.len();
            stream.partial.clear();
            stream.begun = false;
        }
    }
}

enum Step {
    Continues,
    Whole(Message),
}

/// Fills in what the header's format carries; `None` when bytes are missing.
fn read_fields(cursor: &mut Cursor<'_>, header: &mut Header, previous: Option<&Lane>) -> Option<()> {
    if header.format <= 2 {
        header.field = cursor.u24()?;
        header.extended = header.field == 0x00ff_ffff;
    }
    if header.format <= 1 {
        header.length = cursor.u24()? as usize;
        header.type_id = cursor.u8()?;
    }
    if header.format == 0 {
        header.stream_id = cursor.u32()?.swap_bytes();
    }
    if header.extended {
        if header.format == 3 && previous.is_some_and(|s| s.begun) {
            // Some publishers leave the extension out of continuation chunks: it is there if it repeats the
            // value. Mistaking payload for it takes an equal 32-bit value at the chunk's start.
            if cursor.peek_u32()? == previous.map_or(0, |s| s.field) {
                cursor.u32()?;
            }
        } else {
            header.field = cursor.u32()?;
        }
    }
    Some(())
}

fn begin(stream: &mut Lane, header: Header) {
    stream.timestamp =
        if header.format == 0 { header.field } else { stream.timestamp.wrapping_add(header.field) };
    stream.field = header.field;
    stream.extended = header.extended;
    stream.length = header.length;
    stream.type_id = header.type_id;
    stream.stream_id = header.stream_id;
    stream.begun = true;
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn array<const N: usize>(&self) -> Option<[u8; N]> {
        self.bytes.get(self.at..)?.first_chunk::<N>().copied()
    }

    fn u8(&mut self) -> Option<u8> {
        let [value] = self.array()?;
        self.at += 1;
        Some(value)
    }

    fn u24(&mut self) -> Option<u32> {
        let [a, b, c] = self.array()?;
        self.at += 3;
        Some(u32::from_be_bytes([0, a, b, c]))
    }

    fn u32(&mut self) -> Option<u32> {
        let value = self.peek_u32()?;
        self.at += 4;
        Some(value)
    }

    fn peek_u32(&self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rml_rtmp::chunk_io::ChunkSerializer;
    use rml_rtmp::messages::MessagePayload;
    use rml_rtmp::time::RtmpTimestamp;

    fn reader() -> ChunkReader {
        ChunkReader::new(ChunkLimits::PUBLISHER)
    }

    fn drain(reader: &mut ChunkReader) -> Vec<Message> {
        std::iter::from_fn(|| reader.next_message().unwrap()).collect()
    }

    proptest! {
        #[test]
        fn what_another_writer_wrote_is_read_back_in_any_portions(
            times in proptest::collection::vec(0u32..60_000, 1..20),
            start in prop_oneof![Just(0u32), Just(16_777_000), Just(u32::MAX - 2000)],
            sizes in proptest::collection::vec(1usize..700, 20),
            cut in 1usize..300,
            chunk in prop_oneof![Just(128u32), Just(4096)],
        ) {
            let mut writer = ChunkSerializer::new();
            let mut wire = writer.set_max_chunk_size(chunk, RtmpTimestamp::new(0)).unwrap().bytes;
            let mut sent = Vec::new();
            let mut at = start;
            for (i, step) in times.iter().enumerate() {
                at = at.wrapping_add(*step);
                let body = vec![i as u8; sizes[i]];
                let message = MessagePayload {
                    timestamp: RtmpTimestamp::new(at),
                    type_id: if i % 2 == 0 { 8 } else { 9 },
                    message_stream_id: 1,
                    data: body.into(),
                };
                wire.extend(writer.serialize(&message, false, false).unwrap().bytes);
                sent.push(message);
            }
            let mut reader = reader();
            let mut got = Vec::new();
            for piece in wire.chunks(cut) {
                reader.push(piece);
                got.extend(drain(&mut reader));
            }
            prop_assert_eq!(got.len(), sent.len());
            for (got, sent) in got.iter().zip(&sent) {
                prop_assert_eq!(&got.body, &sent.data);
                prop_assert_eq!(got.timestamp, sent.timestamp.value);
                prop_assert_eq!(got.type_id, sent.type_id);
            }
        }

        #[test]
        fn any_bytes_end_in_messages_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..4000)) {
            let mut reader = ChunkReader::new(ChunkLimits::STRANGER);
            reader.push(&bytes);
            while let Ok(Some(message)) = reader.next_message() {
                prop_assert!(message.body.len() <= ChunkLimits::STRANGER.message);
            }
        }
    }

    #[test]
    fn sound_between_the_chunks_of_a_picture_is_read() {
        let mut reader = reader();
        // Video on stream 6, 200 bytes = 128 + 72; between them audio on stream 4.
        reader.push(&[0x06, 0, 0, 10, 0, 0, 200, 9, 1, 0, 0, 0]);
        reader.push(&[7; 128]);
        reader.push(&[0x04, 0, 0, 9, 0, 0, 3, 8, 1, 0, 0, 0, 1, 2, 3]);
        reader.push(&[0xc6]);
        reader.push(&[7; 72]);
        let got = drain(&mut reader);
        assert_eq!(got.len(), 2);
        assert_eq!((got[0].type_id, &got[0].body[..]), (8, &[1, 2, 3][..]));
        assert_eq!((got[1].type_id, got[1].body.len(), got[1].timestamp), (9, 200, 10));
    }

    #[test]
    fn an_oversized_message_is_refused_before_its_bytes_are_kept() {
        let mut reader = ChunkReader::new(ChunkLimits::STRANGER);
        reader.push(&[0x03, 0, 0, 0, 0xff, 0xff, 0xff, 20, 0, 0, 0, 0]);
        assert_eq!(
            reader.next_message(),
            Err(ChunkError::Oversized { size: 0xff_ffff, limit: ChunkLimits::STRANGER.message })
        );
    }

    #[test]
    fn many_half_messages_are_refused() {
        let mut reader = ChunkReader::new(ChunkLimits { message: 1000, streams: 16, pending: 1000 });
        let mut result = Ok(None);
        for csid in 3..15 {
            reader.push(&[csid, 0, 0, 0, 0, 3, 0xe8, 20, 0, 0, 0, 0]);
            reader.push(&[0; 128]);
            result = reader.next_message();
            if result.is_err() {
                break;
            }
        }
        assert!(matches!(result, Err(ChunkError::Pending { .. })), "{result:?}");
    }

    #[test]
    fn a_continuation_of_nothing_is_refused() {
        let mut reader = reader();
        reader.push(&[0xc5, 0]);
        assert_eq!(reader.next_message(), Err(ChunkError::NoPrevious { stream: 5 }));
    }
}
