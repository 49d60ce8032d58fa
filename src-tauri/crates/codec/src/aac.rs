//! Studio sound to AAC-LC.
//!
//! Owns: the cutting of 480-frame blocks into frames of 1024 samples, and their times. The encoder needs 1024 samples
//! of run-up (priming, ISO 14496-3 §4.6.11): its first unit begins that much before the first block, so that a
//! decoder's output is in time without any correction. No threads, no locks.
#![allow(unsafe_code)] // Fills planar sample buffers and sets fields that have no safe name.

use std::sync::Arc;

use bytes::Bytes;
use ffmpeg_next::ffi;
use vitrine_media::{
    AccessUnit, AudioBlock, AudioCodec, AudioConfig, BLOCK_FRAMES, CHANNELS, MediaTime, SAMPLE_RATE_HZ,
    StreamConfig, TrackKind,
};

use crate::ff::{Codec, FfError, Frame, Given, Offered, Packet};
use crate::log;

/// Samples a channel in one AAC frame.
const FRAME: usize = 1024;
/// The longest gap filled with silence: 10 s.
const MAX_GAP_FRAMES: i64 = 480_000;

/// Why sound could not be encoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AacError {
    /// Not a bitrate for AAC stereo at 48 kHz. Choose one from 32k to 512k.
    #[error("an audio bitrate of {0} b/s is not between 32k and 512k")]
    Bitrate(u32),
    /// A block is so far from its predecessor that filling the gap makes no sense. Open a new encoder.
    #[error("the sound jumped by {0} ms")]
    Jump(i64),
    /// FFmpeg has no AAC encoder or refused. Nothing but another FFmpeg helps.
    #[error("AAC could not be encoded: {0}")]
    Encoder(String),
    /// The encoder was finished. Open a new one.
    #[error("the audio encoder is finished")]
    Finished,
}

impl From<FfError> for AacError {
    fn from(error: FfError) -> Self {
        let line = log::last_error();
        Self::Encoder(if line.is_empty() { error.to_string() } else { format!("{error}: {line}") })
    }
}

/// An AAC-LC encoder for 48 kHz stereo.
pub struct AacEncoder {
    codec: Codec,
    packet: Packet,
    config: Arc<StreamConfig>,
    /// Interleaved samples waiting for a whole frame.
    waiting: Vec<f32>,
    /// Time of the first sample.
    origin: Option<MediaTime>,
    /// Frames taken in since then, silence included.
    taken: i64,
    /// Frames given to the encoder since then.
    encoded: i64,
    filled: u64,
    skipped: u64,
    finished: bool,
}

impl AacEncoder {
    /// Opens it for `bitrate` bits per second.
    pub fn open(bitrate: u32) -> Result<Self, AacError> {
        if !(32_000..=512_000).contains(&bitrate) {
            return Err(AacError::Bitrate(bitrate));
        }
        log::clear();
        let none = || AacError::Encoder("this FFmpeg was built without it".to_owned());
        let mut codec = Codec::encoder("aac").ok_or_else(none)?;
        let raw = codec.raw_mut();
        raw.sample_fmt = ffi::AVSampleFormat::AV_SAMPLE_FMT_FLTP;
        raw.sample_rate = SAMPLE_RATE_HZ as i32;
        raw.time_base = ffi::AVRational { num: 1, den: SAMPLE_RATE_HZ as i32 };
        raw.flags |= ffi::AV_CODEC_FLAG_GLOBAL_HEADER as i32;
        // SAFETY: the layout belongs to a new context and is overwritten.
        unsafe { ffi::av_channel_layout_default(&raw mut raw.ch_layout, CHANNELS as i32) };
        codec.open(&[("b", bitrate.to_string()), ("profile", "aac_low".to_owned())])?;
        let config = AudioConfig {
            codec: AudioCodec::Aac,
            rate_hz: SAMPLE_RATE_HZ,
            channels: CHANNELS as u16,
            bitrate,
            record: Bytes::copy_from_slice(codec.extradata()),
        };
        Ok(Self {
            codec,
            packet: Packet::new()?,
            config: Arc::new(StreamConfig::Audio(config)),
            waiting: Vec::with_capacity((FRAME + BLOCK_FRAMES) * CHANNELS),
            origin: None,
            taken: 0,
            encoded: 0,
            filled: 0,
            skipped: 0,
            finished: false,
        })
    }

    /// Encodes one block and appends the units that are ready. Blocks follow each other without a gap; one that comes
    /// late is preceded by silence, one whose time has been encoded already is left out, and both are counted.
    pub fn encode(&mut self, block: &AudioBlock, out: &mut Vec<AccessUnit>) -> Result<(), AacError> {
        if self.finished {
            return Err(AacError::Finished);
        }
        let origin = *self.origin.get_or_insert(block.pts);
        let nanos = i128::from(block.pts.nanos()) - i128::from(origin.nanos());
        let at = (nanos * i128::from(SAMPLE_RATE_HZ) / 1_000_000_000) as i64;
        let gap = at - self.taken;
        if gap.abs() > MAX_GAP_FRAMES {
            return Err(AacError::Jump(gap * 1000 / i64::from(SAMPLE_RATE_HZ)));
        }
        // Less than half a block is rounding of the times, not a gap in the sound.
        if gap * 2 <= -(BLOCK_FRAMES as i64) {
            self.skipped += 1;
            return Ok(());
        }
        if gap * 2 >= BLOCK_FRAMES as i64 {
            self.filled += gap as u64;
            self.take_in(&vec![0.0; gap as usize * CHANNELS], out)?;
        }
        self.take_in(&*block.samples, out)
    }

    /// Encodes what is left, padded with silence to a whole frame.
    pub fn finish(&mut self, out: &mut Vec<AccessUnit>) -> Result<(), AacError> {
        if std::mem::replace(&mut self.finished, true) {
            return Ok(());
        }
        if !self.waiting.is_empty() {
            self.waiting.resize(FRAME * CHANNELS, 0.0);
            self.encode_waiting(out)?;
        }
        self.codec.send_frame(None)?;
        self.receive(out)
    }

    /// The configuration of every unit, with the `AudioSpecificConfig`.
    pub fn config(&self) -> Arc<StreamConfig> {
        Arc::clone(&self.config)
    }

    /// Frames of silence put in for sound that was missing.
    pub fn filled(&self) -> u64 {
        self.filled
    }

    /// Blocks left out because their time had been encoded.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    fn take_in(&mut self, mut samples: &[f32], out: &mut Vec<AccessUnit>) -> Result<(), AacError> {
        self.taken += (samples.len() / CHANNELS) as i64;
        while !samples.is_empty() {
            let room = FRAME * CHANNELS - self.waiting.len();
            let (now, later) = samples.split_at(room.min(samples.len()));
            self.waiting.extend_from_slice(now);
            samples = later;
            if self.waiting.len() == FRAME * CHANNELS {
                self.encode_waiting(out)?;
            }
        }
        Ok(())
    }

    fn encode_waiting(&mut self, out: &mut Vec<AccessUnit>) -> Result<(), AacError> {
        let mut frame = self.frame()?;
        frame.raw_mut().pts = self.encoded;
        self.encoded += FRAME as i64;
        self.waiting.clear();
        while self.codec.send_frame(Some(&frame))? == Offered::Full {
            self.receive(out)?;
        }
        self.receive(out)
    }

    /// The waiting samples as one planar frame. A sample that is no number would spoil the encoder's state for good,
    /// so it becomes silence.
    fn frame(&self) -> Result<Frame, AacError> {
        let mut frame = Frame::new()?;
        let raw = frame.raw_mut();
        raw.format = ffi::AVSampleFormat::AV_SAMPLE_FMT_FLTP as i32;
        raw.nb_samples = FRAME as i32;
        raw.sample_rate = SAMPLE_RATE_HZ as i32;
        // SAFETY: the layout belongs to a new frame and is overwritten.
        unsafe { ffi::av_channel_layout_default(&raw mut raw.ch_layout, CHANNELS as i32) };
        // SAFETY: format, length and layout are set, as the function asks.
        FfError::check(unsafe { ffi::av_frame_get_buffer(frame.as_mut_ptr(), 0) })?;
        for (channel, data) in frame.raw_mut().data.iter().take(CHANNELS).enumerate() {
            // SAFETY: each plane was just made for FRAME aligned floats, ours alone.
            let plane = unsafe { std::slice::from_raw_parts_mut(data.cast::<f32>(), FRAME) };
            let samples = self.waiting.iter().skip(channel).step_by(CHANNELS);
            for (to, from) in plane.iter_mut().zip(samples) {
                *to = if from.is_finite() { from.clamp(-1.0, 1.0) } else { 0.0 };
            }
        }
        Ok(frame)
    }

    fn receive(&mut self, out: &mut Vec<AccessUnit>) -> Result<(), AacError> {
        let origin = self.origin.unwrap_or_default();
        while self.codec.receive_packet(&mut self.packet)? == Given::One {
            let at = MediaTime::from_samples(self.packet.raw().pts);
            let at = MediaTime::from_nanos(origin.nanos() + at.nanos());
            out.push(AccessUnit {
                track: TrackKind::Audio,
                pts: at,
                dts: at,
                keyframe: true,
                data: Bytes::copy_from_slice(self.packet.bytes()),
                config: Arc::clone(&self.config),
            });
            self.packet.unref();
        }
        Ok(())
    }
}

impl std::fmt::Debug for AacEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AacEncoder({:?}, {} frames)", self.config, self.taken)
    }
}
