// Journeys through the whole window, against the fake core.
import { render, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import App from './App.svelte';
import { FakeCore, type FakeOptions } from './core/fake';
import { Desk } from './state/desk.svelte';
import { useLanguage } from './state/locale.svelte';
import { Studio } from './state/studio.svelte';
import { TelemetryStore } from './state/telemetry.svelte';

async function start(options: FakeOptions = {}) {
  const fake = new FakeCore(options, false);
  const core = fake.core();
  const studio = new Studio(core);
  const telemetry = new TelemetryStore(() => Date.now());
  const desk = new Desk(studio, telemetry);
  render(App, { desk });
  await studio.connect((message) => telemetry.take(message));
  await vi.advanceTimersByTimeAsync(400);
  const user = userEvent.setup({ advanceTimers: (millis) => vi.advanceTimersByTimeAsync(millis) });
  const called = (command: string) => fake.calls.filter((call) => call.command === command);
  return { desk, studio, user, called, strings: fake.strings() };
}

const button = (name: string | RegExp) => screen.getByRole('button', { name });
const say = () => document.querySelector('.say')?.textContent?.trim();

beforeEach(() => {
  vi.useFakeTimers({
    toFake: [
      'setTimeout',
      'clearTimeout',
      'setInterval',
      'clearInterval',
      'Date',
      'performance',
      'requestAnimationFrame',
      'cancelAnimationFrame',
    ],
  });
});
afterEach(() => {
  vi.useRealTimers();
  useLanguage('zh-CN');
});

describe('going live', () => {
  it('takes two presses and a count, and is red only once a platform accepts', async () => {
    const { user, called } = await start();
    await user.click(button('开播'));
    expect(screen.getByRole('group', { name: '开播前确认' })).toBeInTheDocument();
    expect(called('startLive')).toHaveLength(0);
    await user.click(button('确认开播'));
    expect(say()).toMatch(/3 秒后开播/);
    await vi.advanceTimersByTimeAsync(2500);
    expect(called('startLive')).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(900);
    expect(called('startLive')).toHaveLength(1);
    expect(say()).toMatch(/正在接通/);
    expect(document.querySelector('.pill-live')).toBeNull();
    expect(document.querySelector('.frame.live')).toBeNull();
    await vi.advanceTimersByTimeAsync(1500);
    expect(document.querySelector('.pill-live')).toHaveTextContent('直播中');
    expect(document.querySelector('.frame.live')).not.toBeNull();
  });

  it('is cancelled by Esc during the count', async () => {
    const { user, called } = await start();
    await user.click(button('开播'));
    await user.click(button('确认开播'));
    await user.keyboard('{Escape}');
    await vi.advanceTimersByTimeAsync(5000);
    expect(called('startLive')).toHaveLength(0);
  });

  it('offers to add a destination when there is none', async () => {
    const { user } = await start({ state: 'fresh' });
    await user.click(button('开播'));
    const strip = document.querySelector<HTMLElement>('.health');
    await user.click(within(strip as HTMLElement).getByRole('button', { name: '添加目的地' }));
    expect(screen.getByLabelText('推流地址')).toBeInTheDocument();
  });

  it('ends a rehearsal first', async () => {
    const { user, called } = await start({ state: 'rehearsal' });
    await user.click(button('开播'));
    await user.click(button(/确认开播|仍然开播/));
    await vi.advanceTimersByTimeAsync(3500);
    expect(called('stopRehearsal')).toHaveLength(1);
    expect(called('startLive')).toHaveLength(1);
  });
});

describe('ending', () => {
  it('happens after holding for a second and a half', async () => {
    const { user, called } = await start({ state: 'live' });
    await user.pointer({ keys: '[MouseLeft>]', target: button('按住结束') });
    await vi.advanceTimersByTimeAsync(1400);
    expect(called('stopLive')).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(200);
    expect(called('stopLive')).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(400);
    expect(say()).toMatch(/^播了 1:24:\d\d，观众没有感到中断。$/);
    expect(document.querySelector('.pill-live')).toBeNull();
  });

  it('does nothing when let go early', async () => {
    const { user, called } = await start({ state: 'live' });
    await user.pointer({ keys: '[MouseLeft>]', target: button('按住结束') });
    await vi.advanceTimersByTimeAsync(1000);
    await user.pointer({ keys: '[/MouseLeft]', target: button('按住结束') });
    await vi.advanceTimersByTimeAsync(6000);
    expect(called('stopLive')).toHaveLength(0);
    expect(screen.queryByText('现在结束直播？')).toBeNull();
  });

  it('asks in the bar after a tap, and takes silence for no', async () => {
    const { user, called } = await start({ state: 'live' });
    await user.click(button('按住结束'));
    expect(say()).toBe('现在结束直播？');
    await vi.advanceTimersByTimeAsync(5400);
    expect(say()).not.toBe('现在结束直播？');
    expect(called('stopLive')).toHaveLength(0);
    await user.click(button('按住结束'));
    await user.click(button('结束直播'));
    expect(called('stopLive')).toHaveLength(1);
  });
});

describe('rehearsing', () => {
  it('opens its room, finds the watch page and keeps red away', async () => {
    const { user } = await start();
    await user.click(button('彩排'));
    expect(screen.getByRole('tab', { name: '彩排间', selected: true })).toBeInTheDocument();
    expect(screen.getByDisplayValue('http://127.0.0.1:8787/watch')).toBeInTheDocument();
    await user.click(button('打开观看页'));
    await vi.advanceTimersByTimeAsync(300);
    expect(say()).toBe('彩排正常：画面、声音都合格。');
    await user.click(button('结束彩排'));
    await vi.advanceTimersByTimeAsync(300);
    expect(screen.queryByRole('tab', { name: '彩排间' })).toBeNull();
    expect(say()).toMatch(/^彩排了/);
  });
});

describe('sources', () => {
  it('are added from what is plugged in', async () => {
    const { user, called, studio } = await start({ state: 'empty' });
    await user.click(button('添加来源'));
    await user.click(button('摄像头'));
    await user.click(button(/^USB 摄像头/));
    expect(called('addSource')[0]?.args).toEqual(['s2', { kind: 'camera', device: 'cam-1' }]);
    expect(studio.scene?.items).toHaveLength(1);
  });

  it('are selected in the list, hidden, moved by number and removed', async () => {
    const { user, called } = await start();
    await user.click(screen.getByRole('option', { name: /商品特写/ }));
    const left = screen.getByLabelText('左');
    expect(left).toHaveValue('1265');
    await user.clear(left);
    await user.type(left, '100{Enter}');
    expect(called('editItem').at(-1)?.args[2]).toMatchObject({ edit: 'transform', transform: { x: 100 } });
    await user.click(button('隐藏 商品特写'));
    expect(called('editItem').at(-1)?.args[2]).toEqual({ edit: 'visible', visible: false });
    await user.click(button('删除'));
    expect(called('editItem').at(-1)?.args[2]).toEqual({ edit: 'remove' });
    expect(screen.queryByRole('option', { name: /商品特写/ })).toBeNull();
    await user.click(button(/^撤销/));
    expect(screen.getByRole('option', { name: /商品特写/ })).toBeInTheDocument();
  });

  it('get another device through the sentence when one is gone', async () => {
    const { user, called } = await start({ state: 'urgent' });
    expect(say()).toBe('麦克风不在了，观众听不到你。');
    expect(screen.getByRole('alert')).toBeInTheDocument();
    const bar = document.querySelector<HTMLElement>('.health');
    await user.click(within(bar as HTMLElement).getByRole('button', { name: '换麦克风' }));
    await user.click(button(/^内置麦克风/));
    expect(called('replaceSourceDevice')[0]?.args).toEqual([
      'mic',
      { kind: 'microphone', device: '内置麦克风' },
    ]);
  });
});

describe('destinations', () => {
  it('are saved without ever showing a stored key', async () => {
    const { user, called } = await start();
    await user.click(button(/^编辑 抖音/));
    const key = screen.getByLabelText('推流码');
    expect(key).toHaveValue('');
    expect(key).toHaveAttribute('type', 'password');
    expect(key).toHaveAttribute('placeholder', '已保存，末四位 7f3a');
    await user.click(button('保存'));
    expect(called('saveDestination')[0]?.args[0]).toMatchObject({ id: 'd1', key: null, name: '抖音' });
  });

  it('say what is wrong beside the field', async () => {
    const { user, called } = await start({ state: 'fresh' });
    const panel = screen.getByRole('tabpanel');
    await user.click(within(panel).getByRole('button', { name: '添加目的地' }));
    await user.type(screen.getByLabelText('名称'), '抖音');
    await user.type(screen.getByLabelText('推流地址'), 'http://x');
    await user.click(button('保存'));
    expect(screen.getByText('地址要以 rtmp:// 或 rtmps:// 开头。')).toBeInTheDocument();
    expect(called('saveDestination')).toHaveLength(0);
  });

  it('ask before the last one is removed on air', async () => {
    const { user, called } = await start({ state: 'live' });
    await user.click(button(/^编辑 抖音/));
    await user.click(button('删除目的地'));
    expect(called('removeDestination')).toHaveLength(1);
    await user.click(button(/^编辑 淘宝/));
    await user.click(button('删除目的地'));
    expect(called('removeDestination')).toHaveLength(1);
    expect(say()).toBe('删除最后一个目的地？');
  });
});

describe('refusals', () => {
  it('are worded in the sentence, with a way to try again, and go by themselves', async () => {
    const { user, called, strings } = await start();
    strings.refuse('startRecording', { code: 'disk_full' });
    await user.click(button('开始录制'));
    expect(say()).toBe('磁盘满了。');
    const bar = document.querySelector<HTMLElement>('.health');
    expect(within(bar as HTMLElement).getByRole('button', { name: '换个文件夹' })).toBeInTheDocument();
    await vi.advanceTimersByTimeAsync(10_500);
    expect(say()).toBe('可以开播，先彩排一次更放心。');
    strings.refuse('startRecording', { code: 'internal', retryable: true });
    await user.click(button('开始录制'));
    await user.click(button('再试一次'));
    expect(called('startRecording')).toHaveLength(3);
  });
});

describe('the mixer', () => {
  it('mutes by button and by key, and says so', async () => {
    const { user, called } = await start();
    await user.click(button('静音 主播麦克风'));
    expect(called('setStrip')[0]?.args).toEqual(['mic', 0, true]);
    expect(button('取消静音 主播麦克风')).toHaveAttribute('aria-pressed', 'true');
    (document.activeElement as HTMLElement).blur();
    await user.keyboard('m');
    expect(called('setStrip')[1]?.args).toEqual(['mic', 0, false]);
  });
});

describe('keys and language', () => {
  it('take scenes, but not while typing', async () => {
    const { user, called } = await start();
    await user.keyboard('3');
    expect(called('takeScene')[0]?.args).toEqual(['s3']);
    expect(button(/^3，商品特写，已选中/)).toHaveAttribute('aria-current', 'true');
    await user.click(button(/^编辑 抖音/));
    await user.type(screen.getByLabelText('名称'), '12');
    expect(called('takeScene')).toHaveLength(1);
  });

  it('speaks English when asked, in place', async () => {
    const { user } = await start();
    await user.click(screen.getByRole('tab', { name: '设置' }));
    await user.click(button('English'));
    await vi.advanceTimersByTimeAsync(50);
    expect(say()).toBe('Ready. A rehearsal first is safer.');
    expect(document.documentElement.lang).toBe('en');
    expect(button('Rehearse')).toBeInTheDocument();
  });

  it('reads the snapshot again after a lost event', async () => {
    const { called, strings, studio, user } = await start();
    strings.drop();
    await user.click(button('静音 主播麦克风'));
    expect(studio.show.strips[0]?.muted).toBe(false);
    await user.click(button('新场景'));
    await vi.advanceTimersByTimeAsync(50);
    expect(called('snapshot').length).toBeGreaterThanOrEqual(2);
    expect(studio.show.strips[0]?.muted).toBe(true);
  });
});
