//! Cameras, microphones, screens, media files, stills, text and test patterns.
