//! Moving or copying a file out of the way without ever losing an older one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Moves `path` to a name beside it that is not taken, and gives that name.
pub(crate) fn put_aside(path: &Path) -> io::Result<PathBuf> {
    let kept_as = free_name(path, "unreadable");
    fs::rename(path, &kept_as)?;
    Ok(kept_as)
}

/// Copies `path` to a name beside it that is not taken, and gives that name.
pub(crate) fn copy_aside(path: &Path, why: &str) -> io::Result<PathBuf> {
    let kept_as = free_name(path, why);
    fs::copy(path, &kept_as)?;
    Ok(kept_as)
}

fn free_name(path: &Path, why: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let candidate = |n: u32| path.with_file_name(format!("{name}.{why}-{n}"));
    // After a thousand broken files the last place is used again.
    (1..1000).map(candidate).find(|candidate| !candidate.exists()).unwrap_or_else(|| candidate(1000))
}
