// The real studio window under a display and a message bus of its own, driven through WebKit's WebDriver.
//
// Linux only. Nothing here touches the host's settings: every window gets an empty configuration folder.
// Programs: xvfb-run is not used, since it hides which process is whose; Xvfb, dbus-run-session, WebKitWebDriver are.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { remote } from "webdriverio";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const PATIENCE = 60_000;

/** A show that needs no devices: the test pattern and a tone. */
export const PATTERN_SHOW = {
  vitrine_show: 1,
  name: "秋冬口红专场",
  canvas: { width: 1280, height: 720 },
  sources: [
    { id: "pattern", name: "测试图", input: { kind: "pattern" } },
    { id: "tone", name: "测试音", input: { kind: "tone" } },
    { id: "card", name: "底色", input: { kind: "color", color: "#7a2230" } },
  ],
  scenes: [
    {
      id: "main",
      name: "主播全身",
      items: [{ id: "pattern", name: "测试图", source: "pattern", transform: { x: 0, y: 0, width: 1280, height: 720, fit: "stretch" } }],
    },
    {
      id: "product",
      name: "商品特写",
      items: [
        { id: "card", name: "底色", source: "card", transform: { x: 0, y: 0, width: 1280, height: 720, fit: "stretch" } },
        { id: "inset", name: "小窗", source: "pattern", transform: { x: 860, y: 60, width: 384, height: 216 } },
      ],
    },
  ],
  transition: { kind: "fade", duration_millis: 300 },
  strips: [{ source: "tone", gain_db: -6 }],
};

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Runs until `probe` gives something true; fails with `what` after a minute. */
export async function until(what, probe) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`${what} did not happen`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function program() {
  const target = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
  const path = process.env.VITRINE_STUDIO ?? join(target, "debug", "vitrine-studio");
  if (!existsSync(path)) throw new Error(`build it first: cargo build -p vitrine-studio (${path})`);
  return path;
}

function webDriver() {
  const places = ["/usr/bin/WebKitWebDriver", "/usr/lib/webkit2gtk-4.1/WebKitWebDriver", "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/WebKitWebDriver"];
  const found = places.find((place) => existsSync(place));
  if (!found) throw new Error("install the package webkit2gtk-driver");
  return found;
}

async function display(width, height) {
  const child = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", `${width}x${height}x24`, "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const number = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error("Xvfb did not start")));
    child.stdio[3].once("data", (data) => resolve(String(data).trim()));
  });
  return { child, name: `:${number}` };
}

/** Opens the window. `show` is what the host left last time. */
export async function openWindow({ show = PATTERN_SHOW, width = 1440, height = 900, lang = "zh-CN" } = {}) {
  const home = mkdtempSync(join(tmpdir(), "vitrine-window-"));
  const config = join(home, "config");
  mkdirSync(config);
  if (show) writeFileSync(join(config, "show.json"), JSON.stringify(show));
  writeFileSync(join(config, "settings.json"), JSON.stringify({ version: 1, language: lang }));
  const screen = await display(width, height);
  const port = await freePort();
  const driver = spawn("dbus-run-session", ["--", webDriver(), `--port=${port}`, "--host=127.0.0.1"], {
    detached: true,
    stdio: "ignore",
    env: {
      ...process.env,
      DISPLAY: screen.name,
      HOME: home,
      XDG_CONFIG_HOME: join(home, "xdg-config"),
      XDG_DATA_HOME: join(home, "xdg-data"),
      XDG_CACHE_HOME: join(home, "xdg-cache"),
      VITRINE_CONFIG_DIR: config,
      TAURI_AUTOMATION: "true",
      TAURI_WEBVIEW_AUTOMATION: "true",
      WEBKIT_DISABLE_DMABUF_RENDERER: "1",
      LANG: "C.UTF-8",
    },
  });
  await until("the WebDriver's answer", () => fetch(`http://127.0.0.1:${port}/status`).then((r) => r.ok, () => false));
  const browser = await remote({
    hostname: "127.0.0.1",
    port,
    logLevel: "error",
    connectionRetryCount: 0,
    capabilities: { "webkitgtk:browserOptions": { binary: program() }, "wdio:enforceWebDriverClassic": true },
  });
  const app = new App(browser, home);
  app.close = async () => {
    await browser.deleteSession().catch(() => {});
    try {
      process.kill(-driver.pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
    screen.child.kill("SIGKILL");
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  await app.phase("idle");
  // Before the first snapshot the window is empty and idle, too.
  await until("the host's show", async () => (await app.text('[data-zone="left"]')).includes(show?.name ?? ""));
  return app;
}

/** What a host does with the window. */
class App {
  constructor(browser, home) {
    this.browser = browser;
    this.home = home;
  }

  /** Waits until the studio is in that phase. */
  async phase(name) {
    await until(`phase ${name}`, () =>
      this.browser.execute((n) => document.querySelector(".win")?.dataset.phase === n, name),
    );
  }

  /** The words of a part of the window. */
  text(selector) {
    return this.browser.execute((s) => document.querySelector(s)?.innerText ?? "", selector);
  }

  /** A visible button whose words begin with `words`. */
  async button(words) {
    const element = await this.browser.$(`//button[not(@disabled) and starts-with(normalize-space(.), "${words}")]`);
    await element.waitForDisplayed({ timeout: PATIENCE });
    return element;
  }

  async press(words) {
    await (await this.button(words)).click();
  }

  /** Presses and holds for `millis`. */
  async hold(words, millis) {
    const element = await this.button(words);
    await this.browser
      .action("pointer")
      .move({ origin: element })
      .down()
      .pause(millis)
      .up()
      .perform();
  }

  async fill(selector, value) {
    const field = await this.browser.$(selector);
    await field.waitForDisplayed({ timeout: PATIENCE });
    await field.setValue(value);
  }

  /** How many different pictures the stage showed in `seconds`, and their mean luma at the end. */
  async watchStage(seconds) {
    await this.browser.setTimeout({ script: (seconds + 30) * 1000 });
    return this.browser.executeAsync((span, done) => {
      const canvas = document.querySelector('[data-part="picture"] canvas');
      if (!canvas) return done({ drawn: 0, luma: 0 });
      const context = canvas.getContext("2d");
      let drawn = 0;
      const draw = context.drawImage;
      context.drawImage = function (...args) {
        drawn += 1;
        return draw.apply(this, args);
      };
      setTimeout(() => {
        delete context.drawImage;
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        let sum = 0;
        for (let n = 0; n < data.length; n += 4) sum += data[n] * 0.2126 + data[n + 1] * 0.7152 + data[n + 2] * 0.0722;
        done({ drawn, luma: sum / (data.length / 4), width: canvas.width, height: canvas.height });
      }, span * 1000);
    }, seconds);
  }

  /** Keeps a picture of the window if the environment names a folder for it. */
  async shot(name) {
    const folder = process.env.VITRINE_SHOTS;
    if (!folder) return;
    mkdirSync(folder, { recursive: true });
    await this.browser.saveScreenshot(join(folder, `${name}.png`));
  }
}

/** Debian's nginx with its RTMP module on a free port, recording what it is sent. */
export async function startNginx() {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-nginx-"));
  for (const name of ["rec", "tmp"]) mkdirSync(join(folder, name), { mode: 0o777 });
  const port = await freePort();
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((n) => `${n}_temp_path ${folder}/tmp;`).join(" ");
  writeFileSync(
    join(folder, "nginx.conf"),
    `load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
     ${process.getuid() === 0 ? "user root;" : ""} worker_processes 1; daemon off; master_process off;
     pid ${folder}/pid; error_log ${folder}/error.log info;
     events { worker_connections 64; } http { access_log off; ${temp} }
     rtmp { access_log off; server { listen 127.0.0.1:${port}; chunk_size 4096;
       application live { live on; record all; record_path ${folder}/rec; } } }`,
  );
  const nginx = ["/usr/sbin/nginx", "/usr/bin/nginx"].find((place) => existsSync(place));
  const child = spawn(nginx, ["-c", join(folder, "nginx.conf"), "-p", folder], { stdio: "ignore" });
  await until("nginx", async () => {
    const probe = spawnSync("sh", ["-c", `exec 3<>/dev/tcp/127.0.0.1/${port}`], { shell: "/bin/bash" });
    return probe.status === 0 || existsSync(join(folder, "pid"));
  });
  return {
    url: `rtmp://127.0.0.1:${port}/live`,
    recording: (key) => join(folder, "rec", `${key}.flv`),
    stop() {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** What ffprobe says of a file or address. */
export function probe(input, extra = []) {
  const out = spawnSync("ffprobe", ["-v", "error", "-of", "json", "-show_streams", ...extra, input], { encoding: "utf8" });
  if (out.status !== 0) throw new Error(`ffprobe ${input}: ${out.stderr}`);
  return JSON.parse(out.stdout);
}
