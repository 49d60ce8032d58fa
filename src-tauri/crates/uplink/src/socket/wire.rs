//! One established connection, plain or encrypted, driven by polling both directions at once.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::os;

/// A TCP stream that counts what the kernel has taken.
#[derive(Debug)]
pub(super) struct Counted {
    stream: TcpStream,
    written: u64,
}

impl Counted {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, written: 0 }
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let taken = ready!(Pin::new(&mut self.stream).poll_write(cx, buf))?;
        self.written += taken as u64;
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[derive(Debug)]
pub(super) enum Stream {
    Plain(Counted),
    Tls(Box<TlsStream<Counted>>),
}

/// What one [`Wire::exchange`] moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// Bytes taken from the outgoing buffer.
    pub sent: usize,
    /// Bytes received; 0 with `ended` unset means none.
    pub received: usize,
    /// The peer will send nothing more.
    pub ended: bool,
}

/// What is known about a connection at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SocketProbe {
    /// Smoothed round-trip time, where the system tells.
    pub round_trip: Option<Duration>,
    /// Bytes in the kernel that the peer has not acknowledged, where the system tells.
    pub unacknowledged: Option<u64>,
    /// Bytes the kernel took since the connection was made, encryption included.
    pub written: u64,
}

/// An established connection.
#[derive(Debug)]
pub struct Wire {
    stream: Stream,
    /// Something was written that may still wait inside TLS.
    unflushed: bool,
    /// The write side failed; what the peer said before is still read.
    broken: Option<io::Error>,
    /// The kernel may go on delivering after the drop.
    linger: bool,
}

impl Drop for Wire {
    fn drop(&mut self) {
        if !self.linger {
            let _ = socket2::SockRef::from(&self.counted().stream).set_linger(Some(Duration::ZERO));
        }
    }
}

impl Wire {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, unflushed: false, broken: None, linger: false }
    }

    /// Sends from `out` and receives into `into`, until at least one of them moved. Dropping the future loses nothing.
    /// After a failed write, what the peer has said is delivered before the error: servers explain and hang up.
    pub async fn exchange(&mut self, out: &mut BytesMut, into: &mut [u8]) -> io::Result<Exchange> {
        poll_fn(|cx| self.poll_exchange(cx, out, into)).await
    }

    fn poll_exchange(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut BytesMut,
        into: &mut [u8],
    ) -> Poll<io::Result<Exchange>> {
        let mut moved = Exchange::default();
        let mut progress = false;
        if self.broken.is_none() {
            match self.poll_send(cx, out) {
                Poll::Ready(Ok(Some(sent))) => {
                    moved.sent = sent;
                    progress = true;
                }
                Poll::Ready(Ok(None)) | Poll::Pending => {}
                Poll::Ready(Err(error)) => self.broken = Some(error),
            }
        }
        let mut buf = ReadBuf::new(into);
        let read = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, &mut buf),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, &mut buf),
        };
        match read {
            Poll::Ready(Ok(())) => {
                moved.received = buf.filled().len();
                moved.ended = moved.received == 0;
                progress = true;
            }
            Poll::Ready(Err(error)) => return Poll::Ready(Err(self.broken.take().unwrap_or(error))),
            Poll::Pending => {}
        }
        if moved.received == 0
            && let Some(error) = self.broken.take()
        {
            return Poll::Ready(Err(error));
        }
        if progress { Poll::Ready(Ok(moved)) } else { Poll::Pending }
    }

    /// `None`: nothing to do.
    fn poll_send(&mut self, cx: &mut Context<'_>, out: &mut BytesMut) -> Poll<io::Result<Option<usize>>> {
        if out.is_empty() && !self.unflushed {
            return Poll::Ready(Ok(None));
        }
        if out.is_empty() {
            match &mut self.stream {
                Stream::Plain(stream) => ready!(Pin::new(stream).poll_flush(cx))?,
                Stream::Tls(stream) => ready!(Pin::new(stream).poll_flush(cx))?,
            }
            self.unflushed = false;
            return Poll::Ready(Ok(Some(0)));
        }
        let taken = match &mut self.stream {
            Stream::Plain(stream) => ready!(Pin::new(stream).poll_write(cx, out))?,
            Stream::Tls(stream) => ready!(Pin::new(stream).poll_write(cx, out))?,
        };
        if taken == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        out.advance(taken);
        // Plain TCP keeps nothing back.
        self.unflushed = matches!(self.stream, Stream::Tls(_));
        Poll::Ready(Ok(Some(taken)))
    }

    /// Whether everything sent has left our hands.
    pub fn is_flushed(&self) -> bool {
        !self.unflushed
    }

    /// What is known now.
    pub fn probe(&self) -> SocketProbe {
        let counted = self.counted();
        SocketProbe {
            round_trip: os::round_trip(&counted.stream),
            unacknowledged: os::unacknowledged(&counted.stream),
            written: counted.written,
        }
    }

    /// Bytes the kernel took since the connection was made.
    pub fn written(&self) -> u64 {
        self.counted().written
    }

    /// Says that no more will be sent.
    pub async fn finish(&mut self) -> io::Result<()> {
        poll_fn(|cx| match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        })
        .await
    }

    /// Ends the connection properly: the kernel still delivers what it has. Merely dropping a wire aborts it instead:
    /// unsent bytes are discarded and the peer sees a reset (`SO_LINGER` 0), where the kernel would try on for minutes.
    pub fn close(mut self) {
        self.linger = true;
    }

    fn counted(&self) -> &Counted {
        match &self.stream {
            Stream::Plain(stream) => stream,
            Stream::Tls(stream) => stream.get_ref().0,
        }
    }
}
