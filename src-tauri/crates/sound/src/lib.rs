//! The audio graph: inlets with drift removal, strips, buses, meters.
