//! One RTMP connection as the ingest sees it: handshake, commands, and then tags.
//!
//! A state machine without sockets or time: bytes in, [`Event`]s out. It accepts one thing only, publishing to
//! `live/<key>` with the right key. It never plays, never keeps media, and never shows the key.

use std::collections::HashMap;

use bytes::Bytes;
use rml_amf0::Amf0Value;
use rml_rtmp::chunk_io::ChunkSerializer;
use rml_rtmp::handshake::{Handshake, HandshakeProcessResult, PeerType};
use rml_rtmp::messages::{PeerBandwidthLimitType, RtmpMessage, UserControlEventType};
use rml_rtmp::time::RtmpTimestamp;
use vitrine_media::Secret;

use crate::amf::{self, AmfError, Value};
use crate::chunk::{ChunkError, ChunkLimits, ChunkReader, Message};
use crate::flv::{Tag, TagKind};

/// The application name of the ingest address.
pub const APP: &str = "live";
/// Bytes a connection may send before it publishes: handshake and commands need under 8 KiB.
const STRANGER_BYTES: u64 = 256 * 1024;
const STREAM_ID: u32 = 1;
const WINDOW: u32 = 2_500_000;

/// Why a connection is closed. Never holds what the peer sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// Not RTMP, or encrypted RTMP.
    #[error("the RTMP handshake failed")]
    Handshake,
    /// Broken chunks.
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    /// Broken command or metadata.
    #[error(transparent)]
    Amf(#[from] AmfError),
    /// A long talk without publishing.
    #[error("too many bytes before publishing")]
    Talkative,
    /// An answer could not be written.
    #[error("an answer could not be serialised")]
    Answer,
    /// The application is not `live`.
    #[error("an unknown application was asked for")]
    App,
    /// The stream key is wrong.
    #[error("a wrong stream key was given")]
    Key,
    /// Somebody publishes already.
    #[error("a second publisher was refused")]
    Busy,
}

/// What the driver has to do.
#[derive(Debug)]
pub enum Event {
    /// Send these bytes.
    Reply(Vec<u8>),
    /// The right key was given: call [`PublisherSession::accept`] or [`PublisherSession::refuse`].
    PublishAsked,
    /// A tag of the broadcast.
    Tag(Tag),
    /// The publisher ended the broadcast.
    Finished,
    /// Send what was given so far, then close.
    Close(SessionError),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Handshake,
    Commands,
    /// The key was right; what follows waits until the driver has decided.
    Asked,
    Publishing,
    Closed,
}

/// See the module.
pub struct PublisherSession {
    stage: Stage,
    handshake: Handshake,
    chunks: ChunkReader,
    answers: ChunkSerializer,
    key: Secret<String>,
    connected: bool,
    received: u64,
    /// Of them, up to the end of the last broadcast.
    published: u64,
    acknowledged: u64,
    window: u64,
}

impl PublisherSession {
    /// A connection that has to show `key`.
    pub fn new(key: Secret<String>) -> Self {
        Self {
            stage: Stage::Handshake,
            handshake: Handshake::new(PeerType::Server),
            chunks: ChunkReader::new(ChunkLimits::STRANGER),
            answers: ChunkSerializer::new(),
            key,
            connected: false,
            received: 0,
            published: 0,
            acknowledged: 0,
            window: u64::from(WINDOW),
        }
    }

    /// Takes bytes from the socket. An error means: close.
    pub fn input(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), SessionError> {
        self.received += bytes.len() as u64;
        match self.stage {
            Stage::Closed => return Ok(()),
            Stage::Handshake => self.shake(bytes, events)?,
            Stage::Commands | Stage::Asked | Stage::Publishing => self.chunks.push(bytes),
        }
        if self.stage != Stage::Publishing && self.received - self.published > STRANGER_BYTES {
            return Err(SessionError::Talkative);
        }
        if matches!(self.stage, Stage::Handshake | Stage::Asked) {
            return Ok(());
        }
        self.read(events)
    }

    /// Lets the peer publish.
    pub fn accept(&mut self, events: &mut Vec<Event>) -> Result<(), SessionError> {
        self.stage = Stage::Publishing;
        self.chunks.set_limits(ChunkLimits::PUBLISHER);
        let begin = RtmpMessage::UserControl {
            event_type: UserControlEventType::StreamBegin,
            stream_id: Some(STREAM_ID),
            buffer_length: None,
            timestamp: None,
        };
        self.answer(begin, 0, events)?;
        self.status("status", "NetStream.Publish.Start", "publishing", events)?;
        // A publisher in a hurry does not wait for the answer.
        self.read(events)
    }

    /// Turns the peer away because somebody publishes already.
    pub fn refuse(&mut self, events: &mut Vec<Event>) -> Result<(), SessionError> {
        self.turn_away("NetStream.Publish.BadName", SessionError::Busy, events)
    }

    fn read(&mut self, events: &mut Vec<Event>) -> Result<(), SessionError> {
        while let Some(message) = self.chunks.next_message()? {
            self.message(message, events)?;
            if matches!(self.stage, Stage::Asked | Stage::Closed) {
                return Ok(());
            }
        }
        self.acknowledge(events)
    }

    fn shake(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), SessionError> {
        match self.handshake.process_bytes(bytes).map_err(|_| SessionError::Handshake)? {
            HandshakeProcessResult::InProgress { response_bytes } => {
                if !response_bytes.is_empty() {
                    events.push(Event::Reply(response_bytes));
                }
            }
            HandshakeProcessResult::Completed { response_bytes, remaining_bytes } => {
                if !response_bytes.is_empty() {
                    events.push(Event::Reply(response_bytes));
                }
                self.stage = Stage::Commands;
                self.chunks.push(&remaining_bytes);
            }
        }
        Ok(())
    }

    fn message(&mut self, message: Message, events: &mut Vec<Event>) -> Result<(), SessionError> {
        match message.type_id {
            5 => {
                if let Some(size) = message.body.first_chunk::<4>() {
                    self.window = u64::from(u32::from_be_bytes(*size)).max(64 * 1024);
                }
            }
            4 => self.ping(&message.body, events)?,
            8 | 9 | 18 if self.stage == Stage::Publishing => media(message, events),
            20 => self.command(&message, events)?,
            // AMF3 commands: a marker byte, then AMF0.
            17 => {
                let body = message.body.slice(1.min(message.body.len())..);
                self.command(&Message { body, ..message }, events)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn ping(&mut self, body: &[u8], events: &mut Vec<Event>) -> Result<(), SessionError> {
        let &[0, 6, a, b, c, d, ..] = body else { return Ok(()) };
        let pong = RtmpMessage::UserControl {
            event_type: UserControlEventType::PingResponse,
            stream_id: None,
            buffer_length: None,
            timestamp: Some(RtmpTimestamp::new(u32::from_be_bytes([a, b, c, d]))),
        };
        self.answer(pong, 0, events)
    }

    fn command(&mut self, message: &Message, events: &mut Vec<Event>) -> Result<(), SessionError> {
        let values = amf::read_all(&message.body)?;
        let Some(name) = values.first().and_then(Value::as_text) else { return Ok(()) };
        let transaction = values.get(1).and_then(Value::as_number).unwrap_or(0.0);
        match name {
            "connect" => self.connect(transaction, values.get(2), events),
            "createStream" => {
                self.result(transaction, Amf0Value::Null, Amf0Value::Number(f64::from(STREAM_ID)), events)
            }
            "releaseStream" | "FCPublish" | "_checkbw" => {
                self.result(transaction, Amf0Value::Null, Amf0Value::Undefined, events)
            }
            "publish" => self.publish(values.get(3).and_then(Value::as_text), events),
            "deleteStream" | "closeStream" | "FCUnpublish" if self.stage == Stage::Publishing => {
                self.stage = Stage::Commands;
                self.published = self.received;
                events.push(Event::Finished);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn connect(
        &mut self,
        transaction: f64,
        object: Option<&Value>,
        events: &mut Vec<Event>,
    ) -> Result<(), SessionError> {
        let app = object.and_then(|o| o.field("app")).and_then(Value::as_text).unwrap_or_default();
        if app.trim_matches('/') != APP {
            let info = status_object("error", "NetConnection.Connect.InvalidApp", "no such application");
            let message = RtmpMessage::Amf0Command {
                command_name: "_error".into(),
                transaction_id: transaction,
                command_object: Amf0Value::Null,
                additional_arguments: vec![info],
            };
            self.answer(message, 0, events)?;
            self.stage = Stage::Closed;
            events.push(Event::Close(SessionError::App));
            return Ok(());
        }
        self.connected = true;
        self.answer(RtmpMessage::WindowAcknowledgement { size: WINDOW }, 0, events)?;
        let limit_type = PeerBandwidthLimitType::Dynamic;
        self.answer(RtmpMessage::SetPeerBandwidth { size: WINDOW, limit_type }, 0, events)?;
        let about = [
            ("fmsVer".to_string(), Amf0Value::Utf8String("FMS/3,0,1,123".into())),
            ("capabilities".to_string(), Amf0Value::Number(31.0)),
        ];
        let info = status_object("status", "NetConnection.Connect.Success", "connected");
        self.result(transaction, Amf0Value::Object(about.into_iter().collect()), info, events)
    }

    fn publish(&mut self, key: Option<&str>, events: &mut Vec<Event>) -> Result<(), SessionError> {
        if self.stage != Stage::Commands {
            return Ok(());
        }
        let right = self.connected && key.is_some_and(|key| same(key, self.key.reveal()));
        if !right {
            return self.turn_away("NetStream.Publish.Denied", SessionError::Key, events);
        }
        self.stage = Stage::Asked;
        events.push(Event::PublishAsked);
        Ok(())
    }

    fn turn_away(
        &mut self,
        code: &str,
        why: SessionError,
        events: &mut Vec<Event>,
    ) -> Result<(), SessionError> {
        self.status("error", code, "refused", events)?;
        self.stage = Stage::Closed;
        events.push(Event::Close(why));
        Ok(())
    }

    fn status(
        &mut self,
        level: &str,
        code: &str,
        words: &str,
        events: &mut Vec<Event>,
    ) -> Result<(), SessionError> {
        let message = RtmpMessage::Amf0Command {
            command_name: "onStatus".into(),
            transaction_id: 0.0,
            command_object: Amf0Value::Null,
            additional_arguments: vec![status_object(level, code, words)],
        };
        self.answer(message, STREAM_ID, events)
    }

    fn result(
        &mut self,
        transaction_id: f64,
        command_object: Amf0Value,
        argument: Amf0Value,
        events: &mut Vec<Event>,
    ) -> Result<(), SessionError> {
        let message = RtmpMessage::Amf0Command {
            command_name: "_result".into(),
            transaction_id,
            command_object,
            additional_arguments: vec![argument],
        };
        self.answer(message, 0, events)
    }

    fn answer(
        &mut self,
        message: RtmpMessage,
        stream_id: u32,
        events: &mut Vec<Event>,
    ) -> Result<(), SessionError> {
        let payload = message
            .into_message_payload(RtmpTimestamp::new(0), stream_id)
            .map_err(|_| SessionError::Answer)?;
        let packet = self.answers.serialize(&payload, false, false).map_err(|_| SessionError::Answer)?;
        events.push(Event::Reply(packet.bytes));
        Ok(())
    }

    /// RTMP 1.0 §5.4.3: the total so far, wrapping; sent twice a window so that the peer never has to stop.
    fn acknowledge(&mut self, events: &mut Vec<Event>) -> Result<(), SessionError> {
        if self.received - self.acknowledged < self.window / 2 {
            return Ok(());
        }
        self.acknowledged = self.received;
        self.answer(RtmpMessage::Acknowledgement { sequence_number: self.received as u32 }, 0, events)
    }
}

fn media(message: Message, events: &mut Vec<Event>) {
    let Some(kind) = TagKind::from_type_id(message.type_id) else { return };
    let body = if kind == TagKind::Script { strip_set_data_frame(message.body) } else { message.body };
    events.push(Event::Tag(Tag { kind, timestamp: message.timestamp, body }));
}

/// `@setDataFrame` tells a server to keep the metadata; viewers get what follows it.
fn strip_set_data_frame(body: Bytes) -> Bytes {
    const PREFIX: &[u8] = b"\x02\x00\x0d@setDataFrame";
    if body.starts_with(PREFIX) { body.slice(PREFIX.len()..) } else { body }
}

fn status_object(level: &str, code: &str, description: &str) -> Amf0Value {
    let text = |s: &str| Amf0Value::Utf8String(s.to_string());
    let fields = [("level", level), ("code", code), ("description", description)];
    Amf0Value::Object(fields.into_iter().map(|(k, v)| (k.to_string(), text(v))).collect::<HashMap<_, _>>())
}

/// Compares in a time that does not tell how much was right.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |wrong, (a, b)| wrong | (a ^ b)) == 0
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
