import { describe, expect, it } from 'vitest';
import { packFrames, unpackFrames } from '../../core/frames';
import { LatestWins } from './latest-wins';

describe('latest wins', () => {
  it('has one value on its way and keeps only the newest of the others', async () => {
    const sent: number[] = [];
    const land: (() => void)[] = [];
    const sender = new LatestWins<number>((value) => {
      sent.push(value);
      return new Promise<void>((resolve) => land.push(resolve));
    });
    [1, 2, 3].forEach((value) => sender.push(value));
    expect(sent).toEqual([1]);
    land[0]?.();
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    expect(sent).toEqual([1, 3]);
  });

  it('goes on after a refusal', async () => {
    const sent: number[] = [];
    const sender = new LatestWins<number>(async (value) => {
      sent.push(value);
      throw new Error('refused');
    });
    sender.push(1);
    sender.push(2);
    await new Promise((resolve) => setTimeout(resolve));
    expect(sent).toEqual([1, 2]);
  });
});

describe('frames', () => {
  const frames = [
    { view: 1, seq: 7, ptsMillis: 233, jpeg: new Uint8Array([1, 2, 3]) },
    { view: 2, seq: 4_000_000_000, ptsMillis: 233, jpeg: new Uint8Array([]) },
  ];

  it('come out as they went in', () => {
    expect(unpackFrames(packFrames(frames))).toEqual(frames);
  });

  it('leave out a truncated tail', () => {
    const whole = packFrames(frames);
    expect(unpackFrames(whole.slice(0, whole.byteLength - 4))).toHaveLength(1);
    expect(unpackFrames(whole.slice(0, 18))).toHaveLength(0);
    expect(unpackFrames(new ArrayBuffer(0))).toHaveLength(0);
  });
});
