//! JPEG to planes.

use turbojpeg::{Colorspace, DecompressHeader, Decompressor, Image, Subsamp, YuvImage};
use vitrine_media::{ColorDesc, PixelFormat, RawPicture};

use super::JpegError;

/// Row alignment, so that kernels read whole vectors.
const ALIGN: usize = 32;
/// The largest picture taken, in pixels: four times what any camera or still here has, and 200 MB of planes at most.
const MAX_PIXELS: usize = 1 << 26;
/// Scans a progressive picture may have. Real ones have ten; a hostile one a thousand, to burn time.
const MAX_SCANS: u32 = 100;
/// Bytes a camera's encoder may leave between the last block and the end marker.
const MAX_PADDING: u32 = 16;

/// Decodes JPEGs into one buffer that is used again and again.
#[derive(Debug)]
pub struct JpegDecoder {
    turbo: Option<Decompressor>,
    buffer: Vec<u8>,
}

impl Default for JpegDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl JpegDecoder {
    /// A decoder without a picture yet.
    pub fn new() -> Self {
        Self { turbo: None, buffer: Vec::new() }
    }

    /// Decodes one picture. Planes are as in the file (I420, I422, I440, I444 or Gray8, BT.601 full range as JFIF
    /// says); other kinds come as RGB. Bytes after the end marker are not looked at, since drivers hand over whole
    /// buffers. A picture that is not whole is an error, never half a picture.
    pub fn decode<'a>(&'a mut self, jpeg: &[u8]) -> Result<RawPicture<'a>, JpegError> {
        if jpeg.first_chunk() != Some(&[0xff, 0xd8]) {
            return Err(JpegError::Damaged("it does not begin as a JPEG".to_owned()));
        }
        let mut turbo = match self.turbo.take() {
            Some(turbo) => turbo,
            None => opened()?,
        };
        let header = turbo.read_header(jpeg).map_err(no_header)?;
        let plan = Plan::of(&header)?;
        let need = plan.bytes(&header)?;
        if self.buffer.len() < need {
            self.buffer.resize(need, 0);
        }
        let pixels = self.buffer.get_mut(..need).unwrap_or_default();
        let decoded = match plan {
            Plan::Planes(_) => turbo.decompress_to_yuv(
                jpeg,
                YuvImage {
                    pixels,
                    width: header.width,
                    align: ALIGN,
                    height: header.height,
                    subsamp: header.subsamp,
                },
            ),
            Plan::Rgb => turbo.decompress(
                jpeg,
                Image {
                    pixels,
                    width: header.width,
                    pitch: header.width * 3,
                    height: header.height,
                    format: turbojpeg::PixelFormat::RGB,
                },
            ),
        };
        // A decoder that met an error starts afresh: what a damaged picture left in it must not colour the next one.
        if let Err(error) = decoded
            && !harmless(&error)
        {
            return Err(damaged(error));
        }
        self.turbo = Some(turbo);
        Ok(plan.picture(&header, self.buffer.get(..need).unwrap_or_default()))
    }
}

fn opened() -> Result<Decompressor, JpegError> {
    let mut turbo = Decompressor::new().map_err(damaged)?;
    turbo.set_scan_limit(MAX_SCANS).map_err(damaged)?;
    Ok(turbo)
}

fn damaged(error: turbojpeg::Error) -> JpegError {
    match error {
        turbojpeg::Error::TurboJpegError(text) => JpegError::Damaged(text),
        other => JpegError::Unsupported(other.to_string()),
    }
}

fn no_header(error: turbojpeg::Error) -> JpegError {
    match error {
        // libjpeg takes tables without a picture for a whole file, and its size is then -1.
        turbojpeg::Error::IntegerOverflow(_) => JpegError::Damaged("there is no picture in it".to_owned()),
        other => damaged(other),
    }
}

/// Many cameras pad the last block, and libjpeg warns of "2 extraneous bytes before marker 0xd9". All blocks of the
/// picture have been read by then, so a few bytes are no damage; many are, for a damaged run of codes ends like this.
fn harmless(error: &turbojpeg::Error) -> bool {
    let turbojpeg::Error::TurboJpegError(text) = error else { return false };
    text.strip_suffix("extraneous bytes before marker 0xd9")
        .and_then(|head| head.split_whitespace().next_back()?.parse::<u32>().ok())
        .is_some_and(|bytes| bytes <= MAX_PADDING)
}

/// What a picture is decoded to.
#[derive(Clone, Copy)]
enum Plan {
    Planes(PixelFormat),
    Rgb,
}

impl Plan {
    fn of(header: &DecompressHeader) -> Result<Self, JpegError> {
        let (width, height) = (header.width, header.height);
        if width == 0 || height == 0 || width.saturating_mul(height) > MAX_PIXELS {
            return Err(JpegError::Unsupported(format!("its size is {width}x{height}")));
        }
        match header.colorspace {
            Colorspace::Gray => Ok(Self::Planes(PixelFormat::Gray8)),
            Colorspace::YCbCr => Ok(match header.subsamp {
                Subsamp::None => Self::Planes(PixelFormat::I444),
                Subsamp::Sub2x1 => Self::Planes(PixelFormat::I422),
                Subsamp::Sub2x2 => Self::Planes(PixelFormat::I420),
                Subsamp::Sub1x2 => Self::Planes(PixelFormat::I440),
                _ => Self::Rgb,
            }),
            Colorspace::RGB => Ok(Self::Rgb),
            _ => Err(JpegError::Unsupported("it is made for print (CMYK)".to_owned())),
        }
    }

    fn bytes(self, header: &DecompressHeader) -> Result<usize, JpegError> {
        match self {
            Self::Planes(_) => {
                turbojpeg::yuv_pixels_len(header.width, ALIGN, header.height, header.subsamp).map_err(damaged)
            }
            Self::Rgb => Ok(header.width * header.height * 3),
        }
    }

    /// Finds the planes in the buffer. libjpeg pads the luma of subsampled pictures to whole chroma samples.
    fn picture<'a>(self, header: &DecompressHeader, bytes: &'a [u8]) -> RawPicture<'a> {
        let (width, height) = (header.width, header.height);
        let (format, planes, strides) = match self {
            Self::Rgb => (PixelFormat::Rgb24, [bytes, &[], &[]], [width * 3, 0, 0]),
            Self::Planes(PixelFormat::Gray8) => {
                (PixelFormat::Gray8, [bytes, &[], &[]], [width.next_multiple_of(ALIGN), 0, 0])
            }
            Self::Planes(format) => {
                let (across, down) = match format {
                    PixelFormat::I420 => (2, 2),
                    PixelFormat::I422 => (2, 1),
                    PixelFormat::I440 => (1, 2),
                    _ => (1, 1),
                };
                let luma_stride = width.next_multiple_of(across).next_multiple_of(ALIGN);
                let chroma_stride = width.div_ceil(across).next_multiple_of(ALIGN);
                let luma_len = luma_stride * height.next_multiple_of(down);
                let chroma_len = chroma_stride * height.div_ceil(down);
                let (y, rest) = bytes.split_at_checked(luma_len).unwrap_or((bytes, &[]));
                let (u, v) = rest.split_at_checked(chroma_len).unwrap_or((rest, &[]));
                (format, [y, u, v], [luma_stride, chroma_stride, chroma_stride])
            }
        };
        RawPicture {
            width: width as u32,
            height: height as u32,
            format,
            color: ColorDesc::JFIF,
            planes,
            strides,
        }
    }
}
