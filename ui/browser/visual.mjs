// What the design promises of the picture as a whole, checked in a real browser:
// places never change with the state; no red off air; hardly any colour but the picture's; nothing meets the stage
// while live; the sentence and the numbers fit in both languages; sizes are those of the specification.
import assert from 'node:assert/strict';
import { serve } from './serve.mjs';
import { go, launch, open, SIZES, STATES } from './window.mjs';

const ZONES = [
  '.topbar',
  '.air',
  '.health',
  '.verbs',
  '.left',
  '.right',
  '.stagebar',
  '.well',
  '.picture',
  '.strip',
  '.mixer',
];
/** Well, picture, strip, mixer and bar heights of the specification, with a tolerance of two pixels. */
const SPEC = {
  '1280x720': {
    top: 60,
    left: 204,
    right: 308,
    bar: 34,
    well: [766, 452],
    picture: [742, 417],
    strip: 81,
    mixer: 89,
  },
  '1440x900': {
    top: 68,
    left: 220,
    right: 332,
    bar: 40,
    well: [886, 589],
    picture: [862, 485],
    strip: 94,
    mixer: 105,
  },
  '1920x1080': {
    top: 76,
    left: 276,
    right: 400,
    bar: 44,
    well: [1242, 715],
    picture: [1218, 685],
    strip: 128,
    mixer: 113,
  },
};
const TALL = { '1280x720': [287, 510], '1440x900': [371, 660], '1920x1080': [461, 820] };
const FAR = { '1280x720': [836, 470], '1440x900': [1156, 650] };

const server = await serve();
const browser = await launch();
const results = [];
let failures = 0;
async function check(name, body) {
  try {
    const note = await body();
    results.push(`ok    ${name}${note === undefined ? '' : `  ${note}`}`);
  } catch (error) {
    failures += 1;
    results.push(`FAIL  ${name}\n      ${error.message.split('\n').slice(0, 6).join('\n      ')}`);
  }
}

const boxes = (page) =>
  page.evaluate(
    (zones) =>
      Object.fromEntries(
        zones.map((zone) => {
          const { x, y, width, height } = document.querySelector(zone).getBoundingClientRect();
          return [zone, [x, y, width, height].map((n) => Math.round(n * 10) / 10)];
        }),
      ),
    ZONES,
  );
const resize = (page, [width, height]) => page.setViewportSize({ width, height });
const near = (got, want, what) => assert.ok(Math.abs(got - want) <= 2, `${what}: ${got} instead of ${want}`);

/** Counts pixels of ours by colour, with pictures hidden. */
async function colours(page) {
  await page.addStyleTag({ content: '' }).catch(() => undefined);
  await page.evaluate(() =>
    document.querySelectorAll('canvas').forEach((canvas) => (canvas.style.visibility = 'hidden')),
  );
  const png = (await page.screenshot()).toString('base64');
  await page.evaluate(() =>
    document.querySelectorAll('canvas').forEach((canvas) => (canvas.style.visibility = '')),
  );
  return page.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const { data: px } = context.getImageData(0, 0, image.width, image.height);
    let red = 0;
    let coloured = 0;
    for (let at = 0; at < px.length; at += 4) {
      const [r, g, b] = [px[at], px[at + 1], px[at + 2]];
      const max = Math.max(r, g, b);
      const span = max - Math.min(r, g, b);
      if (span > 40) {
        coloured += 1;
        if (max === r) {
          const hue = (60 * (g - b)) / span;
          if (Math.abs(hue) <= 18) red += 1;
        }
      }
    }
    return { red, share: coloured / (px.length / 4) };
  }, png);
}

/** Text that is cut off, of the parts that must never be. */
const cut = (page) =>
  page.evaluate(() =>
    [
      ...document.querySelectorAll(
        '.say, .more, .verbs .btn, .act, .air-now, .stageinfo h1, .tab, .sect h2, .ch-top output, .btn',
      ),
    ]
      .filter((one) => one.offsetParent !== null && one.scrollWidth > one.clientWidth + 1)
      .map((one) => `${one.className}: ${one.textContent.trim()} (${one.scrollWidth} > ${one.clientWidth})`),
  );

const reference = {};
for (const lang of ['zh-CN', 'en']) {
  for (const theme of ['dark', 'light']) {
    const { page, faults } = await open(browser, server.url, { lang, theme });
    for (const state of STATES) {
      await go(page, state);
      for (const size of SIZES) {
        await resize(page, size);
        await page.waitForTimeout(250);
        const key = size.join('x');
        const name = `${state} ${lang} ${theme} ${key}`;
        await check(`boxes equal: ${name}`, async () => {
          const now = await boxes(page);
          reference[key] ??= now;
          assert.deepEqual(now, reference[key]);
          assert.ok(now['.health'][1] + now['.health'][3] <= 76, 'the sentence leaves the eye line');
        });
        await check(`nothing is cut off: ${name}`, async () => assert.deepEqual(await cut(page), []));
        await check(`colour: ${name}`, async () => {
          const { red, share } = await colours(page);
          if (state === 'offline' || state === 'rehearsal') assert.equal(red, 0, `${red} red pixels off air`);
          // The frame is a larger share of a small screen; the mockup itself measures 1.49 % there.
          const limit = size[0] < 1360 ? 0.016 : 0.015;
          if (state === 'live' || state === 'offline')
            assert.ok(share <= limit, `${(share * 100).toFixed(2)} % coloured`);
          return `${(share * 100).toFixed(2)} % coloured, ${red} red`;
        });
      }
    }
    await check(`no errors and no refused policy: ${lang} ${theme}`, () => assert.deepEqual(faults, []));
    await page.close();
  }
}

for (const [key, spec] of Object.entries(SPEC)) {
  await check(`sizes of the specification: ${key}`, () => {
    const now = reference[key];
    near(now['.topbar'][3], spec.top, 'top bar');
    near(now['.left'][2], spec.left, 'left column');
    near(now['.right'][2], spec.right, 'right column');
    near(now['.stagebar'][3], spec.bar, 'stage bar');
    near(now['.well'][2], spec.well[0], 'well width');
    near(now['.well'][3], spec.well[1], 'well height');
    near(now['.picture'][2], spec.picture[0], 'picture width');
    near(now['.picture'][3], spec.picture[1], 'picture height');
    near(now['.strip'][3], spec.strip, 'scene strip');
    near(now['.mixer'][3], spec.mixer, 'mixer');
  });
}

{
  const { page } = await open(browser, server.url, { state: 'live', tall: true });
  for (const size of SIZES) {
    await resize(page, size);
    await check(`9:16 picture: ${size.join('x')}`, async () => {
      const [, , width, height] = (await boxes(page))['.picture'];
      near(width, TALL[size.join('x')][0], 'width');
      near(height, TALL[size.join('x')][1], 'height');
    });
  }
  await page.close();
}

{
  const { page } = await open(browser, server.url, { state: 'live' });
  await page.keyboard.press('f');
  for (const [key, [width, height]] of Object.entries(FAR)) {
    await resize(page, key.split('x').map(Number));
    await check(`Stand back: ${key}`, async () => {
      const now = await page.locator('.picture').boundingBox();
      near(now.width, width, 'width');
      near(now.height, height, 'height');
    });
  }
  await page.keyboard.press('Escape');
  await resize(page, SIZES[0]);
  await check('Esc returns from Stand back', () =>
    page.locator('.left').waitFor({ state: 'visible', timeout: 2000 }),
  );
  // Whatever opens while live leaves the stage's box alone and does not meet it.
  const before = await page.locator('.well').boundingBox();
  const openers = {
    'add sheet': () => page.locator('.left .sect .icon').click(),
    'transition menu': () => page.locator('.trans .select').click(),
    'scene menu': () => page.locator('.tile .dots').first().click({ force: true }),
    emergency: () => page.keyboard.press('F9'),
    settings: () => page.locator('.leftfoot .icon').first().click(),
    keys: () => page.locator('.leftfoot .icon').nth(1).click(),
    'end question': () => page.locator('.end').click(),
    'urgent alarm': () => page.evaluate(() => window.__fake.set('urgent')),
  };
  for (const [name, act] of Object.entries(openers)) {
    await check(`nothing covers the stage while live: ${name}`, async () => {
      await act();
      await page.waitForTimeout(300);
      assert.deepEqual(await page.locator('.well').boundingBox(), before);
      const over = await page.evaluate(() => {
        const well = document.querySelector('.well');
        const box = well.getBoundingClientRect();
        const meets = [];
        for (let x = box.left + 4; x < box.right; x += 24)
          for (let y = box.top + 4; y < box.bottom; y += 24) {
            const top = document.elementFromPoint(x, y);
            if (top !== null && !well.contains(top)) meets.push(top.className || top.tagName);
          }
        return [...new Set(meets)];
      });
      assert.deepEqual(over, []);
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
    });
  }
  await page.close();
}

{
  // §6: a silent core is never taken for a healthy one.
  const { page } = await open(browser, server.url, { state: 'live' });
  await check('every value is marked within 2 s of silence', async () => {
    await page.evaluate(() => window.__fake.silence(true));
    await page.locator('.win.silent').waitFor({ timeout: 3000 });
    const readings = await page.locator('.ch-top output').allTextContents();
    assert.ok(
      readings.every((word) => word.trim() === '未知'),
      readings.join(),
    );
    assert.match(await page.locator('.say').textContent(), /断了联系/);
    const notes = await page.locator('[role=option] .st').allTextContents();
    assert.ok(
      notes.every((word) => word === '未知'),
      notes.join(),
    );
    assert.equal(await page.locator('.dot.ok, .health.info').count(), 0);
  });
  await page.close();
}

{
  // Preview reaches the canvas at the element's own size and keeps coming.
  const { page } = await open(browser, server.url, { state: 'offline', size: [1280, 720] });
  await check('the preview is drawn at the size of its element', async () => {
    const size = await page.evaluate(() => {
      const canvas = document.querySelector('.picture canvas');
      return [canvas.width, canvas.height, canvas.clientWidth, canvas.clientHeight];
    });
    near(size[0], size[2], 'width');
    near(size[1], size[3], 'height');
  });
  await check('a dragged item follows the pointer and is sent', async () => {
    const box = await page.locator('.picture').boundingBox();
    await page.mouse.move(box.x + box.width * 0.8, box.y + box.height * 0.4);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + box.height * 0.45, { steps: 6 });
    await page.mouse.up();
    await page.waitForTimeout(400);
    const left = await page.locator('.fields input').first().inputValue();
    assert.ok(Math.abs(Number(left) - (1265 - 192)) < 20, left);
    const sent = await page.evaluate(
      () => window.__fake.calls.filter((call) => call.command === 'editItem').length,
    );
    assert.ok(sent > 0);
  });
  await page.close();
}

await browser.close();
server.close();
console.log(results.join('\n'));
console.log(
  failures === 0 ? `\n${results.length} checks passed` : `\n${failures} of ${results.length} checks failed`,
);
process.exit(failures === 0 ? 0 : 1);
