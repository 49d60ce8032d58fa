// Pictures for the fake core: draws a scene from drawn stand-ins and packs it as the real core does.
import type { ItemView, SceneView, ShowView } from '../model';
import { art, type Words } from './art';
import type { Lang } from './show';

const WORDS: Record<Lang, Words> = {
  'zh-CN': {
    brb: '马上回来',
    bye1: '谢谢观看',
    bye2: '明晚 8 点见',
    open1: '秋冬口红专场',
    open2: '今晚 20:00',
    p3: '丝绒唇釉 砖红',
    p3sub: '显白不挑皮，送运费险',
  },
  en: {
    brb: 'Back soon',
    bye1: 'Thank you',
    bye2: 'Tomorrow at 8',
    open1: 'Autumn lipsticks',
    open2: 'Tonight 20:00',
    p3: 'Velvet tint, Brick',
    p3sub: 'Suits every skin, free returns',
  },
};

/** Source to symbol, with the symbol's size. */
const SYMBOLS: Record<string, [symbol: string, width: number, height: number]> = {
  host: ['art-host', 1600, 900],
  close: ['art-closeup', 460, 560],
  price: ['card-price', 780, 116],
  set: ['art-set', 1600, 900],
  product: ['art-product', 1600, 900],
  back: ['scene-5', 1600, 900],
  open: ['scene-6', 1600, 900],
  bye: ['scene-7', 1600, 900],
  guest: ['guest', 1600, 900],
};
const GUEST = `<symbol id="guest" viewBox="0 0 1600 900"><rect width="1600" height="900" fill="#8d9a94"/><rect width="1600" height="900" fill="url(#g-glow)"/><use href="#person" x="340" y="60" width="900" height="900"/></symbol>`;
const PALETTE = ['#8a8f98', '#7a6f63', '#5f7a6c', '#866a7d'];

export class Painter {
  readonly #images = new Map<string, ImageBitmap>();
  readonly #lang: Lang;

  constructor(lang: Lang) {
    this.#lang = lang;
  }

  async load(): Promise<void> {
    const symbols = art(WORDS[this.#lang]) + GUEST;
    await Promise.all(
      Object.entries(SYMBOLS).map(async ([source, [symbol, width, height]]) => {
        const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Noto Sans CJK SC, Noto Sans SC, sans-serif">${symbols}<use href="#${symbol}" width="${width}" height="${height}"/></svg>`;
        const image = new Image();
        image.src = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
        await image.decode();
        this.#images.set(source, await createImageBitmap(image));
        URL.revokeObjectURL(image.src);
      }),
    );
  }

  async jpeg(
    show: ShowView,
    scene: SceneView,
    width: number,
    height: number,
    t: number,
  ): Promise<Uint8Array> {
    const canvas = new OffscreenCanvas(Math.max(2, width), Math.max(2, height));
    const context = canvas.getContext('2d');
    if (context === null) return new Uint8Array();
    context.imageSmoothingQuality = 'high';
    context.fillStyle = '#1f2221';
    context.fillRect(0, 0, width, height);
    context.scale(width / show.width, height / show.height);
    for (const item of scene.items.toReversed()) this.#draw(context, item, t);
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
    return new Uint8Array(await blob.arrayBuffer());
  }

  #draw(context: OffscreenCanvasRenderingContext2D, item: ItemView, t: number): void {
    if (!item.visible || item.source === null) return;
    const { x, y, width, height, quarter_turns, opacity } = item.transform;
    context.save();
    context.globalAlpha = opacity;
    if (item.source === 'close') {
      context.fillStyle = '#f7f2ea';
      context.fillRect(x, y, width, height);
    }
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    const image = this.#images.get(item.source);
    context.translate(x + width / 2, y + height / 2);
    context.rotate((quarter_turns * Math.PI) / 2);
    const [w, h] = quarter_turns % 2 === 0 ? [width, height] : [height, width];
    if (image === undefined) {
      this.#plain(context, item, w, h);
    } else {
      const sway = item.kind === 'camera' ? 1.012 + 0.006 * Math.sin(t * 0.9) : 1;
      const inset = item.source === 'close' ? 12 : 0;
      const scale = Math.max((w - inset) / image.width, (h - inset) / image.height) * sway;
      if (inset > 0) {
        context.beginPath();
        context.rect((inset - w) / 2, (inset - h) / 2, w - inset, h - inset);
        context.clip();
      }
      const spare = image.width * scale - w;
      // A tall frame keeps the face in it, which stands left of the middle.
      const shift = item.source === 'host' ? Math.max(0, spare) * 0.1 : 0;
      context.drawImage(
        image,
        (-image.width * scale) / 2 + shift,
        (-image.height * scale) / 2,
        image.width * scale,
        image.height * scale,
      );
    }
    context.restore();
  }

  #plain(context: OffscreenCanvasRenderingContext2D, item: ItemView, w: number, h: number): void {
    context.fillStyle = PALETTE[item.id.length % PALETTE.length] ?? '#777';
    context.fillRect(-w / 2, -h / 2, w, h);
    context.fillStyle = '#f3f3f2';
    context.font = `600 ${Math.min(h * 0.5, 90)}px sans-serif`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillText(item.name, 0, 0, w * 0.9);
  }
}
