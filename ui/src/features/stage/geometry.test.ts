import { describe, expect, it } from 'vitest';
import { item } from '../../core/fake/show';
import { fill, GRIPS, move, nudge, pick, quarterOf, scale, snapLines, turn, type Box } from './geometry';

const none = { xs: [], ys: [] };
const free = { axis: false, reach: 0, lines: none };
const start: Box = { x: 100, y: 50, width: 400, height: 200 };
const low = item('low', 'low', 'a', 'camera', [0, 0, 1920, 1080]);
const high = item('high', 'high', 'b', 'camera', [100, 100, 200, 200]);

describe('picking', () => {
  it('takes the topmost item that shows and is not locked', () => {
    expect(pick([high, low], { x: 150, y: 150 }, null, false)?.id).toBe('high');
    expect(pick([{ ...high, locked: true }, low], { x: 150, y: 150 }, null, false)?.id).toBe('low');
    expect(pick([{ ...high, visible: false }, low], { x: 150, y: 150 }, null, false)?.id).toBe('low');
    expect(pick([high], { x: 5, y: 5 }, null, false)).toBeNull();
  });

  it('goes down the pile with Alt and round again', () => {
    expect(pick([high, low], { x: 150, y: 150 }, 'high', true)?.id).toBe('low');
    expect(pick([high, low], { x: 150, y: 150 }, 'low', true)?.id).toBe('high');
  });
});

describe('moving', () => {
  it('keeps the axis moved more with Shift', () => {
    expect(move(start, { x: 30, y: 9 }, { ...free, axis: true }).box).toMatchObject({ x: 130, y: 50 });
    expect(move(start, { x: 3, y: -9 }, { ...free, axis: true }).box).toMatchObject({ x: 100, y: 41 });
  });

  it('snaps edges and middles to the canvas and to neighbours, with a guide', () => {
    const lines = snapLines({ x: 1920, y: 1080 }, [{ x: 700, y: 0, width: 100, height: 100 }]);
    const left = move(start, { x: -96, y: 0 }, { ...free, reach: 6, lines });
    expect(left.box.x).toBe(0);
    expect(left.guides.vertical).toBe(0);
    const middle = move(start, { x: 657, y: 0 }, { ...free, reach: 6, lines });
    expect(middle.box.x + middle.box.width / 2).toBe(960);
    const neighbour = move(start, { x: 203, y: 0 }, { ...free, reach: 6, lines });
    expect(neighbour.box.x + neighbour.box.width).toBe(700);
  });

  it('does not snap beyond its reach or when it is suspended', () => {
    const lines = snapLines({ x: 1920, y: 1080 }, []);
    expect(move(start, { x: -90, y: 0 }, { ...free, reach: 6, lines }).box.x).toBe(10);
    expect(move(start, { x: -96, y: 0 }, { ...free, reach: 0, lines }).box.x).toBe(4);
  });
});

describe('scaling', () => {
  it('keeps the opposite edge where it is, at every grip', () => {
    for (const grip of GRIPS) {
      const { box } = scale(start, grip, { x: 37, y: 21 }, { ratio: false, reach: 0, lines: none });
      if (grip.h <= 0 && grip.h !== 0) expect(box.x + box.width).toBe(500);
      else expect(box.x).toBe(100);
      if (grip.v <= 0 && grip.v !== 0) expect(box.y + box.height).toBe(250);
      else expect(box.y).toBe(50);
    }
  });

  it('never turns inside out', () => {
    const { box } = scale(
      start,
      { h: 1, v: 1 },
      { x: -900, y: -900 },
      { ratio: false, reach: 0, lines: none },
    );
    expect(box).toEqual({ x: 100, y: 50, width: 8, height: 8 });
  });

  it('keeps the shape with Shift', () => {
    const { box } = scale(start, { h: 1, v: 1 }, { x: 200, y: 0 }, { ratio: true, reach: 0, lines: none });
    expect(box.width / box.height).toBeCloseTo(2, 2);
    expect(box).toMatchObject({ x: 100, y: 50, width: 600 });
  });

  it('snaps the edge that moves', () => {
    const lines = snapLines({ x: 1920, y: 1080 }, []);
    const { box, guides } = scale(start, { h: 1, v: 0 }, { x: 457, y: 0 }, { ratio: false, reach: 6, lines });
    expect(box.x + box.width).toBe(960);
    expect(guides.vertical).toBe(960);
  });
});

describe('turning and filling', () => {
  const { transform } = item('t', 't', 'a', 'image', [100, 50, 400, 200]);

  it('turns about the middle and comes back after four', () => {
    const once = turn(transform, 1);
    expect(once).toMatchObject({ quarter_turns: 1, x: 200, y: -50, width: 200, height: 400 });
    expect(turn(turn(turn(once, 1), 1), 1)).toEqual(transform);
    expect(turn(transform, -1).quarter_turns).toBe(3);
  });

  it('reads the quarter from where the pointer stands', () => {
    expect(quarterOf(start, { x: 300, y: -500 })).toBe(0);
    expect(quarterOf(start, { x: 1500, y: 150 })).toBe(1);
    expect(quarterOf(start, { x: 300, y: 900 })).toBe(2);
    expect(quarterOf(start, { x: -900, y: 150 })).toBe(3);
  });

  it('fills the canvas without changing the shape', () => {
    const filled = fill(transform, { x: 1920, y: 1080 });
    expect(filled).toMatchObject({ width: 2160, height: 1080, x: -120, y: 0 });
  });

  it('moves and resizes by arrow keys', () => {
    expect(nudge(transform, { x: 1, y: 0 }, 10, false)).toMatchObject({ x: 110, width: 400 });
    expect(nudge(transform, { x: 0, y: 1 }, 1, true)).toMatchObject({ y: 50, height: 201 });
  });
});
