//! The kernels of colour conversion, each over one or two rows of pixels, in 16-bit lanes.
//!
//! Owns: the arithmetic. Never allocates, never sees a whole picture. A product is taken as the upper half of
//! 16 x 16 bits, which is one instruction on every SIMD unit; the rounding error stays below 1/30 of a code.

use super::matrix::{RgbFixed, YuvFixed};
use crate::simd::Kernel;

/// `a * b / 65536`, rounded down.
#[inline(always)]
fn high(a: i16, b: i16) -> i16 {
    ((i32::from(a) * i32::from(b)) >> 16) as i16
}

/// As [`high`], unsigned.
#[inline(always)]
fn high_u(a: u16, b: u16) -> u16 {
    ((u32::from(a) * u32::from(b)) >> 16) as u16
}

/// A code as a signed distance from 128.
#[inline(always)]
fn centred(code: u16) -> i16 {
    code as i16 - 128
}

#[inline(always)]
fn chroma_term(u: u8, v: u8, k: &YuvFixed) -> i16 {
    let (u, v) = (centred(u16::from(u)), centred(u16::from(v)));
    high(u << 8, k.yu) + high(v << 8, k.yv) + k.bias
}

#[inline(always)]
fn luma(y: u16, term: i16, k: &YuvFixed) -> u16 {
    let y = centred(y);
    let t = (y << 7) + high(y << 8, k.dyy) + term;
    ((t >> 7).clamp(-128, 127) + 128) as u16
}

/// Luma of one row whose chroma has half as many columns (rounded up).
pub(crate) struct LumaHalf<'a> {
    pub y: &'a [u8],
    pub u: &'a [u8],
    pub v: &'a [u8],
    pub out: &'a mut [u8],
    pub k: YuvFixed,
}

impl Kernel for LumaHalf<'_> {
    #[inline(always)]
    fn run(self) {
        let k = self.k;
        // A pair of pixels is one 16-bit lane, so that the chroma they share needs no shuffle.
        let (pairs, last) = self.y.as_chunks::<2>();
        let (outs, out_last) = self.out.as_chunks_mut::<2>();
        for (((out, y), u), v) in outs.iter_mut().zip(pairs).zip(self.u).zip(self.v) {
            let term = chroma_term(*u, *v, &k);
            let both = u16::from_le_bytes(*y);
            let even = luma(both & 0xff, term, &k);
            let odd = luma(both >> 8, term, &k);
            *out = (even | (odd << 8)).to_le_bytes();
        }
        if let ([out], [y], [.., u], [.., v]) = (out_last, last, self.u, self.v) {
            *out = luma(u16::from(*y), chroma_term(*u, *v, &k), &k) as u8;
        }
    }
}

/// Luma of one row with as many chroma columns as luma columns.
pub(crate) struct LumaFull<'a> {
    pub y: &'a [u8],
    pub u: &'a [u8],
    pub v: &'a [u8],
    pub out: &'a mut [u8],
    pub k: YuvFixed,
}

impl Kernel for LumaFull<'_> {
    #[inline(always)]
    fn run(self) {
        let k = self.k;
        for (((out, y), u), v) in self.out.iter_mut().zip(self.y).zip(self.u).zip(self.v) {
            *out = luma(u16::from(*y), chroma_term(*u, *v, &k), &k) as u8;
        }
    }
}

/// Sums of two rows, scaled to four samples: `2 (a + b)`.
pub(crate) struct SumHalf<'a> {
    pub rows: [&'a [u8]; 2],
    pub out: &'a mut [u16],
}

impl Kernel for SumHalf<'_> {
    #[inline(always)]
    fn run(self) {
        let [a, b] = self.rows;
        for ((out, a), b) in self.out.iter_mut().zip(a).zip(b) {
            *out = (u16::from(*a) + u16::from(*b)) << 1;
        }
    }
}

/// Sums of 2 x 2 samples; the last column of an odd width counts twice.
pub(crate) struct SumFull<'a> {
    pub rows: [&'a [u8]; 2],
    pub out: &'a mut [u16],
}

impl Kernel for SumFull<'_> {
    #[inline(always)]
    fn run(self) {
        let [(a, a_last), (b, b_last)] = self.rows.map(<[u8]>::as_chunks::<2>);
        for ((out, a), b) in self.out.iter_mut().zip(a).zip(b) {
            let (a, b) = (u16::from_le_bytes(*a), u16::from_le_bytes(*b));
            *out = (a & 0xff) + (a >> 8) + (b & 0xff) + (b >> 8);
        }
        if let ([.., out], [a], [b]) = (self.out, a_last, b_last) {
            *out = (u16::from(*a) + u16::from(*b)) << 1;
        }
    }
}

/// Chroma of one output row from sums of four source samples.
pub(crate) struct Chroma<'a> {
    pub u: &'a [u16],
    pub v: &'a [u16],
    pub out_u: &'a mut [u8],
    pub out_v: &'a mut [u8],
    pub k: YuvFixed,
}

impl Kernel for Chroma<'_> {
    #[inline(always)]
    fn run(self) {
        let k = self.k;
        let outs = self.out_u.iter_mut().zip(self.out_v);
        for (((out_u, out_v), u), v) in outs.zip(self.u).zip(self.v) {
            let (u, v) = (*u as i16 - 512, *v as i16 - 512);
            let nu = (u << 5) + high(u << 6, k.duu) + high(v << 6, k.uv) + 64;
            let nv = (v << 5) + high(u << 6, k.vu) + high(v << 6, k.dvv) + 64;
            *out_u = ((nu >> 7).clamp(-128, 127) + 128) as u8;
            *out_v = ((nv >> 7).clamp(-128, 127) + 128) as u8;
        }
    }
}

/// Luma of one row of RGB.
pub(crate) struct RgbLuma<'a> {
    pub rgb: [&'a [u8]; 3],
    pub out: &'a mut [u8],
    pub k: RgbFixed,
}

impl Kernel for RgbLuma<'_> {
    #[inline(always)]
    fn run(self) {
        let [r, g, b] = self.rgb;
        let [kr, kg, kb] = self.k.y;
        for (((out, r), g), b) in self.out.iter_mut().zip(r).zip(g).zip(b) {
            let (r, g, b) = (u16::from(*r) << 8, u16::from(*g) << 8, u16::from(*b) << 8);
            // 16 codes, one half, and one for the three products' rounding down; in 1/256.
            let y = high_u(r, kr) + high_u(g, kg) + high_u(b, kb) + (16 * 256 + 128 + 1);
            *out = (y >> 8) as u8;
        }
    }
}

/// Chroma of one output row from sums of four source samples.
pub(crate) struct RgbChroma<'a> {
    pub rgb: [&'a [u16]; 3],
    pub out_u: &'a mut [u8],
    pub out_v: &'a mut [u8],
    pub k: RgbFixed,
}

impl Kernel for RgbChroma<'_> {
    #[inline(always)]
    fn run(self) {
        let [r, g, b] = self.rgb;
        let k = self.k;
        let ([ur, ug, ub], [vr, vg, vb]) = (k.u, k.v);
        let outs = self.out_u.iter_mut().zip(self.out_v);
        for ((((out_u, out_v), r), g), b) in outs.zip(r).zip(g).zip(b) {
            let (r, g, b) = (*r << 6, *g << 6, *b << 6);
            // The two products taken away have lost half a step each more than the one added.
            let u = (128 * 256 + 128 + high_u(b, ub)).wrapping_sub(high_u(r, ur)).wrapping_sub(high_u(g, ug));
            let v = (128 * 256 + 128 + high_u(r, vr)).wrapping_sub(high_u(g, vg)).wrapping_sub(high_u(b, vb));
            *out_u = (u >> 8) as u8;
            *out_v = (v >> 8) as u8;
        }
    }
}

/// Multiplies one row of a colour by its coverage, both 0 to 255.
pub(crate) struct Premultiply<'a> {
    pub color: &'a mut [u8],
    pub alpha: &'a [u8],
}

impl Kernel for Premultiply<'_> {
    #[inline(always)]
    fn run(self) {
        for (c, a) in self.color.iter_mut().zip(self.alpha) {
            *c = crate::blend::div255(u16::from(*c) * u16::from(*a)) as u8;
        }
    }
}

/// Takes one row of pixels of `N` bytes apart into `N` rows.
pub(crate) struct Split<'a, const N: usize> {
    pub pixels: &'a [u8],
    pub out: [&'a mut [u8]; N],
}

impl Kernel for Split<'_, 2> {
    #[inline(always)]
    fn run(self) {
        let [a, b] = self.out;
        for ((p, a), b) in self.pixels.as_chunks::<2>().0.iter().zip(a).zip(b) {
            let p = u16::from_le_bytes(*p);
            *a = p as u8;
            *b = (p >> 8) as u8;
        }
    }
}

impl Kernel for Split<'_, 3> {
    #[inline(always)]
    fn run(self) {
        let [a, b, c] = self.out;
        for (((p, a), b), c) in self.pixels.as_chunks::<3>().0.iter().zip(a).zip(b).zip(c) {
            [*a, *b, *c] = *p;
        }
    }
}

impl Kernel for Split<'_, 4> {
    #[inline(always)]
    fn run(self) {
        let [a, b, c, d] = self.out;
        for ((((p, a), b), c), d) in self.pixels.as_chunks::<4>().0.iter().zip(a).zip(b).zip(c).zip(d) {
            let p = u32::from_le_bytes(*p);
            *a = p as u8;
            *b = (p >> 8) as u8;
            *c = (p >> 16) as u8;
            *d = (p >> 24) as u8;
        }
    }
}

/// Takes one row of YUYV (or, with `chroma_first`, UYVY) apart.
pub(crate) struct SplitPacked<'a> {
    pub pixels: &'a [u8],
    pub chroma_first: bool,
    pub y: &'a mut [u8],
    pub u: &'a mut [u8],
    pub v: &'a mut [u8],
}

impl Kernel for SplitPacked<'_> {
    #[inline(always)]
    fn run(self) {
        let (luma, chroma) = if self.chroma_first { (8, 0) } else { (0, 8) };
        let (pairs, last) = self.y.as_chunks_mut::<2>();
        let groups = self.pixels.as_chunks::<4>().0;
        for (((p, y), u), v) in groups.iter().zip(pairs).zip(self.u.iter_mut()).zip(self.v.iter_mut()) {
            let p = u32::from_le_bytes(*p);
            let y2 = p >> luma;
            *y =
                ((y2 & 0xff) | ((y2 >> 8) & 0xff00)).to_le_bytes().first_chunk().copied().unwrap_or_default();
            let c = p >> chroma;
            *u = c as u8;
            *v = (c >> 16) as u8;
        }
        if let ([y], [.., p], [.., u], [.., v]) = (last, groups, self.u, self.v) {
            let p = u32::from_le_bytes(*p);
            *y = (p >> luma) as u8;
            *u = (p >> chroma) as u8;
            *v = (p >> (chroma + 16)) as u8;
        }
    }
}
