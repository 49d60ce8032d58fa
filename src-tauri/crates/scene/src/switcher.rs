//! The scene switcher: which scene is on air at each tick, and how one becomes the next.
//!
//! Owns: the two phases of a change. *Prepare*: the wanted scene's sources are opened while the old scene stays on air,
//! until they all have a picture, at most 300 ms. *Take*: on a tick, by cut or fade. How far a fade has come follows from
//! the tick's number alone, so the same requests give the same programme. A take during a fade starts from a snapshot
//! of the canvas as it was, so nothing jumps. Pure: it is fed ticks and answers what to draw.

use std::time::Duration;

use vitrine_media::FrameRate;

use crate::id::SceneId;
use crate::show::{Transition, TransitionKind};

/// How long a change waits for pictures before it is taken with what there is.
pub const PREPARE_LIMIT: Duration = Duration::from_millis(300);

/// What a mix starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// A scene, drawn anew each tick.
    Scene(SceneId),
    /// The canvas kept when [`Tick::keep_snapshot`] was last set.
    Snapshot,
}

/// What to draw.
#[derive(Clone, Debug, PartialEq)]
pub enum Programme {
    /// One scene.
    Show(SceneId),
    /// A fade from one picture to a scene.
    Mix {
        /// What is left.
        from: From,
        /// What comes.
        to: SceneId,
        /// How far it has come, above 0 and below 1.
        t: f32,
    },
}

/// The answer for one tick.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// What to draw.
    pub programme: Programme,
    /// Keep the canvas of the tick before this one: this tick's mix and the following start from it.
    pub keep_snapshot: bool,
    /// A scene whose sources must be open now, because it is about to be taken.
    pub preparing: Option<SceneId>,
}

#[derive(Clone, Debug)]
struct Wanted {
    scene: SceneId,
    transition: Transition,
    since: i64,
}

#[derive(Clone, Debug)]
struct Mix {
    from: From,
    taken_at: i64,
    ticks: i64,
}

/// Decides tick by tick. Ticks are numbered from the start of the session and never go back; some may be left out.
#[derive(Clone, Debug)]
pub struct Switcher {
    rate: FrameRate,
    on_air: SceneId,
    mix: Option<Mix>,
    wanted: Option<Wanted>,
    last: i64,
}

impl Switcher {
    /// Starts with `scene` on air, at the canvas's `rate`.
    pub fn new(scene: SceneId, rate: FrameRate) -> Self {
        Self { rate, on_air: scene, mix: None, wanted: None, last: i64::MIN }
    }

    /// The scene that is on air, or being faded to.
    pub fn on_air(&self) -> &SceneId {
        &self.on_air
    }

    /// The scene last asked for: on air, or about to be.
    pub fn wanted(&self) -> &SceneId {
        self.wanted.as_ref().map_or(&self.on_air, |wanted| &wanted.scene)
    }

    /// Asks for `scene` from tick `now` on. Takes the place of a request that still waits; asking for what is on air
    /// already calls that one off.
    pub fn request(&mut self, scene: SceneId, transition: Transition, now: i64) {
        if scene == self.on_air {
            self.wanted = None;
            return;
        }
        match &mut self.wanted {
            // Pressing the same key twice does not start the wait again.
            Some(wanted) if wanted.scene == scene => wanted.transition = transition,
            _ => self.wanted = Some(Wanted { scene, transition, since: now.max(self.last) }),
        }
    }

    /// A scene left the show. If it was on air or wanted, `instead` is cut to.
    pub fn removed(&mut self, scene: &SceneId, instead: &SceneId) {
        if self.wanted.as_ref().is_some_and(|wanted| wanted.scene == *scene) {
            self.wanted = None;
        }
        if self.on_air == *scene {
            self.on_air = instead.clone();
            self.mix = None;
            self.wanted = self.wanted.take().filter(|wanted| wanted.scene != *instead);
        }
        if self.mix.as_ref().is_some_and(|mix| mix.from == From::Scene(scene.clone())) {
            self.mix = None;
        }
    }

    /// What tick `n` shows. `ready` tells whether every visible source of a scene has a picture.
    pub fn tick(&mut self, n: i64, ready: impl Fn(&SceneId) -> bool) -> Tick {
        let n = n.max(self.last);
        let mut keep_snapshot = false;
        // A fade that ends before this tick leaves nothing to take a snapshot of.
        if self.mix.as_ref().is_some_and(|mix| n - mix.taken_at >= mix.ticks) {
            self.mix = None;
        }
        let due = |wanted: &Wanted| self.waited(wanted.since, n) >= PREPARE_LIMIT || ready(&wanted.scene);
        if self.wanted.as_ref().is_some_and(due)
            && let Some(wanted) = self.wanted.take()
        {
            keep_snapshot = self.take(wanted, n);
        }
        self.last = n;
        let programme = match &self.mix {
            Some(mix) => Programme::Mix {
                from: mix.from.clone(),
                to: self.on_air.clone(),
                // The tick of the take already shows a first step.
                t: (n - mix.taken_at + 1) as f32 / (mix.ticks + 1) as f32,
            },
            None => Programme::Show(self.on_air.clone()),
        };
        Tick { programme, keep_snapshot, preparing: self.wanted.as_ref().map(|wanted| wanted.scene.clone()) }
    }

    /// Puts a scene on air at tick `n`; returns whether the canvas before it must be kept.
    fn take(&mut self, wanted: Wanted, n: i64) -> bool {
        let ticks = match wanted.transition.kind {
            TransitionKind::Cut => 0,
            TransitionKind::Fade => self.ticks_in(wanted.transition.duration_millis),
        };
        let before = std::mem::replace(&mut self.on_air, wanted.scene);
        let interrupts = self.mix.is_some();
        let from = if interrupts { From::Snapshot } else { From::Scene(before) };
        self.mix = (ticks > 0).then_some(Mix { from, taken_at: n, ticks });
        interrupts && ticks > 0
    }

    fn ticks_in(&self, millis: u32) -> i64 {
        (f64::from(millis) / 1000.0 * self.rate.as_f64()).round() as i64
    }

    fn waited(&self, since: i64, n: i64) -> Duration {
        self.rate.tick_time(n).since(self.rate.tick_time(since))
    }
}

#[cfg(test)]
mod tests;
