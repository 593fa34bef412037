import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openDatabase } from "./database.ts";
import { AGGREGATOR_FILE } from "./schema.ts";
import { sqliteStore } from "./store.ts";
import type { FullDisk } from "./_full_disk_testing.ts";

const TASK = "a".repeat(64);

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sqlite-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

Deno.test("SQLite: an open file has the settings that durability rests on", () =>
  inFolder(async (folder) => {
    const { db, close } = openDatabase(join(folder, "a.db"), AGGREGATOR_FILE, {
      busyTimeoutMs: 1234,
    });
    const settings = {
      ...{ journal_mode: "wal", synchronous: 2, fullfsync: 1, checkpoint_fullfsync: 1 },
      ...{ locking_mode: "exclusive", page_size: 16_384, journal_size_limit: 67_108_864 },
      trusted_schema: 0,
    };
    for (const [name, value] of Object.entries(settings)) {
      assert.equal(db.prepare(`PRAGMA ${name}`).get()?.[name], value, name);
    }
    assert.equal(db.prepare("PRAGMA busy_timeout").get()?.timeout, 1234);
    await close();
  }));

Deno.test("SQLite: a second process waits for a file that is soon let go of", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a.db");
    const first = sqliteStore(path);
    await first.write(TASK, 0, { record: "first" });
    const module = new URL("store.ts", import.meta.url).href;
    const code = `import { sqliteStore } from "${module}";
      console.log("trying");
      const store = sqliteStore(${JSON.stringify(path)}, { busyTimeoutMs: 30_000 });
      console.log((await store.read("${TASK}")).record);
      await store[Symbol.asyncDispose]();`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--ext=ts", code],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let said = (await lines.read()).value ?? "";
    assert.equal(said, "trying\n");
    await first[Symbol.asyncDispose]();
    for (;;) {
      const { value, done } = await lines.read();
      if (done) break;
      said += value;
    }
    assert.equal(said, "trying\nfirst\n");
    assert.equal((await child.status).code, 0);
  }));

/** Runs a command with a small disk of its own at a folder. */
function onSmallDisk(folder: string, ...command: readonly string[]): Deno.Command {
  const mount = `mount -t tmpfs -o size=6m tmpfs "$0" && exec "$@"`;
  return new Deno.Command("unshare", {
    args: ["--map-root-user", "--mount", "sh", "-c", mount, folder, ...command],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function lacksSmallDisks(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "disk-"));
  try {
    return !(await onSmallDisk(folder, "true").output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

Deno.test({
  name: "SQLite: on a full disk nothing happens by half, and with room again it goes on",
  ignore: await lacksSmallDisks(),
  fn: () =>
    inFolder(async (folder) => {
      const program = fileURLToPath(new URL("_full_disk_testing.ts", import.meta.url));
      const args = [Deno.execPath(), "run", "--quiet", "--no-check", "-A", program, folder];
      const { stdout, stderr } = await onSmallDisk(folder, ...args).output();
      const errors = new TextDecoder().decode(stderr);
      assert.equal(errors, "");
      const found: FullDisk = JSON.parse(new TextDecoder().decode(stdout));
      const { written } = found;
      assert.ok(written > 1 && written < 30, `${written} writes`);
      const full = (what: string, file: string) =>
        `store-failed: Cannot ${what} in ${join(folder, file)}: the disk is full`;
      assert.deepEqual(found, {
        written,
        refusals: [
          full("write a record", "store.db"),
          full("stage slices", "store.db"),
          full("write an answer", "helper.db"),
        ],
        kept: [[written, written], [written + 1, written + 1]],
        goesOn: true,
        answered: [true, true],
      });
    }),
});
