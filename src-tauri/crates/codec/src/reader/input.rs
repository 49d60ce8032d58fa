//! An open file and its tracks.
#![allow(unsafe_code)] // Reads fields of FFmpeg's structures.

use std::ffi::CStr;
use std::io;
use std::path::Path;

use ffmpeg_next::ffi;
use ffmpeg_next::format::{self, context};
use ffmpeg_next::{Dictionary, Rational, Stream};
use vitrine_media::MediaTime;

use super::MediaError;
use crate::ff::{Codec, FfError, Given, Packet};
use crate::log;

/// Containers that are opened, by FFmpeg's names. Left out are playlists (hls, dash, concat), which name other files.
const CONTAINERS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpegts,mpeg,ogg,wav,w64,mp3,aac,flac,aiff,au,\
    caf,asf,gif,apng,h264,hevc,ivf,mjpeg,yuv4mpegpipe,dv,nut,ac3,eac3,wv,tta,amr,png_pipe,jpeg_pipe,webp_pipe,\
    bmp_pipe,tiff_pipe,mpegvideo,m4v,av1,obu";
/// Reading errors in a row after which the rest of the file is given up.
const MAX_ERRORS: u32 = 100;

/// Which track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Want {
    Picture,
    Sound,
}

impl Want {
    fn missing(self) -> MediaError {
        match self {
            Self::Picture => MediaError::NoPicture,
            Self::Sound => MediaError::NoSound,
        }
    }
}

/// An open file.
pub(super) struct Input {
    context: context::Input,
    errors: u32,
}

// SAFETY: a format context may be used from any one thread at a time, and `&mut self` guards that.
unsafe impl Send for Input {}

/// What came next from a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A packet of the wanted track.
    Packet,
    /// The end, or damage nothing can be read behind.
    End,
}

impl Input {
    pub(super) fn open(path: &Path) -> Result<Self, MediaError> {
        log::start();
        log::clear();
        check_file(path)?;
        let text =
            path.to_str().ok_or_else(|| MediaError::Unreadable("its name is not Unicode".to_owned()))?;
        let mut options = Dictionary::new();
        options.set("protocol_whitelist", "file");
        options.set("format_whitelist", CONTAINERS);
        // With the scheme spelled out, no name can be taken for a URL.
        let opened = format::input_with_dictionary(&format!("file:{text}"), options);
        let context = opened.map_err(|error| {
            let line = log::last_error();
            MediaError::Unrecognised(if line.is_empty() { error.to_string() } else { line })
        })?;
        Ok(Self { context, errors: 0 })
    }

    /// The best track of a kind. A cover picture of a music file is no picture to show as a film.
    pub(super) fn stream(&self, want: Want) -> Option<Stream<'_>> {
        let kind = match want {
            Want::Picture => ffmpeg_next::media::Type::Video,
            Want::Sound => ffmpeg_next::media::Type::Audio,
        };
        let usable = |stream: &Stream<'_>| {
            let cover = format::stream::Disposition::ATTACHED_PIC;
            stream.parameters().medium() == kind && !stream.disposition().contains(cover)
        };
        self.context.streams().best(kind).filter(usable).or_else(|| self.context.streams().find(usable))
    }

    /// Opens the decoder of the best track of a kind and has the file skip all others.
    pub(super) fn decoder(&mut self, want: Want) -> Result<(Codec, usize), MediaError> {
        let stream = self.stream(want).ok_or_else(|| want.missing())?;
        let (index, name) = (stream.index(), codec_name(&stream));
        // SAFETY: the parameters live as long as the stream.
        let codec = unsafe { Codec::decoder((*stream.as_ptr()).codecpar) };
        let none = |_| MediaError::NoDecoder(name.clone());
        let mut codec = codec.ok_or_else(|| MediaError::NoDecoder(name.clone()))?.map_err(none)?;
        codec.raw_mut().pkt_timebase = stream.time_base().into();
        codec.open(&[("threads", "2".to_owned())]).map_err(none)?;
        for mut other in self.context.streams_mut() {
            if other.index() != index {
                // SAFETY: the stream is valid, and this field is for callers to set.
                unsafe { (*other.as_mut_ptr()).discard = ffi::AVDiscard::AVDISCARD_ALL };
            }
        }
        Ok((codec, index))
    }

    /// Length of the file.
    pub(super) fn duration(&self) -> Option<MediaTime> {
        let micros = self.context.duration();
        (micros > 0).then(|| MediaTime::from_nanos(micros.saturating_mul(1000)))
    }

    /// The media time of a timestamp of track `index`: nanoseconds since the file's start.
    pub(super) fn media_time(&self, index: usize, timestamp: i64) -> MediaTime {
        let base = self.context.stream(index).map_or(Rational(1, 1), |stream| stream.time_base());
        let nanos = i128::from(timestamp) * 1_000_000_000 * i128::from(base.0) / i128::from(base.1.max(1));
        let nanos = nanos - i128::from(self.start_micros()) * 1000;
        // FFmpeg rounds the start to microseconds, and what begins there begins at zero.
        let nanos = if (-1000..0).contains(&nanos) { 0 } else { nanos };
        MediaTime::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    fn start_micros(&self) -> i64 {
        // SAFETY: the context is open.
        let start = unsafe { (*self.context.as_ptr()).start_time };
        if start == ffi::AV_NOPTS_VALUE { 0 } else { start }
    }

    /// Reads on to the next packet of track `index`.
    pub(super) fn read(&mut self, index: usize, packet: &mut Packet) -> Next {
        loop {
            packet.unref();
            // SAFETY: the context is open and the packet valid and empty.
            let read =
                FfError::check(unsafe { ffi::av_read_frame(self.context.as_mut_ptr(), packet.as_mut_ptr()) });
            match read {
                Ok(_) => {
                    self.errors = 0;
                    if usize::try_from(packet.raw().stream_index) == Ok(index) {
                        return Next::Packet;
                    }
                }
                Err(FfError::INVALID_DATA | FfError::AGAIN) if self.errors < MAX_ERRORS => self.errors += 1,
                Err(FfError::END) => return Next::End,
                Err(error) => {
                    tracing::debug!(%error, "reading a media file ended early");
                    return Next::End;
                }
            }
        }
    }

    /// Winds to the last place before `to` where decoding can begin.
    pub(super) fn seek(&mut self, to: MediaTime) -> Result<(), MediaError> {
        self.errors = 0;
        let micros = to.nanos().div_euclid(1000).saturating_add(self.start_micros());
        // SAFETY: the context is open; -1 means that the time is in microseconds.
        let wound =
            unsafe { ffi::avformat_seek_file(self.context.as_mut_ptr(), -1, i64::MIN, micros, micros, 0) };
        if FfError::check(wound).is_ok() {
            return Ok(());
        }
        // Files without an index can at least be read from their start again.
        // SAFETY: as above; track 0 exists in every opened file.
        let wound = unsafe { ffi::av_seek_frame(self.context.as_mut_ptr(), -1, 0, ffi::AVSEEK_FLAG_BYTE) };
        FfError::check(wound).map(|_| ()).map_err(|error| MediaError::Seek(error.to_string()))
    }
}

fn check_file(path: &Path) -> Result<(), MediaError> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => MediaError::Missing,
        _ => MediaError::Unreadable(error.to_string()),
    };
    let meta = std::fs::metadata(path).map_err(unreadable)?;
    if !meta.is_file() {
        return Err(MediaError::Unreadable("it is not a file".to_owned()));
    }
    if meta.len() == 0 {
        return Err(MediaError::Empty);
    }
    std::fs::File::open(path).map(|_| ()).map_err(unreadable)
}

/// FFmpeg's short name of a track's codec.
pub(super) fn codec_name(stream: &Stream<'_>) -> String {
    // SAFETY: the stream's parameters are valid; the name is a static C string.
    let name = unsafe { CStr::from_ptr(ffi::avcodec_get_name((*(*stream.as_ptr()).codecpar).codec_id)) };
    name.to_string_lossy().into_owned()
}

/// Feeds a decoder until it gives a frame. `Given::End` comes once everything is out.
pub(super) struct Decoding {
    pub(super) input: Input,
    pub(super) codec: Codec,
    pub(super) index: usize,
    packet: Packet,
    /// The end has been told to the decoder.
    ended: bool,
    /// Packets the decoder refused.
    pub(super) damaged: u64,
}

impl Decoding {
    pub(super) fn open(path: &Path, want: Want) -> Result<Self, MediaError> {
        let mut input = Input::open(path)?;
        let (codec, index) = input.decoder(want)?;
        let packet = Packet::new().map_err(|error| MediaError::Resources(error.to_string()))?;
        Ok(Self { input, codec, index, packet, ended: false, damaged: 0 })
    }

    /// Decodes the next frame into `frame`; `false` at the end. What cannot be decoded is skipped and counted.
    pub(super) fn next(&mut self, frame: &mut crate::ff::Frame) -> bool {
        loop {
            match self.codec.receive_frame(frame) {
                Ok(Given::One) => return true,
                Ok(Given::End) => return false,
                Ok(Given::Nothing) if self.ended => return false,
                Ok(Given::Nothing) => self.feed(),
                Err(error) => {
                    self.damaged += 1;
                    tracing::trace!(%error, "a damaged part of a media file was skipped");
                    if self.ended {
                        return false;
                    }
                    self.feed();
                }
            }
        }
    }

    fn feed(&mut self) {
        let sent = match self.input.read(self.index, &mut self.packet) {
            Next::Packet => self.codec.send_packet(Some(&self.packet)),
            Next::End => {
                self.ended = true;
                self.codec.send_packet(None)
            }
        };
        if sent.is_err() {
            self.damaged += 1;
        }
    }

    pub(super) fn seek(&mut self, to: MediaTime) -> Result<(), MediaError> {
        self.input.seek(to)?;
        self.codec.flush();
        self.ended = false;
        Ok(())
    }

    pub(super) fn media_time(&self, timestamp: i64) -> MediaTime {
        self.input.media_time(self.index, timestamp)
    }
}
