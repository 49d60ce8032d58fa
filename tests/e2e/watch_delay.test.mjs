// The watch page's arithmetic, without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DelayMeter } from "../../assets/watch/delay.js";
import { Pace } from "../../assets/watch/pace.js";

test("the delay is the room's time at display minus the picture's own time", () => {
  const meter = new DelayMeter();
  assert.equal(meter.shown(0, 0), null, "nothing is claimed before clock and anchor are known");
  // The page's clock is 5 s behind the room's; the answer took 20 ms.
  meter.clock(1000, 1020, 6010);
  meter.anchor({ ts: 90_000, wall: 5_500, from: "room" });
  // Shown 400 ms of media later, at page time 1500 = room time 6500; the picture is of room time 5900.
  assert.equal(meter.shown(400, 1500), 600);
  assert.equal(meter.median(1500), 600);
  assert.equal(meter.from, "room");
});

test("the quickest answer sets the clock", () => {
  const meter = new DelayMeter();
  meter.clock(0, 10, 105);
  meter.clock(1000, 1900, 1900);
  assert.equal(meter.offset, 100);
});

test("each picture is judged by the anchor before it, so that a pause of the sender does not add up", () => {
  const meter = new DelayMeter();
  meter.clock(0, 0, 0);
  meter.anchor({ ts: 0, wall: 10_000, from: "studio" });
  meter.anchor({ ts: 2000, wall: 12_500, from: "studio" });
  assert.equal(meter.shown(1000, 11_300), 300);
  assert.equal(meter.shown(2000, 12_800), 300);
});

test("old pictures leave the median", () => {
  const meter = new DelayMeter();
  meter.clock(0, 0, 0);
  meter.anchor({ ts: 0, wall: 0, from: "room" });
  meter.shown(0, 900);
  meter.shown(2000, 2300);
  assert.equal(meter.median(2300), 300);
  assert.equal(meter.median(9000), null);
});

test("far behind jumps, a little behind hurries, and nothing flutters", () => {
  const pace = new Pace();
  const far = pace.decide(2.3, 0);
  assert.ok(Math.abs(far.jump - 2.0) < 1e-9, "a jump lands on the aim");
  assert.ok(pace.decide(0.5, 0).rate > 1);
  assert.ok(pace.decide(0.35, 0).rate > 1, "it hurries until the aim is reached");
  assert.equal(pace.decide(0.29, 0).rate, 1);
  assert.equal(pace.decide(0.35, 0).rate, 1);
  assert.ok(pace.decide(0.1, 0).rate < 1);
});

test("stalls make room, quiet takes it back, and the page never aims beyond its limit", () => {
  const pace = new Pace();
  for (let n = 0; n < 10; n += 1) pace.stalled(0);
  assert.ok(pace.target <= 0.8);
  const wide = pace.target;
  pace.decide(wide, 20_001);
  assert.ok(pace.target < wide);
  for (let n = 2; n < 40; n += 1) pace.decide(0.3, 20_001 * n);
  assert.equal(pace.target, 0.3);
});
