//! Keychains that answer, refuse, hang and fail.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;

type Stored = Arc<Mutex<HashMap<String, String>>>;

/// A keychain whose behaviour the test decides.
struct Scripted {
    stored: Stored,
    refuse: bool,
    /// Every call waits for a word on it.
    gate: Option<Receiver<()>>,
}

impl Scripted {
    fn wait(&self) -> Result<(), String> {
        if let Some(gate) = &self.gate {
            // A dropped gate is an open one.
            let _ = gate.recv();
        }
        if self.refuse { Err("locked".to_owned()) } else { Ok(()) }
    }
}

impl Keychain for Scripted {
    fn probe(&mut self) -> Result<(), String> {
        Ok(())
    }
    fn set(&mut self, name: &str, secret: &Secret<String>) -> Result<(), String> {
        self.wait()?;
        self.stored.lock().unwrap().insert(name.to_owned(), secret.reveal().clone());
        Ok(())
    }
    fn get(&mut self, name: &str) -> Result<Option<Secret<String>>, String> {
        self.wait()?;
        Ok(self.stored.lock().unwrap().get(name).cloned().map(Secret::new))
    }
    fn clear(&mut self, name: &str) -> Result<(), String> {
        self.wait()?;
        self.stored.lock().unwrap().remove(name);
        Ok(())
    }
}

fn key(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn vault(refuse: bool) -> (Vault, Stored) {
    let stored = Stored::default();
    let keychain = Scripted { stored: Arc::clone(&stored), refuse, gate: None };
    let (vault, notice) = Vault::over(keychain, Duration::from_mins(1), Duration::from_mins(1));
    assert_eq!(notice, None);
    (vault, stored)
}

/// A vault over a keychain that hangs until the sender speaks or is dropped.
fn hanging() -> (Vault, Stored, Sender<()>) {
    let (open, gate) = channel();
    let stored = Stored::default();
    let keychain = Scripted { stored: Arc::clone(&stored), refuse: false, gate: Some(gate) };
    let (vault, _) = Vault::over(keychain, Duration::from_mins(1), Duration::from_millis(1));
    (vault, stored, open)
}

#[test]
fn a_key_is_kept_shown_in_part_and_forgotten() {
    let (vault, stored) = vault(false);
    assert_eq!(vault.set("destination/a", key("live_0123456789")), VaultKind::Keychain);
    assert_eq!(stored.lock().unwrap().len(), 1);
    let info = vault.info("destination/a").unwrap();
    assert_eq!((info.present, info.last4.as_deref(), info.kept), (true, Some("6789"), VaultKind::Keychain));
    assert_eq!(vault.get("destination/a"), Ok(Some(key("live_0123456789"))));
    assert_eq!(vault.clear("destination/a"), VaultKind::Keychain);
    assert_eq!(vault.get("destination/a"), Ok(None));
    assert!(!vault.info("destination/a").unwrap().present);
}

#[test]
fn a_short_key_is_not_shown_in_part() {
    let vault = Vault::memory();
    vault.set("a", key("12345678901"));
    assert_eq!(vault.info("a").unwrap().last4, None);
    vault.set("a", key("直播间推流码一二三四五六七八"));
    assert_eq!(vault.info("a").unwrap().last4.as_deref(), Some("五六七八"));
}

#[test]
fn an_empty_key_is_none() {
    let (vault, stored) = vault(false);
    vault.set("a", key("something long"));
    vault.set("a", key(""));
    assert!(stored.lock().unwrap().is_empty() && !vault.info("a").unwrap().present);
}

#[test]
fn a_refusing_keychain_leaves_the_key_usable_in_memory() {
    let (vault, stored) = vault(true);
    assert_eq!(vault.set("a", key("live_0123456789")), VaultKind::Memory);
    assert_eq!(vault.get("a"), Ok(Some(key("live_0123456789"))));
    assert_eq!(vault.info("a").unwrap().kept, VaultKind::Memory);
    assert_eq!(vault.get("b"), Err(VaultError::Refused("locked".to_owned())));
    assert!(stored.lock().unwrap().is_empty());
}

#[test]
fn a_keychain_that_hangs_holds_nobody_up_and_gets_its_keys_when_it_wakes() {
    let (vault, stored, open) = hanging();
    assert_eq!(vault.set("a", key("old_0123456789")), VaultKind::Memory);
    assert_eq!(vault.kind(), VaultKind::Memory);
    assert_eq!(vault.set("a", key("new_0123456789")), VaultKind::Memory, "not even asked while it hangs");
    assert_eq!(vault.get("a"), Ok(Some(key("new_0123456789"))));
    assert_eq!(vault.get("b"), Err(VaultError::Waiting));
    drop(open);
    // It wakes: sooner or later it holds the newest key, and the vault knows.
    while vault.info("a").unwrap().kept == VaultKind::Memory {
        let _ = vault.get("a");
        std::thread::yield_now();
    }
    assert_eq!(stored.lock().unwrap().get("a").map(String::as_str), Some("new_0123456789"));
}

#[test]
fn a_keychain_that_hangs_from_the_start_is_replaced_by_memory() {
    struct Deaf(Receiver<()>);
    impl Keychain for Deaf {
        fn probe(&mut self) -> Result<(), String> {
            let _ = self.0.recv();
            Ok(())
        }
        fn set(&mut self, _: &str, _: &Secret<String>) -> Result<(), String> {
            unreachable!("never asked")
        }
        fn get(&mut self, _: &str) -> Result<Option<Secret<String>>, String> {
            unreachable!("never asked")
        }
        fn clear(&mut self, _: &str) -> Result<(), String> {
            unreachable!("never asked")
        }
    }
    let (open, gate) = channel();
    let (vault, notice) = Vault::over(Deaf(gate), Duration::from_millis(1), Duration::from_millis(1));
    assert!(matches!(notice, Some(Notice::SecretsInMemory { .. })));
    assert_eq!((vault.set("a", key("k")), vault.get("a")), (VaultKind::Memory, Ok(Some(key("k")))));
    drop(open);
}

#[test]
fn a_keychain_client_that_panics_takes_nothing_with_it() {
    struct Broken;
    impl Keychain for Broken {
        fn probe(&mut self) -> Result<(), String> {
            Ok(())
        }
        fn set(&mut self, _: &str, _: &Secret<String>) -> Result<(), String> {
            panic!("as zbus does within a runtime")
        }
        fn get(&mut self, _: &str) -> Result<Option<Secret<String>>, String> {
            Ok(None)
        }
        fn clear(&mut self, _: &str) -> Result<(), String> {
            Ok(())
        }
    }
    let (vault, _) = Vault::over(Broken, Duration::from_mins(1), Duration::from_mins(1));
    assert_eq!(vault.set("a", key("live_0123456789")), VaultKind::Memory);
    assert_eq!(vault.get("a"), Ok(Some(key("live_0123456789"))));
}
