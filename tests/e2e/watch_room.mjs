// Starts the rehearsal room's example program and talks to it by lines.

import { spawn } from "node:child_process";
import readline from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A room of its own: `ingest`, `watch` and `lan` addresses, `status()`, `stop()`. */
export async function startRoom(...flags) {
  const room = spawn(
    "cargo",
    ["run", "--quiet", "--package", "vitrine-rehearsal", "--example", "room", "--", ...flags],
    { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] },
  );
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
