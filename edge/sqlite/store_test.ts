import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { testRoundStore } from "../store_conformance_test.ts";
import { SCHEMA_VERSION } from "./schema.ts";
import { sqliteStore } from "./store.ts";

const TASK = "a".repeat(64);

testRoundStore("SQLite store", () => {
  const folder = mkdtempSync(join(tmpdir(), "store-"));
  const store = sqliteStore(join(folder, "store.db"));
  return Promise.resolve({
    ...store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  });
});

function onFile(sentence: string, body: (path: string) => Promise<void>): void {
  Deno.test(`SQLite store: ${sentence}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "store-"));
    try {
      await body(join(folder, "store.db"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

onFile("what was written is there when the file is opened again", async (path) => {
  const bytes = Uint8Array.of(1, 2, 3);
  {
    await using store = sqliteStore(path);
    await store.put(TASK, [{ name: "put", index: 0, bytes }]);
    await store.write(TASK, 0, { record: "kept", slices: [{ name: "s", index: 0, bytes }] });
  }
  await using again = sqliteStore(path);
  assert.deepEqual(await again.read(TASK), { version: 1, record: "kept" });
  assert.deepEqual(await again.slice(TASK, "s", 0), bytes);
  assert.deepEqual(await again.slice(TASK, "put", 0), bytes);
});

onFile("a file that is open is refused to a second store", async (path) => {
  await using store = sqliteStore(path);
  await store.write(TASK, 0, { record: 1 });
  assert.throws(() => sqliteStore(path, { busyTimeoutMs: 1 }), {
    code: "store-failed",
    message: `Cannot open ${path}: another process or store has it open`,
  });
  assert.equal(await store.write(TASK, 1, { record: 2 }), true);
});

onFile("a file that is no database is refused and left alone", (path) => {
  writeFileSync(path, "title,genres\n".repeat(100));
  assert.throws(() => sqliteStore(path), {
    code: "store-failed",
    message: `Cannot open ${path}: it is not a SQLite database`,
  });
  assert.equal(Deno.readTextFileSync(path), "title,genres\n".repeat(100));
  return Promise.resolve();
});

onFile("another program's database is refused and left alone", (path) => {
  const other = new DatabaseSync(path);
  other.exec("CREATE TABLE theirs (id INTEGER)");
  other.close();
  assert.throws(() => sqliteStore(path), { code: "store-failed", message: /another program's/ });
  const after = new DatabaseSync(path);
  const tables = after.prepare("SELECT name FROM sqlite_schema").all().map((row) => row.name);
  after.close();
  assert.deepEqual(tables, ["theirs"]);
  return Promise.resolve();
});

onFile("a file of a newer version is refused", async (path) => {
  await sqliteStore(path)[Symbol.asyncDispose]();
  const newer = new DatabaseSync(path);
  newer.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  newer.close();
  assert.throws(() => sqliteStore(path), {
    code: "store-failed",
    message: new RegExp(`schema ${SCHEMA_VERSION + 1}, expected at most ${SCHEMA_VERSION}`),
  });
});

onFile("a folder that does not exist is refused with its path", (path) => {
  const missing = `${path}/no/store.db`;
  assert.throws(() => sqliteStore(missing), { code: "store-failed", message: /no\/store\.db/ });
  return Promise.resolve();
});

onFile("a call after the store was closed fails as store-failed", async (path) => {
  const store = sqliteStore(path);
  await store[Symbol.asyncDispose]();
  await assert.rejects(store.write(TASK, 0, { record: 1 }), { code: "store-failed" });
});
