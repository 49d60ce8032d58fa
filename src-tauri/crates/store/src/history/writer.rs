//! The thread that owns the database.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use super::{BACKLOG, HistoryError, JournalEntry, Message, PastSession, SessionId, Shared, Unfinished};
use crate::Notice;
use crate::history_db::{Database, Options, Record, may_pass};

/// How long a database that failed is left alone.
const RETRY: Duration = Duration::from_secs(2);

type Reply<T> = SyncSender<Result<T, HistoryError>>;

/// What can be asked.
pub(crate) enum Question {
    Unfinished(Reply<Option<Unfinished>>),
    Recent(u32, Reply<Vec<PastSession>>),
    Journal(SessionId, Reply<Vec<JournalEntry>>),
}

pub(crate) struct Writer {
    path: PathBuf,
    options: Options,
    shared: Arc<Shared>,
    database: Option<Database>,
    /// Why there is none, or why it could not be written.
    trouble: Option<String>,
    backlog: VecDeque<Record>,
    /// Sessions of this run: they are not unfinished, they are running.
    own: Vec<SessionId>,
}

impl Writer {
    pub(crate) fn new(path: PathBuf, options: Options, shared: Arc<Shared>) -> Self {
        let (backlog, own) = (VecDeque::new(), Vec::new());
        Self { path, options, shared, database: None, trouble: None, backlog, own }
    }

    /// Works until nobody can ask any more.
    pub(crate) fn run(mut self, inbox: &Receiver<Message>) {
        self.open();
        loop {
            let message = if self.backlog.is_empty() && self.database.is_some() {
                inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                inbox.recv_timeout(RETRY)
            };
            match message {
                Ok(Message::Record(record)) => self.keep(record),
                Ok(Message::Question(question)) => self.answer(question),
                Err(RecvTimeoutError::Timeout) => self.open(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.write_backlog();
        }
        self.open();
        self.write_backlog();
        self.shared.lost.fetch_add(self.backlog.len() as u64, Ordering::AcqRel);
    }

    fn open(&mut self) {
        if self.database.is_some() {
            return;
        }
        match Database::open(&self.path, self.options) {
            Ok(opened) => {
                if let Some(kept_as) = opened.put_aside {
                    tracing::warn!("the history was no database and has been put aside");
                    self.shared.notice(Notice::HistoryPutAside { kept_as });
                }
                self.database = Some(opened.database);
            }
            Err(reason) => self.in_trouble(reason),
        }
    }

    fn keep(&mut self, record: Record) {
        if let Record::Begin(id, _) = &record {
            self.own.push(*id);
        }
        if self.backlog.len() >= BACKLOG {
            // Beginnings and ends matter more than what was between them.
            let oldest = self.backlog.iter().position(|r| matches!(r, Record::Journal(..))).unwrap_or(0);
            self.backlog.remove(oldest);
            self.shared.lost.fetch_add(1, Ordering::AcqRel);
        }
        self.backlog.push_back(record);
    }

    fn write_backlog(&mut self) {
        while let (Some(database), Some(record)) = (&mut self.database, self.backlog.front()) {
            match database.write(record) {
                Ok(()) => {
                    self.backlog.pop_front();
                    self.shared.written.fetch_add(1, Ordering::AcqRel);
                    if self.trouble.take().is_some() {
                        tracing::info!("the history is written again");
                    }
                }
                Err(error) if may_pass(&error) => {
                    self.in_trouble(error.to_string());
                    break;
                }
                Err(error) => {
                    // A record that no database would take, such as one of a session whose beginning was lost.
                    tracing::debug!(%error, "a record of the history was refused");
                    self.backlog.pop_front();
                    self.shared.lost.fetch_add(1, Ordering::AcqRel);
                }
            }
        }
        self.shared.waiting.store(self.backlog.len() as u64, Ordering::Release);
    }

    /// Said once until it is over.
    fn in_trouble(&mut self, reason: String) {
        if self.trouble.is_none() {
            tracing::warn!(%reason, "the history is kept in memory");
            self.shared.notice(Notice::HistoryInMemory { reason: reason.clone() });
        }
        self.trouble = Some(reason);
    }

    fn answer(&self, question: Question) {
        // Who asked may have given up; nothing is lost by that.
        match question {
            Question::Unfinished(reply) => {
                let _ = reply.try_send(self.read(|db| db.unfinished(&self.own)));
            }
            Question::Recent(limit, reply) => {
                let _ = reply.try_send(self.read(|db| db.recent(limit)));
            }
            Question::Journal(id, reply) => {
                let _ = reply.try_send(self.read(|db| db.journal(id)));
            }
        }
    }

    fn read<T>(&self, query: impl FnOnce(&Database) -> rusqlite::Result<T>) -> Result<T, HistoryError> {
        let Some(database) = &self.database else {
            return Err(HistoryError::Unavailable(self.trouble.clone().unwrap_or_default()));
        };
        query(database).map_err(|error| HistoryError::Unavailable(error.to_string()))
    }
}
