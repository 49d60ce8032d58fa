//! A studio frame to JPEG, for the preview in the window.
//!
//! A JPEG has no tag for its colour that browsers obey: it is BT.601 full range (JFIF 1.02). So the studio's BT.709
//! limited range is converted on the way, in fixed point and in 4:2:0: chroma corrects the luma of its four pixels.

use turbojpeg::{Compressor, Subsamp, YuvPlanesImage};
use vitrine_media::{Plane, VideoFrame};

use super::JpegError;

/// Fractional bits of the coefficients.
const BITS: u32 = 13;
const HALF: i32 = 1 << (BITS - 1);

/// BT.709 limited to BT.601 full: `y' = yy·(y-16) + yu·u + yv·v`, `u' = uu·u + uv·v`, `v' = vu·u + vv·v`.
struct Matrix {
    yy: i32,
    yu: i32,
    yv: i32,
    uu: i32,
    uv: i32,
    vu: i32,
    vv: i32,
}

const MATRIX: Matrix = matrix();

/// Luma coefficients of red and blue: ITU-R BT.709-6 §3.2, BT.601-7 §2.5.1.
const fn matrix() -> Matrix {
    const fn fixed(x: f64) -> i32 {
        let scaled = x * (1 << BITS) as f64;
        (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i32
    }
    let (kr, kb) = (0.2126, 0.0722);
    let kg = 1.0 - kr - kb;
    // Red, green and blue less luma, of one unit of Cb and of Cr (each from -0.5 to 0.5).
    let (red_v, blue_u) = (2.0 * (1.0 - kr), 2.0 * (1.0 - kb));
    let (green_u, green_v) = (-blue_u * kb / kg, -red_v * kr / kg);
    let (r, b) = (0.299, 0.114);
    let g = 1.0 - r - b;
    let (luma_u, luma_v) = (g * green_u + b * blue_u, r * red_v + g * green_v);
    let (luma_scale, chroma_scale) = (255.0 / 219.0, 255.0 / 224.0);
    Matrix {
        yy: fixed(luma_scale),
        yu: fixed(luma_u * chroma_scale),
        yv: fixed(luma_v * chroma_scale),
        uu: fixed((blue_u - luma_u) / (2.0 * (1.0 - b)) * chroma_scale),
        uv: fixed(-luma_v / (2.0 * (1.0 - b)) * chroma_scale),
        vu: fixed(-luma_u / (2.0 * (1.0 - r)) * chroma_scale),
        vv: fixed((red_v - luma_v) / (2.0 * (1.0 - r)) * chroma_scale),
    }
}

/// Encodes frames as 4:2:0 JPEGs in the colours browsers expect.
#[derive(Debug)]
pub struct JpegEncoder {
    quality: u8,
    turbo: Option<Compressor>,
    planes: [Vec<u8>; 3],
    correction: Vec<i32>,
    coded: Vec<u8>,
}

impl JpegEncoder {
    /// An encoder of `quality` 1 to 100 (clamped); 75 suits a preview.
    pub fn new(quality: u8) -> Self {
        Self {
            quality: quality.clamp(1, 100),
            turbo: None,
            planes: [const { Vec::new() }; 3],
            correction: Vec::new(),
            coded: Vec::new(),
        }
    }

    /// Replaces `out` by the JPEG of `frame`. Alpha is left out: a premultiplied frame shows as over black.
    pub fn encode(&mut self, frame: &VideoFrame, out: &mut Vec<u8>) -> Result<(), JpegError> {
        out.clear();
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        let turbo = match &mut self.turbo {
            Some(turbo) => turbo,
            slot => {
                let mut turbo = Compressor::new().map_err(failed)?;
                turbo.set_quality(i32::from(self.quality)).map_err(failed)?;
                turbo.set_subsamp(Subsamp::Sub2x2).map_err(failed)?;
                slot.insert(turbo)
            }
        };
        let bound = turbo.buf_len(width, height).map_err(failed)?;
        if self.coded.len() < bound {
            self.coded.resize(bound, 0);
        }
        let stride = width.div_ceil(2);
        convert(frame, &mut self.planes, &mut self.correction);
        let [y, u, v] = &self.planes;
        let image = YuvPlanesImage {
            y_plane: y.as_slice(),
            u_plane: u.as_slice(),
            v_plane: v.as_slice(),
            width,
            height,
            y_stride: stride * 2,
            u_stride: stride,
            v_stride: stride,
            subsamp: Subsamp::Sub2x2,
        };
        let len = turbo.compress_yuv_planes_to_slice(&image, &mut self.coded).map_err(failed)?;
        out.extend_from_slice(self.coded.get(..len).unwrap_or_default());
        Ok(())
    }
}

fn failed(error: turbojpeg::Error) -> JpegError {
    JpegError::Write(error.to_string())
}

/// Fills `planes` with `frame` in BT.601 full range, luma padded to an even size as libjpeg-turbo reads it.
fn convert(frame: &VideoFrame, planes: &mut [Vec<u8>; 3], correction: &mut Vec<i32>) {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let (columns, rows) = (width.div_ceil(2), height.div_ceil(2));
    let [y, u, v] = planes;
    y.resize(columns * 2 * rows * 2, 0);
    u.resize(columns * rows, 0);
    v.resize(columns * rows, 0);
    correction.resize(columns, 0);
    let (luma_stride, chroma_stride) = (frame.stride(Plane::Y), frame.stride(Plane::U));
    let luma = frame.plane(Plane::Y).chunks(2 * luma_stride);
    let from_u = frame.plane(Plane::U).chunks(chroma_stride);
    let from_v = frame.plane(Plane::V).chunks(chroma_stride);
    let to =
        y.chunks_exact_mut(columns * 4).zip(u.chunks_exact_mut(columns).zip(v.chunks_exact_mut(columns)));
    for (((luma, from_u), from_v), (to_luma, (to_u, to_v))) in luma.zip(from_u).zip(from_v).zip(to) {
        chroma_row(from_u, from_v, to_u, to_v, correction);
        let (top, bottom) = to_luma.split_at_mut(columns * 2);
        let first = luma.get(..luma_stride).unwrap_or_default();
        // An odd last row stands for the one missing below it.
        let second = luma.get(luma_stride..).filter(|row| !row.is_empty()).unwrap_or(first);
        for (to, from) in [(top, first), (bottom, second)] {
            luma_row(from, to, correction);
            if width % 2 == 1
                && let Some([last, pad]) = to.last_chunk_mut()
            {
                *pad = *last;
            }
        }
    }
}

fn chroma_row(from_u: &[u8], from_v: &[u8], to_u: &mut [u8], to_v: &mut [u8], correction: &mut [i32]) {
    let m = MATRIX;
    let from = from_u.iter().zip(from_v);
    for (((u, v), (to_u, to_v)), c) in from.zip(to_u.iter_mut().zip(to_v)).zip(correction) {
        let (u, v) = (i32::from(*u) - 128, i32::from(*v) - 128);
        *to_u = (((u * m.uu + v * m.uv + HALF) >> BITS) + 128).clamp(0, 255) as u8;
        *to_v = (((u * m.vu + v * m.vv + HALF) >> BITS) + 128).clamp(0, 255) as u8;
        *c = u * m.yu + v * m.yv - 16 * m.yy + HALF;
    }
}

fn luma_row(from: &[u8], to: &mut [u8], correction: &[i32]) {
    let pairs = from.as_chunks::<2>().0.iter().zip(to.as_chunks_mut::<2>().0);
    for ((from, to), c) in pairs.zip(correction) {
        *to = from.map(|y| ((i32::from(y) * MATRIX.yy + c) >> BITS).clamp(0, 255) as u8);
    }
}
