// Starts the rehearsal room's example program and talks to it by lines.

import { execFile, spawn } from "node:child_process";
import readline from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

let built;

/** The program: the environment's VITRINE_ROOM, else built once by cargo, which says where it put it. */
async function program() {
  if (process.env.VITRINE_ROOM) return process.env.VITRINE_ROOM;
  const flags = ["--quiet", "--package", "vitrine-rehearsal", "--example", "room", "--message-format=json"];
  const options = { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 };
  const { stdout } = await promisify(execFile)("cargo", ["build", ...flags], options);
  const messages = stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const room = messages.find(({ target, executable }) => target?.name === "room" && executable);
  if (!room) throw new Error("cargo built no room");
  return room.executable;
}

/** A room of its own: `ingest`, `watch` and `lan` addresses, `status()`, `stop()`. */
export async function startRoom(...flags) {
  built ??= program();
  const room = spawn(await built, flags, { stdio: ["pipe", "pipe", "inherit"] });
  const gone = new Promise((resolve) => room.on("close", resolve));
  const lines = readline.createInterface({ input: room.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the room is gone");
    return JSON.parse(value);
  };
  const addresses = await next();
  return {
    ...addresses,
    async status() {
      room.stdin.write("\n");
      return next();
    },
    async stop() {
      room.stdin.end();
      await gone;
    },
  };
}
