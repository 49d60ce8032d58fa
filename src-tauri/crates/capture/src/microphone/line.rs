//! The line between a device callback and the sound thread: two wait-free rings and a few atomics.
//!
//! The callback converts to `f32`, copies, notes the instant and bumps counters. It never locks, allocates, logs or
//! waits, so that the system's real-time thread is never held up. A reader that is late loses whole callbacks, which
//! are counted; it never gets half of one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use cpal::{Data, ErrorKind, FromSample, SampleFormat};
use rtrb::{Consumer, Producer, RingBuffer};
use vitrine_media::Clock;

use crate::{AudioInput, Chunk};

/// Callbacks that may wait; backends deliver as little as 24 frames at a time, 2000 times a second.
const CHUNKS: usize = 4096;

const RUNNING: u8 = 0;
const GONE: u8 = 1;
const FAILED: u8 = 2;

/// What both ends see.
#[derive(Debug, Default)]
pub(super) struct Signals {
    lost_frames: AtomicU64,
    xruns: AtomicU64,
    moves: AtomicU64,
    state: AtomicU8,
}

/// Why a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The device or its server went away.
    Gone,
    /// The backend failed in another way.
    Failed,
}

impl Signals {
    /// What the backend's error callback said. Touches atomics only.
    pub(super) fn report(&self, kind: ErrorKind) {
        match kind {
            ErrorKind::Xrun => {
                self.xruns.fetch_add(1, Ordering::Relaxed);
            }
            ErrorKind::DeviceChanged => {
                self.moves.fetch_add(1, Ordering::Relaxed);
            }
            // Only the scheduling is worse than it could be.
            ErrorKind::RealtimeDenied => {}
            ErrorKind::DeviceNotAvailable | ErrorKind::StreamInvalidated | ErrorKind::HostUnavailable => {
                self.state.store(GONE, Ordering::Release);
            }
            _ => {
                // `Gone` says more, so it stays.
                let _ = self.state.compare_exchange(RUNNING, FAILED, Ordering::AcqRel, Ordering::Relaxed);
            }
        }
    }

    /// Whether and why the stream ended.
    pub(super) fn ended(&self) -> Option<Ended> {
        match self.state.load(Ordering::Acquire) {
            RUNNING => None,
            GONE => Some(Ended::Gone),
            _ => Some(Ended::Failed),
        }
    }

    /// Times the system moved the stream to another device since the last call.
    pub(super) fn take_moves(&self) -> u64 {
        self.moves.swap(0, Ordering::Relaxed)
    }

    /// Times the backend reported a gap since the last call.
    pub(super) fn take_xruns(&self) -> u64 {
        self.xruns.swap(0, Ordering::Relaxed)
    }
}

/// The callback's end.
pub(super) struct Writer {
    samples: Producer<f32>,
    chunks: Producer<Chunk>,
    signals: Arc<Signals>,
    clock: Arc<dyn Clock>,
    channels: usize,
}

/// The sound thread's end.
pub(super) struct Reader {
    samples: Consumer<f32>,
    chunks: Consumer<Chunk>,
    pub(super) signals: Arc<Signals>,
    channels: usize,
}

/// A line with room for one second.
pub(super) fn line(rate_hz: u32, channels: u16, clock: Arc<dyn Clock>) -> (Writer, Reader) {
    let channels = usize::from(channels.max(1));
    let (samples_in, samples_out) = RingBuffer::new(rate_hz as usize * channels);
    let (chunks_in, chunks_out) = RingBuffer::new(CHUNKS);
    let signals = Arc::new(Signals::default());
    let writer =
        Writer { samples: samples_in, chunks: chunks_in, signals: Arc::clone(&signals), clock, channels };
    (writer, Reader { samples: samples_out, chunks: chunks_out, signals, channels })
}

impl Writer {
    /// Takes one callback's data, in whatever format the device has.
    pub(super) fn write(&mut self, data: &Data) {
        match data.sample_format() {
            SampleFormat::F32 => self.push(data.as_slice::<f32>()),
            SampleFormat::F64 => self.push(data.as_slice::<f64>()),
            SampleFormat::I8 => self.push(data.as_slice::<i8>()),
            SampleFormat::I16 => self.push(data.as_slice::<i16>()),
            SampleFormat::I24 => self.push(data.as_slice::<cpal::I24>()),
            SampleFormat::I32 => self.push(data.as_slice::<i32>()),
            SampleFormat::I64 => self.push(data.as_slice::<i64>()),
            SampleFormat::U8 => self.push(data.as_slice::<u8>()),
            SampleFormat::U16 => self.push(data.as_slice::<u16>()),
            SampleFormat::U24 => self.push(data.as_slice::<cpal::U24>()),
            SampleFormat::U32 => self.push(data.as_slice::<u32>()),
            SampleFormat::U64 => self.push(data.as_slice::<u64>()),
            // One-bit formats are refused when the stream is opened.
            _ => {}
        }
    }

    fn push<T: Copy>(&mut self, data: Option<&[T]>)
    where
        f32: FromSample<T>,
    {
        let data = data.unwrap_or_default();
        let arrived = self.clock.now();
        let frames = data.len() / self.channels;
        if frames == 0 {
            return;
        }
        if self.chunks.slots() > 0
            && let Ok(room) = self.samples.write_chunk_uninit(frames * self.channels)
        {
            room.fill_from_iter(data.iter().map(|&s| f32::from_sample_(s)));
            // There is a slot, and only this end fills slots.
            let _ = self.chunks.push(Chunk { frames, arrived });
        } else {
            self.signals.lost_frames.fetch_add(frames as u64, Ordering::Relaxed);
        }
    }
}

impl Reader {
    /// Moves everything that arrived to `out`; returns whether anything did.
    pub(super) fn read(&mut self, out: &mut AudioInput) -> bool {
        let mut any = false;
        while let Ok(chunk) = self.chunks.pop() {
            // The samples of a chunk are there before the chunk is.
            let Ok(samples) = self.samples.read_chunk(chunk.frames * self.channels) else { break };
            let (first, second) = samples.as_slices();
            out.samples.extend_from_slice(first);
            out.samples.extend_from_slice(second);
            samples.commit_all();
            out.chunks.push(chunk);
            any = true;
        }
        out.overruns += self.signals.lost_frames.swap(0, Ordering::Relaxed);
        any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vitrine_media::MediaTime;
    use vitrine_testkit::VirtualClock;

    #[test]
    fn every_sample_format_arrives_as_float() {
        let (mut writer, mut reader) = line(48_000, 2, Arc::new(VirtualClock::new()));
        writer.push(Some(&[i16::MIN, 0, 16_384]));
        writer.push(Some(&[0u8, 128]));
        writer.push(Some(&[-1.0f64, 0.25]));
        let mut out = AudioInput::default();
        assert!(reader.read(&mut out));
        assert_eq!(out.samples, [-1.0, 0.0, -1.0, 0.0, -1.0, 0.25], "an odd sample is no frame");
        assert_eq!(out.chunks.iter().map(|c| c.frames).collect::<Vec<_>>(), [1, 1, 1]);
        assert_eq!(out.chunks[0].arrived, MediaTime::ZERO);
        assert!(!reader.read(&mut out));
    }

    #[test]
    fn a_late_reader_loses_whole_callbacks_and_is_told() {
        let (mut writer, mut reader) = line(1000, 1, Arc::new(VirtualClock::new()));
        for value in 0..12 {
            writer.push(Some(&[value as f32; 100]));
        }
        let mut out = AudioInput::default();
        reader.read(&mut out);
        assert_eq!((out.samples.len(), out.chunks.len(), out.overruns), (1000, 10, 200));
        assert_eq!(out.samples.last(), Some(&9.0), "what was kept is contiguous");
        out.clear();
        writer.push(Some(&[0.5f32]));
        reader.read(&mut out);
        assert_eq!((out.samples.as_slice(), out.overruns), ([0.5].as_slice(), 0));
    }

    #[test]
    fn a_gone_device_stays_gone_whatever_follows() {
        let signals = Signals::default();
        signals.report(ErrorKind::Xrun);
        signals.report(ErrorKind::DeviceChanged);
        signals.report(ErrorKind::RealtimeDenied);
        assert_eq!(signals.ended(), None);
        assert_eq!((signals.take_xruns(), signals.take_moves()), (1, 1));
        signals.report(ErrorKind::BackendError);
        assert_eq!(signals.ended(), Some(Ended::Failed));
        signals.report(ErrorKind::DeviceNotAvailable);
        signals.report(ErrorKind::BackendError);
        assert_eq!(signals.ended(), Some(Ended::Gone));
    }
}
