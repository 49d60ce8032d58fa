//! The vault against a real Secret Service: GNOME Keyring on a private D-Bus, both started for the test.
//!
//! The bus is found through the environment, so the part under test runs as a child process with its own: this same
//! program, asked for the one ignored test. Where Debian's `dbus` and `gnome-keyring` are not installed, the tests
//! say so and end.

// Functions beside the tests are test code as well.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::Path;
use std::process::{Command, Output};

use vitrine_media::Secret;
use vitrine_store::{Locations, Notice, Vault, VaultKind};

/// Folder of the installation, for the child.
const FOLDER: &str = "VITRINE_TEST_FOLDER";
/// What the child is to do.
const ACT: &str = "VITRINE_TEST_ACT";
const KEY: &str = "live_4711_0123456789abcdef";

fn installed(program: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()));
    if !found {
        eprintln!("{program} is not installed: the vault is not tested against a keychain");
    }
    found
}

/// Runs `acts` one after the other, each in a process of its own, on one bus with or without a keyring daemon.
fn run(folder: &Path, daemon: bool, acts: &[&str]) -> Output {
    let start =
        "printf secret | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null && ";
    let mut script = String::from("set -e; ");
    if daemon {
        script.push_str(start);
    }
    let children: Vec<String> = acts
        .iter()
        .map(|act| format!("{ACT}={act} \"$0\" --ignored --exact --nocapture a_process_with_a_vault"))
        .collect();
    script.push_str(&children.join(" && "));
    Command::new("dbus-run-session")
        .args(["--", "sh", "-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env(FOLDER, folder)
        .env("HOME", folder)
        .env("XDG_DATA_HOME", folder.join("data"))
        .env("XDG_RUNTIME_DIR", folder)
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .output()
        .unwrap()
}

#[test]
fn a_key_outlives_the_process_that_set_it_and_is_gone_when_cleared() {
    if !installed("dbus-run-session") || !installed("gnome-keyring-daemon") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), true, &["set", "get", "clear", "none"]);
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("1 passed").count(), 4, "{said}");
    assert!(!said.contains(KEY), "a key was printed");
}

#[test]
fn a_bus_without_a_keychain_means_memory_and_a_notice() {
    if !installed("dbus-run-session") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // A bus that offers no service at all: what a bare window manager has.
    let output = run(folder.path(), false, &["memory"]);
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "run by the other tests, on their bus"]
fn a_process_with_a_vault() {
    let folder = std::env::var_os(FOLDER).unwrap();
    let act = std::env::var(ACT).unwrap();
    let (vault, notice) = Vault::open(&Locations::within(folder));
    if act == "memory" {
        // Either the bus has no such service at all, or it has one that cannot be used.
        let kept = vault.set("destination/a", Secret::new(KEY.to_owned()));
        assert_eq!(kept, VaultKind::Memory, "{notice:?}");
        assert!(vault.get("destination/a").unwrap().is_some());
        return;
    }
    assert_eq!(notice, None::<Notice>);
    match act.as_str() {
        "set" => {
            assert_eq!(vault.set("destination/a", Secret::new(KEY.to_owned())), VaultKind::Keychain);
        }
        "get" => {
            assert!(vault.get("destination/a").unwrap() == Some(Secret::new(KEY.to_owned())));
            assert_eq!(vault.info("destination/a").unwrap().last4.as_deref(), Some("cdef"));
        }
        "clear" => assert_eq!(vault.clear("destination/a"), VaultKind::Keychain),
        _ => assert!(vault.get("destination/a").unwrap().is_none()),
    }
}
