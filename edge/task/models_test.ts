import assert from "node:assert/strict";
import { concatBytes } from "../../src/core/bytes.ts";
import { memoryStore } from "../memory/store.ts";
import { createModels, modelName, readSlices, sliceRows } from "./models.ts";
import { MAX_SLICE_BYTES, type RoundStore } from "../store.ts";

const TASK = "a".repeat(64);
const bytes = Uint8Array.from({ length: 2 * MAX_SLICE_BYTES + 5 }, (_, i) => i * 31 >> 4);
const model = { version: 3, digest: "d".repeat(64), bytes: bytes.length };

async function stored(): Promise<{ store: RoundStore; reads: () => number }> {
  const store = memoryStore();
  await store.put(TASK, sliceRows(modelName(3), bytes));
  let reads = 0;
  const slice: RoundStore["slice"] = (...args) => (reads++, store.slice(...args));
  return { store: { ...store, slice }, reads: () => reads };
}

async function all(body: Uint8Array | ReadableStream<Uint8Array>): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return concatBytes(parts);
}

Deno.test("models: what was cut in slices is read whole again", async () => {
  const { store } = await stored();
  assert.deepEqual(sliceRows("x", bytes).map((row) => row.bytes.length), [
    MAX_SLICE_BYTES,
    MAX_SLICE_BYTES,
    5,
  ]);
  assert.deepEqual(await readSlices(store, TASK, modelName(3)), bytes);
  assert.equal(await readSlices(store, TASK, modelName(4)), undefined);
});

Deno.test("models: one that is held is read from the store once, for any range", async () => {
  const { store, reads } = await stored();
  const models = createModels(store, TASK, bytes.length);
  const bodies = await Promise.all([
    models.body(model, 0, bytes.length),
    models.body(model, 7, MAX_SLICE_BYTES + 9),
  ]);
  assert.ok(bodies.every((body) => body instanceof Uint8Array));
  assert.deepEqual(await all(bodies[0]!), bytes);
  assert.deepEqual(await all(bodies[1]!), bytes.subarray(7, MAX_SLICE_BYTES + 9));
  assert.equal(reads(), 4);
});

Deno.test("models: a longer one is streamed, for any range", async () => {
  const { store } = await stored();
  const models = createModels(store, TASK, 10);
  const ranges = [[0, bytes.length], [7, 8], [
    MAX_SLICE_BYTES - 1,
    2 * MAX_SLICE_BYTES + 1,
  ]] as const;
  for (const [from, to] of ranges) {
    const body = await models.body(model, from, to);
    assert.ok(body instanceof ReadableStream);
    assert.deepEqual(await all(body), bytes.subarray(from, to));
  }
});

Deno.test("models: one that is not there is unknown, and may come later", async () => {
  const { store } = await stored();
  const models = createModels(store, TASK, 1 << 30);
  const next = { ...model, version: 4, digest: "e".repeat(64) };
  await assert.rejects(models.body(next, 0, 1), { code: "model-unknown" });
  await store.put(TASK, sliceRows(modelName(4), bytes));
  assert.deepEqual(await all(await models.body(next, 0, 1)), bytes.subarray(0, 1));
});
