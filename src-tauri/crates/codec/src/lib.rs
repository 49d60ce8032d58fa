//! The only user of FFmpeg: encoders and their fallback, decoders, muxers, JPEG.
