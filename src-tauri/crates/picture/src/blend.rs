//! Blending rows of one plane onto another.
//!
//! Owns: the arithmetic of opacity, coverage and crossfades. A plane's neutral value is 16 for luma and 128 for
//! chroma; premultiplied planes are `neutral + coverage * (value - neutral)`. Every result is exact at coverage 0
//! and 255, so that nothing drifts where nothing is drawn. Never allocates.

use crate::simd::{self, Kernel};

/// `x / 255`, rounded to nearest, for `x` up to 255 * 255.
#[inline(always)]
pub(crate) fn div255(x: u16) -> u16 {
    let x = x + 128;
    (x + (x >> 8)) >> 8
}

/// Value of "nothing" in luma planes.
pub(crate) const LUMA_NEUTRAL: u8 = 16;
/// Value of "nothing" in chroma planes.
pub(crate) const CHROMA_NEUTRAL: u8 = 128;

/// Weighted mean of two rows: `weight` 0 is `dst`, 255 is `src`.
struct Mix<'a> {
    dst: &'a mut [u8],
    src: &'a [u8],
    weight: u8,
}

impl Kernel for Mix<'_> {
    #[inline(always)]
    fn run(self) {
        let w = u16::from(self.weight);
        let rest = 255 - w;
        for (d, s) in self.dst.iter_mut().zip(self.src) {
            *d = div255(u16::from(*d) * rest + u16::from(*s) * w) as u8;
        }
    }
}

/// A premultiplied row over `dst`.
struct Over<'a> {
    dst: &'a mut [u8],
    src: &'a [u8],
    alpha: &'a [u8],
    neutral: u8,
}

#[inline(always)]
fn over(d: u8, s: u16, a: u16, neutral: u16) -> u8 {
    // What shows through, faded to neutral, then the layer's distance from neutral on top.
    let through = div255(u16::from(d) * (255 - a) + neutral * a);
    (s + through).saturating_sub(neutral).min(255) as u8
}

impl Kernel for Over<'_> {
    #[inline(always)]
    fn run(self) {
        let n = u16::from(self.neutral);
        for ((d, s), a) in self.dst.iter_mut().zip(self.src).zip(self.alpha) {
            *d = over(*d, u16::from(*s), u16::from(*a), n);
        }
    }
}

/// As [`Over`], the layer faded first.
struct OverFaded<'a> {
    dst: &'a mut [u8],
    src: &'a [u8],
    alpha: &'a [u8],
    neutral: u8,
    opacity: u8,
}

impl Kernel for OverFaded<'_> {
    #[inline(always)]
    fn run(self) {
        let (n, o) = (u16::from(self.neutral), u16::from(self.opacity));
        let base = n * (255 - o);
        for ((d, s), a) in self.dst.iter_mut().zip(self.src).zip(self.alpha) {
            let s = div255(u16::from(*s) * o + base);
            let a = div255(u16::from(*a) * o);
            *d = over(*d, s, a, n);
        }
    }
}

/// Draws one row onto another: `alpha` is its coverage (`None` covers all), `opacity` 0 to 255 fades it.
pub(crate) fn row(dst: &mut [u8], src: &[u8], alpha: Option<&[u8]>, opacity: u8, neutral: u8) {
    match (alpha, opacity) {
        (None, 255) => {
            let len = dst.len().min(src.len());
            if let (Some(dst), Some(src)) = (dst.get_mut(..len), src.get(..len)) {
                dst.copy_from_slice(src);
            }
        }
        (None, weight) => simd::run(Mix { dst, src, weight }),
        (Some(alpha), 255) => simd::run(Over { dst, src, alpha, neutral }),
        (Some(alpha), opacity) => simd::run(OverFaded { dst, src, alpha, neutral, opacity }),
    }
}

/// Weighted mean of two planes into a third; `weight` 0 is `a`, 256 is `b`.
pub(crate) struct Crossfade<'a> {
    pub a: &'a [u8],
    pub b: &'a [u8],
    pub out: &'a mut [u8],
    pub weight: u16,
}

impl Kernel for Crossfade<'_> {
    #[inline(always)]
    fn run(self) {
        let (w, rest) = (self.weight, 256 - self.weight);
        for ((out, a), b) in self.out.iter_mut().zip(self.a).zip(self.b) {
            *out = ((u16::from(*a) * rest + u16::from(*b) * w + 128) >> 8) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn division_by_255_rounds_to_nearest_for_every_product() {
        for x in 0..=255u16 * 255 {
            assert_eq!(div255(x), (f64::from(x) / 255.0).round() as u16);
        }
    }

    #[test]
    fn full_and_no_coverage_are_exact() {
        for value in 16..=235u8 {
            for below in 16..=235u8 {
                for (alpha, src, want) in [(0, LUMA_NEUTRAL, below), (255, value, value)] {
                    let mut dst = [below];
                    row(&mut dst, &[src], Some(&[alpha]), 255, LUMA_NEUTRAL);
                    assert_eq!(dst, [want]);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn blending_follows_the_definition(
            cells in proptest::collection::vec((0u8..=255, 0u8..=255, 0u8..=255), 1..200),
            opacity: u8, chroma: bool,
        ) {
            let neutral = if chroma { CHROMA_NEUTRAL } else { LUMA_NEUTRAL };
            let n = f64::from(neutral);
            let mut dst: Vec<u8> = cells.iter().map(|c| c.0).collect();
            let alpha: Vec<u8> = cells.iter().map(|c| c.2).collect();
            let src: Vec<u8> = cells
                .iter()
                .map(|c| (n + (f64::from(c.1) - n) * f64::from(c.2) / 255.0).round() as u8)
                .collect();
            let mut plain = dst.clone();
            OverFaded { dst: &mut plain, src: &src, alpha: &alpha, neutral, opacity }.run();
            row(&mut dst, &src, Some(&alpha), opacity, neutral);
            if opacity != 255 {
                prop_assert_eq!(&dst, &plain, "AVX2 and portable builds differ");
            }
            for ((out, cell), (s, a)) in dst.iter().zip(&cells).zip(src.iter().zip(&alpha)) {
                let o = f64::from(opacity) / 255.0;
                let a = f64::from(*a) / 255.0 * o;
                let want = n + (f64::from(*s) - n) * o + (f64::from(cell.0) - n) * (1.0 - a);
                prop_assert!((f64::from(*out) - want.clamp(0.0, 255.0)).abs() <= 1.6, "{} {}", out, want);
            }
        }

        #[test]
        fn a_crossfade_stays_between_its_ends(
            cells in proptest::collection::vec((0u8..=255, 0u8..=255), 1..100), weight in 0u16..=256,
        ) {
            let a: Vec<u8> = cells.iter().map(|c| c.0).collect();
            let b: Vec<u8> = cells.iter().map(|c| c.1).collect();
            let (mut out, mut plain) = (vec![0; a.len()], vec![0; a.len()]);
            simd::run(Crossfade { a: &a, b: &b, out: &mut out, weight });
            Crossfade { a: &a, b: &b, out: &mut plain, weight }.run();
            prop_assert_eq!(&out, &plain);
            for ((o, a), b) in out.iter().zip(&a).zip(&b) {
                prop_assert!(o >= a.min(b) && o <= a.max(b));
            }
        }
    }
}
