// Screenshots of the window in its states, sizes, languages and themes, into shots/. Arguments narrow them down:
// `node browser/shots.mjs live en`.
import { mkdir } from 'node:fs/promises';
import { serve } from './serve.mjs';
import { launch, open, SIZES, STATES } from './window.mjs';

const only = process.argv.slice(2);
const server = await serve();
const browser = await launch();
await mkdir('shots', { recursive: true });
let failed = 0;

async function shoot(name, options, prepare) {
  if (!only.every((word) => name.includes(word))) return;
  const { page, faults } = await open(browser, server.url, options);
  await page.waitForTimeout(700);
  await prepare?.(page);
  await page.screenshot({ path: `shots/${name}.png` });
  for (const fault of faults) console.error(name, fault);
  failed += faults.length;
  await page.close();
}

for (const size of SIZES) {
  for (const state of [...STATES, 'starting', 'ended', 'empty', 'fresh', 'silent']) {
    for (const [lang, theme] of [
      ['zh-CN', 'dark'],
      ['en', 'light'],
      ['en', 'dark'],
      ['zh-CN', 'light'],
    ]) {
      await shoot(`${state}-${lang === 'en' ? 'en' : 'zh'}-${theme}_${size.join('x')}`, {
        state,
        lang,
        theme,
        size,
      });
    }
  }
}
const special = async (name, options, prepare) => {
  for (const lang of ['zh-CN', 'en'])
    await shoot(
      `${name}-${lang === 'en' ? 'en' : 'zh'}_${options.size.join('x')}`,
      { ...options, lang },
      prepare,
    );
};
const size = [1440, 900];
for (const one of SIZES) {
  await special('tall', { state: 'live', tall: true, size: one });
  await special('far', { state: 'live', size: one }, (page) => page.keyboard.press('f'));
  await special('selected', { state: 'offline', size: one }, (page) =>
    page.locator('[role=option]').nth(1).click(),
  );
  await special('strip', { state: 'offline', size: one }, (page) => page.keyboard.press('Control+Shift+L'));
}
await special('add', { state: 'offline', size }, (page) => page.locator('.left .sect .icon').click());
await special('settings', { state: 'offline', size }, (page) => page.locator('[role=tab]').nth(1).click());
await special('keys', { state: 'offline', size: [1280, 720] }, (page) => page.keyboard.press('?'));
await special('form', { state: 'offline', size }, (page) => page.locator('.dests .row').first().click());
await special('emergency', { state: 'live', size }, (page) => page.keyboard.press('F9'));
await special('menu', { state: 'live', size: [1280, 720] }, (page) => page.locator('.trans .select').click());
await special('ask', { state: 'live', size }, (page) => page.locator('.end').click());

await browser.close();
server.close();
if (failed > 0) process.exit(1);
