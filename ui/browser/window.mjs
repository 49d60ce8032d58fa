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

export async function open(
  browser,
  base,
  { state = 'offline', lang = 'zh-CN', theme = 'dark', tall = false, size = [1440, 900], settle = true } = {},
) {
  const page = await browser.newPage({ viewport: { width: size[0], height: size[1] } });
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) =>
      console.error(
        `policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`,
      ),
    );
  });
  const query = new URLSearchParams({ fake: '', state, lang, theme, ...(tall ? { tall: '' } : {}) });
  await page.goto(`${base}?${query}`);
  await page.locator('[data-part=mixer]').waitFor();
  await page.waitForFunction(() => document.querySelector('[data-part=picture] canvas').width > 300);
  // Attention shows after three seconds of trouble.
  if (settle && state === 'degraded') await page.locator('.health.attention').waitFor();
  if (settle && state === 'silent') await page.locator('.win.silent').waitFor();
  return { page, faults };
}
