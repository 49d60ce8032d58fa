//! Colour conversion, scaling, blending, composition: functions on frames, no threads.
