//! A gain that moves in a straight line, so that no change of it is heard as a click.

/// A linear ramp, advanced one frame at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ramp {
    value: f32,
    target: f32,
    step: f32,
    left: u32,
    span: u32,
}

impl Ramp {
    /// A settled ramp at `value` whose moves take `span` frames.
    pub(crate) const fn settled(value: f32, span: u32) -> Self {
        Self { value, target: value, step: 0.0, left: 0, span }
    }

    /// Starts a move to `target` from wherever the ramp is.
    pub(crate) fn go(&mut self, target: f32) {
        if self.target.to_bits() == target.to_bits() {
            return;
        }
        self.target = target;
        self.left = self.span;
        self.step = (target - self.value) / self.span as f32;
    }

    /// The gain of the next frame.
    pub(crate) fn next(&mut self) -> f32 {
        if self.left > 0 {
            self.left -= 1;
            // The last step lands on the target exactly, whatever the rounding on the way.
            self.value = if self.left == 0 { self.target } else { self.value + self.step };
        }
        self.value
    }

    /// The value, if the ramp is not moving.
    pub(crate) fn resting(&self) -> Option<f32> {
        (self.left == 0).then_some(self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_arrives_exactly_and_in_even_steps() {
        let mut ramp = Ramp::settled(1.0, 240);
        ramp.go(0.0);
        let mut last = 1.0;
        for _ in 0..240 {
            let next = ramp.next();
            assert!(last - next > 0.0 && last - next < 1.01 / 240.0);
            last = next;
        }
        assert_eq!(ramp.resting(), Some(0.0));
    }

    #[test]
    fn a_ramp_turned_round_in_mid_move_does_not_jump() {
        let mut ramp = Ramp::settled(0.0, 100);
        ramp.go(1.0);
        let mut last = 0.0;
        for n in 0..300 {
            if n == 37 {
                ramp.go(0.0);
            }
            let next = ramp.next();
            assert!((next - last).abs() <= 1.01 / 100.0);
            last = next;
        }
        assert_eq!(ramp.resting(), Some(0.0));
    }
}
