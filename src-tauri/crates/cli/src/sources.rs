//! From source flags to a show.

use std::path::{Path, PathBuf};

use vitrine_engine::{QuickPicture, QuickShow, QuickSound, Show};

use crate::Failure;
pub(crate) use crate::args::Sources;
use crate::args::{AudioArg, VideoArg};
use crate::explain::explain;

/// The show that the flags ask for, and the folder that paths in it are relative to: the show file, or a show made of
/// the source flags.
pub(crate) fn show(sources: &Sources) -> Result<(Show, PathBuf), Failure> {
    if let Some(path) = &sources.show {
        return read(path);
    }
    if sources.video.is_none() && sources.audio.is_none() {
        return Err(Failure::input("nothing to show: give --video and --audio, or --show"));
    }
    let place = |o: &crate::args::Overlay| (o.what.clone(), o.x, o.y);
    let quick = QuickShow {
        picture: sources.video.as_ref().map(picture),
        sound: sources.audio.as_ref().map(sound),
        overlays: sources.overlay.iter().map(place).collect(),
        texts: sources.text.iter().map(place).collect(),
        size: (sources.size.width, sources.size.height),
        rate: (sources.fps.num, sources.fps.den),
    };
    let show = quick.build().map_err(|e| Failure::input(explain(&e)))?;
    Ok((show, PathBuf::new()))
}

/// A show file, and the folder it is in.
pub(crate) fn read(path: &Path) -> Result<(Show, PathBuf), Failure> {
    let show = vitrine_engine::read_show(path)
        .map_err(|e| Failure::input(format!("{}: {}", path.display(), explain(&e))))?;
    Ok((show, path.parent().map(Path::to_path_buf).unwrap_or_default()))
}

fn picture(arg: &VideoArg) -> QuickPicture {
    match arg {
        VideoArg::Camera(which) => QuickPicture::Camera(which.clone()),
        VideoArg::Screen(title) => QuickPicture::Screen(title.clone()),
        VideoArg::File(path) => QuickPicture::File(path.clone()),
        VideoArg::Image(path) => QuickPicture::Image(path.clone()),
        VideoArg::Pattern => QuickPicture::Pattern,
        VideoArg::FlashBeep => QuickPicture::FlashBeep,
    }
}

fn sound(arg: &AudioArg) -> QuickSound {
    match arg {
        AudioArg::Mic(name) => QuickSound::Mic(name.clone()),
        AudioArg::File(path) => QuickSound::File(path.clone()),
        AudioArg::Tone => QuickSound::Tone,
        AudioArg::Silence => QuickSound::Silence,
        AudioArg::FlashBeep => QuickSound::FlashBeep,
    }
}
