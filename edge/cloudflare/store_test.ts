import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HelperStore } from "../helper/store.ts";
import { testHelperStore } from "../helper/store_conformance_test.ts";
import { MAX_SLICE_BYTES, type RoundStore } from "../store.ts";
import { testRoundStore } from "../store_conformance_test.ts";
import { canRunWorkerd, type RunningWorker, startWorker } from "./_testing.ts";
import { callObject, storeIn } from "./_store_client_testing.ts";
import { StoreObject } from "./_stores_testing.ts";

const TASK = "a".repeat(64);
const SLICES = [{ name: "s", index: 0, bytes: Uint8Array.of(1, 2, 3) }];
const ANSWER = { sid: "5".repeat(64), task: TASK, round: 4, clients: 2, members: "c".repeat(64) };
const STORES = {
  source: `export * from "./_stores_testing.ts"; export { default } from "./_stores_testing.ts";`,
  objects: { STORES: StoreObject.name },
};

const worker = await canRunWorkerd() ? await startWorker(STORES) : undefined;

if (worker !== undefined) {
  Deno.test.afterAll(async () => await worker[Symbol.asyncDispose]());
  testRoundStore(
    "store in a Durable Object",
    () => Promise.resolve(storeIn<RoundStore>(worker, "aggregator")),
  );
  testHelperStore(
    "helper store in a Durable Object",
    () => Promise.resolve(storeIn<HelperStore>(worker, "helper")),
  );
}

function onWorker(sentence: string, body: (worker: RunningWorker) => Promise<void>): void {
  Deno.test({
    name: `store in a Durable Object: ${sentence}`,
    ignore: worker === undefined,
    // Miniflare ends its own thread, and removes its own folder, some time after a worker is disposed of.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () => body(worker!),
  });
}

onWorker("what was written is there after the process was killed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "objects-"));
  try {
    {
      // Disposing of it kills it, without a word before.
      await using first = await startWorker({ ...STORES, folder });
      const store = storeIn<RoundStore>(first, "aggregator", "one");
      await store.put(TASK, [{ name: "put", index: 0, bytes: Uint8Array.of(4) }]);
      assert.equal(await store.write(TASK, 0, { record: "kept", slices: SLICES }), true);
      const helper = storeIn<HelperStore>(first, "helper", "two");
      await helper.putAnswer({ ...ANSWER, answer: Uint8Array.of(5) });
    }
    await using second = await startWorker({ ...STORES, folder });
    const store = storeIn<RoundStore>(second, "aggregator", "one");
    assert.deepEqual(await store.read(TASK), { version: 1, record: "kept" });
    assert.deepEqual(await store.slice(TASK, "s", 0), Uint8Array.of(1, 2, 3));
    assert.deepEqual(await store.slice(TASK, "put", 0), Uint8Array.of(4));
    const helper = storeIn<HelperStore>(second, "helper", "two");
    const other = { ...ANSWER, clients: 3, answer: Uint8Array.of(6) };
    assert.deepEqual(await helper.putAnswer(other), { ...ANSWER, answer: Uint8Array.of(5) });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

onWorker("text longer than a row may be is refused with all of its write", async (worker) => {
  const store = storeIn<RoundStore>(worker, "aggregator");
  // In quotes, and "ü" has two bytes.
  const longest = "ü".repeat(MAX_SLICE_BYTES / 2 - 1);
  assert.equal(await store.write(TASK, 0, { record: longest }), true);
  await assert.rejects(store.write(TASK, 1, { record: `${longest}.`, slices: SLICES }), {
    name: "RangeError",
    message: `Cannot store a record: ${
      MAX_SLICE_BYTES + 1
    } bytes, expected at most ${MAX_SLICE_BYTES}`,
  });
  const log = [{ seq: 0, entry: "x".repeat(MAX_SLICE_BYTES) }];
  await assert.rejects(store.write(TASK, 1, { record: 2, slices: SLICES, log }), RangeError);
  assert.deepEqual(await store.read(TASK), { version: 1, record: longest });
  assert.equal(await store.slice(TASK, "s", 0), undefined);
});

onWorker("an aggregator's object and a helper's are not each other's", async (worker) => {
  const [one, two] = [crypto.randomUUID(), crypto.randomUUID()];
  await storeIn<RoundStore>(worker, "aggregator", one).tasks();
  await assert.rejects(storeIn<HelperStore>(worker, "helper", one).tasks(), {
    code: "store-failed",
    message: "Cannot open the object: it holds aggregator, expected helper",
  });
  await storeIn<HelperStore>(worker, "helper", two).tasks();
  await assert.rejects(storeIn<RoundStore>(worker, "aggregator", two).tasks(), {
    code: "store-failed",
    message: "Cannot open the object: it holds helper, expected aggregator",
  });
});

onWorker("another program's object is refused and left alone", async (worker) => {
  const object = crypto.randomUUID();
  const run = (statement: string) =>
    callObject(worker, `sql/${object}`, { method: "run", given: [statement] });
  await run("CREATE TABLE theirs (id INTEGER)");
  await assert.rejects(storeIn<RoundStore>(worker, "aggregator", object).tasks(), {
    code: "store-failed",
    message: "Cannot open the object: it holds another program's tables, expected aggregator",
  });
  const tables = await run("SELECT name FROM sqlite_master") as { readonly name: string }[];
  assert.deepEqual(tables.map(({ name }) => name).filter((name) => !name.startsWith("_cf_")), [
    "theirs",
  ]);
});

onWorker("a newer version's object is refused", async (worker) => {
  const object = crypto.randomUUID();
  const run = (statement: string) =>
    callObject(worker, `sql/${object}`, { method: "run", given: [statement] });
  await run("CREATE TABLE schema_version (format TEXT NOT NULL, version INTEGER NOT NULL)");
  await run("INSERT INTO schema_version VALUES ('aggregator', 99)");
  await assert.rejects(storeIn<RoundStore>(worker, "aggregator", object).tasks(), {
    code: "store-failed",
    message: "Cannot open the object: it is of version 99, expected at most 2",
  });
});

onWorker(
  "an object of the first version is taken up, and what it was sent before counts as seen",
  async (worker) => {
    const object = crypto.randomUUID();
    const run = (statement: string) =>
      callObject(worker, `sql/${object}`, { method: "run", given: [statement] });
    const store = storeIn<RoundStore>(worker, "aggregator", object);
    assert.equal(await store.write(TASK, 0, { record: "kept", slices: SLICES }), true);
    assert.deepEqual(await run("SELECT until FROM heard"), [{ until: 0 }]);

    await run("DROP TABLE heard");
    await run("DROP TABLE seen");
    await run("UPDATE schema_version SET version = 1");
    // The same object, opened anew.
    const again = storeIn<RoundStore>(worker, "aggregator", `${object}/again`);
    assert.deepEqual(await again.read(TASK), { version: 1, record: "kept" });
    const [{ until }] = await run("SELECT until FROM heard") as [{ readonly until: number }];
    assert.ok(Math.abs(until - Date.now() / 1000) < 60, `${until}`);
    assert.deepEqual(await run("SELECT version FROM schema_version"), [{ version: 2 }]);
  },
);
