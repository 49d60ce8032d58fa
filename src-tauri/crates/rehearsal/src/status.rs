//! What the room tells the studio: counters, and what the watch pages say they see.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::describe::{AudioSeen, VideoSeen};
use crate::session::SessionError;

/// The room at one moment.
#[derive(Clone, Debug, Default)]
pub struct RoomStatus {
    /// Whether a publisher is sending.
    pub publishing: bool,
    /// Broadcasts begun so far.
    pub session: u64,
    /// Viewers connected to the stream.
    pub viewers: usize,
    /// Bytes of tags received, over all broadcasts.
    pub bytes_in: u64,
    /// Pictures received, over all broadcasts.
    pub video_frames: u64,
    /// AAC frames received, over all broadcasts.
    pub audio_frames: u64,
    /// When the last picture came.
    pub last_video_at: Option<Instant>,
    /// The picture, as the last sequence header described it.
    pub video: Option<VideoSeen>,
    /// The sound, as the last sequence header described it.
    pub audio: Option<AudioSeen>,
    /// Tags that were of no use (other codecs, broken headers) and not passed on.
    pub tags_refused: u64,
    /// How often a slow viewer was moved on to a keyframe.
    pub viewer_skips: u64,
    /// Publishers turned away or cut off, and why the last one was.
    pub connections_refused: u64,
    /// Why the last connection was turned away or cut off.
    pub last_fault: Option<SessionError>,
    /// The latest report of each watch page heard from in the last five seconds, oldest first.
    pub pages: Vec<PageReport>,
}

/// What a watch page does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageState {
    /// No picture yet.
    #[default]
    Waiting,
    /// Pictures advance.
    Live,
    /// The picture stands still though the broadcast goes on.
    Stalled,
    /// The publisher left.
    Ended,
    /// The browser cannot play it.
    Unable,
}

/// What one watch page received, in its own words: numbers come from a browser and are only as good as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageReport {
    /// Random name of the page, the same over its life; at most 32 characters.
    pub page: String,
    /// What it does.
    pub state: PageState,
    /// Milliseconds from the making of the picture (see `latency_from`) to its display; median of the last second.
    pub latency_millis: Option<f64>,
    /// `studio`: from the programme's tick. `room`: from arrival in the room. At most 8 characters.
    pub latency_from: String,
    /// Pictures decoded since the page connected.
    pub frames_decoded: u64,
    /// Pictures decoded too late to be shown.
    pub frames_dropped: u64,
    /// Times the picture stood still for over half a second.
    pub stalls: u32,
    /// Milliseconds it stood still in all.
    pub stalled_millis: u64,
    /// Bytes of sound decoded; `None` if the browser does not say.
    pub audio_bytes_decoded: Option<u64>,
    /// Loudest sample of the last second in dBFS, before the page's own mute; `None` if it cannot be measured.
    pub sound_peak_db: Option<f64>,
    /// Columns decoded.
    pub width: u32,
    /// Rows decoded.
    pub height: u32,
    /// Whether the page is muted.
    pub muted: bool,
}

impl PageReport {
    /// Cuts what a browser could have made up to sizes and ranges that the studio can use.
    pub(crate) fn tidy(mut self) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.page.is_empty() || self.page.len() > 32 || !self.page.chars().all(plain) {
            return None;
        }
        if self.latency_from != "studio" {
            self.latency_from = "room".into();
        }
        self.latency_millis =
            self.latency_millis.filter(|v| v.is_finite()).map(|v| v.clamp(-60_000.0, 600_000.0));
        self.sound_peak_db = self.sound_peak_db.filter(|v| v.is_finite()).map(|v| v.clamp(-120.0, 20.0));
        Some(self)
    }
}

/// The reports of the last moments, one per page, bounded. Pure.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    reports: VecDeque<(Instant, PageReport)>,
}

const MAX_PAGES: usize = 32;
const PAGE_FORGOTTEN: Duration = Duration::from_secs(5);

impl Pages {
    pub(crate) fn report(&mut self, report: PageReport, now: Instant) {
        self.reports.retain(|(_, old)| old.page != report.page);
        self.reports.push_back((now, report));
        while self.reports.len() > MAX_PAGES {
            self.reports.pop_front();
        }
    }

    pub(crate) fn recent(&self, now: Instant) -> Vec<PageReport> {
        let fresh = |at: Instant| now.saturating_duration_since(at) <= PAGE_FORGOTTEN;
        self.reports.iter().filter(|(at, _)| fresh(*at)).map(|(_, report)| report.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(name: &str) -> PageReport {
        PageReport { page: name.into(), ..PageReport::default() }
    }

    #[test]
    fn a_page_that_falls_silent_is_forgotten() {
        let start = Instant::now();
        let mut pages = Pages::default();
        pages.report(page("a"), start);
        pages.report(page("b"), start + Duration::from_secs(3));
        let names = |at: u64| -> Vec<String> {
            pages.recent(start + Duration::from_secs(at)).into_iter().map(|r| r.page).collect()
        };
        assert_eq!(names(4), ["a", "b"]);
        assert_eq!(names(6), ["b"]);
    }

    #[test]
    fn many_pages_do_not_pile_up() {
        let now = Instant::now();
        let mut pages = Pages::default();
        for n in 0..1000 {
            pages.report(page(&format!("p{n}")), now);
        }
        assert_eq!(pages.recent(now).len(), MAX_PAGES);
    }

    #[test]
    fn made_up_numbers_are_cut_to_size() {
        let wild = PageReport { latency_millis: Some(f64::INFINITY), sound_peak_db: Some(1e9), ..page("a") };
        let tidy = wild.tidy().unwrap();
        assert_eq!((tidy.latency_millis, tidy.sound_peak_db), (None, Some(20.0)));
        assert_eq!(page("<script>").tidy(), None);
        assert_eq!(page("").tidy(), None);
    }
}
