// The show, sources, devices and destinations the fake core starts with.
import type { CanvasFormat, Devices, ItemView, Snapshot, SourceKindView, SourceView } from '../model';

export type Lang = 'zh-CN' | 'en';

const pick = (lang: Lang) => (zh: string, en: string) => (lang === 'en' ? en : zh);

export const noCrop = { left: 0, top: 0, right: 0, bottom: 0 };

export function item(
  id: string,
  name: string,
  source: string,
  kind: SourceKindView,
  box: [number, number, number, number],
  more: Partial<ItemView> = {},
): ItemView {
  const [x, y, width, height] = box;
  return {
    id,
    name,
    source,
    kind,
    transform: { x, y, width, height, quarter_turns: 0, opacity: 1, crop: noCrop },
    visible: true,
    locked: false,
    children: [],
    ...more,
  };
}

export function canvas(format: CanvasFormat): { width: number; height: number } {
  return format === 'landscape' ? { width: 1920, height: 1080 } : { width: 1080, height: 1920 };
}

function sources(lang: Lang): SourceView[] {
  const w = pick(lang);
  const source = (id: string, name: string, kind: SourceKindView, detail: string): SourceView => ({
    id,
    name,
    kind,
    detail,
    state: 'live',
    error: null,
    params: {},
    silent_secs: null,
  });
  return [
    source('host', w('主播', 'Host'), 'camera', w('内置摄像头', 'Built-in camera')),
    source('close', w('商品特写', 'Product close-up'), 'camera', w('USB 摄像头', 'USB camera')),
    source('price', w('价格条', 'Price bar'), 'text', w('丝绒唇釉 砖红 ¥89', 'Velvet tint, Brick ¥89')),
    source('count', w('倒计时', 'Countdown'), 'text', '00:59'),
    source('set', w('背景', 'Backdrop'), 'image', w('背景.png', 'backdrop.png')),
    source('product', w('商品图', 'Product picture'), 'image', w('商品.png', 'product.png')),
    source('guest', w('搭档', 'Partner'), 'camera', w('手机摄像头', 'Phone camera')),
    source('back', w('马上回来', 'Back soon'), 'image', w('马上回来.png', 'back-soon.png')),
    source('open', w('开场', 'Opening'), 'image', w('开场.png', 'opening.png')),
    source('bye', w('结束', 'Closing'), 'image', w('结束.png', 'closing.png')),
    source('mic', w('主播麦克风', 'Host mic'), 'microphone', w('USB 麦克风', 'USB microphone')),
    source('music', w('音乐', 'Music'), 'file', w('开场音乐.mp3', 'opening.mp3')),
    source('desk', w('电脑声音', 'Desktop'), 'microphone', w('扬声器回放', 'Speaker loopback')),
  ];
}

function devices(lang: Lang): Devices {
  const w = pick(lang);
  const formats = [{ pixel: 'mjpeg', width: 1920, height: 1080, fps: 30 }];
  return {
    cameras: [
      { index: 0, name: w('内置摄像头', 'Built-in camera'), stable_id: 'cam-0', formats },
      { index: 1, name: w('USB 摄像头', 'USB camera'), stable_id: 'cam-1', formats },
      { index: 2, name: w('手机摄像头', 'Phone camera'), stable_id: 'cam-2', formats },
    ],
    microphones: [
      { name: w('内置麦克风', 'Built-in microphone'), is_default: true },
      { name: w('USB 麦克风', 'USB microphone'), is_default: false },
    ],
    screens: [{ title: '' }, { title: w('商品表 - 表格', 'Products - Sheets') }],
  };
}

/** Items of the seven ready-made scenes on either canvas. */
export function sceneItems(lang: Lang, format: CanvasFormat): ItemView[][] {
  const w = pick(lang);
  const { width: W, height: H } = canvas(format);
  const tall = format === 'portrait';
  const full: [number, number, number, number] = [0, 0, W, H];
  const host = (id: string) => item(id, w('主播', 'Host'), 'host', 'camera', full);
  const set = (id: string) => item(id, w('背景', 'Backdrop'), 'set', 'image', full, { locked: true });
  const price = (id: string) =>
    item(id, w('价格条', 'Price bar'), 'price', 'text', tall ? [54, 1200, 810, 120] : [96, 866, 936, 139]);
  const close: [number, number, number, number] = tall ? [717, 144, 315, 384] : [1265, 98, 566, 686];
  const half: [[number, number, number, number], [number, number, number, number]] = tall
    ? [
        [0, 0, W, H / 2 - 6],
        [0, H / 2 + 6, W, H / 2 - 6],
      ]
    : [
        [0, 0, W / 2 - 5, H],
        [W / 2 + 5, 0, W / 2 - 5, H],
      ];
  const count = item('i-count', w('倒计时', 'Countdown'), 'count', 'text', [120, 90, 300, 120], {
    visible: false,
  });
  return [
    [host('i1-host'), set('i1-set')],
    [
      price('i-price'),
      item('i-close', w('商品特写', 'Product close-up'), 'close', 'camera', close),
      host('i-host'),
      count,
      set('i-set'),
    ],
    [price('i3-price'), item('i3-product', w('商品图', 'Product picture'), 'product', 'image', full)],
    [
      item('i4-host', w('主播', 'Host'), 'host', 'camera', half[0]),
      item('i4-guest', w('搭档', 'Partner'), 'guest', 'camera', half[1]),
    ],
    [item('i5-back', w('马上回来', 'Back soon'), 'back', 'image', full)],
    [item('i6-open', w('开场', 'Opening'), 'open', 'image', full)],
    [item('i7-bye', w('结束', 'Closing'), 'bye', 'image', full)],
  ];
}

export function firstSnapshot(lang: Lang, theme: 'dark' | 'light', format: CanvasFormat): Snapshot {
  const w = pick(lang);
  const names =
    lang === 'en'
      ? ['Host full', 'Close-up', 'Product', 'Two hosts', 'Back soon', 'Opening', 'Closing']
      : ['主播全身', '主播加特写', '商品特写', '双人同台', '马上回来', '开场', '结束'];
  const items = sceneItems(lang, format);
  return {
    revision: 1,
    phase: { phase: 'idle' },
    show: {
      name: w('秋冬口红专场', 'Autumn lipsticks'),
      saved: true,
      format,
      ...canvas(format),
      fps: 30,
      scenes: names.map((name, n) => ({ id: `s${n + 1}`, name, items: items[n] ?? [] })),
      current_scene: 's2',
      transition: { kind: 'fade', duration_millis: 300 },
      strips: [
        { source: 'mic', name: w('主播麦克风', 'Host mic'), kind: 'microphone', gain_db: 0, muted: false },
        { source: 'music', name: w('音乐', 'Music'), kind: 'file', gain_db: -12, muted: false },
        { source: 'desk', name: w('电脑声音', 'Desktop'), kind: 'microphone', gain_db: -6, muted: true },
      ],
      undo: 'set_transform',
      redo: null,
    },
    sources: sources(lang),
    devices: devices(lang),
    destinations: [
      {
        id: 'd1',
        name: w('抖音', 'Douyin'),
        url: 'rtmp://push.douyin.example/live',
        key: { present: true, last4: '7f3a' },
        enabled: true,
        state: 'off',
        error: null,
        reconnects: 0,
      },
      {
        id: 'd2',
        name: w('淘宝', 'Taobao'),
        url: 'rtmps://live.taobao.example/app',
        key: { present: true, last4: '91bc' },
        enabled: true,
        state: 'off',
        error: null,
        reconnects: 0,
      },
    ],
    recording: null,
    rehearsal: null,
    alarms: [],
    settings: {
      language: lang,
      theme,
      record_folder: w('/home/host/视频/Vitrine', '/home/host/Videos/Vitrine'),
      video: { video_bitrate: 6_000_000, audio_bitrate: 160_000, preset: 'veryfast', encoder: 'auto' },
      vault: 'keychain',
    },
  };
}
