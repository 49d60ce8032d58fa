//! What the window sees: small JPEGs, pulled, newest wins.
//!
//! The window says which views it shows and how large ([`PreviewHub::set_views`]); the preview thread scales and
//! encodes only those, at most as often as asked. A pull waits at most 100 ms for anything newer than what the
//! window has. Threads: one, at the mercy of the programme: it takes the newest frame and never holds up a tick.
//! Locks: the view table, held for table work only.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use vitrine_codec::JpegEncoder;
use vitrine_media::{FramePool, Latest, MediaTime, StopToken, VideoFrame};
use vitrine_picture::Scaler;
use vitrine_protocol::PreviewView;

use crate::stage::{Stage, StageSet};

/// JPEG quality of previews; goods are judged in them, so not the lowest that looks fine.
const QUALITY: u8 = 88;
/// Largest view the window may ask for.
const LARGEST: u32 = 1920;
/// Views the window may ask for at once: programme, preview, and a strip of scenes.
const MOST_VIEWS: usize = 32;

/// What the director leaves for the preview thread.
pub(crate) enum Sight {
    /// The programme.
    Programme(VideoFrame),
    /// Everything needed to draw any scene small.
    Scenes {
        /// The show.
        set: Arc<StageSet>,
        /// The newest frame of each source.
        frames: Arc<BTreeMap<String, VideoFrame>>,
        /// Session time.
        at: MediaTime,
    },
}

/// The meeting point of director, preview thread and window.
#[derive(Default)]
pub(crate) struct PreviewHub {
    views: Mutex<BTreeMap<u32, View>>,
    programme: Latest<Sight>,
    scenes: Latest<Sight>,
    wants_programme: AtomicBool,
    wants_scenes: AtomicBool,
    newer: Notify,
}

struct View {
    spec: PreviewView,
    seq: u32,
    at: MediaTime,
    jpeg: Arc<Vec<u8>>,
    next_due: MediaTime,
}

impl PreviewHub {
    /// Replaces the set of views. A view that stays keeps its picture.
    pub(crate) fn set_views(&self, specs: Vec<PreviewView>) {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = BTreeMap::new();
        for mut spec in specs.into_iter().take(MOST_VIEWS) {
            spec.width = spec.width.clamp(16, LARGEST) & !1;
            spec.height = spec.height.clamp(16, LARGEST) & !1;
            spec.fps = spec.fps.clamp(1, 30);
            let old = views.remove(&spec.view);
            let (seq, at, jpeg) = old.map_or((0, MediaTime::ZERO, Arc::default()), |v| (v.seq, v.at, v.jpeg));
            next.insert(spec.view, View { spec, seq, at, jpeg, next_due: MediaTime::ZERO });
        }
        self.wants_programme.store(next.values().any(|v| v.spec.scene.is_none()), Ordering::Release);
        self.wants_scenes.store(next.values().any(|v| v.spec.scene.is_some()), Ordering::Release);
        *views = next;
    }

    /// Whether anyone looks at the programme.
    pub(crate) fn wants_programme(&self) -> bool {
        self.wants_programme.load(Ordering::Acquire)
    }

    /// Whether anyone looks at scenes.
    pub(crate) fn wants_scenes(&self) -> bool {
        self.wants_scenes.load(Ordering::Acquire)
    }

    /// Leaves something to look at; what was not looked at before is replaced.
    pub(crate) fn show(&self, sight: Sight) {
        match sight {
            Sight::Programme(_) => self.programme.put(sight),
            Sight::Scenes { .. } => self.scenes.put(sight),
        }
    }

    /// All views newer than `seen` (pairs of view and sequence number), each as
    /// `view, seq, pts in ms, length` (little-endian `u32`s) followed by the JPEG. Waits up to 100 ms for one.
    pub(crate) async fn pull(&self, seen: &[(u32, u32)]) -> Vec<u8> {
        let deadline = tokio::time::Instant::now() + Duration::from_millis(100);
        loop {
            let notified = self.newer.notified();
            let packed = self.pack(seen);
            if !packed.is_empty() || tokio::time::timeout_at(deadline, notified).await.is_err() {
                return packed;
            }
        }
    }

    fn pack(&self, seen: &[(u32, u32)]) -> Vec<u8> {
        let views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = Vec::new();
        for (number, view) in views.iter() {
            let known = seen.iter().find(|(v, _)| v == number).map_or(0, |(_, seq)| *seq);
            if view.seq == known || view.jpeg.is_empty() {
                continue;
            }
            let millis = view.at.millis() as u32;
            for word in [*number, view.seq, millis, view.jpeg.len() as u32] {
                out.extend_from_slice(&word.to_le_bytes());
            }
            out.extend_from_slice(&view.jpeg);
        }
        out
    }

    /// Views of that sort that are due at `at`, and books their next time.
    fn due(&self, scenes: bool, at: MediaTime) -> Vec<PreviewView> {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due = Vec::new();
        for view in views.values_mut().filter(|v| v.spec.scene.is_some() == scenes) {
            // Half a frame of slack: a programme of 30 fps fills a view of 30 fps in spite of jitter.
            let period = Duration::from_secs(1) / view.spec.fps;
            if at + period / 2 >= view.next_due {
                view.next_due = view.next_due.max(at - period) + period;
                due.push(view.spec.clone());
            }
        }
        due
    }

    fn store(&self, number: u32, at: MediaTime, jpeg: Vec<u8>) {
        let old = {
            let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(view) = views.get_mut(&number) else { return };
            view.seq = view.seq.wrapping_add(1).max(1);
            view.at = at;
            std::mem::replace(&mut view.jpeg, Arc::new(jpeg))
        };
        drop(old);
    }
}

/// Starts the preview thread; it ends when `stop` is set.
pub(crate) fn start(hub: Arc<PreviewHub>, stop: StopToken) -> std::io::Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new().name("preview".into()).spawn(move || {
        let mut painter = Painter::new(hub);
        while !stop.is_stopped() {
            painter.round();
        }
    })
}

struct Painter {
    hub: Arc<PreviewHub>,
    pool: FramePool,
    scaler: Scaler,
    stage: Stage,
    jpeg: JpegEncoder,
}

impl Painter {
    fn new(hub: Arc<PreviewHub>) -> Self {
        let pool = FramePool::new(MOST_VIEWS);
        let stage = Stage::new(pool.clone());
        Self { hub, stage, pool, scaler: Scaler::new(), jpeg: JpegEncoder::new(QUALITY) }
    }

    fn round(&mut self) {
        let mut drawn = false;
        if let Some(Sight::Programme(frame)) = self.hub.programme.wait(Duration::from_millis(50)) {
            for view in self.hub.due(false, frame.pts) {
                match self.scaler.scale(&frame, view.width, view.height, &self.pool) {
                    Ok(small) => drawn |= self.encode(view.view, &small, frame.pts),
                    Err(error) => tracing::debug!(%error, "preview skipped"),
                }
            }
        }
        if let Some(Sight::Scenes { set, frames, at }) = self.hub.scenes.take() {
            for view in self.hub.due(true, at) {
                let Some(scene) = view.scene.as_deref().and_then(|id| set.scene(id)) else { continue };
                let size = (view.width, view.height);
                match self.stage.draw_small(set.canvas, scene, size, |id| frames.get(id).cloned(), at) {
                    Ok(small) => drawn |= self.encode(view.view, &small, at),
                    Err(error) => tracing::debug!(%error, "scene preview skipped"),
                }
            }
        }
        if drawn {
            self.hub.newer.notify_waiters();
        }
    }

    fn encode(&mut self, view: u32, frame: &VideoFrame, at: MediaTime) -> bool {
        let mut bytes = Vec::new();
        match self.jpeg.encode(frame, &mut bytes) {
            Ok(()) => {
                self.hub.store(view, at, bytes);
                true
            }
            Err(error) => {
                tracing::warn!(%error, "a preview could not be encoded");
                false
            }
        }
    }
}
