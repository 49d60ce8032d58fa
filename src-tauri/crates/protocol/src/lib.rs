//! Every type that crosses to the window or the command line.
