// Opens the window in Chromium, with the fake core, in one of its states.
import { chromium } from 'playwright-core';

export const SIZES = [
  [1280, 720],
  [1440, 900],
  [1920, 1080],
];
export const STATES = ['offline', 'rehearsal', 'live', 'degraded', 'urgent'];

export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });

/** Opens a page; `faults` gathers errors, refused policies included. */
export async function open(
  browser,
  base,
  { state = 'offline', lang = 'zh-CN', theme = 'dark', tall = false, size = [1440, 900] } = {},
) {
  const page = await browser.newPage({ viewport: { width: size[0], height: size[1] } });
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  await page.addInitScript(() => {
    // The shell freezes it, too.
    Object.freeze(Object.prototype);
    addEventListener('securitypolicyviolation', (event) =>
      console.error(
        `policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`,
      ),
    );
  });
  const query = new URLSearchParams({ fake: '', state, lang, theme, ...(tall ? { tall: '' } : {}) });
  await page.goto(`${base}?${query}`);
  await page.locator('[data-part=mixer]').waitFor();
  await settled(page, state);
  return { page, faults };
}

/** Goes to another state in the same page. */
export async function go(page, state) {
  await page.evaluate((next) => window.__fake.set(next), state);
  await settled(page, state);
}

async function settled(page, state) {
  await page.locator('[data-part=picture] .waiting').waitFor({ state: 'detached' });
  // Attention shows after three seconds of trouble, silence after two.
  const level = state === 'degraded' ? '.attention' : state === 'urgent' ? '.urgent' : null;
  if (level !== null) await page.locator(`.health${level}`).waitFor();
  else if (state === 'silent') await page.locator('.win.silent').waitFor();
  else await page.locator('.health.info').waitFor({ timeout: 20_000 });
}
