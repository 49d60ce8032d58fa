//! Getting out: the ring of encoded units, RTMP publisher, destinations, recording.
