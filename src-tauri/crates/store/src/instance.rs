//! One studio per folder: a lock the system takes back when the process ends, however it ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::Locations;

/// Why the folder cannot be used by this process.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another studio uses it: bring that one to the front, or use another folder.
    #[error("another studio is running{}", held_by(*pid))]
    Held {
        /// Its process, if it could be read.
        pid: Option<u32>,
    },
    /// The lock file cannot be made: the folder is not writable. Going on without a lock is possible.
    #[error("{path} cannot be used as a lock: {source}")]
    Unusable {
        /// The lock file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

fn held_by(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" as process {pid}"))
}

/// Held as long as it lives.
#[derive(Debug)]
pub struct InstanceLock {
    file: File,
}

impl InstanceLock {
    /// Takes the lock of an installation, or says who has it. Never waits.
    pub fn acquire(locations: &Locations) -> Result<Self, LockError> {
        let path = locations.config_dir().join("vitrine.lock");
        Self::acquire_at(&path)
    }

    fn acquire_at(path: &Path) -> Result<Self, LockError> {
        let unusable = |source| LockError::Unusable { path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(unusable)?;
        }
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held { pid: pid_in(&mut file) }),
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        if let Err(error) = write_pid(&mut file) {
            // The lock holds without the number in it.
            tracing::debug!(%error, "the lock file does not say whose it is");
        }
        Ok(Self { file })
    }
}

impl Drop for InstanceLock {
    fn drop(&mut self) {
        // The system releases the lock with the file; an empty file only keeps a stale number from being read.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "{}", std::process::id())
}

/// The number in the file. Windows lets nobody read a locked file, so there may be none.
fn pid_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_the_first_is_and_gets_it_after_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let locations = Locations::within(folder.path().join("new"));
        let first = InstanceLock::acquire(&locations).unwrap();
        let refused = InstanceLock::acquire(&locations).unwrap_err();
        assert!(
            matches!(refused, LockError::Held { pid: Some(pid) } if pid == std::process::id()),
            "{refused}"
        );
        drop(first);
        InstanceLock::acquire(&locations).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told_apart_from_a_running_studio() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), b"").unwrap();
        let locations = Locations::within(folder.path().join("file/inside"));
        assert!(matches!(InstanceLock::acquire(&locations), Err(LockError::Unusable { .. })));
    }

    #[test]
    fn the_lock_of_a_process_that_died_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let locations = Locations::within(folder.path());
        fs::write(folder.path().join("vitrine.lock"), b"4294967295").unwrap();
        InstanceLock::acquire(&locations).unwrap();
    }
}
