//! Still pictures: PNG, JPEG, WebP, BMP and the first frame of a GIF, with their alpha and their orientation.
//!
//! Owns: one decoded frame. A file is read once, when the source is opened, and judged by its content, not its name.
//! Sizes are checked before pixels are decoded, so that a small file cannot claim all memory. No threads, no locks.

mod jpeg_end;

use std::io::{Cursor, ErrorKind};
use std::path::Path;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use vitrine_media::{ColorDesc, ConvertError, MediaTime, PixelFormat, RawPicture, VideoFrame};

use crate::{CaptureContext, CaptureError, Pacing, VideoSource};

/// Longest side.
const MAX_SIDE: u32 = 16_384;
/// Most pixels: a 48-megapixel photograph passes, a bomb does not.
const MAX_PIXELS: u64 = 64 << 20;
/// Longest file: an uncompressed one of that many pixels.
const MAX_FILE: u64 = MAX_PIXELS * 4 + 65_536;
/// Most bytes a decoder may take: 64 Mi pixels of 16-bit RGBA.
const MAX_BYTES: u64 = MAX_PIXELS * 8;
const FORMATS: [ImageFormat; 5] =
    [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Gif];

/// Why a still cannot be shown. Only [`StillError::Missing`] can heal by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StillError {
    /// There is no such file.
    #[error("the file does not exist")]
    Missing,
    /// The operating system does not let it be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// The file has no content.
    #[error("the file is empty")]
    Empty,
    /// It is none of the known formats. Save it as PNG or JPEG.
    #[error("it is not a PNG, JPEG, WebP, BMP or GIF picture")]
    Unsupported,
    /// It begins as a picture but is cut off or damaged.
    #[error("the picture is damaged: {0}")]
    Damaged(String),
    /// Decoding it would take too much memory. Save it smaller.
    #[error("{width}x{height} pixels are too many; at most {MAX_SIDE} a side and {MAX_PIXELS} in all")]
    TooLarge {
        /// Columns, as the file says.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// The file is longer than any picture that could be shown.
    #[error("the file has {bytes} bytes; at most {MAX_FILE} are read")]
    TooLong {
        /// Its length.
        bytes: u64,
    },
}

impl StillError {
    fn at(self, path: &Path) -> CaptureError {
        let what = path.display().to_string();
        match self {
            Self::Missing => CaptureError::NotFound { what },
            Self::Unreadable(reason) => CaptureError::Denied { what, reason },
            Self::Unsupported | Self::TooLarge { .. } | Self::TooLong { .. } => {
                CaptureError::Unsupported { what, reason: self.to_string() }
            }
            Self::Empty | Self::Damaged(_) => {
                CaptureError::Media { path: path.to_owned(), reason: self.to_string() }
            }
        }
    }
}

/// Reads, decodes and turns upright.
fn load(path: &Path) -> Result<DynamicImage, StillError> {
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => StillError::Missing,
        _ => StillError::Unreadable(error.to_string()),
    };
    let meta = std::fs::metadata(path).map_err(unreadable)?;
    if !meta.is_file() {
        return Err(StillError::Unreadable("it is not a file".to_owned()));
    }
    if meta.len() == 0 {
        return Err(StillError::Empty);
    }
    if meta.len() > MAX_FILE {
        return Err(StillError::TooLong { bytes: meta.len() });
    }
    let file = std::fs::read(path).map_err(unreadable)?;
    let mut reader = ImageReader::new(Cursor::new(&file)).with_guessed_format().map_err(unreadable)?;
    if !reader.format().is_some_and(|format| FORMATS.contains(&format)) {
        return Err(StillError::Unsupported);
    }
    if reader.format() == Some(ImageFormat::Jpeg) && !jpeg_end::is_whole(&file) {
        return Err(StillError::Damaged("it is cut off".to_owned()));
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if width.max(height) > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(StillError::TooLarge { width, height });
    }
    let orientation = decoder.orientation().map_err(refused)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| match error {
        ImageError::Limits(_) => StillError::TooLarge { width, height },
        other => refused(other),
    })?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn refused(error: ImageError) -> StillError {
    match error {
        ImageError::Unsupported(_) => StillError::Unsupported,
        other => StillError::Damaged(other.to_string()),
    }
}

/// A picture that stays as it is.
pub(crate) struct StillSource {
    frame: VideoFrame,
}

impl StillSource {
    pub(crate) fn open(path: &Path, context: &CaptureContext) -> Result<Self, CaptureError> {
        let picture = load(path).map_err(|error| error.at(path))?;
        let frame = if picture.color().has_alpha() {
            let rgba = picture.into_rgba8();
            convert(rgba.as_raw(), rgba.dimensions(), PixelFormat::Rgba, 4, context)
        } else {
            let rgb = picture.into_rgb8();
            convert(rgb.as_raw(), rgb.dimensions(), PixelFormat::Rgb24, 3, context)
        };
        match frame {
            Ok(frame) => Ok(Self { frame }),
            Err(ConvertError::Pool(full)) => {
                Err(CaptureError::Device { device: path.display().to_string(), reason: full.to_string() })
            }
            Err(other) => Err(StillError::Damaged(other.to_string()).at(path)),
        }
    }
}

fn convert(
    pixels: &[u8],
    (width, height): (u32, u32),
    format: PixelFormat,
    bytes: usize,
    context: &CaptureContext,
) -> Result<VideoFrame, ConvertError> {
    let raw = RawPicture {
        width,
        height,
        format,
        color: ColorDesc::STUDIO,
        planes: [pixels, &[], &[]],
        strides: [width as usize * bytes, 0, 0],
    };
    context.convert.convert(&raw, &context.pool, MediaTime::ZERO, 0)
}

impl VideoSource for StillSource {
    fn pacing(&self) -> Pacing {
        Pacing::Still
    }

    fn read(&mut self, _at: MediaTime) -> Result<Option<VideoFrame>, CaptureError> {
        Ok(Some(self.frame.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GenericImage, Rgba, RgbaImage};
    use std::path::PathBuf;
    use vitrine_media::Plane;

    /// Red, with the top left quarter blue.
    fn sample(width: u32, height: u32) -> RgbaImage {
        let mut picture = RgbaImage::from_pixel(width, height, Rgba([255, 0, 0, 255]));
        let (w, h) = (width.div_ceil(2), height.div_ceil(2));
        picture.copy_from(&RgbaImage::from_pixel(w, h, Rgba([0, 0, 255, 255])), 0, 0).unwrap();
        picture
    }

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn save(&self, name: &str, picture: &RgbaImage) -> PathBuf {
            let path = self.0.path().join(name);
            let picture = DynamicImage::from(picture.clone());
            match path.extension().and_then(|e| e.to_str()) {
                Some("jpg") => picture.into_rgb8().save(&path).unwrap(),
                _ => picture.save(&path).unwrap(),
            }
            path
        }

        fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
            let path = self.0.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        }
    }

    fn open(path: &Path) -> Result<VideoFrame, CaptureError> {
        StillSource::open(path, &crate::tests_context((1920, 1080)))
            .map(|mut source| source.read(MediaTime::ZERO).unwrap().unwrap())
    }

    /// Luma of the corners: top left, top right, bottom left, bottom right.
    fn corners(frame: &VideoFrame) -> [u8; 4] {
        let (w, h, stride) = (frame.width() as usize, frame.height() as usize, frame.stride(Plane::Y));
        let luma = frame.plane(Plane::Y);
        [luma[0], luma[w - 1], luma[(h - 1) * stride], luma[(h - 1) * stride + w - 1]]
    }

    fn near(got: [u8; 4], expected: [u8; 4]) -> bool {
        got.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 4)
    }

    const BLUE: u8 = 32;
    const RED: u8 = 63;

    #[test]
    fn every_format_and_odd_size_decodes_by_content_not_by_name() {
        let folder = Folder::new();
        for (width, height) in [(64, 48), (33, 17), (1, 1), (2, 1), (1, 300)] {
            for kind in ["png", "jpg", "webp", "bmp", "gif"] {
                let path = folder.save(&format!("{width}x{height}.{kind}"), &sample(width, height));
                let misnamed = folder.0.path().join("picture.dat");
                std::fs::rename(&path, &misnamed).unwrap();
                let frame = open(&misnamed).unwrap();
                assert_eq!((frame.width(), frame.height()), (width, height), "{kind}");
                if width > 16 && height > 16 {
                    assert!(near(corners(&frame), [BLUE, RED, RED, RED]), "{kind}: {:?}", corners(&frame));
                }
            }
        }
    }

    #[test]
    fn alpha_is_kept_and_premultiplied() {
        let folder = Folder::new();
        let mut picture = sample(16, 16);
        picture.put_pixel(15, 15, Rgba([255, 255, 255, 0]));
        let frame = open(&folder.save("alpha.png", &picture)).unwrap();
        assert!(frame.has_alpha());
        let last = 15 * frame.stride(Plane::Y) + 15;
        assert_eq!((frame.plane(Plane::A)[last], frame.plane(Plane::Y)[last]), (0, 16));
        assert!(!open(&folder.save("opaque.jpg", &picture)).unwrap().has_alpha());
    }

    /// Puts an EXIF block with the orientation tag behind the start marker of a JPEG.
    fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut exif = b"\xFF\xE1\x00\x22Exif\x00\x00MM\x00\x2A\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        [&jpeg[..2], &exif, &jpeg[2..]].concat()
    }

    #[test]
    fn photographs_stand_upright() {
        let folder = Folder::new();
        let upright = std::fs::read(folder.save("photo.jpg", &sample(64, 32))).unwrap();
        for (orientation, size, expected) in [
            (1, (64, 32), [BLUE, RED, RED, RED]),
            (2, (64, 32), [RED, BLUE, RED, RED]),
            (3, (64, 32), [RED, RED, RED, BLUE]),
            (6, (32, 64), [RED, BLUE, RED, RED]),
            (8, (32, 64), [RED, RED, BLUE, RED]),
        ] {
            let frame = open(&folder.write("turned.jpg", &with_orientation(&upright, orientation))).unwrap();
            assert_eq!((frame.width(), frame.height()), size, "orientation {orientation}");
            assert!(near(corners(&frame), expected), "orientation {orientation}: {:?}", corners(&frame));
        }
    }

    #[test]
    fn bad_files_are_told_apart() {
        let folder = Folder::new();
        let reason = |path: &Path| load(path).err();
        assert_eq!(reason(Path::new("/nonexistent/a.png")), Some(StillError::Missing));
        assert!(matches!(reason(folder.0.path()), Some(StillError::Unreadable(_))));
        assert_eq!(reason(&folder.write("zero.png", b"")), Some(StillError::Empty));
        for (name, bytes) in [
            ("text.png", &b"hello, this is not a picture"[..]),
            ("one.jpg", b"\xFF"),
            ("a.svg", b"<svg xmlns='x'/>"),
        ] {
            assert_eq!(reason(&folder.write(name, bytes)), Some(StillError::Unsupported), "{name}");
        }
        for kind in ["png", "jpg", "webp", "bmp", "gif"] {
            let whole = std::fs::read(folder.save(&format!("whole.{kind}"), &sample(320, 240))).unwrap();
            for keep in [whole.len() * 2 / 3, whole.len() / 4, 20] {
                let error = reason(&folder.write("cut", &whole[..keep]));
                assert!(matches!(error, Some(StillError::Damaged(_))), "{kind} cut to {keep}: {error:?}");
            }
        }
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_decoded() {
        let folder = Folder::new();
        let mut bmp = std::fs::read(folder.save("small.bmp", &sample(8, 8))).unwrap();
        bmp[18..22].copy_from_slice(&60_000u32.to_le_bytes());
        bmp[22..26].copy_from_slice(&60_000u32.to_le_bytes());
        assert_eq!(
            load(&folder.write("bomb.bmp", &bmp)).err(),
            Some(StillError::TooLarge { width: 60_000, height: 60_000 })
        );
        let mut gif = std::fs::read(folder.save("small.gif", &sample(8, 8))).unwrap();
        gif[6..10].copy_from_slice(&[0xFF; 4]);
        assert!(matches!(load(&folder.write("bomb.gif", &gif)).err(), Some(StillError::TooLarge { .. })));
    }

    #[test]
    fn errors_say_whether_waiting_helps() {
        let folder = Folder::new();
        let retryable = |path: &Path| open(path).err().unwrap().retryable();
        assert!(retryable(Path::new("/nonexistent/a.png")));
        assert!(!retryable(&folder.write("zero.png", b"")));
        assert!(!retryable(&folder.write("text.png", b"not a picture at all")));
    }
}
