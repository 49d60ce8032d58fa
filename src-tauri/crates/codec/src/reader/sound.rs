//! The sound of a file in the studio's format.
#![allow(unsafe_code)] // swresample is used through its C interface.

use std::path::Path;
use std::ptr::{self, NonNull};

use ffmpeg_next::{Stream, ffi};
use vitrine_media::{CHANNELS, MediaTime, SAMPLE_RATE_HZ};

use super::input::{Decoding, Want, codec_name};
use super::{MediaError, SoundInfo};
use crate::ff::{FfError, Frame};

/// How far a file's timestamps may be from the count of its samples before they are believed: 40 ms, for many
/// containers round them to milliseconds and some write them carelessly.
const MAX_OFF_NANOS: u64 = 40_000_000;

/// Reads sound as interleaved 48 kHz stereo `f32`.
pub struct SoundReader {
    decoding: Decoding,
    info: SoundInfo,
    duration: Option<MediaTime>,
    frame: Frame,
    resampler: Option<Resampler>,
    samples: Vec<f32>,
    /// Time of the next frame out, once the first is known.
    next_at: Option<Clock>,
    /// After winding: sound before this is left out.
    target: Option<MediaTime>,
    ended: bool,
    any: bool,
}

/// Counts frames from a known time, so that rounding does not add up.
#[derive(Clone, Copy)]
struct Clock {
    from: MediaTime,
    frames: i64,
}

impl Clock {
    fn now(self) -> MediaTime {
        MediaTime::from_nanos(self.from.nanos().saturating_add(MediaTime::from_samples(self.frames).nanos()))
    }
}

/// Some sound, still in the reader's memory.
#[derive(Clone, Copy, Debug)]
pub struct Sound<'a> {
    /// Time of the first frame since the file's start. Follows on from the sound before it unless the file has a gap.
    pub at: MediaTime,
    /// Interleaved left and right, never empty.
    pub samples: &'a [f32],
}

impl SoundReader {
    /// Opens the file's best sound track.
    pub fn open(path: &Path) -> Result<Self, MediaError> {
        let decoding = Decoding::open(path, Want::Sound)?;
        let stream = decoding.input.stream(Want::Sound).ok_or(MediaError::NoSound)?;
        let (info, duration) = (info(&stream), decoding.input.duration());
        Ok(Self {
            info,
            duration,
            decoding,
            frame: Frame::new().map_err(resources)?,
            resampler: None,
            samples: Vec::new(),
            next_at: None,
            target: None,
            ended: false,
            any: false,
        })
    }

    /// What the track says of itself.
    pub fn info(&self) -> &SoundInfo {
        &self.info
    }

    /// Length of the file, if known.
    pub fn duration(&self) -> Option<MediaTime> {
        self.duration
    }

    /// Parts of the file that could not be decoded so far.
    pub fn damaged(&self) -> u64 {
        self.decoding.damaged
    }

    /// The next piece of sound, usually 20 ms; `None` after the last. A damaged part is skipped, which shows as a
    /// gap in time; it is an error only if nothing at all could be decoded.
    #[allow(clippy::should_implement_trait)] // A piece of sound borrows the reader, which no iterator can say.
    pub fn next(&mut self) -> Result<Option<Sound<'_>>, MediaError> {
        loop {
            self.samples.clear();
            if !self.fill()? {
                return if self.any {
                    Ok(None)
                } else {
                    Err(MediaError::Damaged(format!("{} parts were refused", self.decoding.damaged)))
                };
            }
            self.any = true;
            let Some(clock) = &mut self.next_at else { continue };
            let at = clock.now();
            let frames = (self.samples.len() / CHANNELS) as i64;
            clock.frames += frames;
            let skip = self.target.map_or(0, |target| frames_between(at, target)).min(frames);
            if skip < frames {
                self.target = None;
                let at = Clock { from: at, frames: skip }.now();
                let samples = self.samples.get(skip as usize * CHANNELS..).unwrap_or_default();
                return Ok(Some(Sound { at, samples }));
            }
        }
    }

    /// Winds so that [`Self::next`] begins with the frame at `to`, or as soon after it as there is sound.
    pub fn seek(&mut self, to: MediaTime) -> Result<(), MediaError> {
        self.decoding.seek(to)?;
        (self.resampler, self.next_at, self.ended) = (None, None, false);
        self.target = Some(to);
        Ok(())
    }

    /// Decodes and converts one frame, or what is left in the resampler; `false` at the end.
    fn fill(&mut self) -> Result<bool, MediaError> {
        if self.ended {
            return Ok(false);
        }
        self.frame.unref();
        if !self.decoding.next(&mut self.frame) {
            self.ended = true;
            if let Some(resampler) = &mut self.resampler {
                resampler.convert(None, &mut self.samples).map_err(resources)?;
            }
            return Ok(!self.samples.is_empty());
        }
        let shape = Shape::of(&self.frame);
        let mut resampler = match self.resampler.take() {
            Some(resampler) if resampler.shape == shape => resampler,
            // A track may change its rate or channels half-way.
            _ => Resampler::open(&self.frame, shape).map_err(resources)?,
        };
        self.stamp(resampler.delay_frames());
        let converted = resampler.convert(Some(&self.frame), &mut self.samples);
        self.resampler = Some(resampler);
        converted.map_err(resources)?;
        Ok(true)
    }

    /// Anchors the count of frames at the decoded frame's time, first of all and after a gap.
    fn stamp(&mut self, inside: i64) {
        let timestamp = self.frame.raw().best_effort_timestamp;
        if timestamp == ffi::AV_NOPTS_VALUE {
            self.next_at.get_or_insert(Clock { from: MediaTime::ZERO, frames: 0 });
            return;
        }
        let at = self.decoding.media_time(timestamp);
        let due = self.next_at.map(|clock| Clock { frames: clock.frames + inside, ..clock }.now());
        let off = due.map(|due| due.nanos().abs_diff(at.nanos()));
        if off.is_none_or(|off| off > MAX_OFF_NANOS) {
            self.next_at = Some(Clock { from: at, frames: -inside });
        }
    }
}

impl std::fmt::Debug for SoundReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SoundReader({:?})", self.info)
    }
}

fn resources(error: FfError) -> MediaError {
    MediaError::Resources(error.to_string())
}

/// Frames from `from` until `to`, not negative.
fn frames_between(from: MediaTime, to: MediaTime) -> i64 {
    let nanos = i128::from(to.nanos()) - i128::from(from.nanos());
    i64::try_from((nanos * i128::from(SAMPLE_RATE_HZ) + 500_000_000).div_euclid(1_000_000_000))
        .unwrap_or(i64::MAX)
        .max(0)
}

/// What a resampler is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    rate: i32,
    format: i32,
    channels: i32,
    mask: u64,
}

impl Shape {
    fn of(frame: &Frame) -> Self {
        let raw = frame.raw();
        // SAFETY: the mask is a number in every native layout; in others it is not looked at.
        let mask = unsafe { raw.ch_layout.u.mask };
        let native = raw.ch_layout.order == ffi::AVChannelOrder::AV_CHANNEL_ORDER_NATIVE;
        Self {
            rate: raw.sample_rate,
            format: raw.format,
            channels: raw.ch_layout.nb_channels,
            mask: if native { mask } else { 0 },
        }
    }
}

struct Resampler {
    context: NonNull<ffi::SwrContext>,
    shape: Shape,
}

// SAFETY: a resampler context has no tie to the thread that made it.
unsafe impl Send for Resampler {}

impl Resampler {
    fn open(frame: &Frame, shape: Shape) -> Result<Self, FfError> {
        let invalid = FfError(-libc::EINVAL);
        if !(0..ffi::AVSampleFormat::AV_SAMPLE_FMT_NB as i32).contains(&shape.format)
            || !(1..=768_000).contains(&shape.rate)
            || !(1..=64).contains(&shape.channels)
        {
            return Err(invalid);
        }
        // SAFETY: the number was just found to be one of the enumeration's, which has no holes.
        let format = unsafe { std::mem::transmute::<i32, ffi::AVSampleFormat>(shape.format) };
        let mut context: *mut ffi::SwrContext = ptr::null_mut();
        // SAFETY: the layouts are initialised here and read during the calls only; a layout without named channels is
        // replaced by the usual one for its number of channels, and neither owns memory then.
        let made = unsafe {
            let mut stereo: ffi::AVChannelLayout = std::mem::zeroed();
            ffi::av_channel_layout_default(&raw mut stereo, CHANNELS as i32);
            let mut from: ffi::AVChannelLayout = std::mem::zeroed();
            if shape.mask == 0 {
                ffi::av_channel_layout_default(&raw mut from, shape.channels);
            } else {
                FfError::check(ffi::av_channel_layout_copy(&raw mut from, &raw const frame.raw().ch_layout))?;
            }
            ffi::swr_alloc_set_opts2(
                &raw mut context,
                &raw mut stereo,
                ffi::AVSampleFormat::AV_SAMPLE_FMT_FLT,
                SAMPLE_RATE_HZ as i32,
                &raw mut from,
                format,
                shape.rate,
                0,
                ptr::null_mut(),
            )
        };
        let context = NonNull::new(context).filter(|_| made >= 0).ok_or(invalid)?;
        let resampler = Self { context, shape };
        if shape.channels == 1 {
            // One microphone is as loud on either side as it was; swresample would take 3 dB off.
            let both = [1.0, 1.0];
            // SAFETY: the context is not initialised yet and copies the two numbers, one for each channel out.
            FfError::check(unsafe { ffi::swr_set_matrix(context.as_ptr(), both.as_ptr(), 1) })?;
        }
        // SAFETY: the context is set up.
        FfError::check(unsafe { ffi::swr_init(context.as_ptr()) })?;
        Ok(resampler)
    }

    /// Frames at 48 kHz that went in and have not come out.
    fn delay_frames(&self) -> i64 {
        // SAFETY: the context is initialised.
        unsafe { ffi::swr_get_delay(self.context.as_ptr(), i64::from(SAMPLE_RATE_HZ)) }
    }

    /// Converts a frame, or what is left inside for `None`, and appends it to `out`.
    fn convert(&mut self, frame: Option<&Frame>, out: &mut Vec<f32>) -> Result<(), FfError> {
        let raw = frame.map(Frame::raw);
        let count = raw.map_or(0, |raw| raw.nb_samples);
        // SAFETY: the context is initialised.
        let room = FfError::check(unsafe { ffi::swr_get_out_samples(self.context.as_ptr(), count) })?;
        let start = out.len();
        out.resize(start + room as usize * CHANNELS, 0.0);
        let Some(tail) = out.get_mut(start..) else { return Ok(()) };
        let mut target = tail.as_mut_ptr().cast::<u8>();
        let source = raw.map_or(ptr::null_mut(), |raw| raw.extended_data);
        // SAFETY: `target` has room for `room` frames of two floats; `source` holds `count` frames in the format the
        // context was made for, or is null to drain it.
        let made = FfError::check(unsafe {
            ffi::swr_convert(self.context.as_ptr(), &raw mut target, room, source.cast(), count)
        });
        out.truncate(start + made.unwrap_or(0) as usize * CHANNELS);
        made.map(|_| ())
    }
}

impl Drop for Resampler {
    fn drop(&mut self) {
        let mut pointer = self.context.as_ptr();
        // SAFETY: the context is ours and not used after this.
        unsafe { ffi::swr_free(&raw mut pointer) };
    }
}

/// What a sound track says of itself.
pub(super) fn info(stream: &Stream<'_>) -> SoundInfo {
    // SAFETY: the stream's parameters are valid while it is.
    let parameters = unsafe { &*(*stream.as_ptr()).codecpar };
    SoundInfo {
        codec: codec_name(stream),
        rate_hz: parameters.sample_rate.max(0) as u32,
        channels: parameters.ch_layout.nb_channels.max(0) as u16,
    }
}
