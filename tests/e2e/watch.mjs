// Watches a rehearsal room's page in a real Chromium and says what came through.
//
//   node watch.mjs URL [--seconds 8] [--lang zh-CN|en] [--shot FILE.png] [--max-delay SECONDS]
//
// Prints one JSON object and exits 0 if the picture advanced, pictures and sound were decoded, and the page's own
// delay (and the true one, if the picture carries watch_publisher.mjs's clock) stayed within the limit; else 1.
// Chromium: the environment's CHROMIUM, else /usr/bin/chromium.

import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { CLOCK } from "./watch_publisher.mjs";

const PATIENCE = 30_000;

/** A headless Chromium that talks to nobody by itself. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--mute-audio"],
      ["--disable-background-networking", "--disable-component-update", "--disable-sync"],
    ].flat(),
  });
}

/** Opens the watch page in a context of its own; `trouble` collects errors and requests to anywhere else. */
export async function open(browser, url, { lang = "zh-CN", width = 1280, height = 800, colorScheme = "dark" } = {}) {
  const context = await browser.newContext({ locale: lang, viewport: { width, height }, colorScheme });
  const page = await context.newPage();
  const trouble = [];
  const own = new URL(url).origin;
  page.on("console", (message) => {
    // A poll while the room is closed or between two broadcasts fails by design.
    const expected = /net::ERR_CONNECTION_REFUSED|503 \(Service Unavailable\)/.test(message.text());
    if (message.type() === "error" && !expected) trouble.push(message.text());
  });
  page.on("pageerror", (error) => trouble.push(String(error)));
  page.on("request", (request) => {
    const target = request.url();
    if (!target.startsWith(own) && !target.startsWith("blob:")) trouble.push(`request to ${target}`);
  });
  await page.goto(url);
  return { page, context, trouble };
}

/** Waits until the page is in `state`. */
export function reach(page, state) {
  return page.waitForFunction((s) => document.getElementById("frame").dataset.state === s, state, { timeout: PATIENCE });
}

/** Measures for some seconds on a page that is live. */
export async function measure(page, seconds) {
  const counters = () =>
    page.evaluate(() => {
      const video = document.getElementById("video");
      const quality = video.getVideoPlaybackQuality();
      return {
        at: performance.now(),
        time: video.currentTime,
        decoded: quality.totalVideoFrames,
        dropped: quality.droppedVideoFrames,
        sound: video.webkitAudioDecodedByteCount,
        size: [video.videoWidth, video.videoHeight],
      };
    });
  const before = await counters();
  const delays = await page.evaluate(readClock, { clock: CLOCK, millis: seconds * 1000 });
  const after = await counters();
  const readout = await page.evaluate(() => ({
    delay: document.getElementById("delay").textContent,
    from: document.getElementById("delay-from").textContent,
    sound: document.getElementById("level").textContent,
    stalls: document.getElementById("stalls").textContent,
    sentence: document.getElementById("sentence").textContent,
  }));
  return {
    watched_seconds: (after.at - before.at) / 1000,
    advanced_seconds: after.time - before.time,
    frames_decoded: after.decoded - before.decoded,
    frames_dropped: after.dropped - before.dropped,
    audio_bytes_decoded: after.sound - before.sound,
    size: after.size,
    page_delay_seconds: Number.parseFloat(readout.delay.replace("\u2212", "-")) || null,
    true_delay_millis: summary(delays),
    readout,
  };
}

function summary(values) {
  if (values.length < 10) return null;
  values.sort((a, b) => a - b);
  const at = (share) => Math.round(values[Math.min(values.length - 1, Math.floor(values.length * share))]);
  return { pictures: values.length, min: at(0), median: at(0.5), p95: at(0.95), max: at(1) };
}

/** In the page: reads the clock out of each picture as it is displayed. Pictures without a clock give nothing. */
function readClock({ clock, millis }) {
  const video = document.getElementById("video");
  const width = (clock.bits + 2) * clock.block;
  const canvas = new OffscreenCanvas(width, 1);
  const ink = canvas.getContext("2d", { willReadFrequently: true });
  const delays = [];
  const end = performance.now() + millis;
  return new Promise((resolve) => {
    const stop = setTimeout(() => resolve(delays), millis + 500);
    const shown = (_, picture) => {
      const left = clock.left - clock.block;
      ink.drawImage(video, left, clock.top + clock.rows / 2, width, 1, 0, 0, width, 1);
      const pixels = ink.getImageData(0, 0, width, 1).data;
      const one = (n) => pixels[((n + 1) * clock.block + clock.block / 2) * 4] > 128;
      if (one(-1) && !one(clock.bits)) {
        let made = 0;
        for (let n = 0; n < clock.bits; n += 1) made = made * 2 + (one(n) ? 1 : 0);
        const seen = Math.floor(performance.timeOrigin + picture.expectedDisplayTime) >>> 0;
        const delay = (seen - made) | 0;
        if (Math.abs(delay) < 60_000) delays.push(delay);
      }
      if (performance.now() < end) {
        video.requestVideoFrameCallback(shown);
      } else {
        clearTimeout(stop);
        resolve(delays);
      }
    };
    video.requestVideoFrameCallback(shown);
  });
}

/** What is wrong with a measurement, as sentences; empty if nothing is. */
export function faults(seen, maxDelay) {
  const wrong = [];
  if (seen.advanced_seconds < seen.watched_seconds * 0.8) wrong.push("the picture did not advance");
  if (seen.frames_decoded < seen.watched_seconds * 10) wrong.push("too few pictures were decoded");
  if (!(seen.audio_bytes_decoded > 0)) wrong.push("no sound was decoded");
  if (seen.page_delay_seconds === null || seen.page_delay_seconds > maxDelay) wrong.push("the page's delay is too long");
  if (seen.true_delay_millis && seen.true_delay_millis.p95 > maxDelay * 1000) wrong.push("the true delay is too long");
  return wrong;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: "string", default: "8" },
      lang: { type: "string", default: "zh-CN" },
      shot: { type: "string" },
      "max-delay": { type: "string", default: "1.5" },
    },
  });
  const [url] = positionals;
  if (!url) {
    console.error("usage: node watch.mjs URL [--seconds N] [--lang zh-CN|en] [--shot FILE] [--max-delay SECONDS]");
    return 2;
  }
  const browser = await launch();
  try {
    const { page, trouble } = await open(browser, url, { lang: values.lang });
    await reach(page, "live");
    // The first second is the join; the page settles on its delay in it.
    await page.waitForFunction(() => document.getElementById("video").currentTime > 1);
    await page.waitForFunction(() => /\d/.test(document.getElementById("delay").textContent));
    const seen = await measure(page, Number(values.seconds));
    if (values.shot) await page.screenshot({ path: values.shot });
    const wrong = [...faults(seen, Number(values["max-delay"])), ...trouble];
    console.log(JSON.stringify({ ...seen, wrong }));
    return wrong.length === 0 ? 0 : 1;
  } finally {
    await browser.close();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = await main();
