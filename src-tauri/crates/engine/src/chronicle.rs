//! Writes each broadcast and rehearsal into the history, so that the next start knows how the last one ended.
//!
//! Fed with the state of the broadcast; the history's own thread does the writing, and a disk that fails costs only the
//! record. No threads, no locks.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use vitrine_store::{History, JournalEntry, SessionEnd, SessionId, SessionKind, SessionStart};

use crate::broadcast::Broadcast;

/// Figures of the session so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) frames: u64,
    pub(crate) dropped: u64,
    pub(crate) reconnects: u32,
}

/// Follows the broadcast.
pub(crate) struct Chronicle {
    history: Option<History>,
    session: Option<SessionId>,
    state: &'static str,
    /// The newest figures of a pipeline that still ran.
    figures: Figures,
}

impl Chronicle {
    /// Writes into `history`; `None` writes nothing.
    pub(crate) fn new(history: Option<History>) -> Self {
        Self { history, session: None, state: "idle", figures: Figures::default() }
    }

    /// Takes the state in. `failed` says that a fault ended it; `destinations` are ids, never addresses.
    pub(crate) fn observe(
        &mut self,
        broadcast: &Broadcast,
        state: &'static str,
        figures: Option<Figures>,
        failed: bool,
        destinations: impl FnOnce() -> Vec<String>,
    ) {
        let Some(history) = &self.history else { return };
        self.figures = figures.unwrap_or(self.figures);
        let kind = match broadcast {
            Broadcast::Starting { .. } | Broadcast::Live(_) => Some(SessionKind::Live),
            Broadcast::Rehearsal { .. } => Some(SessionKind::Rehearsal),
            _ => None,
        };
        if let (None, Some(kind)) = (self.session, kind) {
            self.figures = figures.unwrap_or_default();
            let start =
                SessionStart { at_millis: now(), kind, destinations: destinations(), show_file: None };
            self.session = Some(history.begin(start));
        }
        let Some(session) = self.session else { return };
        if state != self.state {
            self.state = state;
            history.journal(
                session,
                JournalEntry { at_millis: now(), state: state.to_owned(), detail: String::new() },
            );
        }
        if let Broadcast::Ended(ended) = broadcast {
            self.session = None;
            let end = SessionEnd {
                at_millis: now(),
                failed,
                frames: self.figures.frames,
                dropped: self.figures.dropped,
                reconnects: self.figures.reconnects,
                longest_gap_millis: u32::try_from(ended.longest_gap.as_millis()).unwrap_or(u32::MAX),
            };
            history.end(session, end);
        }
    }

    /// Lets the history write what it still has.
    pub(crate) fn close(&mut self) {
        if let Some(history) = self.history.take() {
            history.close(Duration::from_millis(300));
        }
    }
}

fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vitrine_media::MediaTime;

    #[test]
    fn a_broadcast_is_begun_once_and_ended_with_its_figures() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("studio.db");
        let mut chronicle = Chronicle::new(Some(History::open(&path)));
        let mut broadcast = Broadcast::Idle;
        let mut see = |b: &Broadcast, state, frames| {
            let figures = Some(Figures { frames, dropped: 1, reconnects: 2 });
            chronicle.observe(b, state, figures, false, || vec!["destination-1".into()]);
        };
        see(&broadcast, "idle", 0);
        broadcast.go_live(MediaTime::ZERO).unwrap();
        see(&broadcast, "starting", 0);
        broadcast.destinations(1, 1, MediaTime::from_millis(500));
        see(&broadcast, "live", 100);
        see(&broadcast, "live", 300);
        broadcast.end(MediaTime::from_millis(10_000));
        see(&broadcast, "ending", 300);
        broadcast.closed();
        see(&broadcast, "idle", 300);
        chronicle.close();
        let sessions = History::open(&path).recent(10, Duration::from_secs(30)).unwrap();
        let [session] = &sessions[..] else { panic!("one session expected: {sessions:?}") };
        assert_eq!(session.start.destinations, ["destination-1"]);
        assert_eq!(session.end.map(|e| (e.frames, e.dropped, e.reconnects)), Some((300, 1, 2)));
    }
}
