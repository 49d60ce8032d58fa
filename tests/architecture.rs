//! The dependency rule of the workspace, checked from `cargo metadata`: which of our crates may use which, and what
//! the pure ones must never pull in, however indirectly.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

/// For every crate, the crates of ours it may depend on. Dev-dependencies are free.
const MAY_USE: &[(&str, &[&str])] = &[
    ("media", &[]),
    ("protocol", &[]),
    ("picture", &["media"]),
    ("scene", &["media"]),
    ("sound", &["media"]),
    ("store", &["media"]),
    ("codec", &["media"]),
    ("capture", &["media", "codec"]),
    ("uplink", &["media", "codec"]),
    ("rehearsal", &["media", "codec"]),
    (
        "engine",
        &[
            "media",
            "capture",
            "picture",
            "scene",
            "sound",
            "codec",
            "uplink",
            "rehearsal",
            "store",
            "protocol",
        ],
    ),
    ("cli", &["engine", "protocol"]),
    ("studio", &["engine", "protocol"]),
    ("testkit", &["media"]),
    ("tests", &[]),
];

/// Crates that stay pure, and what may not be reachable from them.
const PURE: &[&str] = &["media", "scene", "picture", "sound", "protocol"];
const IMPURE: &[&str] =
    &["tokio", "ffmpeg-next", "ffmpeg-sys-next", "tauri", "cpal", "nokhwa", "v4l", "reqwest"];

/// The only crates that may name these directly.
const ONLY_USER: &[(&str, &[&str])] = &[
    ("ffmpeg-next", &["codec"]),
    ("turbojpeg", &["codec"]),
    ("nokhwa", &["capture"]),
    ("cpal", &["capture"]),
    ("tauri", &["studio"]),
    ("rusqlite", &["store"]),
    ("keyring", &["store"]),
];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .exec()
        .unwrap()
}

fn ours(name: &str) -> Option<&str> {
    name.strip_prefix("vitrine-")
}

/// Direct normal and build dependencies of each of our crates, by package name.
fn direct(metadata: &Metadata) -> BTreeMap<String, BTreeSet<String>> {
    metadata
        .workspace_packages()
        .into_iter()
        .map(|package| {
            let uses = package.dependencies.iter().filter(|d| d.kind != DependencyKind::Development);
            (package.name.to_string(), uses.map(|d| d.name.clone()).collect())
        })
        .collect()
}

#[test]
fn our_crates_depend_one_way() {
    let mut broken = Vec::new();
    for (package, uses) in direct(&metadata()) {
        let name = ours(&package).unwrap_or_else(|| panic!("{package} is not named vitrine-…"));
        let Some((_, allowed)) = MAY_USE.iter().find(|(n, _)| *n == name) else {
            panic!("{name} is new: give it a line in MAY_USE");
        };
        for used in uses.iter().filter_map(|u| ours(u)) {
            if !allowed.contains(&used) {
                broken.push(format!("{name} may not use {used}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn each_heavy_library_has_one_user() {
    let mut broken = Vec::new();
    for (package, uses) in direct(&metadata()) {
        for (library, users) in ONLY_USER {
            if uses.contains(*library) && !ours(&package).is_some_and(|n| users.contains(&n)) {
                broken.push(format!("{package} may not name {library}; only {users:?} may"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn pure_crates_reach_no_runtime_codec_or_device() {
    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().unwrap();
    let names: BTreeMap<&PackageId, &str> =
        metadata.packages.iter().map(|p| (&p.id, p.name.as_str())).collect();
    let mut broken = Vec::new();
    for pure in PURE {
        let root = metadata.packages.iter().find(|p| p.name.as_str() == format!("vitrine-{pure}")).unwrap();
        let (mut open, mut seen) = (vec![&root.id], BTreeSet::new());
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            let node = resolve.nodes.iter().find(|n| &n.id == id).unwrap();
            for dep in &node.deps {
                if dep.dep_kinds.iter().any(|k| k.kind == DependencyKind::Normal) {
                    open.push(&dep.pkg);
                }
            }
        }
        broken.extend(
            seen.iter()
                .map(|id| names[*id])
                .filter(|n| IMPURE.contains(n))
                .map(|n| format!("{pure} reaches {n}")),
        );
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn no_module_is_called_mod_rs() {
    fn walk(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() && path.file_name().is_some_and(|n| n != "target" && n != "node_modules") {
                walk(&path, found);
            } else if path.file_name().is_some_and(|n| n == "mod.rs") {
                found.push(path.display().to_string());
            }
        }
    }
    let mut found = Vec::new();
    walk(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../src-tauri")), &mut found);
    assert!(found.is_empty(), "{found:?}");
}
