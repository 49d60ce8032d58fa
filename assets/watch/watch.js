// The watch page: plays the room's stream, says how far behind it is, and comes back by itself.
//
// States: waiting (nobody publishes yet), live, stalled (pictures stopped though the broadcast goes on), ended (the
// publisher left), away (the room does not answer), unable (no way to play here).

import { DelayMeter } from "./delay.js";
import { Pace } from "./pace.js";
import { SoundMeter } from "./sound.js";
import { WORDS, figure, firstLanguage, keepLanguage } from "./words.js";

const POLL_MILLIS = 400;
const CLOCK_MILLIS = 5000;
const WATCH_MILLIS = 100;
const REPORT_MILLIS = 1000;
const STALL_MILLIS = 500;
/** A stream that stands still for so long is asked for anew. */
const GIVE_UP_MILLIS = 5000;

const $ = (id) => document.getElementById(id);
const video = $("video");
const delay = new DelayMeter();
const pace = new Pace();
const sound = new SoundMeter(video);
const pageName = Array.from(crypto.getRandomValues(new Uint8Array(8)), (b) => b.toString(16).padStart(2, "0")).join("");

let language = firstLanguage();
let state = "waiting";
let lan = false;
let blocked = false;
let player = null;
let pollTimer = 0;
let advanced = { time: 0, at: 0 };
let stalls = { count: 0, millis: 0, since: null };
let peak = { db: null, quietSince: null };
let audioBytes = { value: 0, at: 0 };
let frames = [];

const pageNow = () => performance.timeOrigin + performance.now();

function enter(next) {
  if (state === next) return;
  state = next;
  show();
  report();
}

// ---- the room's answers ----

async function askClock() {
  const asked = pageNow();
  const answer = await fetch("clock", { cache: "no-store" });
  if (!answer.ok) throw new Error(`clock: ${answer.status}`);
  const clock = await answer.json();
  delay.clock(asked, pageNow(), clock.now);
  lan = clock.lan;
  return clock;
}

/** While nothing plays: looks whether somebody publishes. While it plays: keeps the clock right. */
async function poll() {
  let wait = POLL_MILLIS;
  try {
    const clock = await askClock();
    if (player) {
      wait = delay.offset === null ? POLL_MILLIS : CLOCK_MILLIS;
    } else if (clock.publishing && mpegts.isSupported()) {
      open();
    } else if (!mpegts.isSupported()) {
      enter("unable");
    } else {
      enter(state === "away" && clock.session > 0 ? "ended" : state === "away" ? "waiting" : state);
    }
  } catch {
    if (!player) enter("away");
  }
  pollTimer = setTimeout(poll, wait);
}

// ---- the player ----

function open() {
  delay.restart();
  frames = [];
  advanced = { time: 0, at: pageNow() };
  const source = { type: "flv", isLive: true, url: new URL("live.flv", location.href).href };
  const mine = mpegts.createPlayer(source, {
    enableWorker: false,
    enableStashBuffer: false,
    lazyLoad: false,
    deferLoadAfterSourceOpen: false,
    autoCleanupSourceBuffer: true,
    autoCleanupMaxBackwardDuration: 30,
    autoCleanupMinBackwardDuration: 10,
  });
  player = mine;
  const over = () => {
    if (player === mine) close();
  };
  mine.on(mpegts.Events.SCRIPTDATA_ARRIVED, (data) => {
    if (player === mine && data.onVitrineClock) delay.anchor(data.onVitrineClock);
  });
  mine.on(mpegts.Events.ERROR, over);
  mine.on(mpegts.Events.LOADING_COMPLETE, over);
  mine.attachMediaElement(video);
  mine.load();
  play();
}

function close() {
  const old = player;
  player = null;
  sound.stop();
  endStall();
  old.destroy();
  if (state === "live" || state === "stalled") enter("ended");
  clearTimeout(pollTimer);
  pollTimer = setTimeout(poll, POLL_MILLIS);
}

function play() {
  video.play().then(
    () => {
      blocked = false;
      show();
    },
    (why) => {
      // An interrupted start is followed by another one; a forbidden one needs the person.
      blocked = why.name === "NotAllowedError";
      show();
    },
  );
}

/** Judges by the media clock, which advances in a hidden tab too. */
function watch() {
  if (!player) return;
  const now = pageNow();
  if (video.currentTime !== advanced.time) {
    if (advanced.time === 0) sound.listen();
    advanced = { time: video.currentTime, at: now };
    endStall();
    enter("live");
    follow(now);
    return;
  }
  const still = now - advanced.at;
  if (state === "live" && still > STALL_MILLIS && !video.paused) {
    stalls.count += 1;
    stalls.since = advanced.at;
    pace.stalled(now);
    enter("stalled");
  }
  if (still > GIVE_UP_MILLIS && !blocked) {
    close();
  } else if (video.paused && !blocked) {
    play();
  }
  jumpGap();
}

function endStall() {
  if (stalls.since === null) return;
  stalls.millis += pageNow() - stalls.since;
  stalls.since = null;
}

/** Keeps to the live edge. */
function follow(now) {
  const { buffered, currentTime } = video;
  if (buffered.length === 0 || video.seeking) return;
  const edge = buffered.end(buffered.length - 1);
  const { rate, jump } = pace.decide(edge - currentTime, now);
  if (jump > 0) {
    video.currentTime = currentTime + jump;
    frames = [];
  }
  if (video.playbackRate !== rate) video.playbackRate = rate;
}

/** Pictures beyond a hole in the buffer are better than none. */
function jumpGap() {
  const { buffered, currentTime } = video;
  for (let i = 0; i < buffered.length; i += 1) {
    const start = buffered.start(i);
    if (start > currentTime && pageNow() - advanced.at > STALL_MILLIS) {
      video.currentTime = start + 0.01;
      return;
    }
  }
}

function eachPicture() {
  if (!video.requestVideoFrameCallback) {
    setInterval(() => {
      if (player && !video.paused) delay.shown(video.currentTime * 1000, pageNow());
    }, WATCH_MILLIS);
    return;
  }
  const shown = (_, picture) => {
    if (player) delay.shown(picture.mediaTime * 1000, performance.timeOrigin + picture.expectedDisplayTime);
    video.requestVideoFrameCallback(shown);
  };
  video.requestVideoFrameCallback(shown);
}

// ---- what it tells ----

/** One measurement of everything that is counted by the second. */
function measure() {
  const now = pageNow();
  const db = player ? sound.take() : null;
  const decoded = video.webkitAudioDecodedByteCount;
  const flows = decoded === undefined ? null : decoded > audioBytes.value;
  audioBytes = { value: decoded ?? 0, at: now };
  const quiet = db === null ? flows === false : db < -60;
  peak = { db, flows, quietSince: quiet ? (peak.quietSince ?? now) : null };
  frames.push({ time: video.currentTime, total: video.getVideoPlaybackQuality().totalVideoFrames });
  if (frames.length > 6) frames.shift();
}

function report() {
  const quality = video.getVideoPlaybackQuality();
  const now = pageNow();
  const body = {
    page: pageName,
    state: state === "away" ? "waiting" : state,
    latency_millis: player ? delay.median(now) : null,
    latency_from: delay.from ?? "",
    frames_decoded: quality.totalVideoFrames,
    frames_dropped: quality.droppedVideoFrames,
    stalls: stalls.count,
    stalled_millis: Math.round(stalls.millis + (stalls.since === null ? 0 : now - stalls.since)),
    audio_bytes_decoded: video.webkitAudioDecodedByteCount ?? null,
    sound_peak_db: peak.db,
    width: video.videoWidth,
    height: video.videoHeight,
    muted: video.muted,
  };
  fetch("report", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  }).catch(() => {
    // The room is gone; polling finds out and says so.
  });
}

/** Pictures a second of programme over the last five, or null. */
function frameRate() {
  const [first, last] = [frames[0], frames.at(-1)];
  if (frames.length < 3 || last.time <= first.time) return null;
  return Math.round((last.total - first.total) / (last.time - first.time));
}

function soundWords(words) {
  if (!player) return words.unknown;
  if (peak.quietSince !== null && pageNow() - peak.quietSince > 2000) return words.silent;
  if (peak.db !== null && peak.db > -60) return words.level(figure(peak.db, 0));
  return peak.flows ? words.heard : words.unknown;
}

function show() {
  const words = WORDS[language];
  const playing = state === "live" || state === "stalled";
  document.documentElement.lang = language;
  document.title = `${words.title}, Vitrine`;
  for (const node of document.querySelectorAll("[data-word]")) put(node, words[node.dataset.word]);
  for (const node of document.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", words[node.dataset.label]);
  }
  put($("audience"), lan ? words.on_lan : words.only_here);
  const { lead, note } = words[blocked ? "blocked" : state];
  put($("sentence"), lead);
  put($("cover-note"), note);
  if (video.videoWidth) {
    $("frame").style.setProperty("--ratio", String(video.videoWidth / video.videoHeight));
  }
  $("frame").dataset.state = blocked ? "waiting" : state;
  $("cover").hidden = playing && !blocked;
  $("play").hidden = !blocked;
  $("sound").hidden = !playing;
  $("sound").classList.toggle("lit", video.muted);
  put($("sound"), video.muted ? words.sound_on : words.sound_off);
  $("zh").setAttribute("aria-pressed", String(language === "zh-CN"));
  $("en").setAttribute("aria-pressed", String(language === "en"));

  for (const id of ["delay", "size", "level", "stalls"]) $(id).classList.toggle("unknown", !playing);
  const millis = playing ? delay.median(pageNow()) : null;
  put($("delay"), millis === null ? words.unknown : words.seconds(figure(millis / 1000)));
  put($("delay-from"), millis === null ? "" : delay.from === "studio" ? words.from_studio : words.from_room);
  put($("size"), playing && video.videoWidth ? words.size(video.videoWidth, video.videoHeight, frameRate()) : words.unknown);
  const heard = soundWords(words);
  put($("level"), heard);
  $("level").classList.toggle("attention", heard === words.silent);
  const lost = (stalls.millis + (stalls.since === null ? 0 : pageNow() - stalls.since)) / 1000;
  put($("stalls"), stalls.count === 0 ? (playing ? words.smooth : words.unknown) : words.stalls(stalls.count, figure(lost)));
  $("stalls").classList.toggle("attention", state === "stalled");
}

/** Changes a text only when it differs, so that screen readers are not told the same twice. */
function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// ---- the person ----

function speak(next) {
  language = next;
  keepLanguage(next);
  show();
}

$("zh").addEventListener("click", () => speak("zh-CN"));
$("en").addEventListener("click", () => speak("en"));
$("play").addEventListener("click", play);
$("sound").addEventListener("click", () => {
  video.muted = !video.muted;
  sound.allowed();
  play();
  show();
});

const light = matchMedia("(prefers-color-scheme: light)");
const theme = () => {
  document.documentElement.dataset.theme = light.matches ? "light" : "dark";
};
light.addEventListener("change", theme);
theme();

mpegts.LoggingControl.enableAll = false;
mpegts.LoggingControl.enableError = true;
video.muted = true;
show();
eachPicture();
setInterval(watch, WATCH_MILLIS);
setInterval(() => {
  measure();
  show();
  report();
}, REPORT_MILLIS);
poll();
