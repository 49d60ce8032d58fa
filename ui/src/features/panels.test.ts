import { describe, expect, it } from 'vitest';
import { chartPaths } from './destinations/chart';
import { draftProblems } from './destinations/draft';
import { faderDb, faderPosition, meterShare } from './mixer/scale';

describe('meters and faders', () => {
  it('run from the floor to full scale', () => {
    expect(meterShare(-100)).toBe(0);
    expect(meterShare(0)).toBe(1);
    expect(meterShare(-25)).toBe(0.5);
  });

  it('put a gain back where it came from', () => {
    for (const db of [-60, -42, -24, -12, -0.5, 0, 3, 12]) {
      expect(faderDb(faderPosition(db))).toBe(db);
    }
  });
});

describe('a destination', () => {
  it('needs a name and an RTMP address', () => {
    expect(draftProblems('抖音', 'rtmps://push.example/live')).toEqual({ name: false, url: false });
    expect(draftProblems(' ', 'http://push.example')).toEqual({ name: true, url: true });
    expect(draftProblems('x', 'rtmp://')).toMatchObject({ url: true });
  });
});

describe('the upload chart', () => {
  it('draws nothing before something was sent', () => {
    expect(chartPaths([], 6e6).line).toBe('');
    expect(chartPaths([0, 0, 0], 6e6).line).toBe('');
  });

  it('ends at the right edge and stays in its box', () => {
    const { line, target } = chartPaths([5e6, 6e6, 20e6], 6e6);
    const points = [...line.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(
      ([, x, y]) => [Number(x), Number(y)] as const,
    );
    expect(points.at(-1)?.[0]).toBe(320);
    for (const [x, y] of points) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(96);
    }
    expect(target).toBeLessThan(96);
  });
});
