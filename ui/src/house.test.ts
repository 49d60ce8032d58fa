// House rules that no compiler checks.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import en from '../messages/en.json';
import zh from '../messages/zh-CN.json';

const files = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.name === 'paraglide'
      ? []
      : entry.isDirectory()
        ? files(join(folder, entry.name))
        : [join(folder, entry.name)],
  );
const sources = files('src').filter((file) => /\.(svelte|ts|css)$/.test(file));
const read = (file: string) => readFileSync(file, 'utf8');

/** On air and danger are told in these parts and nowhere else. */
const RED_PARTS = [
  'TopBar',
  'Health',
  'HoldButton',
  'Stage',
  'StageBar',
  'SceneTile',
  'Meter',
  'Strip',
  'Programme',
];

describe('red', () => {
  it('is used only where on air and danger are told', () => {
    const used = sources.filter(
      (file) => !/tokens\.css|test\.ts/.test(file) && /var\(--red/.test(read(file)),
    );
    const strays = used.filter((file) => !RED_PARTS.some((part) => file.endsWith(`/${part}.svelte`)));
    expect(strays).toEqual([]);
  });
});

describe('colours', () => {
  it('come from the tokens', () => {
    const raw = sources.filter(
      (file) =>
        /\.(svelte|css)$/.test(file) &&
        !file.endsWith('tokens.css') &&
        /#[0-9a-f]{3,8}\b(?=[;\s)])/i.test(style(file)),
    );
    expect(raw).toEqual([]);
  });
  const style = (file: string) =>
    file.endsWith('.css') ? read(file) : (/<style>([\s\S]*)<\/style>/.exec(read(file))?.[1] ?? '');
});

describe('the shell', () => {
  it('is imported in one place', () => {
    const importing = sources.filter((file) => /from '@tauri-apps\//.test(read(file)));
    expect(importing).toEqual([join('src', 'core', 'tauri.ts')]);
  });
});

describe('messages', () => {
  it('exist in both languages with the same parameters', () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
    const parameters = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
    for (const [key, text] of Object.entries(zh)) {
      expect(parameters(en[key as keyof typeof en]), key).toEqual(parameters(text));
    }
  });

  it('obey the rules of the copy', () => {
    for (const [key, text] of Object.entries(zh)) {
      expect(text, key).not.toMatch(/错误|请稍后再试|您|！|网络异常|·|…{2,}/);
    }
    for (const [key, text] of Object.entries(en)) expect(text, key).not.toMatch(/!|\bError\b|please/i);
  });

  it('are all used', () => {
    const code = sources.map(read).join('\n');
    const unused = Object.keys(zh).filter(
      (key) => key !== '$schema' && !new RegExp(`\\bm\\.${key}\\(`).test(code),
    );
    expect(unused).toEqual([]);
  });
});
