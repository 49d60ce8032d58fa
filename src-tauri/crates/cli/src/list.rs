//! `vitrine devices` and `vitrine probe-encoders`.

use std::io::Write as _;

use serde_json::json;

use crate::Failure;

fn out(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        // Whoever reads us may have seen enough.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::fault(error.to_string()))
        }
        _ => Ok(()),
    }
}

/// Lists what is plugged in.
pub(crate) fn devices(as_json: bool) -> Result<(), Failure> {
    let devices = vitrine_engine::list_devices();
    if as_json {
        let text = serde_json::to_string_pretty(&devices).map_err(|e| Failure::fault(e.to_string()))?;
        return out(&text);
    }
    out("Cameras")?;
    for camera in &devices.cameras {
        out(&format!("  {}  {}", camera.index, camera.name))?;
        for format in &camera.formats {
            out(&format!("       {} {}x{} at {}", format.pixel, format.width, format.height, format.fps))?;
        }
    }
    out("Microphones")?;
    for microphone in &devices.microphones {
        out(&format!("  {}{}", microphone.name, if microphone.is_default { "  (default)" } else { "" }))?;
    }
    out("Screens")?;
    for screen in &devices.screens {
        let title = if screen.title.is_empty() { "whole screen" } else { &screen.title };
        out(&format!("  {title}"))?;
    }
    let none = devices.cameras.is_empty() && devices.microphones.is_empty() && devices.screens.is_empty();
    if none {
        out("Nothing is plugged in. `--video pattern --audio tone` works without devices.")
    } else {
        Ok(())
    }
}

/// Tries every encoder.
pub(crate) fn encoders(as_json: bool) -> Result<(), Failure> {
    let probes = vitrine_engine::probe_encoders();
    if as_json {
        let list: Vec<_> = probes
            .iter()
            .map(|p| {
                json!({
                    "encoder": p.encoder, "usable": p.usable, "reason": p.reason, "open_millis": p.open_millis,
                })
            })
            .collect();
        let text = serde_json::to_string_pretty(&list).map_err(|e| Failure::fault(e.to_string()))?;
        return out(&text);
    }
    for probe in probes {
        let verdict = match (&probe.reason, probe.usable) {
            (_, true) => format!("works, opened in {} ms", probe.open_millis),
            (Some(reason), false) => format!("does not work: {reason}"),
            (None, false) => "does not work".to_owned(),
        };
        out(&format!("{:<14}{verdict}", probe.encoder))?;
    }
    Ok(())
}
