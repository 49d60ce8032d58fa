//! The running sources of the show: started, replaced and ended as the show changes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use vitrine_capture::CaptureContext;
use vitrine_media::{Clock, FramePool, MediaTime, SourceState};
use vitrine_picture::Converter;
use vitrine_scene::Show;

use super::Actor;
use crate::casting;
use crate::desk::{DeskCommand, StripPlan};
use crate::director::{DirectorCommand, Seat};
use crate::sources::{AudioFeed, Report, VideoFeed};

/// Frames of one source in use at once. A camera's frame may be the programme's, so as many as an encoder keeps.
const SOURCE_FRAMES: usize = 40;

/// Everything that runs for the show's sources.
#[derive(Default)]
pub(crate) struct Cast {
    pictures: BTreeMap<String, VideoFeed>,
    sounds: BTreeMap<String, AudioFeed>,
}

impl Cast {
    /// Starts what the show has and does not run yet, ends what it no longer has, replaces what has changed.
    fn update(&mut self, show: &Show, folder: &Path, clock: &Arc<dyn Clock>) {
        let context = || CaptureContext {
            clock: Arc::clone(clock),
            convert: Arc::new(Converter::new()),
            pool: FramePool::new(SOURCE_FRAMES),
            canvas: (show.canvas.width, show.canvas.height),
            rate: show.canvas.rate,
        };
        let used = used_sources(show);
        let (mut pictures, mut sounds) = (BTreeMap::new(), BTreeMap::new());
        for source in &show.sources {
            let id = source.id.as_str();
            if let Some(spec) = casting::picture(&source.input, folder).filter(|_| used.contains(&id)) {
                match self.pictures.remove(id).filter(|feed| *feed.spec() == spec) {
                    Some(feed) => drop(pictures.insert(id.to_owned(), feed)),
                    None => match VideoFeed::start(&source.name, spec, context()) {
                        Ok(feed) => drop(pictures.insert(id.to_owned(), feed)),
                        Err(error) => tracing::error!(source = id, %error, "no thread for a source"),
                    },
                }
            }
            let heard = show.strips.iter().any(|s| s.source == source.id);
            if let Some(spec) = casting::sound(&source.input, folder).filter(|_| heard) {
                match self.sounds.remove(id).filter(|feed| *feed.spec() == spec) {
                    Some(feed) => drop(sounds.insert(id.to_owned(), feed)),
                    None => match AudioFeed::start(&source.name, spec, context()) {
                        Ok(feed) => drop(sounds.insert(id.to_owned(), feed)),
                        Err(error) => tracing::error!(source = id, %error, "no thread for a sound source"),
                    },
                }
            }
        }
        self.pictures = pictures;
        self.sounds = sounds;
    }

    /// Closes a source; the next update opens it again.
    fn forget(&mut self, id: &str) {
        self.pictures.remove(id);
        self.sounds.remove(id);
    }

    fn forget_all(&mut self) {
        self.pictures.clear();
        self.sounds.clear();
    }

    /// Gives up threads that hang; whether slots have changed.
    pub(super) fn supervise(&mut self, now: MediaTime) -> bool {
        let mut changed = false;
        for (id, feed) in &mut self.pictures {
            changed |= feed.supervise(id, now);
        }
        changed
    }

    /// How a source's picture runs.
    pub(super) fn picture(&self, id: &str) -> Option<Report> {
        self.pictures.get(id).map(VideoFeed::report)
    }

    /// How a source's sound runs.
    pub(super) fn sound(&self, id: &str) -> Option<Report> {
        self.sounds.get(id).map(AudioFeed::report)
    }

    fn seats(&self) -> BTreeMap<String, Seat> {
        let seat =
            |feed: &VideoFeed| Seat { slot: Arc::clone(feed.slot()), still: casting::is_still(feed.spec()) };
        self.pictures.iter().map(|(id, feed)| (id.clone(), seat(feed))).collect()
    }
}

/// Sources that some scene shows. All scenes' sources stay open, so that a scene change never waits for a device.
fn used_sources(show: &Show) -> Vec<&str> {
    fn walk<'a>(items: &'a [vitrine_scene::Item], out: &mut Vec<&'a str>) {
        for item in items {
            if let vitrine_scene::Content::Source(id) = &item.content {
                out.push(id.as_str());
            }
            walk(item.children(), out);
        }
    }
    let mut used = Vec::new();
    for scene in &show.scenes {
        walk(&scene.items, &mut used);
    }
    used
}

impl Actor {
    /// Brings director, sound thread and sources in line with the show.
    pub(super) fn show_changed(&mut self) {
        self.cast.update(&self.show, &self.folder, &self.clock);
        self.direct(DirectorCommand::Set(Arc::new(crate::stage::StageSet::of(&self.show))));
        self.seat_sources();
        let strips = self.show.strips.iter().filter_map(|strip| {
            let id = strip.source.as_str();
            let source = self.show.source(&strip.source)?;
            Some(StripPlan {
                source: id.to_owned(),
                line: self.cast.sounds.get(id)?.line(),
                settings: vitrine_sound::StripSettings {
                    gain_db: strip.gain_db,
                    muted: strip.muted,
                    ..vitrine_sound::StripSettings::default()
                },
                watched: matches!(source.input, vitrine_scene::Input::Microphone(_)),
            })
        });
        let strips = strips.collect();
        self.to_desk(DeskCommand::Strips(strips));
        if let (None, Some(first)) = (self.show.scene(&self.scene), self.show.scenes.first()) {
            self.scene = first.id.clone();
        }
    }

    pub(super) fn seat_sources(&mut self) {
        self.direct(DirectorCommand::Seats(self.cast.seats()));
    }

    /// Closes a source and opens it again.
    pub(super) fn restart_source(&mut self, id: &str) {
        self.cast.forget(id);
        self.show_changed();
    }

    /// Closes all sources and opens them again, as for another canvas.
    pub(super) fn restart_sources(&mut self) {
        self.cast.forget_all();
        self.show_changed();
    }

    /// State of a source, its picture's and its sound's together, and since when it gives nothing.
    pub(super) fn source_state(
        &self,
        id: &str,
        states: &BTreeMap<String, (SourceState, MediaTime)>,
    ) -> (SourceState, Option<MediaTime>) {
        let closed = |report: &Report| !report.open && report.error.is_some();
        if let Some(report) = self.cast.picture(id) {
            let (seen, last) = states.get(id).copied().unwrap_or((SourceState::Warming, MediaTime::ZERO));
            // A device that went a moment ago still shows its last picture, then the slate; either way it is gone.
            let state = if closed(&report) { SourceState::Gone } else { seen };
            return (state, (!well(state)).then_some(last));
        }
        match self.cast.sound(id) {
            Some(report) if closed(&report) => (SourceState::Gone, None),
            Some(report) if report.open => (SourceState::Live, None),
            _ => (SourceState::Warming, None),
        }
    }
}

/// Whether a state is nothing to speak of.
const fn well(state: SourceState) -> bool {
    matches!(state, SourceState::Live | SourceState::Warming)
}
