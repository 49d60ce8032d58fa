//! One connection: handshake, commands, media.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use rml_amf0::Amf0Value;
use rml_rtmp::chunk_io::{ChunkDeserializer, ChunkSerializer};
use rml_rtmp::handshake::{Handshake, HandshakeProcessResult, PeerType};
use rml_rtmp::messages::{PeerBandwidthLimitType, RtmpMessage, UserControlEventType};
use rml_rtmp::time::RtmpTimestamp;

use super::{Phase, Shared, SinkOptions, Tag, TagKind};

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Serves `stream` until it ends and notes why it did.
pub(super) fn run(mut stream: impl Read + Write, shared: &Shared, index: usize) {
    let reason = match Connection::new(&mut stream, shared, index).run() {
        Ok(()) => "end of stream".to_owned(),
        Err(fault) => fault.to_string(),
    };
    shared.edit(index, |s| s.closed = Some(reason));
}

struct Connection<'a, S> {
    stream: &'a mut S,
    shared: &'a Shared,
    index: usize,
    reader: ChunkDeserializer,
    writer: ChunkSerializer,
    acked: u64,
    began: Instant,
}

impl<'a, S: Read + Write> Connection<'a, S> {
    fn new(stream: &'a mut S, shared: &'a Shared, index: usize) -> Self {
        let (reader, writer) = (ChunkDeserializer::new(), ChunkSerializer::new());
        Self { stream, shared, index, reader, writer, acked: 0, began: Instant::now() }
    }

    fn run(&mut self) -> Result<(), Fault> {
        let mut buffer = vec![0; 64 * 1024];
        let mut handshake = Some(Handshake::new(PeerType::Server));
        loop {
            let Some(options) = self.may_read() else { return Ok(()) };
            let wanted =
                options.bytes_per_second.map_or(buffer.len(), |rate| (rate as usize / 50).clamp(1, 65536));
            let read = self.stream.read(&mut buffer[..wanted])?;
            if read == 0 {
                return Ok(());
            }
            if let Some(rate) = options.bytes_per_second {
                // The wire being simulated, not a wait for another thread.
                std::thread::sleep(Duration::from_secs_f64(read as f64 / f64::from(rate.max(1))));
            }
            if options.never_answer {
                continue;
            }
            let mut input = buffer[..read].to_vec();
            if let Some(shaking) = &mut handshake {
                match shaking.process_bytes(&input).map_err(|e| format!("handshake: {e:?}"))? {
                    HandshakeProcessResult::InProgress { response_bytes } => {
                        self.stream.write_all(&response_bytes)?;
                        continue;
                    }
                    HandshakeProcessResult::Completed { response_bytes, remaining_bytes } => {
                        self.stream.write_all(&response_bytes)?;
                        handshake = None;
                        input = remaining_bytes;
                    }
                }
            }
            self.take(&input, &options)?;
        }
    }

    /// Blocks while the server is told to stall; `None` once it stops.
    fn may_read(&self) -> Option<SinkOptions> {
        let mut record = self.shared.lock();
        while record.options.stalled && !record.stopping {
            record = self.shared.changed.wait(record).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        (!record.stopping).then(|| record.options.clone())
    }

    fn take(&mut self, input: &[u8], options: &SinkOptions) -> Result<(), Fault> {
        let total = self.shared.edit(self.index, |s| {
            s.bytes += input.len() as u64;
            s.bytes
        });
        let mut input = input;
        while let Some(payload) = self.reader.get_next_message(input)? {
            input = &[];
            let message = payload.to_rtmp_message()?;
            self.handle(message, &payload, options)?;
        }
        if total - self.acked >= options.ack_every {
            self.acked = total;
            self.send(RtmpMessage::Acknowledgement { sequence_number: total as u32 }, 0)?;
        }
        if options.close_after_bytes.is_some_and(|limit| total >= limit) {
            return Err("closed as asked".into());
        }
        Ok(())
    }

    fn handle(
        &mut self,
        message: RtmpMessage,
        payload: &rml_rtmp::messages::MessagePayload,
        options: &SinkOptions,
    ) -> Result<(), Fault> {
        match message {
            RtmpMessage::SetChunkSize { size } => self.reader.set_max_chunk_size(size as usize)?,
            RtmpMessage::Amf0Command {
                command_name,
                transaction_id,
                command_object,
                additional_arguments,
            } => {
                self.shared.edit(self.index, |s| s.commands.push(command_name.clone()));
                self.command(&command_name, transaction_id, command_object, &additional_arguments, options)?;
            }
            RtmpMessage::AudioData { .. } => self.keep(TagKind::Audio, payload, options),
            RtmpMessage::VideoData { .. } => self.keep(TagKind::Video, payload, options),
            RtmpMessage::Amf0Data { .. } => self.keep(TagKind::Data, payload, options),
            RtmpMessage::UserControl { event_type: UserControlEventType::PingRequest, timestamp, .. } => {
                let answer = RtmpMessage::UserControl {
                    event_type: UserControlEventType::PingResponse,
                    stream_id: None,
                    buffer_length: None,
                    timestamp,
                };
                self.send(answer, 0)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn keep(&self, kind: TagKind, payload: &rml_rtmp::messages::MessagePayload, options: &SinkOptions) {
        let tag = Tag {
            kind,
            millis: payload.timestamp.value,
            data: if options.keep_data { payload.data.clone() } else { bytes::Bytes::new() },
            len: payload.data.len(),
            arrived: Instant::now(),
        };
        self.shared.edit(self.index, |s| s.tags.push(tag));
    }

    fn command(
        &mut self,
        name: &str,
        transaction: f64,
        object: Amf0Value,
        arguments: &[Amf0Value],
        options: &SinkOptions,
    ) -> Result<(), Fault> {
        match name {
            "connect" => self.connect(transaction, object),
            "createStream" => self.result(transaction, Amf0Value::Null, vec![Amf0Value::Number(1.0)]),
            "publish" => {
                let key = arguments.first().map(text).unwrap_or_default();
                self.shared.edit(self.index, |s| s.key = key);
                let (phase, level, code) = match &options.reject_publish {
                    Some(code) => (Phase::Rejected, "error", code.as_str()),
                    None => (Phase::Publishing, "status", "NetStream.Publish.Start"),
                };
                self.status(level, code)?;
                self.shared.edit(self.index, |s| s.phase = phase);
                Ok(())
            }
            "deleteStream" | "closeStream" | "FCUnpublish" => {
                self.shared.edit(self.index, |s| {
                    if s.phase == Phase::Publishing {
                        s.phase = Phase::Unpublished;
                    }
                });
                Ok(())
            }
            // As nginx-rtmp: releaseStream, FCPublish and the unknown go unanswered.
            _ => Ok(()),
        }
    }

    fn connect(&mut self, transaction: f64, object: Amf0Value) -> Result<(), Fault> {
        if let Amf0Value::Object(properties) = object {
            let property = |name: &str| properties.get(name).map(text).unwrap_or_default();
            let (app, tc_url) = (property("app"), property("tcUrl"));
            self.shared.edit(self.index, |s| (s.app, s.tc_url) = (app, tc_url));
        }
        self.send(RtmpMessage::WindowAcknowledgement { size: 5_000_000 }, 0)?;
        self.send(
            RtmpMessage::SetPeerBandwidth { size: 5_000_000, limit_type: PeerBandwidthLimitType::Dynamic },
            0,
        )?;
        let packet = self.writer.set_max_chunk_size(4096, self.now())?;
        self.stream.write_all(&packet.bytes)?;
        let server = Amf0Value::Object(HashMap::from([
            ("fmsVer".to_owned(), Amf0Value::Utf8String("FMS/3,0,1,123".to_owned())),
            ("capabilities".to_owned(), Amf0Value::Number(31.0)),
        ]));
        let info = status_object("status", "NetConnection.Connect.Success");
        self.result(transaction, server, vec![info])
    }

    fn result(
        &mut self,
        transaction: f64,
        object: Amf0Value,
        arguments: Vec<Amf0Value>,
    ) -> Result<(), Fault> {
        let message = RtmpMessage::Amf0Command {
            command_name: "_result".to_owned(),
            transaction_id: transaction,
            command_object: object,
            additional_arguments: arguments,
        };
        self.send(message, 0)
    }

    fn status(&mut self, level: &str, code: &str) -> Result<(), Fault> {
        let message = RtmpMessage::Amf0Command {
            command_name: "onStatus".to_owned(),
            transaction_id: 0.0,
            command_object: Amf0Value::Null,
            additional_arguments: vec![status_object(level, code)],
        };
        self.send(message, 1)
    }

    fn send(&mut self, message: RtmpMessage, message_stream: u32) -> Result<(), Fault> {
        let payload = message.into_message_payload(self.now(), message_stream)?;
        let packet = self.writer.serialize(&payload, false, false)?;
        Ok(self.stream.write_all(&packet.bytes)?)
    }

    fn now(&self) -> RtmpTimestamp {
        RtmpTimestamp::new(self.began.elapsed().as_millis() as u32)
    }
}

fn status_object(level: &str, code: &str) -> Amf0Value {
    let text = |value: &str| Amf0Value::Utf8String(value.to_owned());
    Amf0Value::Object(HashMap::from([
        ("level".to_owned(), text(level)),
        ("code".to_owned(), text(code)),
        ("description".to_owned(), text(code)),
        ("objectEncoding".to_owned(), Amf0Value::Number(0.0)),
    ]))
}

fn text(value: &Amf0Value) -> String {
    match value {
        Amf0Value::Utf8String(text) => text.clone(),
        _ => String::new(),
    }
}
