//! How fast an inlet reads, so that its latency stays where it should be.
//!
//! A proportional-integral loop on the distance between the estimated writing position and the reading position.
//! Its input is the filtered estimate of [`crate::dll`], never the raw fill, whose saw-tooth would be heard as
//! vibrato. The correction never exceeds 0.5 %, eight cents, which is inaudible in speech and product sounds.

/// Largest correction of the reading speed.
const MAX_CORRECTION: f64 = 0.005;
/// Bandwidth once settled.
const SETTLED_HZ: f64 = 0.015;

/// How much wider than the loop each pole of the filter before it is: the loop keeps some 50° of phase margin.
const FILTER_RATIO: f64 = 10.0;

/// The loop's state.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    /// Integral of the error, already as a relative speed: in rest, the device's drift.
    drift: f64,
    /// The error with the steps of single arrivals taken out of it by two poles: they would be heard as noise
    /// beside a high tone.
    smooth_secs: [f64; 2],
    /// Seconds since the loop was started.
    age_secs: f64,
    correction: f64,
}

impl Pace {
    /// One tick of `tick_secs` with the reading position `behind_secs` behind where it should be (negative: ahead).
    /// Gives the relative correction of the reading speed.
    pub(crate) fn tick(&mut self, behind_secs: f64, tick_secs: f64) -> f64 {
        self.age_secs += tick_secs;
        let omega = (1.2 / (self.age_secs + 0.5)).max(std::f64::consts::TAU * SETTLED_HZ);
        let [first, smooth] = &mut self.smooth_secs;
        let weight = (omega * FILTER_RATIO * tick_secs).min(1.0);
        *first += (behind_secs - *first) * weight;
        *smooth += (*first - *smooth) * weight;
        let drift = self.drift + omega * omega * *smooth * tick_secs;
        let wanted = std::f64::consts::SQRT_2 * omega * *smooth + drift;
        self.correction = wanted.clamp(-MAX_CORRECTION, MAX_CORRECTION);
        // A loop at its stop must not wind up its integral.
        if (wanted - self.correction).abs() < f64::EPSILON {
            self.drift = drift.clamp(-MAX_CORRECTION, MAX_CORRECTION);
        }
        self.correction
    }

    /// The correction in force.
    pub(crate) fn correction(&self) -> f64 {
        self.correction
    }

    /// The drift learnt so far becomes the speed; used when reading starts anew.
    pub(crate) fn restart(&mut self) {
        self.correction = self.drift;
        self.smooth_secs = [0.0; 2];
    }

    /// How much faster than nominal the device runs, in parts per million.
    pub(crate) fn drift_ppm(&self) -> f64 {
        self.drift * 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_drift_is_learnt_and_the_error_vanishes() {
        let mut pace = Pace::default();
        let mut behind = 0.0;
        for _ in 0..12_000 {
            behind += 300e-6 * 0.01 - pace.tick(behind, 0.01) * 0.01;
        }
        assert!((pace.drift_ppm() - 300.0).abs() < 1.0, "{}", pace.drift_ppm());
        assert!(behind.abs() < 1e-5, "{behind}");
    }

    #[test]
    fn forty_milliseconds_too_much_are_worked_off_in_ten_seconds() {
        let mut pace = Pace { age_secs: 1000.0, ..Pace::default() };
        let mut behind = 0.039;
        for _ in 0..1500 {
            behind -= pace.tick(behind, 0.01) * 0.01;
            assert!(pace.correction().abs() <= MAX_CORRECTION);
        }
        assert!(behind.abs() < 0.012, "{behind}");
    }
}
