//! The embedded rehearsal room: a local ingest and a watch page.
