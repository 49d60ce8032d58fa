// Starts the window: finds the core, follows it, mounts the parts.
import { mount } from 'svelte';
import App from './App.svelte';
import type { StudioCore } from './core/studio-core';
import { tauriCore } from './core/tauri';
import { Desk } from './state/desk.svelte';
import { Studio } from './state/studio.svelte';
import { TelemetryStore } from './state/telemetry.svelte';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';

async function findCore(): Promise<StudioCore> {
  // Left out of the product's build: both conditions are constants there.
  if (import.meta.env.DEV || import.meta.env.MODE === 'fake') {
    const asked = new URLSearchParams(location.search).has('fake');
    if (asked || !('__TAURI_INTERNALS__' in window)) {
      const { fakeCore } = await import('./core/fake');
      return fakeCore(location.search);
    }
  }
  return tauriCore();
}

const RETRY_MILLIS = 1000;

/** Follows the core; one that does not answer yet is asked again. */
async function follow(studio: Studio, telemetry: TelemetryStore): Promise<void> {
  for (;;) {
    try {
      return await studio.connect((message) => telemetry.take(message));
    } catch (reason) {
      console.error('the core does not answer', reason);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MILLIS));
    }
  }
}

async function start(): Promise<void> {
  const studio = new Studio(await findCore());
  const telemetry = new TelemetryStore();
  const target = document.getElementById('app');
  if (target !== null) mount(App, { target, props: { desk: new Desk(studio, telemetry) } });
  await follow(studio, telemetry);
}

start().catch((reason: unknown) => console.error('the window could not start', reason));
