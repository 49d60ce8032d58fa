//! The record of past broadcasts, and of the present one, so that a crash can be told from an end.
//!
//! One writer thread owns the database; everybody else speaks to it through a bounded queue and never waits: a
//! broadcast does not notice that a disk is full or a database locked. What cannot be written is kept in memory, the
//! newest [`BACKLOG`] entries, and written when it can be. Questions have a time limit.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Notice;
use crate::history_db::{Options, Record};
use writer::{Question, Writer};

mod writer;

/// Records between the broadcast and the writer; more are lost and counted.
const QUEUE: usize = 256;
/// Records kept in memory while the database cannot be written.
pub(crate) const BACKLOG: usize = 1024;

/// Names a session for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub(crate) i64);

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionKind {
    /// In the rehearsal room.
    Rehearsal,
    /// On air.
    Live,
}

/// A session as it begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionStart {
    /// Milliseconds since the Unix epoch.
    pub at_millis: i64,
    /// What it is for.
    pub kind: SessionKind,
    /// Ids of its destinations; never addresses, never keys.
    pub destinations: Vec<String>,
    /// The show.
    pub show_file: Option<String>,
}

/// A session as it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEnd {
    /// Milliseconds since the Unix epoch.
    pub at_millis: i64,
    /// By a fault, not by the host. Also of a session that was cut off by a crash.
    pub failed: bool,
    /// Pictures encoded.
    pub frames: u64,
    /// Pictures dropped before the encoder.
    pub dropped: u64,
    /// Reconnects, all destinations together.
    pub reconnects: u32,
    /// Longest gap a viewer may have seen.
    pub longest_gap_millis: u32,
}

/// A change of state within a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Milliseconds since the Unix epoch.
    pub at_millis: i64,
    /// State, as a code.
    pub state: String,
    /// Parameters, as JSON or empty; no secrets.
    pub detail: String,
}

/// A session in the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PastSession {
    /// Id.
    pub id: SessionId,
    /// Its beginning.
    pub start: SessionStart,
    /// Its end; `None` while it runs or if it was cut off and is still offered for resumption.
    pub end: Option<SessionEnd>,
}

/// A session that nobody ended: the studio, or the computer, died during it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unfinished {
    /// Id.
    pub id: SessionId,
    /// Its beginning, with all that is needed to resume it.
    pub start: SessionStart,
    /// The last state in its journal.
    pub last_state: Option<String>,
    /// Its last sign of life, milliseconds since the Unix epoch.
    pub last_millis: i64,
}

/// A question that got no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// Not in time: ask again, or do without.
    #[error("the history does not answer")]
    Waiting,
    /// There is no database: do without.
    #[error("the history cannot be read: {0}")]
    Unavailable(String),
}

/// Counters since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HistoryStats {
    /// Records in the database.
    pub written: u64,
    /// Records in memory, to be written.
    pub waiting: u64,
    /// Records that will never be written.
    pub lost: u64,
}

/// What the writer tells.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    written: AtomicU64,
    waiting: AtomicU64,
    lost: AtomicU64,
    notices: Mutex<Vec<Notice>>,
}

/// What reaches the writer.
pub(crate) enum Message {
    Record(Record),
    Question(Question),
}

/// The handle on the history.
pub struct History {
    messages: SyncSender<Message>,
    shared: Arc<Shared>,
    done: std::sync::mpsc::Receiver<()>,
    last_id: AtomicI64,
}

impl History {
    /// Opens the history at `path`, in the background: this returns at once, whatever the disk does.
    pub fn open(path: &Path) -> Self {
        Self::open_with(path.to_owned(), Options::default())
    }

    fn open_with(path: PathBuf, options: Options) -> Self {
        let (messages, inbox) = sync_channel(QUEUE);
        let (finished, done) = sync_channel(1);
        let shared = Arc::new(Shared::default());
        let writer_shared = Arc::clone(&shared);
        let run = move || {
            Writer::new(path, options, writer_shared).run(&inbox);
            let _ = finished.try_send(());
        };
        if let Err(error) = thread::Builder::new().name("history".to_owned()).spawn(run) {
            shared.notice(Notice::HistoryInMemory { reason: error.to_string() });
        }
        Self { messages, shared, done, last_id: AtomicI64::new(0) }
    }

    /// Records that a session begins. Sessions still open are closed as lost.
    pub fn begin(&self, start: SessionStart) -> SessionId {
        // The time in microseconds, made unique within this run; two runs do not begin in the same microsecond.
        let wanted = start.at_millis.saturating_mul(1000);
        let last = self
            .last_id
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| Some(wanted.max(last + 1)))
            .unwrap_or_default();
        let id = SessionId(wanted.max(last + 1));
        self.record(Record::Begin(id, start));
        id
    }

    /// Records a change of state.
    pub fn journal(&self, id: SessionId, entry: JournalEntry) {
        self.record(Record::Journal(id, entry));
    }

    /// Records that a session ended.
    pub fn end(&self, id: SessionId, end: SessionEnd) {
        self.record(Record::End(id, end));
    }

    /// Closes an unfinished session as lost: the host does not want it resumed.
    pub fn dismiss(&self, id: SessionId) {
        self.record(Record::Dismiss(id));
    }

    /// The session to offer for resumption, if the last run did not end its own.
    pub fn unfinished(&self, patience: Duration) -> Result<Option<Unfinished>, HistoryError> {
        self.ask(patience, Question::Unfinished)
    }

    /// The newest `limit` sessions, newest first.
    pub fn recent(&self, limit: u32, patience: Duration) -> Result<Vec<PastSession>, HistoryError> {
        self.ask(patience, |reply| Question::Recent(limit, reply))
    }

    /// A session's journal, oldest first.
    pub fn journal_of(&self, id: SessionId, patience: Duration) -> Result<Vec<JournalEntry>, HistoryError> {
        self.ask(patience, |reply| Question::Journal(id, reply))
    }

    /// What the host has to be told since this was last called.
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.shared.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counters.
    pub fn stats(&self) -> HistoryStats {
        HistoryStats {
            written: self.shared.written.load(Ordering::Acquire),
            waiting: self.shared.waiting.load(Ordering::Acquire),
            lost: self.shared.lost.load(Ordering::Acquire),
        }
    }

    /// Writes what is left and ends; whether it was done within `patience`. A handle merely dropped ends as well, but
    /// nobody waits for it.
    pub fn close(self, patience: Duration) -> bool {
        let Self { messages, done, .. } = self;
        drop(messages);
        done.recv_timeout(patience).is_ok()
    }

    fn record(&self, record: Record) {
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) =
            self.messages.try_send(Message::Record(record))
        {
            self.shared.lost.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn ask<T>(
        &self,
        patience: Duration,
        question: impl FnOnce(SyncSender<Result<T, HistoryError>>) -> Question,
    ) -> Result<T, HistoryError> {
        let (reply, answer) = sync_channel(1);
        self.messages.try_send(Message::Question(question(reply))).map_err(|_| HistoryError::Waiting)?;
        match answer.recv_timeout(patience) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(HistoryError::Waiting),
        }
    }
}

impl Shared {
    fn notice(&self, notice: Notice) {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
    }
}

#[cfg(test)]
mod tests;
