//! What the kernel knows about a connection: round trip and bytes not yet acknowledged. An OS file: Linux answers,
//! other systems say nothing.

#![allow(unsafe_code)] // getsockopt(TCP_INFO) and ioctl(SIOCOUTQ) have no safe wrapper in std, tokio or socket2

use std::time::Duration;

use tokio::net::TcpStream;

/// Smoothed round-trip time (`tcpi_rtt`).
#[cfg(target_os = "linux")]
pub(super) fn round_trip(stream: &TcpStream) -> Option<Duration> {
    use std::os::fd::AsRawFd as _;

    let mut info = std::mem::MaybeUninit::<libc::tcp_info>::zeroed();
    let mut len = size_of::<libc::tcp_info>() as libc::socklen_t;
    // SAFETY: the descriptor is open for the length of the borrow; the kernel writes at most `len` bytes into `info`,
    // which is that large, and `len` is a valid, exclusive pointer.
    let result = unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut len,
        )
    };
    if result != 0 {
        return None;
    }
    // SAFETY: zeroed before the call, and `tcp_info` is plain integers, for which every bit pattern is valid; older
    // kernels fill less of it.
    let info = unsafe { info.assume_init() };
    (info.tcpi_rtt > 0).then(|| Duration::from_micros(u64::from(info.tcpi_rtt)))
}

/// Bytes given to the kernel and not yet acknowledged by the peer (`SIOCOUTQ`, tcp(7)).
#[cfg(target_os = "linux")]
pub(super) fn unacknowledged(stream: &TcpStream) -> Option<u64> {
    use std::os::fd::AsRawFd as _;

    let mut bytes: libc::c_int = 0;
    // SAFETY: the descriptor is open for the length of the borrow, and this request writes one int to the pointer.
    // TIOCOUTQ has the value of SIOCOUTQ.
    let result = unsafe { libc::ioctl(stream.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    (result == 0).then(|| u64::try_from(bytes).unwrap_or(0))
}

/// Not asked on this system yet.
#[cfg(not(target_os = "linux"))]
pub(super) fn round_trip(_stream: &TcpStream) -> Option<Duration> {
    None
}

/// Not asked on this system yet.
#[cfg(not(target_os = "linux"))]
pub(super) fn unacknowledged(_stream: &TcpStream) -> Option<u64> {
    None
}
