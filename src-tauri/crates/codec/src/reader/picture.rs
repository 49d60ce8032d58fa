//! The pictures of a file, one after the other.
#![allow(unsafe_code)] // Reads decoded frames where they lie.

use std::path::Path;
use std::time::Duration;

use ffmpeg_next::codec::packet::side_data::Type as SideData;
use ffmpeg_next::ffi::{self, AVColorTransferCharacteristic as Transfer};
use ffmpeg_next::{Rational, Stream};
use vitrine_media::{ColorDesc, MediaTime, PixelFormat, RawPicture};

use super::input::{Decoding, Want, codec_name};
use super::scale::Scaler;
use super::{MediaError, PictureInfo, color};
use crate::ff::{self, Frame};

/// Reads pictures in the order they are shown.
pub struct PictureReader {
    decoding: Decoding,
    info: PictureInfo,
    duration: Option<MediaTime>,
    /// What [`PictureReader::next`] gives out.
    current: Frame,
    /// The picture after it, decoded to find out that `current` was the right one.
    ahead: Frame,
    ahead_at: Option<MediaTime>,
    /// After winding: the time whose picture is wanted.
    target: Option<MediaTime>,
    last_at: Option<MediaTime>,
    scaler: Scaler,
    any: bool,
}

/// A decoded picture, still in the reader's memory.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// When it begins to be shown: time since the file's start, never less than that of the picture before it.
    pub at: MediaTime,
    /// Clockwise quarter turns to be made before it is shown.
    pub quarter_turns: u8,
    raw: RawPicture<'a>,
}

impl<'a> Picture<'a> {
    /// Its pixels.
    pub fn raw(&self) -> RawPicture<'a> {
        self.raw
    }
}

impl PictureReader {
    /// Opens the file's best picture track.
    pub fn open(path: &Path) -> Result<Self, MediaError> {
        let decoding = Decoding::open(path, Want::Picture)?;
        let stream = decoding.input.stream(Want::Picture).ok_or(MediaError::NoPicture)?;
        let (info, duration) = (info(&stream), decoding.input.duration());
        let frame = || Frame::new().map_err(|error| MediaError::Resources(error.to_string()));
        Ok(Self {
            info,
            duration,
            decoding,
            current: frame()?,
            ahead: frame()?,
            ahead_at: None,
            target: None,
            last_at: None,
            scaler: Scaler::default(),
            any: false,
        })
    }

    /// What the track says of itself.
    pub fn info(&self) -> &PictureInfo {
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

    /// The next picture; `None` after the last. A damaged part is skipped, and a file cut short ends early; it is an
    /// error only if nothing at all could be decoded.
    #[allow(clippy::should_implement_trait)] // A picture borrows the reader, which no iterator can say.
    pub fn next(&mut self) -> Result<Option<Picture<'_>>, MediaError> {
        let at = if let Some(target) = self.target.take() {
            self.decode_from_before(target)
        } else if let Some(at) = self.ahead_at.take() {
            std::mem::swap(&mut self.current, &mut self.ahead);
            Some(at)
        } else {
            self.decode(false)
        };
        match at {
            Some(at) => {
                self.any = true;
                self.picture(at).map(Some)
            }
            None if self.any => Ok(None),
            None => Err(MediaError::Damaged(format!("{} parts were refused", self.decoding.damaged))),
        }
    }

    /// Winds so that [`Self::next`] gives the picture showing at `to` (the first before the start, the last behind
    /// the end), however far apart keyframes are.
    pub fn seek(&mut self, to: MediaTime) -> Result<(), MediaError> {
        self.decoding.seek(to)?;
        self.target = Some(to);
        self.ahead_at = None;
        self.last_at = None;
        Ok(())
    }

    /// Decodes into `current`, or into `ahead`.
    fn decode(&mut self, ahead: bool) -> Option<MediaTime> {
        let frame = if ahead { &mut self.ahead } else { &mut self.current };
        loop {
            frame.unref();
            if !self.decoding.next(frame) {
                return None;
            }
            // What is left of a picture with a part missing is not shown.
            if frame.raw().flags & ffi::AV_FRAME_FLAG_CORRUPT == 0 {
                break;
            }
            self.decoding.damaged += 1;
        }
        let timestamp = frame.raw().best_effort_timestamp;
        let at = if timestamp == ffi::AV_NOPTS_VALUE {
            // Raw streams carry no times.
            let step = 1.0 / self.info.mean_rate.filter(|rate| *rate > 0.0).unwrap_or(25.0);
            self.last_at.map_or(MediaTime::ZERO, |last| last + Duration::from_secs_f64(step))
        } else {
            self.decoding.media_time(timestamp)
        };
        let at = self.last_at.map_or(at, |last| at.max(last));
        self.last_at = Some(at);
        Some(at)
    }

    /// Decodes from a place from where `target` can be reached, which is not the first one in every container: some
    /// are wound to a packet that is no keyframe, and decoding begins behind what was wanted.
    fn decode_from_before(&mut self, target: MediaTime) -> Option<MediaTime> {
        let mut showing = self.decode_up_to(target);
        let start = MediaTime::ZERO - Duration::from_secs(10);
        for back_secs in [1, 4, 16, u64::MAX / 4] {
            if showing.is_some_and(|at| at <= target) {
                break;
            }
            // Nothing is before the start, but a time well before it leads to the first packet in every container.
            let earlier = target - Duration::from_secs(back_secs);
            let earlier = if earlier < MediaTime::ZERO { start } else { earlier };
            if self.decoding.seek(earlier).is_err() {
                break;
            }
            (self.ahead_at, self.last_at) = (None, None);
            showing = self.decode_up_to(target);
            if earlier == start {
                break;
            }
        }
        showing
    }

    /// Decodes until the picture after the one showing at `target` is known.
    fn decode_up_to(&mut self, target: MediaTime) -> Option<MediaTime> {
        let mut showing = None;
        while let Some(at) = self.decode(true) {
            if showing.is_some() && at > target {
                self.ahead_at = Some(at);
                break;
            }
            std::mem::swap(&mut self.current, &mut self.ahead);
            showing = Some(at);
            if at > target {
                break;
            }
        }
        showing
    }

    fn picture(&mut self, at: MediaTime) -> Result<Picture<'_>, MediaError> {
        let unusable = |what: &str| MediaError::Resources(what.to_owned());
        let raw = self.current.raw();
        let format = color::format(raw.format).ok_or_else(|| unusable("unknown pixel format"))?;
        let (width, height) = (raw.width as u32, raw.height as u32);
        let desc = color::describe(raw.colorspace, raw.color_range, format, height);
        let forward = raw.linesize.iter().all(|&stride| stride >= 0);
        let (frame, layout) = if let Some(layout) = color::carried(format).filter(|_| forward) {
            (&self.current, layout)
        } else {
            let converted = self.scaler.convert(&self.current, format, desc);
            let (frame, format) = converted.map_err(|error| unusable(&error.to_string()))?;
            (frame, color::carried(format).ok_or_else(|| unusable("unknown pixel format"))?)
        };
        // RGB has no matrix, and swscale gives it in full range.
        let (planes, strides) = planes(frame, layout);
        let raw = RawPicture { width, height, format: layout, color: desc, planes, strides };
        Ok(Picture { at, quarter_turns: self.info.quarter_turns, raw })
    }
}

impl std::fmt::Debug for PictureReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PictureReader({:?}, at {:?})", self.info, self.last_at)
    }
}

/// Bytes of a row and number of rows, per plane.
pub(crate) fn extent(layout: PixelFormat, width: usize, height: usize) -> [(usize, usize); 3] {
    let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
    let three = |row, rows| [(width, height), (row, rows), (row, rows)];
    match layout {
        PixelFormat::I420 => three(half_width, half_height),
        PixelFormat::I422 => three(half_width, height),
        PixelFormat::I440 => three(width, half_height),
        PixelFormat::I444 => three(width, height),
        PixelFormat::Gray8 => [(width, height), (0, 0), (0, 0)],
        PixelFormat::Nv12 => [(width, height), (half_width * 2, half_height), (0, 0)],
        PixelFormat::Yuyv | PixelFormat::Uyvy => [(half_width * 4, height), (0, 0), (0, 0)],
        PixelFormat::Rgb24 | PixelFormat::Bgr24 => [(width * 3, height), (0, 0), (0, 0)],
        PixelFormat::Rgba | PixelFormat::Bgrx => [(width * 4, height), (0, 0), (0, 0)],
    }
}

/// The planes of a frame that holds a picture of `layout`.
fn planes(frame: &Frame, layout: PixelFormat) -> ([&[u8]; 3], [usize; 3]) {
    let raw = frame.raw();
    let mut planes: [&[u8]; 3] = [&[]; 3];
    let mut strides = [0; 3];
    let extent = extent(layout, raw.width as usize, raw.height as usize);
    let parts = raw.data.iter().zip(&raw.linesize).zip(extent);
    for (((data, stride), (row, rows)), (plane, to)) in parts.zip(planes.iter_mut().zip(&mut strides)) {
        let stride = usize::try_from(*stride).unwrap_or(0);
        if rows == 0 || stride < row {
            continue;
        }
        // SAFETY: the frame holds a whole picture of this format, so each of its rows has at least `row` bytes, each
        // `stride` after the one before it.
        *plane = unsafe { ff::slice(*data, (stride * (rows - 1) + row) as i32) };
        *to = stride;
    }
    (planes, strides)
}

/// What a picture track says of itself.
pub(super) fn info(stream: &Stream<'_>) -> PictureInfo {
    // SAFETY: the stream's parameters are valid while it is.
    let parameters = unsafe { &*(*stream.as_ptr()).codecpar };
    let format = color::format(parameters.format).unwrap_or(ffi::AVPixelFormat::AV_PIX_FMT_NONE);
    let (width, height) = (parameters.width.max(0) as u32, parameters.height.max(0) as u32);
    let color: ColorDesc = color::describe(parameters.color_space, parameters.color_range, format, height);
    PictureInfo {
        codec: codec_name(stream),
        width,
        height,
        quarter_turns: quarter_turns(stream),
        mean_rate: mean_rate(stream.avg_frame_rate()).or_else(|| mean_rate(stream.rate())),
        color,
        hdr: matches!(parameters.color_trc, Transfer::AVCOL_TRC_SMPTE2084 | Transfer::AVCOL_TRC_ARIB_STD_B67),
    }
}

fn mean_rate(rate: Rational) -> Option<f64> {
    (rate.0 > 0 && rate.1 > 0).then(|| f64::from(rate))
}

fn quarter_turns(stream: &Stream<'_>) -> u8 {
    let Some(matrix) = stream.side_data().find(|side| side.kind() == SideData::DisplayMatrix) else {
        return 0;
    };
    let mut numbers = [0; 9];
    let words = matrix.data().as_chunks::<4>().0;
    if words.len() < numbers.len() {
        return 0;
    }
    for (number, word) in numbers.iter_mut().zip(words) {
        *number = i32::from_ne_bytes(*word);
    }
    // SAFETY: the function reads nine numbers.
    let degrees = unsafe { ffi::av_display_rotation_get(numbers.as_ptr()) };
    // The matrix turns counter-clockwise; one that cannot be inverted has no angle.
    if degrees.is_finite() { ((-degrees / 90.0).round() as i64).rem_euclid(4) as u8 } else { 0 }
}
