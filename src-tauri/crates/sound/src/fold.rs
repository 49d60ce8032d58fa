//! From any number of device channels to left and right.

/// −3 dB, the weight of centre and surround in ITU-R BS.775-3 annex 4.
const MINUS_3_DB: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// Largest magnitude let in, +24 dBFS: more is a broken driver, and would hold the limiter down for seconds.
const SANE: f32 = 16.0;

/// Folds one interleaved device frame to left and right. Mono goes to both; 5.1 (and 7.1, whose first six channels
/// have the same order) is folded after ITU-R BS.775-3 without its low-frequency channel, scaled so that full-scale
/// channels cannot exceed full scale together by more than the limiter's concern; any other layout is taken as
/// separate inputs, of which the first two are left and right.
pub(crate) fn to_stereo(frame: &[f32]) -> [f32; 2] {
    let pair = match *frame {
        [] => [0.0, 0.0],
        [mono] => [mono, mono],
        [l, r, c, _lfe, ls, rs] | [l, r, c, _lfe, ls, rs, _, _] => {
            [l + MINUS_3_DB * (c + ls), r + MINUS_3_DB * (c + rs)]
        }
        [l, r, ..] => [l, r],
    };
    pair.map(sane)
}

/// The sample, or silence where it is not a number; denormals become zero, since they cost a hundred cycles each.
pub(crate) fn sane(sample: f32) -> f32 {
    if sample.is_nan() || sample.abs() < 1e-15 { 0.0 } else { sample.clamp(-SANE, SANE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mono_is_heard_on_both_sides() {
        assert_eq!(to_stereo(&[0.5]), [0.5, 0.5]);
    }

    #[test]
    fn a_driver_that_sends_no_numbers_is_silence() {
        assert_eq!(to_stereo(&[f32::NAN, f32::INFINITY]), [0.0, 16.0]);
        assert_eq!(to_stereo(&[1e-40, -0.25]), [0.0, -0.25]);
    }

    #[test]
    fn surround_keeps_its_centre() {
        let [l, r] = to_stereo(&[0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
        assert!((l - MINUS_3_DB).abs() < 1e-6 && (r - MINUS_3_DB).abs() < 1e-6);
    }
}
