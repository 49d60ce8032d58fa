//! One connection: moves units from the ring through the publisher to the wire, and watches how that goes.

use std::time::Duration;

use bytes::BytesMut;
use tokio::time::{Instant, sleep_until, timeout};

use super::worker::{Figures, Totals, Worker};
use crate::destination::{Admission, Death, GopGate, RateMeter, Watchdog};
use crate::error::UplinkError;
use crate::ring::{Cursor, Readiness};
use crate::rtmp::{Phase, Publisher};
use crate::socket::{Exchange, Wire};

/// Bytes made ready at a time. Small, so that what goes next is decided late.
const BUDGET: usize = 16 * 1024;
/// Bytes read at a time; a server says little.
const READ_BYTES: usize = 8 * 1024;
/// How often figures are taken and the watchdog is asked.
const CHECK_EVERY: Duration = Duration::from_millis(100);
/// The same while the acknowledgement of the first keyframe is awaited.
const CHECK_ACCEPTANCE_EVERY: Duration = Duration::from_millis(5);
/// For the rest of the programme at a stop.
const DRAIN_LIMIT: Duration = Duration::from_millis(200);
/// For the farewell after it.
const FAREWELL_LIMIT: Duration = Duration::from_millis(150);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Acceptance {
    /// The first keyframe has not left yet.
    Awaited,
    /// It is in the kernel, which will have taken so many bytes when the peer acknowledges it.
    Unacknowledged(u64),
    /// The peer has it.
    Done,
}

pub(super) struct Session<'a> {
    worker: &'a Worker,
    wire: Wire,
    publisher: Publisher,
    cursor: Cursor,
    out: BytesMut,
    into: Box<[u8; READ_BYTES]>,
    gate: GopGate,
    watchdog: Watchdog,
    meter: RateMeter,
    /// Bytes of the publisher that the wire took.
    sent: u64,
    acceptance: Acceptance,
    reported: Totals,
    next_check: Instant,
}

impl<'a> Session<'a> {
    pub(super) fn new(worker: &'a Worker, wire: Wire, publisher: Publisher) -> Self {
        Self {
            worker,
            wire,
            publisher,
            cursor: worker.ring.cursor(),
            out: BytesMut::with_capacity(2 * BUDGET),
            into: Box::new([0; READ_BYTES]),
            gate: GopGate::default(),
            watchdog: Watchdog::new(worker.epoch.now()),
            meter: RateMeter::default(),
            sent: 0,
            acceptance: Acceptance::Awaited,
            reported: Totals::default(),
            next_check: Instant::now(),
        }
    }

    /// Runs until we end it (`Ok`) or it breaks.
    pub(super) async fn run(mut self) -> Result<(), UplinkError> {
        let stop = self.worker.stop_asked();
        tokio::pin!(stop);
        loop {
            let hungry = self.fill();
            self.watch_acceptance();
            if Instant::now() >= self.next_check {
                self.check()?;
            }
            tokio::select! {
                () = &mut stop => break,
                moved = self.wire.exchange(&mut self.out, &mut self.into[..]) => self.on_moved(moved)?,
                found = self.cursor.ready(), if hungry => {
                    if found == Readiness::Ended {
                        break;
                    }
                }
                () = sleep_until(self.next_check) => {}
            }
        }
        self.say_goodbye().await;
        Ok(())
    }

    /// Makes the next bytes ready. True if the ring has nothing more to give.
    fn fill(&mut self) -> bool {
        if self.publisher.phase() < Phase::Live {
            // Connecting takes a while: begin at the newest keyframe of the moment it is done, not of its beginning.
            self.cursor.begin_at_newest_keyframe();
        }
        let mut hungry = false;
        while self.publisher.phase() == Phase::Live && self.out.len() < BUDGET {
            let Some(unit) = self.cursor.peek() else {
                hungry = true;
                break;
            };
            self.publisher.transmit(&mut self.out, BUDGET);
            if !self.publisher.can_send(&unit) {
                break;
            }
            let lag = self.cursor.lag();
            if self.gate.admit(&unit, lag, self.cursor.has_later_keyframe()) == Admission::Send {
                self.publisher.send(&unit, &self.worker.ring.configs());
            }
            self.cursor.advance();
        }
        self.publisher.transmit(&mut self.out, BUDGET);
        hungry
    }

    fn on_moved(&mut self, moved: std::io::Result<Exchange>) -> Result<(), UplinkError> {
        let phase = self.publisher.phase();
        let moved = moved.map_err(|error| UplinkError::from_io(&error, phase))?;
        self.sent += moved.sent as u64;
        let received = self.into.get(..moved.received).unwrap_or_default();
        self.publisher.feed(received).map_err(|error| UplinkError::from_publish(error, phase))?;
        if moved.ended { Err(UplinkError::closed(phase)) } else { Ok(()) }
    }

    fn watch_acceptance(&mut self) {
        if self.acceptance == Acceptance::Awaited
            && self.publisher.first_keyframe_end().is_some_and(|end| self.sent >= end)
            && self.wire.is_flushed()
        {
            self.acceptance = Acceptance::Unacknowledged(self.wire.written());
        }
        let Acceptance::Unacknowledged(mark) = self.acceptance else { return };
        let probe = self.wire.probe();
        // Where the system does not tell, in the kernel's hands is the best we can know.
        if probe.unacknowledged.is_none_or(|left| probe.written.saturating_sub(left) >= mark) {
            self.acceptance = Acceptance::Done;
            self.worker.accepted();
        } else {
            self.next_check = self.next_check.min(Instant::now() + CHECK_ACCEPTANCE_EVERY);
        }
    }

    fn check(&mut self) -> Result<(), UplinkError> {
        self.next_check = Instant::now() + CHECK_EVERY;
        let now = self.worker.epoch.now();
        let phase = self.publisher.phase();
        let waiting = !self.out.is_empty() || !self.wire.is_flushed();
        let probe = self.wire.probe();
        self.meter.record(now, probe.written);
        let live = phase >= Phase::Live;
        let lag = if live { self.cursor.lag() } else { Duration::ZERO };
        let figures = Figures {
            bitrate_bps: self.meter.bits_per_second(),
            queue_millis: u32::try_from(lag.as_millis()).unwrap_or(u32::MAX),
            rtt_millis: probe.round_trip.map(|rtt| rtt.as_millis() as u32),
        };
        self.report(figures, probe.written);
        match self.watchdog.check(now, live, waiting, probe.written) {
            Some(Death::NoAnswer) => Err(UplinkError::NoAnswer { phase }),
            Some(Death::Stalled) => Err(UplinkError::Stalled),
            None => Ok(()),
        }
    }

    fn report(&mut self, figures: Figures, written: u64) {
        let totals = Totals {
            dropped_frames: self.gate.dropped(),
            lost_units: self.cursor.lost(),
            sent_bytes: written,
        };
        let gained = Totals {
            dropped_frames: totals.dropped_frames - self.reported.dropped_frames,
            lost_units: totals.lost_units - self.reported.lost_units,
            sent_bytes: totals.sent_bytes - self.reported.sent_bytes,
        };
        self.reported = totals;
        self.worker.report(figures, gained);
    }

    /// Sends what the ring still holds, then the farewell, each within its bound; what does not go through is given up.
    async fn say_goodbye(mut self) {
        if self.publisher.phase() == Phase::Live {
            let _ = timeout(DRAIN_LIMIT, self.drain()).await;
        }
        self.publisher.close();
        let left_well = timeout(FAREWELL_LIMIT, self.farewell()).await.is_ok_and(|sent| sent.is_ok());
        let written = self.wire.written();
        self.report(Figures::default(), written);
        if left_well {
            self.wire.close();
        }
    }

    async fn drain(&mut self) -> Result<(), UplinkError> {
        loop {
            let hungry = self.fill();
            self.watch_acceptance();
            if hungry && self.out.is_empty() && self.publisher.is_drained() && self.wire.is_flushed() {
                return Ok(());
            }
            let moved = self.wire.exchange(&mut self.out, &mut self.into[..]).await;
            self.on_moved(moved)?;
        }
    }

    async fn farewell(&mut self) -> Result<(), UplinkError> {
        loop {
            self.publisher.transmit(&mut self.out, BUDGET);
            if self.out.is_empty() && self.publisher.is_drained() && self.wire.is_flushed() {
                break;
            }
            let moved = self.wire.exchange(&mut self.out, &mut self.into[..]).await;
            self.on_moved(moved)?;
        }
        let phase = self.publisher.phase();
        self.wire.finish().await.map_err(|error| UplinkError::from_io(&error, phase))?;
        // Until the peer hangs up, too: closing with unread bytes would reset the connection under what was just sent.
        let mut nothing = BytesMut::new();
        while self.wire.exchange(&mut nothing, &mut self.into[..]).await.is_ok_and(|moved| !moved.ended) {}
        Ok(())
    }
}
