import { describe, expect, it } from 'vitest';
import { bytes, clock, fileName, megabits, number, parseNumber } from './format';
import { withThinSpaces } from './spacing';
import { clip, hanWidth } from './width';

describe('numbers', () => {
  it('show a real minus, and none before zero', () => {
    expect(number(-14.1, 1)).toBe('\u221214.1');
    expect(number(-0.04, 1)).toBe('0.0');
    expect(number(3)).toBe('3');
  });

  it('are read back with either minus, a unit or a full-width point', () => {
    expect(parseNumber('\u221212')).toBe(-12);
    expect(parseNumber(' 90° ')).toBe(90);
    expect(parseNumber('0．5')).toBe(0.5);
    expect(parseNumber('abc')).toBeNull();
    expect(parseNumber('')).toBeNull();
  });

  it('become clocks, rates and sizes', () => {
    expect(clock(192.9)).toBe('03:12');
    expect(clock(5076)).toBe('1:24:36');
    expect(clock(-1)).toBe('00:00');
    expect(megabits(6_100_000)).toBe('6.1 Mb/s');
    expect(bytes(1.9e9)).toBe('1.9 GB');
    expect(bytes(820e6)).toBe('820 MB');
    expect(fileName('C:\\shows\\a.mp4')).toBe('a.mp4');
    expect(fileName('/home/host/视频/')).toBe('视频');
  });
});

describe('width', () => {
  it('counts Han as one and Latin as a half', () => {
    expect(hanWidth('抖音')).toBe(2);
    expect(hanWidth('USB 麦克风')).toBe(5);
  });

  it('shortens names to the room there is', () => {
    expect(clip('抖音', 6)).toBe('抖音');
    expect(clip('一个非常长的平台名字', 6)).toBe('一个非常长…');
    expect(hanWidth(clip('A very long platform name', 6))).toBeLessThanOrEqual(6);
  });
});

describe('mixed text', () => {
  it('gets thin spaces between Han and Latin or digits, and nowhere else', () => {
    expect(withThinSpaces('已断播6秒')).toBe('已断播\u20096\u2009秒');
    expect(withThinSpaces('All good.')).toBe('All good.');
    expect(withThinSpaces('画面，x264')).toBe('画面，x264');
  });
});
