//! The tables of the history, and every statement on them.
//!
//! Used by the writer thread alone. WAL, foreign keys on, every commit synced. The schema only ever grows: see
//! [`MIGRATIONS`].

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Row, params};
use rusqlite_migration::{M, Migrations};

use crate::aside::{copy_aside, put_aside};
use crate::history::{
    JournalEntry, PastSession, SessionEnd, SessionId, SessionKind, SessionStart, Unfinished,
};

/// One step a version, append only.
const MIGRATIONS: &[M<'static>] = &[M::up(
    "CREATE TABLE sessions (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('rehearsal', 'live')),
        started_millis INTEGER NOT NULL,
        ended_millis INTEGER,
        outcome TEXT CHECK (outcome IN ('ended', 'failed', 'lost')),
        destinations TEXT NOT NULL,
        show_file TEXT,
        frames INTEGER NOT NULL DEFAULT 0,
        dropped INTEGER NOT NULL DEFAULT 0,
        reconnects INTEGER NOT NULL DEFAULT 0,
        longest_gap_millis INTEGER NOT NULL DEFAULT 0
     ) STRICT;
     CREATE TABLE journal (
        id INTEGER PRIMARY KEY,
        session INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        at_millis INTEGER NOT NULL,
        state TEXT NOT NULL,
        detail TEXT NOT NULL
     ) STRICT;
     CREATE INDEX journal_by_session ON journal (session, id);
     CREATE INDEX sessions_open ON sessions (id) WHERE ended_millis IS NULL;",
)];

/// What is written, one transaction each.
#[derive(Clone, Debug)]
pub(crate) enum Record {
    Begin(SessionId, SessionStart),
    Journal(SessionId, JournalEntry),
    End(SessionId, SessionEnd),
    Dismiss(SessionId),
}

/// How the database is opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// How long a statement waits for another process.
    pub(crate) busy: Duration,
    /// The most pages the file may have; how a test fills a disk.
    pub(crate) max_pages: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self { busy: Duration::from_millis(500), max_pages: None }
    }
}

/// What opening led to.
pub(crate) struct Opened {
    pub(crate) database: Database,
    /// Where a file that was no database is now.
    pub(crate) put_aside: Option<PathBuf>,
}

/// The open database.
pub(crate) struct Database {
    connection: Connection,
}

impl Database {
    /// Opens or makes the database. A file that is none, or is broken, is put aside.
    pub(crate) fn open(path: &Path, options: Options) -> Result<Opened, String> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        }
        match Self::try_open(path, options) {
            Ok(database) => Ok(Opened { database, put_aside: None }),
            Err(error) if is_broken(&error) => {
                let kept_as = put_aside(path).map_err(|error| error.to_string())?;
                for side in ["-wal", "-shm"] {
                    // They belong to the file that was moved; without it they are nothing.
                    let mut name = path.as_os_str().to_owned();
                    name.push(side);
                    let _ = std::fs::remove_file(name);
                }
                let database = Self::try_open(path, options).map_err(|error| error.to_string())?;
                Ok(Opened { database, put_aside: Some(kept_as) })
            }
            Err(error) => Err(error.to_string()),
        }
    }

    fn try_open(path: &Path, options: Options) -> Result<Self, rusqlite_migration::Error> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(options.busy)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let migrations = Migrations::from_slice(MIGRATIONS);
        let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version > 0 && (version as usize) < MIGRATIONS.len() {
            // A migration that goes wrong must not cost the host the record of past shows.
            connection.pragma_update(None, "wal_checkpoint", "truncate")?;
            if let Err(error) = copy_aside(path, &format!("v{version}")) {
                tracing::warn!(%error, "no copy of the history before its migration");
            }
        }
        migrations.to_latest(&mut connection)?;
        if let Some(pages) = options.max_pages {
            connection.pragma_update(None, "max_page_count", pages)?;
        }
        Ok(Self { connection })
    }

    pub(crate) fn write(&mut self, record: &Record) -> rusqlite::Result<()> {
        let transaction =
            self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        match record {
            Record::Begin(id, start) => {
                // Only one broadcast runs at a time: what is still open is one that nobody ended.
                transaction.execute(CLOSE_LOST, params![None::<i64>])?;
                transaction.execute(
                    "INSERT INTO sessions (id, kind, started_millis, destinations, show_file)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![
                        id.0,
                        kind_name(start.kind),
                        start.at_millis,
                        serde_json::to_string(&start.destinations).unwrap_or_default(),
                        start.show_file,
                    ],
                )?;
            }
            Record::Journal(id, entry) => {
                transaction.execute(
                    "INSERT INTO journal (session, at_millis, state, detail) VALUES (?1, ?2, ?3, ?4)",
                    params![id.0, entry.at_millis, entry.state, entry.detail],
                )?;
            }
            Record::End(id, end) => {
                transaction.execute(
                    "UPDATE sessions SET ended_millis = ?2, outcome = ?3, frames = ?4, dropped = ?5,
                     reconnects = ?6, longest_gap_millis = ?7 WHERE id = ?1",
                    params![
                        id.0,
                        end.at_millis,
                        if end.failed { "failed" } else { "ended" },
                        end.frames as i64,
                        end.dropped as i64,
                        end.reconnects,
                        end.longest_gap_millis,
                    ],
                )?;
            }
            Record::Dismiss(id) => {
                transaction.execute(CLOSE_LOST, params![id.0])?;
            }
        }
        transaction.commit()
    }

    /// The newest session that nobody ended and that is none of `own`.
    pub(crate) fn unfinished(&self, own: &[SessionId]) -> rusqlite::Result<Option<Unfinished>> {
        let mut statement = self.connection.prepare(
            "SELECT s.*, j.state AS last_state, COALESCE(j.at_millis, s.started_millis) AS last_millis
             FROM sessions s LEFT JOIN journal j
             ON j.id = (SELECT MAX(id) FROM journal WHERE session = s.id)
             WHERE s.ended_millis IS NULL ORDER BY s.started_millis DESC, s.id DESC",
        )?;
        let found = statement.query_map([], |row| {
            Ok(Unfinished {
                id: SessionId(row.get("id")?),
                start: start(row)?,
                last_state: row.get("last_state")?,
                last_millis: row.get("last_millis")?,
            })
        })?;
        for session in found {
            let session = session?;
            if !own.contains(&session.id) {
                return Ok(Some(session));
            }
        }
        Ok(None)
    }

    /// The newest sessions, newest first.
    pub(crate) fn recent(&self, limit: u32) -> rusqlite::Result<Vec<PastSession>> {
        let mut statement = self
            .connection
            .prepare("SELECT * FROM sessions ORDER BY started_millis DESC, id DESC LIMIT ?1")?;
        let rows = statement.query_map([limit], |row| {
            let outcome: Option<String> = row.get("outcome")?;
            let ended: Option<i64> = row.get("ended_millis")?;
            let end = ended.map(|at_millis| -> rusqlite::Result<SessionEnd> {
                Ok(SessionEnd {
                    at_millis,
                    failed: outcome.as_deref() != Some("ended"),
                    frames: row.get::<_, i64>("frames")? as u64,
                    dropped: row.get::<_, i64>("dropped")? as u64,
                    reconnects: row.get("reconnects")?,
                    longest_gap_millis: row.get("longest_gap_millis")?,
                })
            });
            Ok(PastSession { id: SessionId(row.get("id")?), start: start(row)?, end: end.transpose()? })
        })?;
        rows.collect()
    }

    /// The journal of a session, oldest first.
    pub(crate) fn journal(&self, id: SessionId) -> rusqlite::Result<Vec<JournalEntry>> {
        let mut statement = self
            .connection
            .prepare("SELECT at_millis, state, detail FROM journal WHERE session = ?1 ORDER BY id")?;
        let rows = statement.query_map([id.0], |row| {
            Ok(JournalEntry { at_millis: row.get(0)?, state: row.get(1)?, detail: row.get(2)? })
        })?;
        rows.collect()
    }
}

/// Ends open sessions as lost, at their last sign of life: one, or all for NULL.
const CLOSE_LOST: &str = "UPDATE sessions SET outcome = 'lost', ended_millis = COALESCE(
    (SELECT MAX(at_millis) FROM journal WHERE session = sessions.id), started_millis)
    WHERE ended_millis IS NULL AND (?1 IS NULL OR id = ?1)";

fn start(row: &Row<'_>) -> rusqlite::Result<SessionStart> {
    let kind: String = row.get("kind")?;
    let destinations: String = row.get("destinations")?;
    Ok(SessionStart {
        at_millis: row.get("started_millis")?,
        kind: if kind == "live" { SessionKind::Live } else { SessionKind::Rehearsal },
        destinations: serde_json::from_str(&destinations).unwrap_or_default(),
        show_file: row.get("show_file")?,
    })
}

const fn kind_name(kind: SessionKind) -> &'static str {
    match kind {
        SessionKind::Rehearsal => "rehearsal",
        SessionKind::Live => "live",
    }
}

/// Whether the file is no database, or one that contradicts itself: nothing will ever come of it.
fn is_broken(error: &rusqlite_migration::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => {
            matches!(err.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
        }
        _ => false,
    }
}

/// Whether the same statement may succeed later: the disk is full, another process holds the file.
pub(crate) fn may_pass(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{ConstraintViolation, TypeMismatch};
    !matches!(error.sqlite_error_code(), None | Some(ConstraintViolation | TypeMismatch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_valid() {
        Migrations::from_slice(MIGRATIONS).validate().unwrap();
    }
}
