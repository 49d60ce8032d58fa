//! The numbers of colour conversion: which linear map leads from a source's codes to BT.709 limited ones.
//!
//! Owns: luma coefficients (ITU-R BT.601-7, BT.709-6, BT.2020-2), code ranges, and their fixed-point form. Everything
//! is a matrix on gamma-coded values; transfer curves and primaries are left as they are, which is right for 601 and
//! 709 cameras and an approximation for BT.2020, whose gamut is wider. Pure.

use vitrine_media::{ColorDesc, Matrix, Range};

/// (kr, kb) of a matrix.
fn luma_weights(matrix: Matrix) -> (f64, f64) {
    match matrix {
        Matrix::Bt601 => (0.299, 0.114),
        Matrix::Bt709 => (0.2126, 0.0722),
        Matrix::Bt2020 => (0.2627, 0.0593),
    }
}

/// (code of black, codes from black to white, codes across all of chroma) of a range.
fn scales(range: Range) -> (f64, f64, f64) {
    match range {
        Range::Limited => (16.0, 219.0, 224.0),
        Range::Full => (0.0, 255.0, 255.0),
    }
}

/// The exact map from source codes to studio codes:
/// `y = 16 + yy (Y - black) + yu (U - 128) + yv (V - 128)`, `u = 128 + uu (U - 128) + uv (V - 128)`, `v` likewise.
/// Grey stays grey, so chroma never depends on luma.
#[derive(Clone, Copy, Debug)]
pub(crate) struct YuvMap {
    pub black: f64,
    pub yy: f64,
    pub yu: f64,
    pub yv: f64,
    pub uu: f64,
    pub uv: f64,
    pub vu: f64,
    pub vv: f64,
}

impl YuvMap {
    /// From `from` to [`ColorDesc::STUDIO`].
    pub(crate) fn to_studio(from: ColorDesc) -> Self {
        let (kr, kb) = luma_weights(from.matrix);
        let kg = 1.0 - kr - kb;
        let (black, luma, chroma) = scales(from.range);
        // R, G, B minus luma, per unit of normalised U (-0.5 to 0.5) and V.
        let (red_v, blue_u) = (2.0 * (1.0 - kr), 2.0 * (1.0 - kb));
        let (green_u, green_v) = (-kb / kg * blue_u, -kr / kg * red_v);
        let (tr, tb) = luma_weights(Matrix::Bt709);
        let tg = 1.0 - tr - tb;
        let luma_u = tg * green_u + tb * blue_u;
        let luma_v = tr * red_v + tg * green_v;
        let (_, out_luma, out_chroma) = scales(Range::Limited);
        let c = out_chroma / chroma;
        Self {
            black,
            yy: out_luma / luma,
            yu: luma_u * out_luma / chroma,
            yv: luma_v * out_luma / chroma,
            uu: (blue_u - luma_u) / (2.0 * (1.0 - tb)) * c,
            uv: -luma_v / (2.0 * (1.0 - tb)) * c,
            vu: -luma_u / (2.0 * (1.0 - tr)) * c,
            vv: (red_v - luma_v) / (2.0 * (1.0 - tr)) * c,
        }
    }
}

/// A fraction below one in 1/32768, for a product's upper half with a factor in 1/256.
fn q15(x: f64) -> i16 {
    debug_assert!(x.abs() < 1.0);
    (x * 32768.0).round() as i16
}

/// [`YuvMap`] for 16-bit lanes: values are centred codes in 1/128; `d` terms are what is added to the code itself, so
/// that a factor of exactly one is exact.
#[derive(Clone, Copy, Debug)]
pub(crate) struct YuvFixed {
    pub dyy: i16,
    pub yu: i16,
    pub yv: i16,
    pub bias: i16,
    pub duu: i16,
    pub uv: i16,
    pub vu: i16,
    pub dvv: i16,
}

impl From<YuvMap> for YuvFixed {
    fn from(m: YuvMap) -> Self {
        let bias = (16.0 + m.yy * (128.0 - m.black) - 128.0) * 128.0;
        Self {
            dyy: q15(m.yy - 1.0),
            yu: q15(m.yu),
            yv: q15(m.yv),
            bias: bias.round() as i16 + 64,
            duu: q15(m.uu - 1.0),
            uv: q15(m.uv),
            vu: q15(m.vu),
            dvv: q15(m.vv - 1.0),
        }
    }
}

/// From full-range RGB codes to studio codes, exact: rows y, u, v; columns r, g, b; offsets 16, 128, 128.
pub(crate) fn rgb_to_studio() -> [[f64; 3]; 3] {
    let (kr, kb) = luma_weights(Matrix::Bt709);
    let kg = 1.0 - kr - kb;
    let (y, c) = (219.0 / 255.0, 224.0 / 255.0);
    let (u, v) = (c / (2.0 * (1.0 - kb)), c / (2.0 * (1.0 - kr)));
    [[kr * y, kg * y, kb * y], [-kr * u, -kg * u, (1.0 - kb) * u], [(1.0 - kr) * v, -kg * v, -kb * v]]
}

/// [`rgb_to_studio`] as unsigned magnitudes in 1/65536. The signs are fixed: `u = 128 - r - g + b`, `v = 128 + r - g - b`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RgbFixed {
    pub y: [u16; 3],
    pub u: [u16; 3],
    pub v: [u16; 3],
}

impl RgbFixed {
    pub(crate) fn to_studio() -> Self {
        let q = |row: [f64; 3]| row.map(|x| (x.abs() * 65536.0).round() as u16);
        let [y, u, v] = rgb_to_studio();
        Self { y: q(y), u: q(u), v: q(v) }
    }
}
