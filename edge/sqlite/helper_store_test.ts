import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testHelperStore } from "../helper/store_conformance_test.ts";
import { sqliteHelperStore } from "./helper_store.ts";
import { sqliteStore } from "./store.ts";

const SID = "5".repeat(64);
const ROW = { sid: SID, task: "a".repeat(64), round: 4, clients: 2, members: "c".repeat(64) };

testHelperStore("helper store in SQLite", () => {
  const folder = mkdtempSync(join(tmpdir(), "helper-"));
  const store = sqliteHelperStore(join(folder, "helper.db"));
  return Promise.resolve({
    ...store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  });
});

function onFile(sentence: string, body: (path: string) => Promise<void>): void {
  Deno.test(`helper store in SQLite: ${sentence}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "helper-"));
    try {
      await body(join(folder, "helper.db"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

onFile("a sid that was answered is answered after the file is opened again", async (path) => {
  const answer = Uint8Array.of(1, 2, 3);
  {
    await using store = sqliteHelperStore(path);
    await store.putAnswer({ ...ROW, answer });
    await store.putTask(ROW.task, { name: "kept" });
  }
  await using again = sqliteHelperStore(path);
  assert.deepEqual(await again.task(ROW.task), { name: "kept" });
  const other = { ...ROW, clients: 3, answer: Uint8Array.of(4) };
  assert.deepEqual(await again.putAnswer(other), { ...ROW, answer });
});

onFile("a helper's file and an aggregator's are not each other's", async (path) => {
  await sqliteHelperStore(path)[Symbol.asyncDispose]();
  assert.throws(() => sqliteStore(path), { code: "store-failed", message: /another program's/ });
  await sqliteStore(`${path}2`)[Symbol.asyncDispose]();
  assert.throws(() => sqliteHelperStore(`${path}2`), {
    code: "store-failed",
    message: /another program's/,
  });
});

onFile("a call after the store was closed fails as store-failed", async (path) => {
  const store = sqliteHelperStore(path);
  await store[Symbol.asyncDispose]();
  await assert.rejects(store.putAnswer({ ...ROW, answer: Uint8Array.of(1) }), {
    code: "store-failed",
    message: `Cannot write an answer in ${path}: the database refused it`,
  });
});
