// Every word of the watch page, in both languages. Written, not translated.

const ZH = {
  title: "彩排",
  rehearsal: "彩排",
  language: "语言",
  only_here: "只有这台电脑看得到",
  on_lan: "同一网络里有链接的人看得到",
  play: "播放",
  sound_on: "打开声音",
  sound_off: "关掉声音",
  delay: "延迟",
  picture: "画面",
  sound: "声音",
  smoothness: "流畅",
  from_studio: "从画面做好算起",
  from_room: "从画面送到这里算起",
  unknown: "还不知道",
  seconds: (value) => `${value} 秒`,
  size: (width, height, rate) => `${width} × ${height}${rate ? `，${rate} 帧` : ""}`,
  level: (db) => `有声音，峰值 ${db} dB`,
  silent: "没有声音",
  heard: "有声音",
  smooth: "没有卡顿",
  stalls: (count, seconds) => `卡了 ${count} 次，共 ${seconds} 秒`,
  live: { lead: "买家看到的就是这样。", note: "" },
  waiting: { lead: "还没有画面。", note: "彩排一开始，这里就会自己播。" },
  stalled: { lead: "画面停住了。", note: "" },
  ended: { lead: "彩排停了。", note: "再开始时，这里会自己接上。" },
  away: { lead: "连不上 Vitrine。", note: "它一打开彩排，这里就会自己接上。" },
  unable: { lead: "这个浏览器放不了。", note: "用 Chrome 或 Edge 打开同一个链接就能看。" },
  blocked: { lead: "浏览器不让自动播放。", note: "" },
};

const EN = {
  title: "Rehearsal",
  rehearsal: "Rehearsal",
  language: "Language",
  only_here: "Only this computer can see it",
  on_lan: "Anyone on this network with the link can see it",
  play: "Play",
  sound_on: "Turn on sound",
  sound_off: "Turn off sound",
  delay: "Delay",
  picture: "Picture",
  sound: "Sound",
  smoothness: "Smoothness",
  from_studio: "since the picture was made",
  from_room: "since the picture arrived here",
  unknown: "Not known yet",
  seconds: (value) => `${value} s`,
  size: (width, height, rate) => `${width} × ${height}${rate ? `, ${rate} fps` : ""}`,
  level: (db) => `Heard, peak ${db} dB`,
  silent: "No sound",
  heard: "Heard",
  smooth: "No stutter",
  stalls: (count, seconds) => `${count} ${count === 1 ? "stop" : "stops"}, ${seconds} s in all`,
  live: { lead: "This is what buyers would see.", note: "" },
  waiting: { lead: "No picture yet.", note: "It plays by itself once the rehearsal starts." },
  stalled: { lead: "The picture has stopped.", note: "" },
  ended: { lead: "The rehearsal has stopped.", note: "It comes back here by itself." },
  away: { lead: "Vitrine is out of reach.", note: "This page comes back with the next rehearsal." },
  unable: { lead: "This browser cannot play it.", note: "Open the same link in Chrome or Edge." },
  blocked: { lead: "The browser does not start by itself.", note: "" },
};

export const WORDS = { "zh-CN": ZH, en: EN };

const KEY = "vitrine-watch-language";

/** The language chosen before, else the browser's: Chinese if it comes before English in its list. */
export function firstLanguage() {
  try {
    const kept = localStorage.getItem(KEY);
    if (kept in WORDS) return kept;
  } catch {
    // Storage is off; the browser's list decides.
  }
  const first = navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag)) ?? "en";
  return first.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

/** Keeps the choice for next time, where the browser allows it. */
export function keepLanguage(language) {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // Storage is off; the choice lasts as long as the page.
  }
}

/** A number for people: one decimal, a true minus. */
export function figure(value, decimals = 1) {
  return value.toFixed(decimals).replace("-", "\u2212");
}
