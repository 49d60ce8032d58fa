// Journeys through the real window. Each begins with an empty studio and ends with nothing running.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openWindow, probe, startNginx, until } from "./window_app.mjs";

const KEY = "friday-key-0042";

test("the window opens on the host's last show, and its programme moves", async () => {
  const app = await openWindow();
  try {
    await until("the items", async () => /秋冬口红专场[\s\S]*测试图/.test(await app.text('[data-zone="left"]')));
    await until("the format", async () => /1280 × 720/.test(await app.text('[data-part="stagebar"]')));
    await until("Chinese", () => app.browser.execute(() => document.documentElement.lang === "zh-CN"));
    const seen = await app.watchStage(4);
    console.log(`    programme preview: ${(seen.drawn / 4).toFixed(1)} frames/s at ${seen.width}x${seen.height}`);
    // What the machine gives is a figure for the bench; here it must only be a moving picture and not black.
    assert.ok(seen.drawn > 20 && seen.luma > 30, JSON.stringify(seen));
    await app.shot("01-offline");
  } finally {
    await app.close();
  }
});

test("a rehearsal is one press, serves the programme on this computer only, and ends with one press", async () => {
  const app = await openWindow();
  try {
    await app.press("彩排");
    await app.phase("rehearsal");
    const url = await until("the watch page's address", () =>
      app.browser.execute(() => document.querySelector('[data-zone="right"] input[readonly]')?.value),
    );
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/watch\/$/);
    const streams = await until("the stream", () => {
      try {
        // Beside picture and sound there are the room's clock tags, which a probe calls a stream of text.
        const found = probe(`${url}live.flv`, ["-read_intervals", "%+1"]).streams;
        return found.some((s) => s.codec_name === "h264") && found.some((s) => s.codec_name === "aac") && found;
      } catch {
        return null;
      }
    });
    assert.equal(streams.find((s) => s.codec_name === "h264").color_space, "bt709");
    await app.shot("02-rehearsal");
    await app.press("结束彩排");
    await app.phase("ended");
  } finally {
    await app.close();
  }
});

test("going live reaches a stock server, changes scenes on air, and ends by holding", async () => {
  const nginx = await startNginx();
  const app = await openWindow();
  try {
    await app.press("添加目的地");
    await app.fill("#dest-name", "抖音");
    await app.fill("#dest-url", nginx.url);
    await app.fill("#dest-key", KEY);
    await app.press("保存");
    await until("the destination", async () => /抖音/.test(await app.text('[data-zone="right"]')));
    await app.press("开播");
    // The sentence becomes the strip with its checks; the second press begins the count.
    const confirm = await until("the confirmation", async () => {
      const words = await app.text('[data-part="sentence"]');
      return ["确认开播", "仍然开播"].find((w) => words.includes(w));
    });
    await app.press(confirm);
    await app.phase("live");
    await app.shot("03-live");
    await app.browser.keys("2");
    await until("the second scene on air", () =>
      app.browser.execute(() => {
        const current = document.querySelector('[data-part="strip"] [aria-current="true"]');
        return (current?.getAttribute("aria-label") ?? current?.innerText ?? "").includes("商品特写");
      }),
    );
    await app.hold("按住结束", 1900);
    await app.phase("ended");
    const streams = probe(nginx.recording(KEY)).streams;
    assert.deepEqual(streams.map((s) => s.codec_name).sort(), ["aac", "h264"]);
    const page = await app.browser.execute(() => document.documentElement.outerHTML);
    assert.ok(!page.includes(KEY), "the key is in the page");
    assert.ok(!readFileSync(join(app.home, "config", "settings.json"), "utf8").includes(KEY), "the key is in the settings");
    await app.shot("04-ended");
  } finally {
    await app.close();
    nginx.stop();
  }
});

test("recording writes a film that plays", async () => {
  const app = await openWindow();
  try {
    await app.press("开始录制");
    const folder = join(app.home, "config", "recordings");
    const file = await until("a recording of some length", () => {
      const names = readdirSync(folder, { withFileTypes: true }).filter((e) => e.name.endsWith(".mp4"));
      const path = names[0] && join(folder, names[0].name);
      return path && readFileSync(path).length > 60_000 && path;
    }).catch(async (error) => {
      throw new Error(`${error.message}; the window says: ${await app.text('[data-part="sentence"]')}`);
    });
    await app.press("停止");
    await until("the closed file", () => {
      try {
        return probe(file).streams.length === 2;
      } catch {
        return false;
      }
    });
  } finally {
    await app.close();
  }
});

test("the same window speaks English", async () => {
  const app = await openWindow({ lang: "en" });
  try {
    await until("the verbs in English", async () => /Rehearse[\s\S]*Go live/.test(await app.text('[data-zone="topbar"]')));
    assert.equal(await app.browser.execute(() => document.documentElement.lang), "en");
    await app.shot("05-english");
  } finally {
    await app.close();
  }
});
