//! Chunks put together into messages again (Adobe RTMP 1.0, §5.3).
//!
//! Owns: reassembly of interleaved messages, the peer's chunk size, aborted messages. Never panics and never holds more
//! than a fixed number of bytes, whatever the peer sends: every length and the number of chunk streams are bounded.
//! (`rml_rtmp`'s reader mixes interleaved messages up and underflows on a shrinking length.)

use std::collections::BTreeMap;

use bytes::{Buf, Bytes, BytesMut};

use super::chunk::{EXTENDED, INITIAL_CHUNK_SIZE, kind};

/// More chunk streams than any server opens.
const MAX_STREAMS: usize = 64;

/// A whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InMessage {
    /// Milliseconds, modulo 2^32.
    pub timestamp: u32,
    /// Message type id.
    pub type_id: u8,
    /// Message stream id.
    pub stream_id: u32,
    /// The payload.
    pub payload: Bytes,
}

/// Why bytes are not a chunk stream. Nothing after it can be understood: the caller closes the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// A compressed header on a chunk stream that never had a full one.
    #[error("a compressed header came before a full one")]
    NoPrevious,
    /// A message, or all begun messages together, beyond the bound.
    #[error("the peer sends messages larger than allowed")]
    TooLarge,
    /// Too many chunk streams.
    #[error("the peer opens too many chunk streams")]
    TooManyStreams,
    /// Chunk size zero or beyond 31 bits (§5.4.1).
    #[error("the peer announced an impossible chunk size")]
    ChunkSize,
}

#[derive(Debug, Default)]
struct Incoming {
    timestamp: u32,
    /// Added by a bare header that begins a message.
    step: u32,
    extended: bool,
    len: usize,
    type_id: u8,
    stream_id: u32,
    partial: BytesMut,
}

/// The receiving half of a chunk connection.
#[derive(Debug)]
pub struct ChunkReader {
    buffer: BytesMut,
    chunk_size: usize,
    max_bytes: usize,
    partial_bytes: usize,
    streams: BTreeMap<u32, Incoming>,
}

struct Header {
    csid: u32,
    format: u8,
    size: usize,
    timestamp: u32,
    len: usize,
    type_id: u8,
    stream_id: u32,
    extended: bool,
}

impl Header {
    /// Whether the chunk goes on with the message begun. §5.3.1.2.4 wants format 3 for that, yet some servers repeat the
    /// whole header before every chunk (rml_rtmp with `force_uncompressed`). Any other header gives the begun message up.
    fn continues(&self, stream: &Incoming) -> bool {
        let repeated = self.format == 0
            && !stream.partial.is_empty()
            && (self.len, self.type_id, self.stream_id) == (stream.len, stream.type_id, stream.stream_id)
            && self.timestamp == stream.timestamp;
        self.format == 3 || repeated
    }
}

impl ChunkReader {
    /// `max_bytes` bounds one message, and all unfinished ones together.
    pub fn new(max_bytes: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            chunk_size: INITIAL_CHUNK_SIZE,
            max_bytes,
            partial_bytes: 0,
            streams: BTreeMap::new(),
        }
    }

    /// Appends received bytes. Call [`ChunkReader::next`] until it yields nothing before the next push, or the buffer
    /// grows.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message. Chunk sizes and aborts are already obeyed when they are yielded.
    #[allow(clippy::should_implement_trait)] // fallible, so not an Iterator
    pub fn next(&mut self) -> Result<Option<InMessage>, ChunkError> {
        while let Some(header) = self.header()? {
            let begun = self.streams.get(&header.csid).filter(|stream| header.continues(stream));
            let begun = begun.map_or(0, |stream| stream.partial.len());
            let part = (header.len - begun.min(header.len)).min(self.chunk_size);
            if self.buffer.len() < header.size + part {
                return Ok(None);
            }
            self.buffer.advance(header.size);
            let payload = self.buffer.split_to(part);
            if let Some(message) = self.accept(&header, &payload)? {
                self.obey(&message)?;
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    /// Reads one chunk header (§5.3.1) without consuming it; `None` when it is not all there.
    fn header(&self) -> Result<Option<Header>, ChunkError> {
        let bytes = &self.buffer[..];
        let Some(&first) = bytes.first() else { return Ok(None) };
        let at = |index: usize| bytes.get(index).copied().map(u32::from);
        let (csid, basic) = match first & 0x3f {
            0 => (at(1).map(|b| b + 64), 2),
            1 => (at(1).zip(at(2)).map(|(low, high)| high * 256 + low + 64), 3),
            csid => (Some(u32::from(csid)), 1),
        };
        let Some(csid) = csid else { return Ok(None) };
        let format = first >> 6;
        let previous = self.streams.get(&csid);
        let stream = match (format, previous) {
            (0, None) if self.streams.len() >= MAX_STREAMS => return Err(ChunkError::TooManyStreams),
            (0, stream) => stream,
            (_, None) => return Err(ChunkError::NoPrevious),
            (_, stream) => stream,
        };
        let fixed = [11, 7, 3, 0].get(usize::from(format)).copied().unwrap_or(0);
        let Some(fields) = bytes.get(basic..basic + fixed) else { return Ok(None) };
        let u24 = |fields: &[u8]| fields.iter().take(3).fold(0, |sum, &b| sum << 8 | u32::from(b));
        let field = if format == 3 { None } else { Some(u24(fields)) };
        let extended = field.map_or(stream.is_some_and(|s| s.extended), |field| field == EXTENDED);
        let mut size = basic + fixed;
        let mut timestamp = field.or(stream.map(|s| s.step)).unwrap_or(0);
        if extended {
            let Some(full) = bytes.get(size..).and_then(|rest| rest.first_chunk::<4>()) else {
                return Ok(None);
            };
            if format != 3 {
                timestamp = u32::from_be_bytes(*full);
            }
            size += 4;
        }
        let (len, type_id) = match (fields.get(3..6), fields.get(6)) {
            (Some(len), Some(&type_id)) => (u24(len) as usize, type_id),
            _ => stream.map_or((0, 0), |s| (s.len, s.type_id)),
        };
        let stream_id = match fields.get(7..).and_then(|rest| rest.first_chunk::<4>()) {
            Some(id) => u32::from_le_bytes(*id),
            None => stream.map_or(0, |s| s.stream_id),
        };
        if len > self.max_bytes {
            return Err(ChunkError::TooLarge);
        }
        Ok(Some(Header { csid, format, size, timestamp, len, type_id, stream_id, extended }))
    }

    fn accept(&mut self, header: &Header, payload: &[u8]) -> Result<Option<InMessage>, ChunkError> {
        let stream = self.streams.entry(header.csid).or_default();
        if !header.continues(stream) {
            self.partial_bytes -= stream.partial.len();
            stream.partial.clear();
        }
        if stream.partial.is_empty() {
            // A delta counts once for a message, not for each of its chunks.
            stream.timestamp = match header.format {
                0 => header.timestamp,
                _ => stream.timestamp.wrapping_add(header.timestamp),
            };
            stream.step = header.timestamp;
            stream.extended = header.extended;
            stream.len = header.len;
            stream.type_id = header.type_id;
            stream.stream_id = header.stream_id;
        }
        self.partial_bytes += payload.len();
        if self.partial_bytes > self.max_bytes {
            return Err(ChunkError::TooLarge);
        }
        stream.partial.extend_from_slice(payload);
        if stream.partial.len() < stream.len {
            return Ok(None);
        }
        self.partial_bytes -= stream.partial.len();
        Ok(Some(InMessage {
            timestamp: stream.timestamp,
            type_id: stream.type_id,
            stream_id: stream.stream_id,
            payload: std::mem::take(&mut stream.partial).freeze(),
        }))
    }

    fn obey(&mut self, message: &InMessage) -> Result<(), ChunkError> {
        let Some(value) = message.payload.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes)) else {
            return Ok(());
        };
        match message.type_id {
            kind::SET_CHUNK_SIZE if value == 0 || value > i32::MAX as u32 => Err(ChunkError::ChunkSize),
            kind::SET_CHUNK_SIZE => {
                self.chunk_size = value as usize;
                Ok(())
            }
            kind::ABORT => {
                if let Some(stream) = self.streams.get_mut(&value) {
                    self.partial_bytes -= stream.partial.len();
                    stream.partial = BytesMut::new();
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Bytes held: unparsed and unfinished.
    pub fn held_bytes(&self) -> usize {
        self.buffer.len() + self.partial_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rml_rtmp::chunk_io::ChunkSerializer;
    use rml_rtmp::messages::MessagePayload;
    use rml_rtmp::time::RtmpTimestamp;

    fn drain(reader: &mut ChunkReader) -> Result<Vec<InMessage>, ChunkError> {
        let mut all = Vec::new();
        while let Some(message) = reader.next()? {
            all.push(message);
        }
        Ok(all)
    }

    #[test]
    fn a_foreign_writer_is_understood_byte_by_byte() {
        let mut writer = ChunkSerializer::new();
        let mut reader = ChunkReader::new(1 << 16);
        let mut got = Vec::new();
        for n in 0..20u32 {
            let message = MessagePayload {
                timestamp: RtmpTimestamp::new(16_777_100 + n * 40),
                type_id: 20,
                message_stream_id: 0,
                data: Bytes::from(vec![n as u8; 100 + (n as usize % 3) * 300]),
            };
            for byte in writer.serialize(&message, false, false).unwrap().bytes {
                reader.push(&[byte]);
                got.extend(drain(&mut reader).unwrap());
            }
        }
        let stamps: Vec<_> = got.iter().map(|m| m.timestamp).collect();
        assert_eq!(stamps, (0..20).map(|n| 16_777_100 + n * 40).collect::<Vec<_>>());
        assert!(got.iter().enumerate().all(|(n, m)| m.payload.iter().all(|&b| b == n as u8)));
    }

    #[test]
    fn a_header_repeated_before_every_chunk_of_a_message_is_understood() {
        let mut writer = ChunkSerializer::new();
        let mut reader = ChunkReader::new(1 << 16);
        for n in 0..3u8 {
            let message = MessagePayload {
                timestamp: RtmpTimestamp::new(0),
                type_id: 20,
                message_stream_id: 0,
                data: Bytes::from(vec![n; 300]),
            };
            reader.push(&writer.serialize(&message, true, false).unwrap().bytes);
            let got = drain(&mut reader).unwrap();
            assert_eq!(got.iter().map(|m| m.payload.clone()).collect::<Vec<_>>(), [message.data]);
        }
    }

    #[test]
    fn oversized_and_absurd_input_is_refused() {
        let mut reader = ChunkReader::new(1000);
        reader.push(&[3, 0, 0, 0, 0xff, 0xff, 0xff, 20, 0, 0, 0, 0]);
        assert_eq!(reader.next(), Err(ChunkError::TooLarge));
        let mut reader = ChunkReader::new(1000);
        reader.push(&[0xc3]);
        assert_eq!(reader.next(), Err(ChunkError::NoPrevious));
        let mut reader = ChunkReader::new(1000);
        reader.push(&[2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(reader.next(), Err(ChunkError::ChunkSize));
    }

    #[test]
    fn an_aborted_message_is_forgotten() {
        let mut reader = ChunkReader::new(1000);
        let begin = |reader: &mut ChunkReader| {
            reader.push(&[3, 0, 0, 0, 0, 1, 0, 20, 0, 0, 0, 0]);
            reader.push(&[7; 128]);
            assert_eq!(reader.next(), Ok(None));
        };
        begin(&mut reader);
        reader.push(&[2, 0, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 0, 0, 0, 3]);
        assert_eq!(reader.next().unwrap().unwrap().type_id, kind::ABORT);
        assert_eq!(reader.held_bytes(), 0);
        begin(&mut reader);
        reader.push(&[0xc3]);
        reader.push(&[7; 128]);
        assert_eq!(reader.next().unwrap().unwrap().payload.len(), 256);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn no_bytes_panic_or_pile_up(
            pieces in proptest::collection::vec(
                prop_oneof![
                    proptest::collection::vec(any::<u8>(), 0..40),
                    // Headers that are nearly right, so that deeper code is reached.
                    (0u8..4, 2u8..9, any::<[u8; 3]>(), 0u8..2, 0u8..22).prop_map(|(format, csid, stamp, high, kind)| {
                        let full = [format << 6 | csid, stamp[0], stamp[1], stamp[2], 0, high, 9, kind, 0, 0, 0, 0];
                        full[..[12, 8, 4, 1][usize::from(format)]].to_vec()
                    }),
                ],
                0..100,
            )
        ) {
            let mut reader = ChunkReader::new(2000);
            for piece in pieces {
                reader.push(&piece);
                if drain(&mut reader).is_err() {
                    break;
                }
                prop_assert!(reader.held_bytes() <= 2000 + 2000 + 32);
            }
        }
    }
}
