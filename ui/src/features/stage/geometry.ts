// Boxes on the canvas: hitting, moving, scaling, turning, snapping. Pure; canvas units unless a name says pixels.
import type { ItemView, TransformView } from '../../core/model';

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface Point {
  x: number;
  y: number;
}
/** A grip by the edges it moves: −1 the left or top one, 1 the right or bottom one, 0 neither. */
export interface Grip {
  h: -1 | 0 | 1;
  v: -1 | 0 | 1;
}
/** Lines to draw while something snaps. */
export interface Guides {
  vertical: number | null;
  horizontal: number | null;
}

export const GRIPS: readonly Grip[] = [
  { h: -1, v: -1 },
  { h: 0, v: -1 },
  { h: 1, v: -1 },
  { h: -1, v: 0 },
  { h: 1, v: 0 },
  { h: -1, v: 1 },
  { h: 0, v: 1 },
  { h: 1, v: 1 },
];
/** Pixels the pointer travels before a press becomes a drag. */
export const DRAG_AFTER = 4;
/** Pixels within which an edge snaps. */
export const SNAP = 6;
export const SMALLEST = 8;

export function contains(box: Box, point: Point): boolean {
  return point.x >= box.x && point.x < box.x + box.width && point.y >= box.y && point.y < box.y + box.height;
}

/** The items under a point that may be picked, topmost first. */
export function hits(items: readonly ItemView[], point: Point): ItemView[] {
  return items.filter((item) => item.visible && !item.locked && contains(item.transform, point));
}

/** The item a click picks: the topmost, or with Alt the one below the one picked before. */
export function pick(
  items: readonly ItemView[],
  point: Point,
  selected: string | null,
  below: boolean,
): ItemView | null {
  const under = hits(items, point);
  if (!below) return under[0] ?? null;
  const at = under.findIndex((item) => item.id === selected);
  return under[(at + 1) % Math.max(1, under.length)] ?? null;
}

const snapped = (edges: readonly number[], lines: readonly number[], reach: number) => {
  let best: { shift: number; line: number } | null = null;
  for (const edge of edges) {
    for (const line of lines) {
      const shift = line - edge;
      if (Math.abs(shift) <= reach && (best === null || Math.abs(shift) < Math.abs(best.shift))) {
        best = { shift, line };
      }
    }
  }
  return best;
};

/** Where edges and middles of other boxes and of the canvas lie. */
export function snapLines(canvas: Point, others: readonly Box[]): { xs: number[]; ys: number[] } {
  const xs = [0, canvas.x / 2, canvas.x];
  const ys = [0, canvas.y / 2, canvas.y];
  for (const box of others) {
    xs.push(box.x, box.x + box.width / 2, box.x + box.width);
    ys.push(box.y, box.y + box.height / 2, box.y + box.height);
  }
  return { xs, ys };
}

/** Moves a box; `axis` keeps to the direction moved more, `reach` is how near an edge snaps (0: not at all). */
export function move(
  start: Box,
  delta: Point,
  options: { axis: boolean; reach: number; lines: { xs: number[]; ys: number[] } },
): { box: Box; guides: Guides } {
  const along = { ...delta };
  if (options.axis) {
    if (Math.abs(delta.x) >= Math.abs(delta.y)) along.y = 0;
    else along.x = 0;
  }
  const box = { ...start, x: start.x + along.x, y: start.y + along.y };
  const { reach, lines } = options;
  const fix = (low: number, size: number, at: readonly number[]) =>
    reach <= 0 ? null : snapped([low, low + size / 2, low + size], at, reach);
  const sx = options.axis && along.x === 0 ? null : fix(box.x, box.width, lines.xs);
  const sy = options.axis && along.y === 0 ? null : fix(box.y, box.height, lines.ys);
  box.x += sx?.shift ?? 0;
  box.y += sy?.shift ?? 0;
  return { box: whole(box), guides: { vertical: sx?.line ?? null, horizontal: sy?.line ?? null } };
}

/** Pulls a grip; `ratio` keeps the shape. The opposite edge stays where it is, and nothing turns inside out. */
export function scale(
  start: Box,
  grip: Grip,
  delta: Point,
  options: { ratio: boolean; reach: number; lines: { xs: number[]; ys: number[] } },
): { box: Box; guides: Guides } {
  let dx = grip.h * delta.x;
  let dy = grip.v * delta.y;
  const guides: Guides = { vertical: null, horizontal: null };
  if (!options.ratio && options.reach > 0) {
    const edgeX = grip.h > 0 ? start.x + start.width + dx : start.x - dx;
    const edgeY = grip.v > 0 ? start.y + start.height + dy : start.y - dy;
    const sx = grip.h === 0 ? null : snapped([edgeX], options.lines.xs, options.reach);
    const sy = grip.v === 0 ? null : snapped([edgeY], options.lines.ys, options.reach);
    dx += grip.h * (sx?.shift ?? 0);
    dy += grip.v * (sy?.shift ?? 0);
    guides.vertical = sx?.line ?? null;
    guides.horizontal = sy?.line ?? null;
  }
  let width = Math.max(SMALLEST, start.width + dx);
  let height = Math.max(SMALLEST, start.height + dy);
  if (options.ratio) {
    const factor =
      grip.h === 0
        ? height / start.height
        : grip.v === 0
          ? width / start.width
          : Math.max(width / start.width, height / start.height);
    const least = SMALLEST / Math.min(start.width, start.height);
    width = start.width * Math.max(factor, least);
    height = start.height * Math.max(factor, least);
  }
  const place = (low: number, size: number, now: number, side: -1 | 0 | 1) =>
    side < 0 ? low + size - now : side > 0 ? low : low + (size - now) / 2;
  const box = {
    x: place(start.x, start.width, width, options.ratio || grip.h !== 0 ? grip.h : 1),
    y: place(start.y, start.height, height, options.ratio || grip.v !== 0 ? grip.v : 1),
    width,
    height,
  };
  return { box: whole(box), guides };
}

/** Turns by quarters clockwise about the middle; the box changes its width for its height. */
export function turn(transform: TransformView, quarters: number): TransformView {
  const turns = (((transform.quarter_turns + quarters) % 4) + 4) % 4;
  if (quarters % 2 === 0) return { ...transform, quarter_turns: turns };
  const { x, y, width, height } = transform;
  const box = whole({
    x: x + (width - height) / 2,
    y: y + (height - width) / 2,
    width: height,
    height: width,
  });
  return { ...transform, ...box, quarter_turns: turns };
}

/** The quarter turn nearest to where a pointer stands about the middle of a box; 0 is straight up. */
export function quarterOf(box: Box, point: Point): number {
  const angle = Math.atan2(point.x - (box.x + box.width / 2), box.y + box.height / 2 - point.y);
  return (Math.round(angle / (Math.PI / 2)) + 4) % 4;
}

/** Fills the canvas with the box's shape kept, cropping nothing: the box grows until both sides are covered. */
export function fill(transform: TransformView, canvas: Point): TransformView {
  const factor = Math.max(canvas.x / transform.width, canvas.y / transform.height);
  const width = transform.width * factor;
  const height = transform.height * factor;
  return {
    ...transform,
    ...whole({ x: (canvas.x - width) / 2, y: (canvas.y - height) / 2, width, height }),
  };
}

/** An arrow key: moves by the step, or with `resize` moves the right and bottom edges. */
export function nudge(
  transform: TransformView,
  direction: Point,
  step: number,
  resize: boolean,
): TransformView {
  const dx = direction.x * step;
  const dy = direction.y * step;
  return resize
    ? {
        ...transform,
        width: Math.max(SMALLEST, transform.width + dx),
        height: Math.max(SMALLEST, transform.height + dy),
      }
    : { ...transform, x: transform.x + dx, y: transform.y + dy };
}

/** Whole canvas units: what the number fields show is what is kept. */
export function whole(box: Box): Box {
  const x = Math.round(box.x);
  const y = Math.round(box.y);
  return {
    x,
    y,
    width: Math.max(SMALLEST, Math.round(box.x + box.width) - x),
    height: Math.max(SMALLEST, Math.round(box.y + box.height) - y),
  };
}
