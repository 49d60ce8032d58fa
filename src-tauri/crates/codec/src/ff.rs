//! The few FFmpeg objects this crate needs, each owned by one Rust value that frees it.
//!
//! Owns: frames, packets, codec contexts and buffer references, and the translation of error codes. Never decides
//! anything about media. No threads of its own (FFmpeg's codecs start theirs), no locks.
#![allow(unsafe_code)] // Every call here crosses into C.

use std::ffi::{CStr, CString, c_int, c_void};
use std::fmt;
use std::ptr::{self, NonNull};

use ffmpeg_next::ffi;
use vitrine_media::{Plane, VideoFrame};

use crate::log;

/// An FFmpeg error code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct FfError(pub c_int);

impl FfError {
    pub(crate) const END: Self = Self(ffi::AVERROR_EOF);
    pub(crate) const INVALID_DATA: Self = Self(ffi::AVERROR_INVALIDDATA);
    pub(crate) const OUT_OF_MEMORY: Self = Self(-libc::ENOMEM);
    pub(crate) const AGAIN: Self = Self(-libc::EAGAIN);

    /// `Ok` with the non-negative value, or the error a negative one stands for.
    pub(crate) fn check(code: c_int) -> Result<c_int, Self> {
        if code < 0 { Err(Self(code)) } else { Ok(code) }
    }
}

impl fmt::Display for FfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0 as std::ffi::c_char; 128];
        // SAFETY: libavutil writes at most the given length, zero included.
        let text = unsafe {
            ffi::av_strerror(self.0, text.as_mut_ptr(), text.len());
            CStr::from_ptr(text.as_ptr())
        };
        f.write_str(&text.to_string_lossy())
    }
}

impl fmt::Debug for FfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FfError({}: {self})", self.0)
    }
}

impl std::error::Error for FfError {}

/// A text FFmpeg can read. A NUL in the middle ends it, which then fails as an unknown name.
pub(crate) fn c_string(text: &str) -> CString {
    let text = text.split('\0').next().unwrap_or_default();
    CString::new(text).unwrap_or_default()
}

/// An owned `AVFrame`.
pub(crate) struct Frame(NonNull<ffi::AVFrame>);

// SAFETY: an AVFrame has no tie to the thread that made it.
unsafe impl Send for Frame {}

impl Frame {
    pub(crate) fn new() -> Result<Self, FfError> {
        // SAFETY: no preconditions; null means out of memory.
        NonNull::new(unsafe { ffi::av_frame_alloc() }).map(Self).ok_or(FfError::OUT_OF_MEMORY)
    }

    pub(crate) fn as_ptr(&self) -> *const ffi::AVFrame {
        self.0.as_ptr()
    }

    pub(crate) fn as_mut_ptr(&mut self) -> *mut ffi::AVFrame {
        self.0.as_ptr()
    }

    pub(crate) fn raw(&self) -> &ffi::AVFrame {
        // SAFETY: the pointer is valid for as long as `self`, and nobody writes through it meanwhile.
        unsafe { self.0.as_ref() }
    }

    pub(crate) fn raw_mut(&mut self) -> &mut ffi::AVFrame {
        // SAFETY: the pointer is valid for as long as `self`, which is borrowed mutably.
        unsafe { self.0.as_mut() }
    }

    /// Gives back what the frame refers to; the frame itself stays.
    pub(crate) fn unref(&mut self) {
        // SAFETY: the pointer is a valid frame.
        unsafe { ffi::av_frame_unref(self.as_mut_ptr()) };
    }

    /// A frame of its own memory, its content undefined.
    pub(crate) fn video(format: ffi::AVPixelFormat, width: u32, height: u32) -> Result<Self, FfError> {
        let mut frame = Self::new()?;
        let raw = frame.raw_mut();
        (raw.format, raw.width, raw.height) = (format as c_int, width as c_int, height as c_int);
        // SAFETY: format and size are set, as the function asks.
        FfError::check(unsafe { ffi::av_frame_get_buffer(frame.as_mut_ptr(), 0) })?;
        Ok(frame)
    }

    /// A frame that points into `picture`'s pixels and keeps them alive until the last reference to it is gone.
    pub(crate) fn borrowing(picture: &VideoFrame) -> Result<Self, FfError> {
        let mut frame = Self::new()?;
        let raw = frame.raw_mut();
        raw.format = ffi::AVPixelFormat::AV_PIX_FMT_YUV420P as c_int;
        (raw.width, raw.height) = (picture.width() as c_int, picture.height() as c_int);
        for (slot, plane) in [Plane::Y, Plane::U, Plane::V].into_iter().enumerate() {
            if let (Some(data), Some(stride)) = (raw.data.get_mut(slot), raw.linesize.get_mut(slot)) {
                *data = picture.plane(plane).as_ptr().cast_mut();
                *stride = picture.stride(plane) as c_int;
            }
        }
        let luma = picture.plane(Plane::Y);
        let keep = Box::into_raw(Box::new(picture.clone()));
        // SAFETY: `release` frees exactly this box, once, when the last reference goes. The buffer is marked read
        // only, so FFmpeg copies before it writes; the pixels stay where they are while the clone lives.
        let buffer = unsafe {
            ffi::av_buffer_create(
                luma.as_ptr().cast_mut(),
                luma.len(),
                Some(release),
                keep.cast(),
                ffi::AV_BUFFER_FLAG_READONLY as c_int,
            )
        };
        if buffer.is_null() {
            // SAFETY: no buffer was made, so the box is still ours alone.
            drop(unsafe { Box::from_raw(keep) });
            return Err(FfError::OUT_OF_MEMORY);
        }
        if let Some(slot) = frame.raw_mut().buf.first_mut() {
            *slot = buffer;
        }
        Ok(frame)
    }
}

/// Called by FFmpeg when nothing refers to a borrowed picture any more.
unsafe extern "C" fn release(opaque: *mut c_void, _data: *mut u8) {
    // SAFETY: `opaque` is the box made in `Frame::borrowing`, handed over exactly once.
    drop(unsafe { Box::from_raw(opaque.cast::<VideoFrame>()) });
}

impl Drop for Frame {
    fn drop(&mut self) {
        let mut pointer = self.0.as_ptr();
        // SAFETY: the frame is ours and not used after this.
        unsafe { ffi::av_frame_free(&raw mut pointer) };
    }
}

/// An owned `AVPacket`.
pub(crate) struct Packet(NonNull<ffi::AVPacket>);

// SAFETY: an AVPacket has no tie to the thread that made it.
unsafe impl Send for Packet {}

impl Packet {
    pub(crate) fn new() -> Result<Self, FfError> {
        // SAFETY: no preconditions; null means out of memory.
        NonNull::new(unsafe { ffi::av_packet_alloc() }).map(Self).ok_or(FfError::OUT_OF_MEMORY)
    }

    pub(crate) fn as_mut_ptr(&mut self) -> *mut ffi::AVPacket {
        self.0.as_ptr()
    }

    pub(crate) fn raw(&self) -> &ffi::AVPacket {
        // SAFETY: the pointer is valid for as long as `self`.
        unsafe { self.0.as_ref() }
    }

    pub(crate) fn unref(&mut self) {
        // SAFETY: the pointer is a valid packet.
        unsafe { ffi::av_packet_unref(self.as_mut_ptr()) };
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        let raw = self.raw();
        // SAFETY: FFmpeg keeps `size` readable bytes at `data` while the packet is referenced.
        unsafe { slice(raw.data, raw.size) }
    }

    pub(crate) fn is_key(&self) -> bool {
        self.raw().flags & ffi::AV_PKT_FLAG_KEY as c_int != 0
    }
}

impl Drop for Packet {
    fn drop(&mut self) {
        let mut pointer = self.0.as_ptr();
        // SAFETY: the packet is ours and not used after this.
        unsafe { ffi::av_packet_free(&raw mut pointer) };
    }
}

/// `len` bytes at `data`; empty for null or a length that is not positive.
///
/// # Safety
/// If `data` is not null, `len` bytes must be readable there for as long as the result lives.
pub(crate) unsafe fn slice<'a>(data: *const u8, len: c_int) -> &'a [u8] {
    match usize::try_from(len) {
        // SAFETY: promised by the caller.
        Ok(len) if len > 0 && !data.is_null() => unsafe { std::slice::from_raw_parts(data, len) },
        _ => &[],
    }
}

/// What became of something offered to a codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offered {
    /// Taken.
    Taken,
    /// Its output has to be taken first.
    Full,
}

/// What a codec had to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// Something.
    One,
    /// Nothing now: it wants more input.
    Nothing,
    /// Nothing ever again.
    End,
}

fn offered(code: c_int) -> Result<Offered, FfError> {
    match FfError::check(code) {
        Ok(_) => Ok(Offered::Taken),
        Err(FfError::AGAIN) => Ok(Offered::Full),
        Err(error) => Err(error),
    }
}

fn given(code: c_int) -> Result<Given, FfError> {
    match FfError::check(code) {
        Ok(_) => Ok(Given::One),
        Err(FfError::AGAIN) => Ok(Given::Nothing),
        Err(FfError::END) => Ok(Given::End),
        Err(error) => Err(error),
    }
}

/// An owned `AVCodecContext`.
pub(crate) struct Codec {
    context: NonNull<ffi::AVCodecContext>,
    codec: *const ffi::AVCodec,
}

// SAFETY: a codec context may be used from any one thread at a time; `&mut self` guards that.
unsafe impl Send for Codec {}

impl Codec {
    /// An encoder by its FFmpeg name; `None` if this FFmpeg was built without it.
    pub(crate) fn encoder(name: &str) -> Option<Self> {
        log::start();
        let name = c_string(name);
        // SAFETY: the name is a C string.
        Self::from_codec(unsafe { ffi::avcodec_find_encoder_by_name(name.as_ptr()) })
    }

    /// A decoder for a stream; `None` if this FFmpeg has none for it.
    ///
    /// # Safety
    /// `parameters` must be valid for the call.
    pub(crate) unsafe fn decoder(parameters: *const ffi::AVCodecParameters) -> Option<Result<Self, FfError>> {
        // SAFETY: promised by the caller.
        let mut codec = Self::from_codec(unsafe { ffi::avcodec_find_decoder((*parameters).codec_id) })?;
        // SAFETY: promised by the caller; the context is new.
        let copied = unsafe { ffi::avcodec_parameters_to_context(codec.as_mut_ptr(), parameters) };
        Some(FfError::check(copied).map(|_| codec))
    }

    fn from_codec(codec: *const ffi::AVCodec) -> Option<Self> {
        if codec.is_null() {
            return None;
        }
        // SAFETY: the codec is one of FFmpeg's static descriptions.
        let context = NonNull::new(unsafe { ffi::avcodec_alloc_context3(codec) })?;
        Some(Self { context, codec })
    }

    pub(crate) fn as_mut_ptr(&mut self) -> *mut ffi::AVCodecContext {
        self.context.as_ptr()
    }

    pub(crate) fn raw(&self) -> &ffi::AVCodecContext {
        // SAFETY: valid for as long as `self`.
        unsafe { self.context.as_ref() }
    }

    pub(crate) fn raw_mut(&mut self) -> &mut ffi::AVCodecContext {
        // SAFETY: valid for as long as `self`, which is borrowed mutably.
        unsafe { self.context.as_mut() }
    }

    /// Opens it with named options. One that neither FFmpeg nor the codec knows is left out, as FFmpeg versions differ.
    pub(crate) fn open(&mut self, options: &[(&str, String)]) -> Result<(), FfError> {
        let mut dictionary: *mut ffi::AVDictionary = ptr::null_mut();
        for (key, value) in options {
            let (key, value) = (c_string(key), c_string(value));
            // SAFETY: both are C strings, which FFmpeg copies.
            unsafe { ffi::av_dict_set(&raw mut dictionary, key.as_ptr(), value.as_ptr(), 0) };
        }
        // SAFETY: context and codec belong together; the dictionary is replaced by what was not used, then freed.
        let opened = unsafe {
            let opened = ffi::avcodec_open2(self.context.as_ptr(), self.codec, &raw mut dictionary);
            ffi::av_dict_free(&raw mut dictionary);
            opened
        };
        FfError::check(opened).map(|_| ())
    }

    /// The codec's global header.
    pub(crate) fn extradata(&self) -> &[u8] {
        let raw = self.raw();
        // SAFETY: FFmpeg keeps `extradata_size` bytes there while the context lives.
        unsafe { slice(raw.extradata, raw.extradata_size) }
    }

    pub(crate) fn send_frame(&mut self, frame: Option<&Frame>) -> Result<Offered, FfError> {
        let frame = frame.map_or(ptr::null(), Frame::as_ptr);
        // SAFETY: null asks for the end, else a valid frame, which FFmpeg references for itself.
        offered(unsafe { ffi::avcodec_send_frame(self.as_mut_ptr(), frame) })
    }

    pub(crate) fn receive_packet(&mut self, packet: &mut Packet) -> Result<Given, FfError> {
        // SAFETY: both are valid.
        given(unsafe { ffi::avcodec_receive_packet(self.as_mut_ptr(), packet.as_mut_ptr()) })
    }

    pub(crate) fn send_packet(&mut self, packet: Option<&Packet>) -> Result<Offered, FfError> {
        let packet = packet.map_or(ptr::null(), |p| ptr::from_ref(p.raw()));
        // SAFETY: null asks for the end, else a valid packet, which FFmpeg references for itself.
        offered(unsafe { ffi::avcodec_send_packet(self.as_mut_ptr(), packet) })
    }

    pub(crate) fn receive_frame(&mut self, frame: &mut Frame) -> Result<Given, FfError> {
        // SAFETY: both are valid.
        given(unsafe { ffi::avcodec_receive_frame(self.as_mut_ptr(), frame.as_mut_ptr()) })
    }

    /// Forgets everything in the codec, after a seek.
    pub(crate) fn flush(&mut self) {
        // SAFETY: the context is open.
        unsafe { ffi::avcodec_flush_buffers(self.as_mut_ptr()) };
    }
}

impl Drop for Codec {
    fn drop(&mut self) {
        let mut pointer = self.context.as_ptr();
        // SAFETY: the context is ours and not used after this.
        unsafe { ffi::avcodec_free_context(&raw mut pointer) };
    }
}

/// An owned reference to a device or to a set of hardware frames.
pub(crate) struct BufferRef(NonNull<ffi::AVBufferRef>);

// SAFETY: reference counts are atomic, and devices are locked by FFmpeg.
unsafe impl Send for BufferRef {}

impl BufferRef {
    /// # Safety
    /// `pointer` must be null or a reference nobody else frees.
    pub(crate) unsafe fn own(pointer: *mut ffi::AVBufferRef) -> Option<Self> {
        NonNull::new(pointer).map(Self)
    }

    pub(crate) fn as_ptr(&self) -> *mut ffi::AVBufferRef {
        self.0.as_ptr()
    }

    /// A further reference, for a C structure that will free it.
    pub(crate) fn share(&self) -> *mut ffi::AVBufferRef {
        // SAFETY: the reference is valid.
        unsafe { ffi::av_buffer_ref(self.0.as_ptr()) }
    }
}

impl Drop for BufferRef {
    fn drop(&mut self) {
        let mut pointer = self.0.as_ptr();
        // SAFETY: the reference is ours and not used after this.
        unsafe { ffi::av_buffer_unref(&raw mut pointer) };
    }
}
