//! `vitrine render`: the programme of a show file, frame by frame, on a virtual clock.

use vitrine_engine::RenderTarget;

use crate::Failure;
use crate::args::Render;
use crate::explain::explain;
use crate::sources;

/// Renders and writes.
pub(crate) fn render(args: &Render) -> Result<(), Failure> {
    let target = match args.out.extension().and_then(|e| e.to_str()) {
        Some("y4m") => RenderTarget::Y4m(args.out.clone()),
        Some("png") => RenderTarget::Png(args.out.clone()),
        _ => return Err(Failure::input("--out must end in .y4m (all frames) or .png (the last one)")),
    };
    let (show, folder) = sources::read(&args.show)?;
    vitrine_engine::render(&show, &folder, args.frames, &target).map_err(|e| {
        let message = explain(&e);
        match e.code {
            vitrine_protocol::ErrorCode::Internal => Failure::fault(message),
            _ => Failure::input(message),
        }
    })
}
