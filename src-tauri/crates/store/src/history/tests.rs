//! A real database on a real disk, locked, full and broken.

use rusqlite::Connection;

use super::*;

/// Longer than any test takes: a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_mins(1);

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/studio.db");
    (folder, path)
}

fn live(at_millis: i64) -> SessionStart {
    let destinations = vec!["抖音".to_owned(), "b".to_owned()];
    SessionStart { at_millis, kind: SessionKind::Live, destinations, show_file: Some("show.json".to_owned()) }
}

fn entry(at_millis: i64, state: &str) -> JournalEntry {
    JournalEntry { at_millis, state: state.to_owned(), detail: String::new() }
}

const END: SessionEnd = SessionEnd {
    at_millis: 9_000,
    failed: false,
    frames: 54_000,
    dropped: 3,
    reconnects: 1,
    longest_gap_millis: 1200,
};

#[test]
fn what_is_recorded_is_there_at_the_next_start() {
    let (_folder, path) = folder();
    let history = History::open(&path);
    let id = history.begin(live(1000));
    history.journal(id, entry(1500, "healthy"));
    history.journal(id, entry(2500, "reconnecting"));
    history.end(id, END);
    assert!(history.close(PATIENCE));

    let history = History::open(&path);
    assert_eq!(history.unfinished(PATIENCE), Ok(None));
    let expected = PastSession { id, start: live(1000), end: Some(END) };
    assert_eq!(history.recent(10, PATIENCE), Ok(vec![expected]));
    assert_eq!(history.journal_of(id, PATIENCE).unwrap()[1], entry(2500, "reconnecting"));
    assert_eq!(history.take_notices(), []);
}

#[test]
fn a_broadcast_cut_off_is_offered_for_resumption_once() {
    let (_folder, path) = folder();
    let history = History::open(&path);
    let id = history.begin(live(1000));
    history.journal(id, entry(1500, "healthy"));
    assert_eq!(history.unfinished(PATIENCE), Ok(None), "one's own session is not unfinished, it runs");
    // The process dies: nobody ends the session.
    assert!(history.close(PATIENCE));

    let history = History::open(&path);
    let unfinished = history.unfinished(PATIENCE).unwrap().unwrap();
    assert_eq!((unfinished.id, unfinished.last_millis), (id, 1500));
    assert_eq!((unfinished.start, unfinished.last_state.as_deref()), (live(1000), Some("healthy")));
    history.dismiss(id);
    assert_eq!(history.unfinished(PATIENCE), Ok(None));
    let past = history.recent(1, PATIENCE).unwrap().remove(0);
    assert!(past.end.is_some_and(|end| end.failed && end.at_millis == 1500));
}

#[test]
fn a_new_broadcast_closes_the_one_that_was_cut_off() {
    let (_folder, path) = folder();
    let history = History::open(&path);
    history.begin(live(1000));
    assert!(history.close(PATIENCE));
    let history = History::open(&path);
    let second = history.begin(live(5000));
    assert!(history.close(PATIENCE));
    let history = History::open(&path);
    assert_eq!(history.unfinished(PATIENCE).unwrap().unwrap().id, second);
}

#[test]
fn sessions_begun_in_the_same_millisecond_are_two() {
    let (_folder, path) = folder();
    let history = History::open(&path);
    assert_ne!(history.begin(live(1000)), history.begin(live(1000)));
}

#[test]
fn a_locked_database_holds_nobody_up_and_is_written_when_it_is_free() {
    let (_folder, path) = folder();
    assert!(History::open(&path).close(PATIENCE));
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let options = Options { busy: Duration::from_millis(1), ..Options::default() };
    let history = History::open_with(path, options);
    let id = history.begin(live(1000));
    history.journal(id, entry(1500, "healthy"));
    // Answers come in order, so after this one the writer has tried.
    let _ = history.recent(1, PATIENCE);
    while history.stats().waiting < 2 {
        let _ = history.recent(1, PATIENCE);
    }
    assert!(matches!(history.take_notices()[..], [Notice::HistoryInMemory { .. }]));
    other.execute_batch("COMMIT").unwrap();
    history.journal(id, entry(2000, "degraded"));
    while history.stats().written < 3 {
        let _ = history.recent(1, PATIENCE);
    }
    assert_eq!(history.journal_of(id, PATIENCE).unwrap().len(), 2);
    assert_eq!(history.stats(), HistoryStats { written: 3, waiting: 0, lost: 0 });
}

#[test]
fn a_full_disk_is_told_once_and_the_newest_records_are_kept() {
    let (_folder, path) = folder();
    let history = History::open_with(path, Options { max_pages: Some(8), ..Options::default() });
    let id = history.begin(live(1000));
    let long = "x".repeat(3000);
    for n in 0..2 * BACKLOG as i64 {
        let detail = long.clone();
        history.journal(id, JournalEntry { at_millis: n, state: "healthy".to_owned(), detail });
        if n % 100 == 0 {
            // Lets the writer keep up, as a broadcast does with a record every few seconds.
            let _ = history.recent(1, PATIENCE);
        }
    }
    let _ = history.recent(1, PATIENCE);
    let stats = history.stats();
    assert_eq!(stats.waiting, BACKLOG as u64);
    assert!(stats.written > 0 && stats.lost > 0 && stats.written + stats.lost + stats.waiting <= 2049);
    let full = history.take_notices();
    assert!(matches!(&full[..], [Notice::HistoryInMemory { reason }] if reason.contains("full")), "{full:?}");
}

#[test]
fn a_file_that_is_no_database_is_put_aside() {
    let (_folder, path) = folder();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "this is not a database, and it is long enough to be sure of that".repeat(40))
        .unwrap();
    let history = History::open(&path);
    history.begin(live(1000));
    assert_eq!(history.recent(10, PATIENCE).map(|sessions| sessions.len()), Ok(1));
    let notices = history.take_notices();
    let [Notice::HistoryPutAside { kept_as }] = &notices[..] else { panic!("{notices:?}") };
    assert!(std::fs::read_to_string(kept_as).unwrap().starts_with("this is not"));
}

#[test]
fn a_database_of_a_newer_studio_is_left_alone() {
    let (_folder, path) = folder();
    assert!(History::open(&path).close(PATIENCE));
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 999).unwrap();
    let history = History::open(&path);
    let id = history.begin(live(1000));
    assert!(matches!(history.recent(1, PATIENCE), Err(HistoryError::Unavailable(_))));
    assert!(matches!(history.take_notices()[..], [Notice::HistoryInMemory { .. }]));
    assert!(history.close(PATIENCE));
    let version: i64 =
        Connection::open(&path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 999, "{id:?} went nowhere");
}

#[test]
fn a_folder_that_cannot_be_made_leaves_a_history_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), b"").unwrap();
    let history = History::open(&folder.path().join("file/studio.db"));
    history.begin(live(1000));
    assert!(matches!(history.recent(1, PATIENCE), Err(HistoryError::Unavailable(_))));
    assert!(matches!(history.take_notices()[..], [Notice::HistoryInMemory { .. }]));
}
