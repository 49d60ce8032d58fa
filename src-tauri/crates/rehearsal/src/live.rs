//! The body of `live.flv`: pulls a viewer's queue as fast as the connection takes it.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http_body::{Body, Frame};

use crate::broadcast::Pull;
use crate::room::Shared;

/// Bytes handed to the connection at once.
const PORTION: usize = 64 * 1024;

/// One viewer's stream; dropping it ends the viewer.
pub struct LiveBody {
    shared: Arc<Shared>,
    viewer: u64,
}

impl LiveBody {
    /// Joins the broadcast.
    pub fn join(shared: Arc<Shared>) -> Self {
        let viewer = shared.change(|broadcast| broadcast.join(Instant::now()));
        Self { shared, viewer }
    }
}

impl Drop for LiveBody {
    fn drop(&mut self) {
        self.shared.change(|broadcast| broadcast.leave(self.viewer));
    }
}

impl Body for LiveBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.shared.change(|broadcast| broadcast.pull(self.viewer, PORTION, cx.waker())) {
            Pull::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            Pull::Later => Poll::Pending,
            Pull::Ended => Poll::Ready(None),
        }
    }
}
