// Screenshots of the window in its states, sizes, languages and themes, into shots/. Arguments narrow them down:
// `node browser/shots.mjs live en`.
import { mkdir } from 'node:fs/promises';
import { serve } from './serve.mjs';
import { go, launch, open, SIZES, STATES } from './window.mjs';

const SETTLE_MILLIS = 600;
const only = process.argv.slice(2);
const wanted = (name) => only.every((word) => name.includes(word));
const server = await serve();
const browser = await launch();
await mkdir('shots', { recursive: true });
let failed = 0;

const nameOf = (what, lang, theme, size) =>
  `${what}-${lang === 'en' ? 'en' : 'zh'}-${theme}_${size.join('x')}`;

async function save(page, name) {
  await page.waitForTimeout(SETTLE_MILLIS);
  await page.screenshot({ path: `shots/${name}.png` });
}

/** One page for a look; its states follow each other at each size. */
async function states(lang, theme) {
  const all = [...STATES, 'starting', 'ended', 'silent', 'fresh', 'empty'];
  const due = all.filter((state) => SIZES.some((size) => wanted(nameOf(state, lang, theme, size))));
  if (due.length === 0) return;
  const { page, faults } = await open(browser, server.url, { lang, theme });
  for (const state of due) {
    await go(page, state);
    for (const size of SIZES) {
      const name = nameOf(state, lang, theme, size);
      if (!wanted(name)) continue;
      await page.setViewportSize({ width: size[0], height: size[1] });
      await save(page, name);
    }
  }
  await close(page, faults, `${lang} ${theme}`);
}

async function close(page, faults, name) {
  for (const fault of faults) console.error(name, fault);
  failed += faults.length;
  await page.close();
}

async function special(what, options, prepare) {
  for (const [lang, theme] of [
    ['zh-CN', 'dark'],
    ['en', 'light'],
  ]) {
    const name = nameOf(what, lang, theme, options.size);
    if (!wanted(name)) continue;
    const { page, faults } = await open(browser, server.url, { ...options, lang, theme });
    await prepare?.(page);
    await save(page, name);
    await close(page, faults, name);
  }
}

for (const lang of ['zh-CN', 'en']) for (const theme of ['dark', 'light']) await states(lang, theme);
for (const size of SIZES) {
  await special('tall', { state: 'live', tall: true, size });
  await special('far', { state: 'live', size }, (page) => page.keyboard.press('f'));
  await special('selected', { size }, (page) => page.locator('[role=option]').nth(1).click());
  await special('strip', { size }, (page) => page.keyboard.press('Control+Shift+L'));
}
const size = [1440, 900];
await special('add', { size }, (page) => page.locator('.left .sect .icon').click());
await special('settings', { size }, (page) => page.locator('[role=tab]').nth(1).click());
await special('keys', { size: [1280, 720] }, (page) => page.keyboard.press('?'));
await special('form', { size }, (page) => page.locator('.dests .row').first().click());
await special('emergency', { state: 'live', size }, (page) => page.keyboard.press('F9'));
await special('menu', { state: 'live', size: [1280, 720] }, (page) => page.locator('.trans .select').click());
await special('ask', { state: 'live', size }, (page) => page.locator('.end').click());

await browser.close();
server.close();
if (failed > 0) process.exit(1);
