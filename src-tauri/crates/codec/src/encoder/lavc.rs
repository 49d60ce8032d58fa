//! One H.264 encoder of libavcodec: libx264 or hardware.
//!
//! Owns: one codec context and its packet. Frames are read where they lie if the encoder takes I420, so a frame's
//! memory goes back to its pool when the encoder lets go of it.
#![allow(unsafe_code)] // Sets fields of the codec context that have no safe name.

use std::sync::Arc;

use ffmpeg_next::ffi;
use vitrine_media::{AccessUnit, StreamConfig, TrackKind, VideoCodec, VideoConfig, VideoFrame};

use super::backend::{Backend, BackendError, BitrateChange};
use super::hardware::{self, Input};
use super::{EncoderKind, VideoSettings, probe, x264};
use crate::avc::Framing;
use crate::ff::{Codec, Given, Offered, Packet};
use crate::log;

/// An opened libavcodec encoder.
pub(super) struct Lavc {
    kind: EncoderKind,
    settings: VideoSettings,
    codec: Codec,
    packet: Packet,
    input: Input,
    framing: Framing,
    config: Arc<StreamConfig>,
    /// The record came with no global header and is read from the first keyframe.
    record_in_band: bool,
}

/// Opens an encoder for a broadcast: hardware only after a short trial, for many drivers open and then fail.
pub(super) fn open_tried(
    kind: EncoderKind,
    settings: &VideoSettings,
) -> Result<Box<dyn Backend>, BackendError> {
    if kind != EncoderKind::X264 {
        probe::trial(kind, settings)?;
    }
    Ok(Box::new(Lavc::open(kind, settings)?))
}

impl Lavc {
    pub(super) fn open(kind: EncoderKind, settings: &VideoSettings) -> Result<Self, BackendError> {
        log::start();
        log::clear();
        let mut codec = Codec::encoder(kind.ffmpeg_name()).ok_or(BackendError::NotBuilt)?;
        let input = hardware::prepare(kind, settings, &mut codec)?;
        describe(&mut codec, settings);
        let mut options = match kind {
            EncoderKind::X264 => x264::options(settings),
            _ => hardware::options(kind, settings),
        };
        options.push(("g", settings.keyframe_ticks().to_string()));
        codec.open(&options).map_err(BackendError::ffmpeg("opening"))?;
        let framing = Framing::of(codec.extradata());
        let record = framing.record(codec.extradata());
        Ok(Self {
            kind,
            packet: Packet::new().map_err(BackendError::ffmpeg("opening"))?,
            input,
            framing,
            config: config(settings, record.clone().unwrap_or_default()),
            record_in_band: record.is_none(),
            settings: settings.clone(),
            codec,
        })
    }

    fn receive(&mut self, out: &mut Vec<AccessUnit>) -> Result<Given, BackendError> {
        loop {
            match self.codec.receive_packet(&mut self.packet).map_err(BackendError::ffmpeg("encoding"))? {
                Given::One => self.unit(out)?,
                other => return Ok(other),
            }
        }
    }

    fn unit(&mut self, out: &mut Vec<AccessUnit>) -> Result<(), BackendError> {
        let (raw, rate) = (self.packet.raw(), self.settings.rate);
        let (pts, dts, keyframe) = (raw.pts, raw.dts, self.packet.is_key());
        if pts == ffi::AV_NOPTS_VALUE {
            return Err(BackendError::Unusable("it returns pictures without a time"));
        }
        if self.record_in_band && keyframe {
            let record = self.framing.record(self.packet.bytes());
            let record = record.ok_or(BackendError::Unusable("it gives no parameter sets"))?;
            self.config = config(&self.settings, record);
            self.record_in_band = false;
        }
        let data = self.framing.picture(self.packet.bytes());
        let dts = if dts == ffi::AV_NOPTS_VALUE { pts } else { dts.min(pts) };
        out.push(AccessUnit {
            track: TrackKind::Video,
            pts: rate.tick_time(pts),
            dts: rate.tick_time(dts),
            keyframe,
            data,
            config: Arc::clone(&self.config),
        });
        self.packet.unref();
        Ok(())
    }
}

/// Size, time and colour: what every encoder is told alike. The colour goes into the stream's VUI (H.264 §E.2.1).
fn describe(codec: &mut Codec, settings: &VideoSettings) {
    let raw = codec.raw_mut();
    (raw.width, raw.height) = (settings.width as i32, settings.height as i32);
    let (num, den) = (settings.rate.num() as i32, settings.rate.den() as i32);
    raw.time_base = ffi::AVRational { num: den, den: num };
    raw.framerate = ffi::AVRational { num, den };
    raw.sample_aspect_ratio = ffi::AVRational { num: 1, den: 1 };
    raw.color_range = ffi::AVColorRange::AVCOL_RANGE_MPEG;
    raw.colorspace = ffi::AVColorSpace::AVCOL_SPC_BT709;
    raw.color_primaries = ffi::AVColorPrimaries::AVCOL_PRI_BT709;
    raw.color_trc = ffi::AVColorTransferCharacteristic::AVCOL_TRC_BT709;
    raw.chroma_sample_location = ffi::AVChromaLocation::AVCHROMA_LOC_LEFT;
    raw.flags |= ffi::AV_CODEC_FLAG_GLOBAL_HEADER as i32;
}

fn config(settings: &VideoSettings, record: bytes::Bytes) -> Arc<StreamConfig> {
    Arc::new(StreamConfig::Video(VideoConfig {
        codec: VideoCodec::H264,
        width: settings.width,
        height: settings.height,
        rate: settings.rate,
        bitrate: settings.bitrate,
        record,
    }))
}

impl Backend for Lavc {
    fn kind(&self) -> EncoderKind {
        self.kind
    }

    fn config(&self) -> &Arc<StreamConfig> {
        &self.config
    }

    fn encode(
        &mut self,
        frame: &VideoFrame,
        tick: i64,
        force_key: bool,
        out: &mut Vec<AccessUnit>,
    ) -> Result<(), BackendError> {
        log::clear();
        let mut input = self.input.bring(frame).map_err(BackendError::ffmpeg("taking a frame"))?;
        let raw = input.raw_mut();
        raw.pts = tick;
        if force_key {
            raw.pict_type = ffi::AVPictureType::AV_PICTURE_TYPE_I;
        }
        // A full encoder gives at least one packet, so this ends; the bound is for drivers that break that rule.
        for _ in 0..64 {
            let offered = self.codec.send_frame(Some(&input)).map_err(BackendError::ffmpeg("encoding"))?;
            let given = self.receive(out)?;
            if offered == Offered::Taken {
                return Ok(());
            }
            if given == Given::End {
                break;
            }
        }
        Err(BackendError::Unusable("it takes no more frames"))
    }

    fn finish(&mut self, out: &mut Vec<AccessUnit>) -> Result<(), BackendError> {
        self.codec.send_frame(None).map_err(BackendError::ffmpeg("finishing"))?;
        self.receive(out).map(|_| ())
    }

    fn set_bitrate(&mut self, bitrate: u32) -> BitrateChange {
        self.settings.bitrate = bitrate;
        // NVENC could change too, but each change resets it and costs an IDR picture, so it waits for one.
        if self.kind != EncoderKind::X264 {
            return BitrateChange::Reopen;
        }
        // libx264's wrapper compares all three with its own before each frame and reconfigures if they differ.
        let raw = self.codec.raw_mut();
        raw.bit_rate = i64::from(bitrate);
        raw.rc_max_rate = i64::from(bitrate);
        raw.rc_buffer_size = i32::try_from(bitrate).unwrap_or(i32::MAX);
        BitrateChange::Applied
    }
}
