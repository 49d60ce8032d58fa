// Pulls pictures from the core and draws them. Latest wins and at most one request is in flight, so a slow window
// falls behind in frames, never in time. The core encodes each view at the size it is drawn, only while it shows.
import type { PreviewView } from '../../core/model';
import type { StudioCore } from '../../core/studio-core';
import { unpackFrames } from '../../core/frames';

/** A place on the screen that shows pictures. */
export interface PreviewTarget {
  canvas: HTMLCanvasElement;
  /** Scene to draw; `null` for the programme. */
  scene: string | null;
  fps: number;
  /** Called after each picture drawn. */
  drawn?: () => void;
}

interface Attached extends PreviewTarget {
  width: number;
  height: number;
  seq: number;
  onScreen: boolean;
}

const SETTLE_MILLIS = 80;
const IDLE_MILLIS = 100;
const MAX_WIDTH = 1920;

const pause = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis));

export class PreviewPump {
  readonly #core: StudioCore;
  readonly #targets = new Map<number, Attached>();
  readonly #sizes: ResizeObserver | null;
  readonly #visible: IntersectionObserver | null;
  readonly #ids = new WeakMap<Element, number>();
  #next = 1;
  #running = false;
  #settling: ReturnType<typeof setTimeout> | null = null;

  constructor(core: StudioCore) {
    this.#core = core;
    this.#sizes =
      typeof ResizeObserver === 'undefined'
        ? null
        : new ResizeObserver((entries) => entries.forEach((entry) => this.#measure(entry.target)));
    this.#visible =
      typeof IntersectionObserver === 'undefined'
        ? null
        : new IntersectionObserver((entries) => entries.forEach((entry) => this.#seen(entry)));
  }

  /** Shows pictures in a canvas until the returned function is called. */
  attach(target: PreviewTarget): () => void {
    const id = this.#next++;
    this.#targets.set(id, { ...target, width: 0, height: 0, seq: 0, onScreen: this.#visible === null });
    this.#ids.set(target.canvas, id);
    this.#sizes?.observe(target.canvas);
    this.#visible?.observe(target.canvas);
    this.#measure(target.canvas);
    return () => {
      this.#sizes?.unobserve(target.canvas);
      this.#visible?.unobserve(target.canvas);
      this.#targets.delete(id);
      this.#settle();
    };
  }

  /** Pulls until the returned function is called. */
  run(): () => void {
    this.#running = true;
    void this.#loop();
    const wake = () => this.#settle();
    document.addEventListener('visibilitychange', wake);
    return () => {
      this.#running = false;
      document.removeEventListener('visibilitychange', wake);
    };
  }

  #of(element: Element): Attached | undefined {
    const id = this.#ids.get(element);
    return id === undefined ? undefined : this.#targets.get(id);
  }

  #measure(element: Element): void {
    const target = this.#of(element);
    if (target === undefined) return;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const scale = Math.min(ratio, MAX_WIDTH / Math.max(1, element.clientWidth));
    // Encoders of JPEG with halved colour want even sizes.
    const even = (pixels: number) => Math.max(2, Math.round((pixels * scale) / 2) * 2);
    const [width, height] = [even(element.clientWidth), even(element.clientHeight)];
    if (width === target.width && height === target.height) return;
    target.width = width;
    target.height = height;
    this.#settle();
  }

  #seen(entry: IntersectionObserverEntry): void {
    const target = this.#of(entry.target);
    if (target === undefined || target.onScreen === entry.isIntersecting) return;
    target.onScreen = entry.isIntersecting;
    this.#settle();
  }

  #wanted(): [number, Attached][] {
    if (document.hidden) return [];
    return [...this.#targets].filter(([, target]) => target.onScreen && target.width > 2);
  }

  #settle(): void {
    this.#settling ??= setTimeout(() => {
      this.#settling = null;
      const views: PreviewView[] = this.#wanted().map(([view, { scene, width, height, fps }]) => ({
        view,
        scene,
        width,
        height,
        fps,
      }));
      this.#core.setPreviewViews(views).catch(() => undefined);
    }, SETTLE_MILLIS);
  }

  async #loop(): Promise<void> {
    while (this.#running) {
      const wanted = this.#wanted();
      if (wanted.length === 0) {
        await pause(IDLE_MILLIS);
        continue;
      }
      try {
        const buffer = await this.#core.previewPull(wanted.map(([view, { seq }]) => [view, seq] as const));
        await this.#draw(buffer);
      } catch {
        // The core answers with the next pull or says through telemetry that it is gone.
        await pause(IDLE_MILLIS);
      }
    }
  }

  async #draw(buffer: ArrayBuffer): Promise<void> {
    const frames = unpackFrames(buffer);
    const pictures = await Promise.all(
      frames.map(async ({ view, seq, jpeg }) => {
        const target = this.#targets.get(view);
        if (target === undefined || jpeg.byteLength === 0) return null;
        target.seq = seq;
        const bitmap = await createImageBitmap(new Blob([jpeg], { type: 'image/jpeg' })).catch(() => null);
        return bitmap === null ? null : { target, bitmap };
      }),
    );
    const drawable = pictures.filter((picture) => picture !== null);
    if (drawable.length === 0) return;
    await new Promise<void>((resolve) => requestAnimationFrame(() => resolve()));
    for (const { target, bitmap } of drawable) {
      const { canvas } = target;
      if (canvas.width !== bitmap.width) canvas.width = bitmap.width;
      if (canvas.height !== bitmap.height) canvas.height = bitmap.height;
      canvas.getContext('2d', { alpha: false })?.drawImage(bitmap, 0, 0);
      bitmap.close();
      target.drawn?.();
    }
  }
}
