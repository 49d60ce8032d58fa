// Accessibility rules of WCAG 2.2 A and AA in every state, language and theme: no violations.
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { serve } from './serve.mjs';
import { go, launch, open, STATES } from './window.mjs';

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const server = await serve();
const browser = await launch();
let failures = 0;
let runs = 0;

async function run(page, name) {
  runs += 1;
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(source);
  const violations = await page.evaluate(async (tags) => {
    const { violations } = await window.axe.run(document, { runOnly: tags });
    return violations.map(({ id, help, nodes }) => ({
      id,
      help,
      nodes: nodes
        .slice(0, 4)
        .map((node) => `${node.target.join(' ')} – ${node.failureSummary.split('\n')[1] ?? ''}`),
    }));
  }, TAGS);
  failures += violations.length;
  for (const { id, help, nodes } of violations)
    console.error(`${name}: ${id}: ${help}\n    ${nodes.join('\n    ')}`);
}

for (const lang of ['zh-CN', 'en']) {
  for (const theme of ['dark', 'light']) {
    const { page } = await open(browser, server.url, { lang, theme });
    const look = `${lang} ${theme}`;
    const opened = {
      selected: () => page.locator('[role=option]').nth(1).click(),
      strip: () => page.keyboard.press('Control+Shift+L'),
      'add sheet': async () => {
        await page.keyboard.press('Escape');
        await page.locator('.left .sect .icon').first().click();
      },
      'text form': () => page.locator('.choice').nth(4).click(),
      settings: async () => {
        await page.keyboard.press('Escape');
        await page.locator('[role=tab]').nth(1).click();
      },
      keys: () => page.locator('[role=tab]').nth(2).click(),
      form: async () => {
        await page.locator('[role=tab]').first().click();
        await page.locator('.dests .row').first().click();
      },
    };
    for (const [name, act] of Object.entries(opened)) {
      await act();
      await page.waitForTimeout(250);
      await run(page, `${name} ${look}`);
    }
    await page.locator('.form .btn').first().click();
    for (const state of [...STATES, 'starting', 'ended', 'silent', 'fresh', 'empty']) {
      await go(page, state);
      await page.waitForTimeout(200);
      await run(page, `${state} ${look}`);
      if (state === 'live') {
        await page.keyboard.press('F9');
        await run(page, `emergency ${look}`);
        await page.keyboard.press('Escape');
        await page.keyboard.press('f');
        await run(page, `far ${look}`);
        await page.keyboard.press('Escape');
      }
    }
    await page.close();
  }
}

await browser.close();
server.close();
console.log(
  failures === 0 ? `axe: 0 violations in ${runs} runs` : `axe: ${failures} violations in ${runs} runs`,
);
process.exit(failures === 0 ? 0 : 1);
