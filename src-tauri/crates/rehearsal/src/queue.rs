//! What waits to be sent to one viewer: bounded in bytes, tags and age.
//!
//! A viewer who does not keep up loses everything up to a keyframe, never single tags, since decoders show the
//! lack of one as smear. Sequence headers are never lost. Pure; time is passed in.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

/// Bytes that may wait.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Tags that may wait.
pub const MAX_TAGS: usize = 4096;
/// How old the oldest waiting tag may be.
pub const MAX_AGE: Duration = Duration::from_secs(2);

/// What a packet is to the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// File header, metadata, sequence headers: never dropped.
    Header,
    /// The clock tag that belongs to the keyframe behind it.
    Clock,
    /// A picture at which decoding can begin.
    Key,
    /// Everything that needs a keyframe before it, sound included.
    Rest,
}

/// Serialised bytes on their way; cloning shares them.
#[derive(Clone, Debug)]
pub struct Packet {
    /// What it is.
    pub part: Part,
    /// FLV bytes.
    pub bytes: Bytes,
}

/// See the module.
#[derive(Debug, Default)]
pub struct ViewerQueue {
    packets: VecDeque<(Packet, Instant)>,
    bytes: usize,
    wants_key: bool,
    skips: u64,
}

impl ViewerQueue {
    /// How often everything up to a keyframe was dropped.
    pub fn skips(&self) -> u64 {
        self.skips
    }

    /// Bytes waiting.
    #[cfg(test)]
    pub fn waiting(&self) -> usize {
        self.bytes
    }

    /// Appends a packet, or drops it while a keyframe is awaited.
    pub fn push(&mut self, packet: Packet, now: Instant) {
        if self.full(packet.bytes.len(), now) {
            self.skip();
        }
        match packet.part {
            Part::Clock | Part::Key => self.wants_key = false,
            Part::Rest if self.wants_key => return,
            Part::Header | Part::Rest => {}
        }
        self.bytes += packet.bytes.len();
        self.packets.push_back((packet, now));
    }

    /// Takes whole packets until `limit` bytes are reached; at least one if there is one.
    pub fn pop(&mut self, limit: usize) -> Option<Bytes> {
        let (first, _) = self.packets.pop_front()?;
        let mut taken = first.bytes.len();
        if self.packets.front().is_none_or(|(next, _)| taken + next.bytes.len() > limit) {
            self.bytes -= taken;
            return Some(first.bytes);
        }
        let mut out = Vec::with_capacity(limit);
        out.extend_from_slice(&first.bytes);
        while let Some((next, _)) = self.packets.front() {
            if taken + next.bytes.len() > limit {
                break;
            }
            taken += next.bytes.len();
            out.extend_from_slice(&next.bytes);
            self.packets.pop_front();
        }
        self.bytes -= taken;
        Some(out.into())
    }

    fn full(&self, more: usize, now: Instant) -> bool {
        self.bytes + more > MAX_BYTES
            || self.packets.len() >= MAX_TAGS
            || self.packets.front().is_some_and(|(_, since)| now.saturating_duration_since(*since) > MAX_AGE)
    }

    /// Drops all up to the newest waiting keyframe if that makes enough room, else all, and waits for the next.
    fn skip(&mut self) {
        self.skips += 1;
        let newest = self.packets.iter().rposition(|(packet, _)| packet.part == Part::Key);
        let after_newest: usize =
            newest.map_or(0, |key| self.packets.iter().skip(key).map(|(p, _)| p.bytes.len()).sum());
        // The keyframe's clock tag stands right before it.
        let keep_from = newest
            .filter(|&key| {
                key > 1 && after_newest <= MAX_BYTES / 2 && self.packets.len() - key <= MAX_TAGS / 2
            })
            .map(|key| key - 1);
        self.wants_key = keep_from.is_none();
        let keep_from = keep_from.unwrap_or(usize::MAX);
        let mut at = 0;
        self.packets.retain(|(packet, _)| {
            at += 1;
            packet.part == Part::Header || at > keep_from
        });
        // What is kept has its age forgiven: it is the newest there is.
        if let Some(newest) = self.packets.back().map(|(_, since)| *since) {
            for (_, since) in &mut self.packets {
                *since = newest;
            }
        }
        self.bytes = self.packets.iter().map(|(packet, _)| packet.bytes.len()).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(part: Part, tag: u8, len: usize) -> Packet {
        Packet { part, bytes: vec![tag; len].into() }
    }

    fn contents(queue: &mut ViewerQueue) -> Vec<u8> {
        std::iter::from_fn(|| queue.pop(1)).map(|bytes| bytes[0]).collect()
    }

    #[test]
    fn a_slow_viewer_goes_on_at_the_newest_keyframe_and_keeps_headers() {
        let now = Instant::now();
        let mut queue = ViewerQueue::default();
        queue.push(packet(Part::Header, 1, 10), now);
        queue.push(packet(Part::Clock, 2, 10), now);
        queue.push(packet(Part::Key, 3, 10), now);
        queue.push(packet(Part::Rest, 4, 10), now);
        queue.push(packet(Part::Clock, 5, 10), now);
        queue.push(packet(Part::Key, 6, 10), now);
        queue.push(packet(Part::Rest, 7, 10), now + MAX_AGE + Duration::from_millis(1));
        assert_eq!(queue.skips(), 1);
        assert_eq!(contents(&mut queue), [1, 5, 6, 7]);
    }

    #[test]
    fn without_a_keyframe_waiting_the_next_one_is_awaited() {
        let now = Instant::now();
        let late = now + MAX_AGE + Duration::from_millis(1);
        let mut queue = ViewerQueue::default();
        queue.push(packet(Part::Rest, 1, 10), now);
        queue.push(packet(Part::Rest, 2, 10), late);
        queue.push(packet(Part::Rest, 3, 10), late);
        queue.push(packet(Part::Clock, 4, 10), late);
        queue.push(packet(Part::Key, 5, 10), late);
        queue.push(packet(Part::Rest, 6, 10), late);
        assert_eq!(contents(&mut queue), [4, 5, 6]);
    }

    #[test]
    fn the_queue_never_holds_more_than_its_limit() {
        let now = Instant::now();
        let mut queue = ViewerQueue::default();
        for n in 0..1000 {
            let part = if n % 40 == 0 { Part::Key } else { Part::Rest };
            queue.push(packet(part, 0, 100_000), now);
            assert!(queue.waiting() <= MAX_BYTES);
        }
        assert!(queue.skips() > 0);
    }

    #[test]
    fn small_packets_leave_together() {
        let now = Instant::now();
        let mut queue = ViewerQueue::default();
        for n in 0..4 {
            queue.push(packet(Part::Rest, n, 10), now);
        }
        assert_eq!(queue.pop(25).map(|b| b.len()), Some(20));
        assert_eq!(queue.waiting(), 20);
    }
}
