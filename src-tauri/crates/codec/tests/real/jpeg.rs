use proptest::prelude::*;
use vitrine_codec::{JpegDecoder, JpegEncoder, JpegError};
use vitrine_media::{ColorDesc, Convert as _, FramePool, MediaTime, PixelFormat, Plane, VideoFrame};

use crate::support::{ffmpeg, moving};

/// Studio colours, as Y, U, V: grey, skin, lipstick, coral, navy, green, near white, near black.
const PATCHES: [[u8; 3]; 8] = [
    [126, 128, 128],
    [158, 112, 150],
    [74, 116, 188],
    [136, 100, 178],
    [50, 150, 122],
    [120, 100, 90],
    [230, 128, 128],
    [20, 128, 128],
];

/// Vertical bars of the patches, 16 columns each.
fn bars(width: u32, height: u32) -> VideoFrame {
    let mut frame = FramePool::new(1).take(width, height, false).unwrap();
    let strides = [Plane::Y, Plane::U, Plane::V].map(|plane| frame.stride(plane));
    for ((plane, stride), (index, bar)) in
        frame.planes_mut().into_iter().zip(strides).zip([(0, 16), (1, 8), (2, 8)])
    {
        for row in plane.chunks_mut(stride) {
            row.iter_mut().enumerate().for_each(|(x, pixel)| *pixel = PATCHES[x / bar % 8][index]);
        }
    }
    frame.freeze(MediaTime::ZERO, 0)
}

/// BT.709 limited to red, green and blue (ITU-R BT.709-6 §3).
fn rgb([y, u, v]: [u8; 3]) -> [f64; 3] {
    let y = (f64::from(y) - 16.0) / 219.0;
    let (u, v) = ((f64::from(u) - 128.0) / 224.0, (f64::from(v) - 128.0) / 224.0);
    [y + 1.5748 * v, y - 0.187_32 * u - 0.468_12 * v, y + 1.8556 * u].map(|c| (c * 255.0).clamp(0.0, 255.0))
}

fn jpeg(frame: &VideoFrame, quality: u8) -> Vec<u8> {
    let mut out = Vec::new();
    JpegEncoder::new(quality).encode(frame, &mut out).unwrap();
    out
}

#[test]
fn a_browser_sees_the_colours_of_the_studio() {
    // Any JPEG decoder is a browser in this: FFmpeg's makes RGB of it.
    let folder = tempfile::tempdir().unwrap();
    let (file, raw) = (folder.path().join("bars.jpg"), folder.path().join("bars.rgb"));
    std::fs::write(&file, jpeg(&bars(128, 32), 95)).unwrap();
    ffmpeg(&format!("-i {} -pix_fmt rgb24 -f rawvideo", file.display()), &raw);
    let pixels = std::fs::read(raw).unwrap();
    for (n, patch) in PATCHES.into_iter().enumerate() {
        let at = (16 * 128 + n * 16 + 8) * 3;
        for (got, want) in pixels[at..at + 3].iter().zip(rgb(patch)) {
            assert!((f64::from(*got) - want).abs() <= 4.0, "{patch:?}: {got} for {want}");
        }
    }
}

#[test]
fn a_preview_read_back_has_the_same_values() {
    let frame = bars(128, 32);
    let bytes = jpeg(&frame, 95);
    let mut decoder = JpegDecoder::new();
    let raw = decoder.decode(&bytes).unwrap();
    assert_eq!((raw.width, raw.height, raw.format, raw.color), (128, 32, PixelFormat::I420, ColorDesc::JFIF));
    let back =
        vitrine_picture::Converter::new().convert(&raw, &FramePool::new(1), MediaTime::ZERO, 0).unwrap();
    for n in 0..8 {
        for (plane, x, y) in [(Plane::Y, n * 16 + 8, 16), (Plane::U, n * 8 + 4, 8), (Plane::V, n * 8 + 4, 8)]
        {
            let value = |frame: &VideoFrame| frame.plane(plane)[y * frame.stride(plane) + x];
            assert!(value(&back).abs_diff(value(&frame)) <= 2, "patch {n} {plane:?}");
        }
    }
}

#[test]
fn odd_sizes_keep_every_row_and_column() {
    for (width, height) in [(1, 1), (17, 9), (16, 9), (33, 32), (959, 541)] {
        let bytes = jpeg(&moving(&FramePool::new(1), width, height, 3), 75);
        let mut decoder = JpegDecoder::new();
        let raw = decoder.decode(&bytes).unwrap();
        assert_eq!((raw.width, raw.height), (width, height));
        let back = vitrine_picture::Converter::new().convert(&raw, &FramePool::new(1), MediaTime::ZERO, 0);
        assert_eq!(back.map(|frame| (frame.width(), frame.height())), Ok((width, height)));
    }
}

#[test]
fn every_subsampling_comes_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for (pixels, format) in [
        ("yuvj420p", PixelFormat::I420),
        ("yuvj422p", PixelFormat::I422),
        ("yuvj440p", PixelFormat::I440),
        ("yuvj444p", PixelFormat::I444),
        ("gray", PixelFormat::Gray8),
    ] {
        let file = folder.path().join(format!("{pixels}.jpg"));
        // FFmpeg writes neither grey JPEGs nor these with chroma halved vertically; libjpeg-turbo does.
        let subsampling = match format {
            PixelFormat::Gray8 => Some(turbojpeg::Subsamp::Gray),
            PixelFormat::I440 => Some(turbojpeg::Subsamp::Sub1x2),
            _ => None,
        };
        if let Some(subsampling) = subsampling {
            let format = turbojpeg::PixelFormat::RGB;
            let image = turbojpeg::Image {
                pixels: &[90u8; 41 * 31 * 3][..],
                width: 41,
                pitch: 123,
                height: 31,
                format,
            };
            std::fs::write(&file, &turbojpeg::compress(image, 90, subsampling).unwrap()[..]).unwrap();
        } else {
            ffmpeg(&format!("-f lavfi -i testsrc2=s=41x31 -frames:v 1 -c:v mjpeg -pix_fmt {pixels}"), &file);
        }
        let bytes = std::fs::read(&file).unwrap();
        let mut decoder = JpegDecoder::new();
        let raw = decoder.decode(&bytes).unwrap();
        assert_eq!(raw.format, format, "{pixels}");
        vitrine_picture::Converter::new().convert(&raw, &FramePool::new(1), MediaTime::ZERO, 0).unwrap();
    }
}

#[test]
fn a_jpeg_cut_short_anywhere_is_an_error_and_the_next_one_is_whole() {
    let bytes = jpeg(&moving(&FramePool::new(1), 160, 90, 5), 75);
    let mut decoder = JpegDecoder::new();
    for cut in (0..bytes.len()).step_by(7).chain([bytes.len() - 2, bytes.len() - 1]) {
        let result = decoder.decode(&bytes[..cut]);
        assert!(matches!(result, Err(JpegError::Damaged(_))), "cut at {cut} of {}", bytes.len());
    }
    assert!(decoder.decode(&bytes).is_ok());
}

#[test]
fn what_a_driver_leaves_behind_the_picture_does_no_harm() {
    let mut bytes = jpeg(&moving(&FramePool::new(1), 160, 90, 5), 75);
    let end = bytes.len() - 2;
    bytes.extend_from_slice(&[0x55; 5000]);
    assert!(JpegDecoder::new().decode(&bytes).is_ok(), "a whole buffer is handed over");
    bytes.splice(end..end, [0, 0]);
    assert!(JpegDecoder::new().decode(&bytes).is_ok(), "some cameras pad before the end marker");
    bytes.splice(end..end, [0; 200]);
    assert!(JpegDecoder::new().decode(&bytes).is_err(), "that much is no padding");
}

#[test]
fn what_is_no_jpeg_or_absurd_is_refused() {
    let mut decoder = JpegDecoder::new();
    assert!(decoder.decode(&[]).is_err());
    assert!(decoder.decode(b"\x89PNG\r\n\x1a\n").is_err());
    let mut bytes = jpeg(&moving(&FramePool::new(1), 64, 64, 5), 75);
    // The size in the frame header becomes 60 000 in both directions.
    let at = bytes.windows(2).position(|w| w == [0xff, 0xc0]).unwrap() + 5;
    bytes[at..at + 4].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
    assert!(matches!(decoder.decode(&bytes), Err(JpegError::Unsupported(_))));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn damage_never_does_more_than_an_error(at in 2usize..4000, with in any::<[u8; 4]>(), seed in 0u64..8) {
        let mut bytes = jpeg(&moving(&FramePool::new(1), 96, 64, seed), 80);
        let at = at % (bytes.len() - 4);
        bytes[at..at + 4].copy_from_slice(&with);
        if let Ok(raw) = JpegDecoder::new().decode(&bytes) {
            let converted =
                vitrine_picture::Converter::new().convert(&raw, &FramePool::new(1), MediaTime::ZERO, 0);
            prop_assert!(converted.is_ok() || raw.width > 16_384 || raw.height > 16_384);
        }
    }
}
