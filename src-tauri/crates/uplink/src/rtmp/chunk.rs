//! Messages cut into chunks for sending (Adobe RTMP 1.0, §5.3).
//!
//! Owns: header compression per chunk stream, extended timestamps, and the order in which waiting messages share the
//! connection: control, then commands, then data, then sound, then picture, decided anew after every chunk, so that a
//! large keyframe never holds up the sound. Never copies a payload except into the outgoing buffer.

use std::collections::VecDeque;

use bytes::{BufMut, Bytes, BytesMut};

/// The chunk size both sides begin with (§5.4.1).
pub(super) const INITIAL_CHUNK_SIZE: usize = 128;
/// The value of a 24-bit timestamp field that announces an extended one (§5.3.1.3).
pub(super) const EXTENDED: u32 = 0x00ff_ffff;

/// Message type ids (§5.4, §7.1).
pub(super) mod kind {
    pub const SET_CHUNK_SIZE: u8 = 1;
    pub const ABORT: u8 = 2;
    pub const ACKNOWLEDGEMENT: u8 = 3;
    pub const USER_CONTROL: u8 = 4;
    pub const WINDOW_ACK_SIZE: u8 = 5;
    pub const SET_PEER_BANDWIDTH: u8 = 6;
    pub const AUDIO: u8 = 8;
    pub const VIDEO: u8 = 9;
    pub const COMMAND_AMF3: u8 = 17;
    pub const DATA_AMF0: u8 = 18;
    pub const COMMAND_AMF0: u8 = 20;
}

/// Which chunk stream a message travels on, in order of urgency. Control messages must use 2 (§5.4); the others follow
/// what encoders in the field use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Protocol control.
    Control,
    /// Commands.
    Command,
    /// Metadata.
    Data,
    /// Sound.
    Audio,
    /// Picture.
    Video,
}

impl Lane {
    const ALL: [Self; 5] = [Self::Control, Self::Command, Self::Data, Self::Audio, Self::Video];

    const fn chunk_stream(self) -> u8 {
        match self {
            Self::Control => 2,
            Self::Command => 3,
            Self::Data => 5,
            Self::Audio => 4,
            Self::Video => 6,
        }
    }
}

/// The few bytes before a payload (FLV tag header), kept inline so that a frame costs no allocation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Head {
    bytes: [u8; 8],
    len: u8,
}

impl Head {
    /// Takes at most 8 bytes.
    pub fn new(bytes: &[u8]) -> Self {
        let mut head = Self::default();
        for (to, from) in head.bytes.iter_mut().zip(bytes) {
            *to = *from;
            head.len += 1;
        }
        head
    }

    fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// A message to send: `head` then `body`.
#[derive(Clone, Debug)]
pub struct OutMessage {
    /// Milliseconds, modulo 2^32.
    pub timestamp: u32,
    /// Message type id.
    pub type_id: u8,
    /// Message stream id.
    pub stream_id: u32,
    /// First bytes of the payload.
    pub head: Head,
    /// The rest of the payload.
    pub body: Bytes,
}

impl OutMessage {
    fn len(&self) -> usize {
        usize::from(self.head.len) + self.body.len()
    }
}

#[derive(Debug)]
struct Previous {
    timestamp: u32,
    /// `None` after a full header: what a bare header then means is read differently by different servers.
    delta: Option<u32>,
    len: usize,
    type_id: u8,
    stream_id: u32,
}

#[derive(Debug)]
struct InFlight {
    message: OutMessage,
    sent: usize,
    /// Repeated in every continuation chunk (§5.3.1.3).
    extended: Option<u32>,
}

#[derive(Debug, Default)]
struct LaneState {
    previous: Option<Previous>,
    current: Option<InFlight>,
    waiting: VecDeque<OutMessage>,
    /// Payload bytes in `waiting`.
    waiting_bytes: usize,
}

/// The sending half of a chunk connection.
#[derive(Debug)]
pub struct ChunkWriter {
    chunk_size: usize,
    interleave: bool,
    lanes: [LaneState; 5],
}

impl ChunkWriter {
    /// `interleave` allows chunks of other messages between the chunks of one. The protocol demands that every server
    /// understands it; some small ones do not.
    pub fn new(interleave: bool) -> Self {
        Self { chunk_size: INITIAL_CHUNK_SIZE, interleave, lanes: Default::default() }
    }

    /// Queues a message.
    pub fn queue(&mut self, lane: Lane, message: OutMessage) {
        let state = self.lane(lane);
        state.waiting_bytes += message.len();
        state.waiting.push_back(message);
    }

    /// Whether nothing of `lane` is queued or under way.
    pub fn is_idle(&self, lane: Lane) -> bool {
        self.lanes.get(lane as usize).is_none_or(|lane| lane.current.is_none() && lane.waiting.is_empty())
    }

    /// Bytes queued on `lane`, what is left of the message under way included.
    pub fn pending_bytes(&self, lane: Lane) -> usize {
        self.lanes.get(lane as usize).map_or(0, |lane| {
            let current = lane.current.as_ref().map_or(0, |flight| flight.message.len() - flight.sent);
            current + lane.waiting_bytes
        })
    }

    /// Forgets what has not begun; what has begun must be finished, or the server would misread all that follows.
    pub fn drop_waiting(&mut self, lane: Lane) {
        let state = self.lane(lane);
        state.waiting.clear();
        state.waiting_bytes = 0;
    }

    /// Writes chunks to `out` until it holds `budget` bytes or more, or nothing waits.
    pub fn write(&mut self, out: &mut BytesMut, budget: usize) {
        while out.len() < budget {
            let Some(lane) = self.next_lane() else { break };
            self.write_chunk(lane, out);
        }
    }

    fn lane(&mut self, lane: Lane) -> &mut LaneState {
        let [control, command, data, audio, video] = &mut self.lanes;
        match lane {
            Lane::Control => control,
            Lane::Command => command,
            Lane::Data => data,
            Lane::Audio => audio,
            Lane::Video => video,
        }
    }

    fn next_lane(&mut self) -> Option<Lane> {
        if !self.interleave
            && let Some(busy) = Lane::ALL.into_iter().find(|&lane| self.lane(lane).current.is_some())
        {
            return Some(busy);
        }
        Lane::ALL.into_iter().find(|&lane| !self.is_idle(lane))
    }

    fn write_chunk(&mut self, lane: Lane, out: &mut BytesMut) {
        let (chunk_size, csid) = (self.chunk_size, lane.chunk_stream());
        let state = self.lane(lane);
        if let Some(flight) = &state.current {
            out.put_u8(0xc0 | csid);
            if let Some(extended) = flight.extended {
                out.put_u32(extended);
            }
        } else if let Some(message) = state.waiting.pop_front() {
            state.waiting_bytes -= message.len();
            let extended = write_header(csid, &mut state.previous, &message, out);
            state.current = Some(InFlight { message, sent: 0, extended });
        }
        let Some(flight) = &mut state.current else { return };
        let until = flight.message.len().min(flight.sent + chunk_size);
        write_range(&flight.message, flight.sent..until, out);
        flight.sent = until;
        if until < flight.message.len() {
            return;
        }
        let done = state.current.take();
        // A new chunk size holds from the message after the one that says so (§5.4.1).
        if let Some(message) = done.map(|flight| flight.message).filter(|m| m.type_id == kind::SET_CHUNK_SIZE)
            && let Some(size) = message.body.first_chunk::<4>()
        {
            self.chunk_size = (u32::from_be_bytes(*size) as usize).max(1);
        }
    }
}

fn write_range(message: &OutMessage, range: std::ops::Range<usize>, out: &mut BytesMut) {
    let head = message.head.as_slice();
    let (from, to) = (range.start.min(head.len()), range.end.min(head.len()));
    out.put_slice(head.get(from..to).unwrap_or_default());
    let (from, to) = (range.start.saturating_sub(head.len()), range.end.saturating_sub(head.len()));
    out.put_slice(message.body.get(from..to).unwrap_or_default());
}

/// Writes the smallest header that says everything (§5.3.1.2), and remembers it. Returns the extended timestamp if the
/// header has one. A step back, or one too large for 24 bits, takes a full header, so deltas never need extending.
fn write_header(
    csid: u8,
    previous: &mut Option<Previous>,
    message: &OutMessage,
    out: &mut BytesMut,
) -> Option<u32> {
    let len = message.len();
    let delta = previous
        .as_ref()
        .filter(|p| p.stream_id == message.stream_id)
        .map(|p| message.timestamp.wrapping_sub(p.timestamp))
        .filter(|&delta| delta < EXTENDED);
    let same_shape = previous.as_ref().is_some_and(|p| p.len == len && p.type_id == message.type_id);
    let same_delta = delta.is_some() && previous.as_ref().is_some_and(|p| p.delta == delta);
    let put_u24 = |out: &mut BytesMut, value: u32| out.put_uint(u64::from(value), 3);
    let mut extended = None;
    match delta {
        None => {
            out.put_u8(csid);
            put_u24(out, message.timestamp.min(EXTENDED));
            put_u24(out, len as u32);
            out.put_u8(message.type_id);
            out.put_u32_le(message.stream_id);
            if message.timestamp >= EXTENDED {
                out.put_u32(message.timestamp);
                extended = Some(message.timestamp);
            }
        }
        Some(_) if same_shape && same_delta => out.put_u8(0xc0 | csid),
        Some(delta) if same_shape => {
            out.put_u8(0x80 | csid);
            put_u24(out, delta);
        }
        Some(delta) => {
            out.put_u8(0x40 | csid);
            put_u24(out, delta);
            put_u24(out, len as u32);
            out.put_u8(message.type_id);
        }
    }
    *previous = Some(Previous {
        timestamp: message.timestamp,
        delta,
        len,
        type_id: message.type_id,
        stream_id: message.stream_id,
    });
    extended
}

#[cfg(test)]
mod tests;
