//! Opens a rehearsal room, prints its addresses as one JSON line, and then its status for every line on standard
//! input, until that ends. The browser test drives it; the ingest address with its key is what it is for.
#![allow(clippy::print_stdout)]

use std::io::BufRead as _;

use vitrine_rehearsal::{Expose, Room, RoomConfig, RoomError};

fn main() -> Result<(), RoomError> {
    let mut arguments = std::env::args().skip(1);
    let mut config = RoomConfig::default();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--lan" => config.expose = Expose::Lan,
            "--port" => config.port = arguments.next().and_then(|port| port.parse().ok()),
            _ => {}
        }
    }
    let mut room = Room::start(config)?;
    let ingest = room.ingest_url();
    println!(
        "{}",
        serde_json::json!({ "ingest": ingest.reveal(), "watch": room.watch_url(), "lan": room.lan_urls() })
    );
    for _ in std::io::stdin().lock().lines() {
        let status = room.status();
        println!(
            "{}",
            serde_json::json!({
                "publishing": status.publishing, "session": status.session, "viewers": status.viewers,
                "bytes_in": status.bytes_in, "video_frames": status.video_frames,
                "audio_frames": status.audio_frames, "video": status.video, "audio": status.audio,
                "pages": status.pages,
            })
        );
    }
    room.stop();
    Ok(())
}
