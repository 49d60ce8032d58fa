//! Test parts: virtual clock, fake devices, RTMP sink, decoder of burned-in frame ids.
