import { describe, expect, it } from 'vitest';
import type { Alarm, AlarmCode, AlarmLevel } from '../../core/model';
import { AlarmGate, compareAlarms } from './alarm-gate';

const alarm = (code: AlarmCode, level: AlarmLevel = 'attention', source = 's'): Alarm => ({
  code,
  level,
  params: { source },
  action: null,
});

describe('the alarm gate', () => {
  it('shows attention after three seconds', () => {
    const gate = new AlarmGate();
    const held = [alarm('source_held')];
    expect(gate.update(held, 0).headline).toBeNull();
    expect(gate.update(held, 2999).headline).toBeNull();
    expect(gate.update(held, 3000).headline?.code).toBe('source_held');
  });

  it('never shows a trouble that passes within three seconds', () => {
    const gate = new AlarmGate();
    gate.update([alarm('source_held')], 0);
    gate.update([], 2000);
    gate.update([alarm('source_held')], 2500);
    expect(gate.update([alarm('source_held')], 4000).headline).toBeNull();
  });

  it('keeps attention until ten seconds of health', () => {
    const gate = new AlarmGate();
    gate.update([alarm('source_held')], 0);
    gate.update([alarm('source_held')], 3000);
    expect(gate.update([], 12_999).headline?.code).toBe('source_held');
    expect(gate.update([], 13_000).headline).toBeNull();
  });

  it('starts the ten seconds again when the trouble comes back', () => {
    const gate = new AlarmGate();
    gate.update([alarm('source_held')], 0);
    gate.update([alarm('source_held')], 3000);
    gate.update([], 9000);
    gate.update([alarm('source_held')], 12_000);
    expect(gate.update([], 21_000).headline?.code).toBe('source_held');
    expect(gate.update([], 22_000).headline).toBeNull();
  });

  it('shows urgent at once, over attention', () => {
    const gate = new AlarmGate();
    gate.update([alarm('disk_low')], 0);
    gate.update([alarm('disk_low')], 3000);
    const shown = gate.update([alarm('disk_low'), alarm('off_air', 'urgent')], 3100);
    expect(shown.headline?.code).toBe('off_air');
    expect(shown.others).toBe(1);
  });

  it('changes the headline at most once in five seconds', () => {
    const gate = new AlarmGate();
    let changes = 0;
    let last: string | null = null;
    for (let now = 0; now <= 20_000; now += 100) {
      const flapping = Math.floor(now / 300) % 2 === 0 ? [alarm('off_air', 'urgent')] : [];
      const code = gate.update(flapping, now).headline?.code ?? null;
      if (code !== last) changes += 1;
      last = code;
    }
    expect(changes).toBeLessThanOrEqual(5);
  });

  it('puts what viewers feel first among equals', () => {
    const sorted = [alarm('disk_low'), alarm('microphone_gone'), alarm('source_lost'), alarm('off_air')].sort(
      compareAlarms,
    );
    expect(sorted.map((one) => one.code)).toEqual(['off_air', 'source_lost', 'microphone_gone', 'disk_low']);
  });

  it('tells information for ten seconds and then leaves it to its panel', () => {
    const gate = new AlarmGate();
    const info = [alarm('vault_in_memory', 'info')];
    gate.update(info, 0);
    expect(gate.update(info, 3000).headline?.code).toBe('vault_in_memory');
    expect(gate.update(info, 12_900).headline?.code).toBe('vault_in_memory');
    expect(gate.update(info, 13_000)).toEqual({ headline: null, others: 0 });
    expect(gate.update(info, 60_000).headline).toBeNull();
  });

  it('tells the same trouble of two sources apart', () => {
    const gate = new AlarmGate();
    const both = [alarm('source_held', 'attention', 'a'), alarm('source_held', 'attention', 'b')];
    gate.update(both, 0);
    expect(gate.update(both, 3000).others).toBe(1);
  });
});
