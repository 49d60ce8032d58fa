// The newest telemetry, and whether any came lately. After two seconds of silence nothing shown may pass for fresh.
import type { DestinationMeter, StripMeter, Telemetry } from '../core/model';

export const SILENCE_MILLIS = 2000;
const CHECK_MILLIS = 250;
const CHART_SECONDS = 120;

export class TelemetryStore {
  latest = $state.raw<Telemetry | null>(null);
  /** Nothing has come for two seconds. */
  silent = $state(false);
  /** Encoded bits per second, one value a second, newest last. */
  uploads = $state.raw<readonly number[]>([]);

  readonly #now: () => number;
  #heardAt: number;
  #uploadAt = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#heardAt = now();
  }

  take(telemetry: Telemetry): void {
    const now = this.#now();
    this.#heardAt = now;
    this.latest = telemetry;
    this.silent = false;
    if (now - this.#uploadAt >= 1000) {
      this.#uploadAt = now;
      this.uploads = [...this.uploads, telemetry.bitrate].slice(-CHART_SECONDS);
    }
  }

  /** Looks at the clock; to be called a few times a second. */
  check(): void {
    this.silent = this.#now() - this.#heardAt > SILENCE_MILLIS;
  }

  /** Runs `check` until the returned function is called. */
  watch(): () => void {
    const timer = setInterval(() => this.check(), CHECK_MILLIS);
    return () => clearInterval(timer);
  }

  strip(source: string): StripMeter | undefined {
    return this.silent ? undefined : this.latest?.strips.find((strip) => strip.source === source);
  }

  destination(id: string): DestinationMeter | undefined {
    return this.silent ? undefined : this.latest?.destinations.find((meter) => meter.id === id);
  }
}
