//! One publisher's tags, the group of pictures a newcomer needs, and the viewers.
//!
//! Owns who publishes, the sequence headers, the GOP cache, a queue per viewer, and the counters. Pure but for
//! the wakers of waiting viewers, which it hands back to be woken outside the lock. Time is passed in.
//!
//! A viewer's stream begins with a keyframe and holds nothing older, so that the player's zero is exactly that
//! keyframe's timestamp; the delay readout rests on it.

use std::collections::BTreeMap;
use std::task::Waker;
use std::time::Instant;

use bytes::Bytes;

use crate::amf;
use crate::describe;
use crate::flv::{Role, Tag, TagError, TagKind, file_header};
use crate::queue::{Packet, Part, ViewerQueue};
use crate::session::SessionError;
use crate::status::{Pages, RoomStatus};

/// The GOP cache gives up beyond this; newcomers then wait for the next keyframe.
const GOP_BYTES: usize = 6 * 1024 * 1024;
const GOP_TAGS: usize = 3000;
/// Picture without sound headers for so long is a broadcast without sound.
const SOUND_GRACE_MILLIS: i32 = 500;
/// Timestamps that jump further make a new stream for the viewers.
const MAX_BACK_MILLIS: i32 = -1000;
const MAX_FORWARD_MILLIS: i32 = 10_000;
/// The largest metadata passed on.
const MAX_METADATA: usize = 16 * 1024;

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Monotonic.
    pub instant: Instant,
    /// Milliseconds since 1970.
    pub wall_millis: i64,
}

/// What a viewer's connection gets when it asks.
#[derive(Debug, PartialEq, Eq)]
pub enum Pull {
    /// Send this.
    Bytes(Bytes),
    /// Nothing yet; the waker is kept.
    Later,
    /// The stream is over.
    Ended,
}

struct Viewer {
    queue: ViewerQueue,
    /// The timestamp of the first keyframe sent.
    base: Option<u32>,
    with_audio: bool,
    ended: bool,
    waker: Option<Waker>,
}

/// See the module.
#[derive(Default)]
pub struct Broadcast {
    counters: RoomStatus,
    /// Wall clock at RTMP timestamp 0, if the studio told.
    origin_millis: Option<i64>,
    metadata: Option<Bytes>,
    video_config: Option<Bytes>,
    audio_config: Option<Bytes>,
    gop: Vec<(u32, Packet)>,
    gop_bytes: usize,
    first_video: Option<u32>,
    last_video: Option<u32>,
    viewers: BTreeMap<u64, Viewer>,
    next_viewer: u64,
    pages: Pages,
    wakes: Vec<Waker>,
}

impl Broadcast {
    /// Takes the publisher's place; `None` if it is taken. The number names this broadcast.
    pub fn open(&mut self) -> Option<u64> {
        if self.counters.publishing {
            return None;
        }
        self.counters.publishing = true;
        self.counters.session += 1;
        self.counters.video = None;
        self.counters.audio = None;
        self.metadata = None;
        self.video_config = None;
        self.audio_config = None;
        self.restart();
        Some(self.counters.session)
    }

    /// The publisher of broadcast `session` left.
    pub fn close(&mut self, session: u64) {
        if self.counters.publishing && self.counters.session == session {
            self.counters.publishing = false;
            self.restart();
        }
    }

    /// A connection was turned away or cut off.
    pub fn fault(&mut self, why: SessionError) {
        self.counters.connections_refused += 1;
        self.counters.last_fault = Some(why);
    }

    /// Tells at which wall clock time RTMP timestamp 0 was, so that pages show the delay from the programme on.
    pub fn set_origin(&mut self, origin_millis: Option<i64>) {
        self.origin_millis = origin_millis;
    }

    /// Whether somebody publishes, and which broadcast it is.
    pub fn on_air(&self) -> (bool, u64) {
        (self.counters.publishing, self.counters.session)
    }

    /// The reports of the watch pages.
    pub(crate) fn pages(&mut self) -> &mut Pages {
        &mut self.pages
    }

    /// Everything the studio may know.
    pub fn status(&self, now: Instant) -> RoomStatus {
        let waiting_skips: u64 = self.viewers.values().map(|viewer| viewer.queue.skips()).sum();
        RoomStatus {
            viewers: self.viewers.len(),
            viewer_skips: self.counters.viewer_skips + waiting_skips,
            pages: self.pages.recent(now),
            ..self.counters.clone()
        }
    }

    /// Wakers of viewers who have something to fetch. Wake them after the lock is released.
    pub fn take_wakes(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.wakes)
    }

    /// A tag of the current broadcast.
    pub fn tag(&mut self, tag: Tag, now: Now) -> Result<(), TagError> {
        let role = tag.role().inspect_err(|_| self.counters.tags_refused += 1)?;
        self.counters.bytes_in += tag.body.len() as u64;
        match role {
            Role::Script => self.take_metadata(&tag.body),
            Role::VideoConfig => self.take_video_config(&tag, now),
            Role::AudioConfig => self.take_audio_config(&tag, now),
            Role::EndOfSequence => {}
            Role::Keyframe | Role::Picture => self.take_picture(&tag, role == Role::Keyframe, now),
            Role::Sound => {
                self.counters.audio_frames += 1;
                self.media(&tag, Part::Rest, now);
            }
        }
        Ok(())
    }

    /// A new viewer of the stream.
    pub fn join(&mut self, now: Instant) -> u64 {
        let id = self.next_viewer;
        self.next_viewer += 1;
        let viewer = Viewer {
            queue: ViewerQueue::default(),
            base: None,
            with_audio: false,
            ended: !self.counters.publishing,
            waker: None,
        };
        self.viewers.insert(id, viewer);
        self.start_waiting(now);
        id
    }

    /// A viewer's connection is gone.
    pub fn leave(&mut self, id: u64) {
        if let Some(viewer) = self.viewers.remove(&id) {
            self.counters.viewer_skips += viewer.queue.skips();
        }
    }

    /// The next bytes for a viewer, at most about `limit`.
    pub fn pull(&mut self, id: u64, limit: usize, waker: &Waker) -> Pull {
        let Some(viewer) = self.viewers.get_mut(&id) else { return Pull::Ended };
        match viewer.queue.pop(limit) {
            Some(bytes) => Pull::Bytes(bytes),
            None if viewer.ended => Pull::Ended,
            None => {
                viewer.waker = Some(waker.clone());
                Pull::Later
            }
        }
    }

    /// Ends every viewer's stream and forgets the pictures: what comes next is a stream of its own.
    fn restart(&mut self) {
        self.gop.clear();
        self.gop_bytes = 0;
        self.first_video = None;
        self.last_video = None;
        for viewer in self.viewers.values_mut() {
            viewer.ended = true;
            self.wakes.extend(viewer.waker.take());
        }
    }

    fn take_metadata(&mut self, body: &Bytes) {
        // The page's reader is JavaScript; it gets nothing that this one could not read.
        let readable = body.len() <= MAX_METADATA && amf::read_all(body).is_ok();
        if readable && body.starts_with(b"\x02\x00\x0aonMetaData") {
            self.metadata = Some(body.clone());
        } else {
            self.counters.tags_refused += 1;
        }
    }

    fn take_video_config(&mut self, tag: &Tag, now: Now) {
        let Some(seen) = describe::video(&tag.body) else {
            self.counters.tags_refused += 1;
            return;
        };
        self.counters.video = Some(seen);
        if self.video_config.as_ref() != Some(&tag.body) {
            self.video_config = Some(tag.body.clone());
            // What is kept was coded with the old one.
            self.gop.clear();
            self.gop_bytes = 0;
            self.header_for_started(tag, now);
        }
    }

    fn take_audio_config(&mut self, tag: &Tag, now: Now) {
        let Some(seen) = describe::audio(&tag.body) else {
            self.counters.tags_refused += 1;
            return;
        };
        self.counters.audio = Some(seen);
        if self.audio_config.as_ref() != Some(&tag.body) {
            self.audio_config = Some(tag.body.clone());
            if self.viewers.values().any(|viewer| viewer.base.is_some() && !viewer.with_audio) {
                // Their stream was announced without sound, and a player cannot add it.
                self.restart();
            } else {
                self.header_for_started(tag, now);
            }
        }
    }

    /// A changed sequence header reaches viewers who are in the middle of the stream.
    fn header_for_started(&mut self, tag: &Tag, now: Now) {
        let packet = Packet { part: Part::Header, bytes: tag.to_bytes() };
        for viewer in self.viewers.values_mut().filter(|viewer| viewer.base.is_some() && !viewer.ended) {
            viewer.queue.push(packet.clone(), now.instant);
        }
    }

    fn take_picture(&mut self, tag: &Tag, key: bool, now: Now) {
        self.counters.video_frames += 1;
        self.counters.last_video_at = Some(now.instant);
        let step = self.last_video.map_or(0, |last| tag.timestamp.wrapping_sub(last) as i32);
        if !(MAX_BACK_MILLIS..=MAX_FORWARD_MILLIS).contains(&step) {
            self.restart();
        }
        self.last_video = Some(tag.timestamp);
        self.first_video.get_or_insert(tag.timestamp);
        if key {
            self.gop.clear();
            self.gop_bytes = 0;
            let clock = self.clock_tag(tag.timestamp, now.wall_millis);
            self.media(&clock, Part::Clock, now);
        }
        self.media(tag, if key { Part::Key } else { Part::Rest }, now);
    }

    /// Keeps a tag for newcomers and passes it to everyone who watches.
    fn media(&mut self, tag: &Tag, part: Part, now: Now) {
        let packet = Packet { part, bytes: tag.to_bytes() };
        for viewer in self.viewers.values_mut() {
            if !viewer.ended && viewer.base.is_some_and(|base| !before(tag.timestamp, base)) {
                viewer.queue.push(packet.clone(), now.instant);
                self.wakes.extend(viewer.waker.take());
            }
        }
        if part != Part::Clock && part != Part::Key && self.gop.is_empty() {
            return;
        }
        if self.gop_bytes + packet.bytes.len() > GOP_BYTES || self.gop.len() >= GOP_TAGS {
            self.gop.clear();
            self.gop_bytes = 0;
            return;
        }
        self.gop_bytes += packet.bytes.len();
        self.gop.push((tag.timestamp, packet));
        // The clock tag alone is not a start.
        if part != Part::Clock {
            self.start_waiting(now.instant);
        }
    }

    /// Starts the viewers who wait, if there is enough to start with.
    fn start_waiting(&mut self, now: Instant) {
        let Some(headers) = self.headers() else { return };
        let Some(&(base, _)) = self.gop.first() else { return };
        for viewer in self.viewers.values_mut().filter(|viewer| viewer.base.is_none() && !viewer.ended) {
            viewer.base = Some(base);
            viewer.with_audio = self.audio_config.is_some();
            for bytes in &headers {
                viewer.queue.push(Packet { part: Part::Header, bytes: bytes.clone() }, now);
            }
            for (timestamp, packet) in &self.gop {
                if !before(*timestamp, base) {
                    viewer.queue.push(packet.clone(), now);
                }
            }
            self.wakes.extend(viewer.waker.take());
        }
    }

    /// What a stream opens with; `None` until it can be known.
    fn headers(&self) -> Option<Vec<Bytes>> {
        let video = self.video_config.clone()?;
        let &(base, _) = self.gop.first()?;
        let span = self.last_video?.wrapping_sub(self.first_video?) as i32;
        if self.audio_config.is_none() && span < SOUND_GRACE_MILLIS {
            return None;
        }
        let tag = |kind, body: &Bytes| Tag { kind, timestamp: base, body: body.clone() }.to_bytes();
        let mut headers = vec![file_header(self.audio_config.is_some(), true)];
        headers.extend(self.metadata.as_ref().map(|body| tag(TagKind::Script, body)));
        headers.push(tag(TagKind::Video, &video));
        headers.extend(self.audio_config.as_ref().map(|body| tag(TagKind::Audio, body)));
        Some(headers)
    }

    /// The script tag that ties a keyframe's timestamp to the wall clock; see the crate's documentation.
    fn clock_tag(&self, timestamp: u32, received_millis: i64) -> Tag {
        let (wall, from) = match self.origin_millis {
            Some(origin) => (origin + i64::from(timestamp), "studio"),
            None => (received_millis, "room"),
        };
        let mut body = Vec::with_capacity(64);
        put_text(&mut body, 0x02, "onVitrineClock");
        body.extend([0x08, 0, 0, 0, 3]);
        for (name, value) in [("ts", f64::from(timestamp)), ("wall", wall as f64)] {
            put_name(&mut body, name);
            body.push(0x00);
            body.extend(value.to_be_bytes());
        }
        put_name(&mut body, "from");
        put_text(&mut body, 0x02, from);
        body.extend([0, 0, 9]);
        Tag { kind: TagKind::Script, timestamp, body: body.into() }
    }
}

fn put_text(out: &mut Vec<u8>, marker: u8, text: &str) {
    out.push(marker);
    put_name(out, text);
}

fn put_name(out: &mut Vec<u8>, name: &str) {
    out.extend((name.len() as u16).to_be_bytes());
    out.extend(name.as_bytes());
}

/// Whether `a` is earlier than `b` on a clock that wraps.
fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

#[cfg(test)]
#[path = "broadcast_tests.rs"]
mod tests;
