// The watch page in a real Chromium, fed by a real encoder through the real room.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { faults, launch, measure, open, reach } from "./watch.mjs";
import { publish } from "./watch_publisher.mjs";
import { startRoom } from "./watch_room.mjs";

const MAX_DELAY_SECONDS = 1.5;
const SHOTS = process.env.VITRINE_SHOTS;

let browser;
let room;
let publisher;

before(async () => {
  room = await startRoom();
  browser = await launch();
});

after(async () => {
  await publisher?.stop();
  await browser?.close();
  await room?.stop();
});

async function shot(page, name) {
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/watch-${name}.png` });
}

/** Playing, its delay shown and its first seconds behind it. */
async function settled(page) {
  await reach(page, "live");
  await page.waitForFunction(
    () => document.getElementById("video").currentTime > 3 && /\d/.test(document.getElementById("delay").textContent),
  );
}

test("waits in the browser's language, plays by itself, and comes back after the publisher", async () => {
  const { page, context, trouble } = await open(browser, room.watch, { lang: "zh-CN" });
  await page.waitForFunction(() => document.getElementById("sentence").textContent === "还没有画面。");
  await shot(page, "waiting-zh");

  publisher = publish(room.ingest);
  await settled(page);
  const first = await measure(page, 5);
  console.log("first", JSON.stringify(first));
  assert.deepEqual(faults(first, MAX_DELAY_SECONDS), [], publisher.errors());
  assert.ok(first.true_delay_millis, "the picture's own clock is readable");
  const gap = first.true_delay_millis.median / 1000 - first.page_delay_seconds;
  assert.ok(gap > -0.1 && gap < 0.6, `the page's figure lacks only the encoder's time: ${gap}`);
  await shot(page, "live-zh");

  await publisher.stop();
  await reach(page, "ended");
  await shot(page, "ended-zh");
  publisher = publish(room.ingest);
  await settled(page);
  const again = await measure(page, 5);
  console.log("again", JSON.stringify(again));
  assert.deepEqual(faults(again, MAX_DELAY_SECONDS), [], publisher.errors());
  assert.deepEqual(trouble, [], "no error, no broken policy, no request to anywhere else");
  await context.close();
});

test("a late joiner in English gets sound by one press, and the room hears what the page sees", async () => {
  publisher ??= publish(room.ingest);
  const { page, context, trouble } = await open(browser, room.watch, { lang: "en-GB" });
  await settled(page);
  assert.equal(await page.textContent("#sentence"), "This is what buyers would see.");
  await page.click("#sound");
  assert.equal(await page.evaluate(() => document.getElementById("video").muted), false);
  const seen = await measure(page, 5);
  console.log("late", JSON.stringify(seen));
  assert.deepEqual(faults(seen, MAX_DELAY_SECONDS), []);
  assert.match(seen.readout.sound, /^Heard, peak \u2212\d+ dB$/);
  await shot(page, "live-en");

  const status = await room.status();
  assert.equal(status.viewers, 1);
  const report = status.pages.find((candidate) => candidate.state === "live" && !candidate.muted);
  assert.ok(report, JSON.stringify(status.pages));
  assert.ok(report.latency_millis > 0 && report.latency_millis < MAX_DELAY_SECONDS * 1000);
  assert.ok(report.frames_decoded > 0 && report.audio_bytes_decoded > 0);
  // ffmpeg's sine is at 1/8 of full scale, −18 dB, and loses 3 dB when spread over two channels.
  assert.ok(Math.abs(report.sound_peak_db + 21) < 2, `${report.sound_peak_db}`);
  assert.deepEqual([report.width, report.height], [640, 360]);

  await page.click("#zh");
  assert.equal(await page.getAttribute("html", "lang"), "zh-CN");
  await page.reload();
  await settled(page);
  assert.equal(await page.textContent("#sentence"), "买家看到的就是这样。", "the choice is kept");
  assert.deepEqual(trouble, []);
  await context.close();
});

test("fits a phone upright and a light desk", async () => {
  publisher ??= publish(room.ingest);
  const options = { lang: "en", width: 390, height: 780, colorScheme: "light" };
  const { page, context, trouble } = await open(browser, room.watch, options);
  await settled(page);
  const fits = await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  assert.ok(fits, "nothing runs off to the side");
  await shot(page, "phone-light-en");
  assert.deepEqual(trouble, []);
  await context.close();
});

test("says so when the room is gone", async () => {
  const other = await startRoom();
  const { page, context } = await open(browser, other.watch, { lang: "en" });
  await reach(page, "waiting");
  await other.stop();
  await reach(page, "away");
  assert.equal(await page.textContent("#sentence"), "Vitrine is out of reach.");
  await context.close();
});
