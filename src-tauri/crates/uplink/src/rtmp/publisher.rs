//! The publishing side of an RTMP connection, without a socket: bytes in, bytes out.
//!
//! Owns: handshake, commands, acknowledgements, metadata, sequence headers, tags and the farewell. Never does I/O, never
//! looks at a clock, never blocks. The loop of its driver:
//!
//! 1. received bytes → [`Publisher::feed`];
//! 2. while [`Publisher::can_send`] the next unit → [`Publisher::send`];
//! 3. [`Publisher::transmit`] → the socket, as fast as the socket takes it;
//! 4. at the end [`Publisher::close`], and 3 until [`Publisher::is_drained`].
//!
//! Standards: Adobe RTMP 1.0 (2012); Veovera E-RTMP v1 and v2 for the capabilities in `connect`.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use rml_rtmp::handshake::{Handshake, HandshakeProcessResult, PeerType};
use vitrine_media::{AccessUnit, StreamConfig, TrackKind};

use super::amf0::{self, Value};
use super::chunk::{ChunkWriter, Head, Lane, OutMessage, kind};
use super::command::{self, transaction};
use super::flv;
use super::reader::{ChunkError, ChunkReader, InMessage};
use super::refusal::Refusal;
use super::target::Target;
use crate::ring::Configs;

/// Servers send a publisher commands only; everything larger is an attack or a mistake.
const MAX_IN_BYTES: usize = 256 * 1024;
/// Answers owed to the server at most: beyond it floods us with pings and does not read.
const MAX_OWED_BYTES: usize = 64 * 1024;
/// Asked for by us: the server acknowledges that many bytes at a time (§5.4.4).
const WINDOW_BYTES: u32 = 2_500_000;
/// Sound that may wait or overtake while a large picture is under way.
const MAX_AUDIO_PENDING: usize = 16 * 1024;
/// How far, in programme time, sound may overtake the picture under way. Servers that repair "jumps" tolerate 250 ms.
const MAX_OVERTAKE_MILLIS: u32 = 200;

/// How to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublisherSettings {
    /// Bytes in a chunk, from 128 to 65536; announced to the server, which has no say in it (§5.4.1).
    pub chunk_size: u32,
    /// Send sound between the chunks of a large picture.
    pub interleave_audio: bool,
}

impl Default for PublisherSettings {
    fn default() -> Self {
        Self { chunk_size: 4096, interleave_audio: true }
    }
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// §5.2.
    Handshake,
    /// `connect` sent (§7.2.1.1).
    Connect,
    /// `createStream` sent (§7.2.1.3).
    CreateStream,
    /// `publish` sent (§7.2.2.6).
    Publish,
    /// The server said `NetStream.Publish.Start`: units may be sent.
    Live,
    /// [`Publisher::close`] was called.
    Closing,
}

impl Phase {
    /// A stable word for the surface.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Connect => "connect",
            Self::CreateStream => "create_stream",
            Self::Publish => "publish",
            Self::Live => "live",
            Self::Closing => "closing",
        }
    }
}

/// Why a connection cannot go on. The driver closes the socket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// Not an RTMP server.
    #[error("the peer does not speak RTMP")]
    NotRtmp,
    /// The chunk stream is broken.
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    /// The server said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The server ended the stream with a command.
    #[error("the server ended the stream")]
    Ended,
    /// The server asks for more answers than it reads.
    #[error("the peer floods the connection")]
    Flood,
}

/// A connection that publishes one stream.
pub struct Publisher {
    target: Target,
    settings: PublisherSettings,
    phase: Phase,
    handshake: Option<Handshake>,
    /// Handshake bytes, which are not chunks.
    raw: Vec<u8>,
    reader: ChunkReader,
    writer: ChunkWriter,
    stream_id: u32,
    /// Bytes received after the handshake.
    received: u64,
    acknowledged: u64,
    peer_window: u32,
    peer_acknowledged: u32,
    transmitted: u64,
    described: bool,
    video_config: Option<Arc<StreamConfig>>,
    audio_config: Option<Arc<StreamConfig>>,
    video_under_way: u32,
    first_keyframe: FirstKeyframe,
    farewell_sent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FirstKeyframe {
    Awaited,
    UnderWay,
    EndsAt(u64),
}

impl std::fmt::Debug for Publisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Publisher")
            .field("target", &self.target)
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

impl Publisher {
    /// Begins a connection: the first handshake bytes are ready to transmit.
    pub fn new(target: Target, settings: PublisherSettings) -> Result<Self, PublishError> {
        let mut handshake = Handshake::new(PeerType::Client);
        let raw = handshake.generate_outbound_p0_and_p1().map_err(|_| PublishError::NotRtmp)?;
        Ok(Self {
            target,
            settings,
            phase: Phase::Handshake,
            handshake: Some(handshake),
            raw,
            reader: ChunkReader::new(MAX_IN_BYTES),
            writer: ChunkWriter::new(settings.interleave_audio),
            stream_id: 0,
            received: 0,
            acknowledged: 0,
            peer_window: 0,
            peer_acknowledged: 0,
            transmitted: 0,
            described: false,
            video_config: None,
            audio_config: None,
            video_under_way: 0,
            first_keyframe: FirstKeyframe::Awaited,
            farewell_sent: false,
        })
    }

    /// How far the connection has come.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Takes received bytes. After an error the connection is over. Never panics; memory stays bounded whatever comes,
    /// provided that calls carry at most what one read of a socket yields.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), PublishError> {
        if let Some(handshake) = &mut self.handshake {
            match handshake.process_bytes(bytes).map_err(|_| PublishError::NotRtmp)? {
                HandshakeProcessResult::InProgress { response_bytes } => self.raw.extend(response_bytes),
                HandshakeProcessResult::Completed { response_bytes, remaining_bytes } => {
                    self.raw.extend(response_bytes);
                    self.handshake = None;
                    self.send_connect();
                    return self.feed_chunks(&remaining_bytes);
                }
            }
            return Ok(());
        }
        self.feed_chunks(bytes)
    }

    fn feed_chunks(&mut self, bytes: &[u8]) -> Result<(), PublishError> {
        self.received += bytes.len() as u64;
        self.reader.push(bytes);
        while let Some(message) = self.reader.next()? {
            self.on_message(&message)?;
            if self.owed() > MAX_OWED_BYTES {
                return Err(PublishError::Flood);
            }
        }
        // §5.4.3: the total so far. Half a window early, so that a server which stops sending at the window never does.
        if self.peer_window > 0 && self.received - self.acknowledged >= u64::from(self.peer_window / 2).max(1)
        {
            self.acknowledged = self.received;
            self.control(
                kind::ACKNOWLEDGEMENT,
                Bytes::copy_from_slice(&(self.received as u32).to_be_bytes()),
            );
        }
        Ok(())
    }

    fn owed(&self) -> usize {
        self.writer.pending_bytes(Lane::Control) + self.writer.pending_bytes(Lane::Command)
    }

    fn on_message(&mut self, message: &InMessage) -> Result<(), PublishError> {
        let word = |at: usize| message.payload.get(at..at + 4).and_then(|b| b.first_chunk::<4>()).copied();
        match message.type_id {
            kind::ACKNOWLEDGEMENT => {
                self.peer_acknowledged = word(0).map_or(self.peer_acknowledged, u32::from_be_bytes);
            }
            kind::WINDOW_ACK_SIZE => self.peer_window = word(0).map_or(self.peer_window, u32::from_be_bytes),
            // §5.4.5: answered with our window size.
            kind::SET_PEER_BANDWIDTH => self.announce_window(),
            // §7.1.7: a ping request (6) is answered (7) with the same timestamp.
            kind::USER_CONTROL if message.payload.starts_with(&[0, 6]) => {
                let stamp = word(2).unwrap_or_default();
                self.control(kind::USER_CONTROL, Bytes::from([&[0, 7], &stamp[..]].concat()));
            }
            kind::COMMAND_AMF0 => self.on_command(&message.payload)?,
            // An AMF3 command begins with a zero byte, then reads as AMF0 (§7.1.1).
            kind::COMMAND_AMF3 => self.on_command(message.payload.get(1..).unwrap_or_default())?,
            _ => {}
        }
        Ok(())
    }

    fn on_command(&mut self, payload: &[u8]) -> Result<(), PublishError> {
        let values = amf0::decode_prefix(payload);
        let name = values.first().and_then(Value::as_str).unwrap_or_default();
        let number = values.get(1).and_then(Value::as_number).unwrap_or_default();
        let info = values.get(3);
        let is = |id: f64| (number - id).abs() < 0.5;
        match name {
            "_result" if is(transaction::CONNECT) && self.phase == Phase::Connect => {
                self.send_create_stream();
            }
            "_result" if is(transaction::CREATE_STREAM) && self.phase == Phase::CreateStream => {
                let id = info.and_then(Value::as_number).unwrap_or(1.0);
                self.stream_id = id as u32;
                self.send_publish();
            }
            // Servers that do not know releaseStream or FCPublish say so; that is no refusal.
            "_error"
                if [transaction::CONNECT, transaction::CREATE_STREAM, transaction::PUBLISH]
                    .into_iter()
                    .any(is) =>
            {
                return Err(Refusal::from_info(info.or(values.get(2)), &self.target).into());
            }
            "onStatus" => return self.on_status(info),
            "close" => return Err(PublishError::Ended),
            _ => {}
        }
        Ok(())
    }

    fn on_status(&mut self, info: Option<&Value>) -> Result<(), PublishError> {
        let text = |name| info.and_then(|info| info.get(name)).and_then(Value::as_str).unwrap_or_default();
        let (code, level) = (text("code"), text("level"));
        if code == "NetStream.Publish.Start" && self.phase == Phase::Publish {
            self.phase = Phase::Live;
        } else if self.phase == Phase::Closing {
            // The farewell is under way; what the server says about it changes nothing.
        } else if level == "error" || code.ends_with("BadName") || code.ends_with("Denied") {
            return Err(Refusal::from_info(info, &self.target).into());
        } else if code.starts_with("NetStream.Unpublish") || code == "NetConnection.Connect.Closed" {
            return Err(PublishError::Ended);
        }
        Ok(())
    }

    fn send_connect(&mut self) {
        self.phase = Phase::Connect;
        let chunk_size = self.settings.chunk_size.clamp(128, 65_536);
        self.control(kind::SET_CHUNK_SIZE, Bytes::copy_from_slice(&chunk_size.to_be_bytes()));
        self.command(0, &command::connect(&self.target));
    }

    fn send_create_stream(&mut self) {
        self.phase = Phase::CreateStream;
        self.announce_window();
        self.command(0, &command::release_stream(&self.target));
        self.command(0, &command::fc_publish(&self.target));
        self.command(0, &command::create_stream());
    }

    fn send_publish(&mut self) {
        self.phase = Phase::Publish;
        self.command(self.stream_id, &command::publish(&self.target));
    }

    fn announce_window(&mut self) {
        self.control(kind::WINDOW_ACK_SIZE, Bytes::copy_from_slice(&WINDOW_BYTES.to_be_bytes()));
    }

    fn control(&mut self, type_id: u8, body: Bytes) {
        let message = OutMessage { timestamp: 0, type_id, stream_id: 0, head: Head::default(), body };
        self.writer.queue(Lane::Control, message);
    }

    fn command(&mut self, stream_id: u32, values: &[Value]) {
        let body = Bytes::from(amf0::encode(values));
        let message =
            OutMessage { timestamp: 0, type_id: kind::COMMAND_AMF0, stream_id, head: Head::default(), body };
        self.writer.queue(Lane::Command, message);
    }

    /// Whether `unit` may be sent now. One picture at a time, so that what waits stays in the ring, where it can still
    /// be dropped; sound may overtake a picture under way by a little.
    pub fn can_send(&self, unit: &AccessUnit) -> bool {
        if self.phase != Phase::Live {
            return false;
        }
        let video_idle = self.writer.is_idle(Lane::Video);
        match unit.track {
            TrackKind::Video => video_idle && self.writer.is_idle(Lane::Audio),
            TrackKind::Audio => {
                let ahead = flv::wire_millis(unit.dts).wrapping_sub(self.video_under_way) as i32;
                let near =
                    video_idle || (self.settings.interleave_audio && ahead <= MAX_OVERTAKE_MILLIS as i32);
                near && self.writer.pending_bytes(Lane::Audio) < MAX_AUDIO_PENDING
            }
        }
    }

    /// Queues a unit, and before it what a decoder must know if that is new. `known` are the ring's newest
    /// configurations, so that metadata describes both tracks from the start. The first unit should be a keyframe.
    pub fn send(&mut self, unit: &AccessUnit, known: &Configs) {
        let timestamp = flv::wire_millis(unit.dts);
        let current = match unit.track {
            TrackKind::Video => &mut self.video_config,
            TrackKind::Audio => &mut self.audio_config,
        };
        let is_new = !current.as_ref().is_some_and(|config| Arc::ptr_eq(config, &unit.config));
        if is_new {
            *current = Some(Arc::clone(&unit.config));
        }
        // Described once for both tracks, and again when the picture changes.
        if !self.described || (is_new && unit.track == TrackKind::Video) {
            self.described = true;
            self.send_metadata(timestamp, known);
        }
        let (lane, type_id) = match unit.track {
            TrackKind::Video => (Lane::Video, kind::VIDEO),
            TrackKind::Audio => (Lane::Audio, kind::AUDIO),
        };
        let stream_id = self.stream_id;
        if is_new {
            let record = match &*unit.config {
                StreamConfig::Video(config) => config.record.clone(),
                StreamConfig::Audio(config) => config.record.clone(),
            };
            let head = flv::config_head(&unit.config);
            self.writer.queue(lane, OutMessage { timestamp, type_id, stream_id, head, body: record });
        }
        if unit.track == TrackKind::Video {
            self.video_under_way = timestamp;
            if unit.keyframe && self.first_keyframe == FirstKeyframe::Awaited {
                self.first_keyframe = FirstKeyframe::UnderWay;
            }
        }
        let (head, body) = (flv::tag_head(unit), unit.data.clone());
        self.writer.queue(lane, OutMessage { timestamp, type_id, stream_id, head, body });
    }

    fn send_metadata(&mut self, timestamp: u32, known: &Configs) {
        let video = self.video_config.as_deref().or(known.video.as_deref());
        let audio = self.audio_config.as_deref().or(known.audio.as_deref());
        let video = match video {
            Some(StreamConfig::Video(config)) => Some(config),
            _ => None,
        };
        let audio = match audio {
            Some(StreamConfig::Audio(config)) => Some(config),
            _ => None,
        };
        let body = Bytes::from(amf0::encode(&flv::metadata(video, audio)));
        let (type_id, stream_id) = (kind::DATA_AMF0, self.stream_id);
        self.writer
            .queue(Lane::Data, OutMessage { timestamp, type_id, stream_id, head: Head::default(), body });
    }

    /// Says goodbye (`FCUnpublish`, `deleteStream` §7.2.2.3) after what has begun is finished; what has not begun is
    /// forgotten.
    pub fn close(&mut self) {
        if self.phase == Phase::Closing {
            return;
        }
        let published = self.phase >= Phase::Publish;
        self.phase = Phase::Closing;
        for lane in [Lane::Data, Lane::Audio, Lane::Video] {
            self.writer.drop_waiting(lane);
        }
        self.farewell_sent = !published;
    }

    /// Appends outgoing bytes until `out` holds `budget` or nothing waits. Small budgets keep the choice of what goes
    /// next late.
    pub fn transmit(&mut self, out: &mut BytesMut, budget: usize) {
        let before = out.len();
        out.extend_from_slice(&self.raw);
        self.raw.clear();
        if self.handshake.is_none() {
            self.writer.write(out, budget);
            if self.phase == Phase::Closing && !self.farewell_sent && self.media_idle() {
                self.farewell_sent = true;
                self.send_farewell();
                self.writer.write(out, budget.max(out.len() + 1));
            }
        }
        self.transmitted += (out.len() - before) as u64;
        if self.first_keyframe == FirstKeyframe::UnderWay && self.writer.is_idle(Lane::Video) {
            self.first_keyframe = FirstKeyframe::EndsAt(self.transmitted);
        }
    }

    fn media_idle(&self) -> bool {
        [Lane::Data, Lane::Audio, Lane::Video].into_iter().all(|lane| self.writer.is_idle(lane))
    }

    fn send_farewell(&mut self) {
        self.command(0, &command::fc_unpublish(&self.target));
        self.command(0, &command::delete_stream(self.stream_id));
    }

    /// Whether nothing is left to transmit, the farewell included.
    pub fn is_drained(&self) -> bool {
        let farewell_done = self.phase != Phase::Closing || self.farewell_sent;
        farewell_done && self.raw.is_empty() && self.owed() == 0 && self.media_idle()
    }

    /// The number of transmitted bytes at which the first keyframe is complete, once it is.
    pub fn first_keyframe_end(&self) -> Option<u64> {
        match self.first_keyframe {
            FirstKeyframe::EndsAt(end) => Some(end),
            _ => None,
        }
    }

    /// All bytes handed out by [`Publisher::transmit`].
    pub fn transmitted(&self) -> u64 {
        self.transmitted
    }

    /// The newest total the server acknowledged (§5.4.3), modulo 2^32; servers do so every few megabytes at best.
    pub fn peer_acknowledged(&self) -> u32 {
        self.peer_acknowledged
    }
}

#[cfg(test)]
mod tests;
