import assert from "node:assert/strict";
import fc from "fast-check";
import { ringOf } from "../../src/mask/ring.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { memoryStore } from "../memory/store.ts";
import { createSum, type Parcel } from "./sum.ts";

const module = await inlineModule("aggregate");
const TASK = "a".repeat(64);
const SLICE = 16;

function held(words: Uint32Array): Parcel {
  const bytes = new Uint8Array(words.buffer);
  const slices: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += SLICE) slices.push(bytes.subarray(at, at + SLICE));
  return { kind: "held", slices };
}

function reference(parcels: readonly Uint32Array[], words: number): number[] {
  const sum = new Uint32Array(words);
  for (const parcel of parcels) parcel.forEach((word, i) => sum[i]! += word);
  return [...sum];
}

for (const [how, heldBytes] of [["in memory", 1 << 20], ["in the store", 0]] as const) {
  const open = (bytes: number) => {
    const store = memoryStore();
    const ring = { ...ringOf("u32"), sliceBytes: SLICE };
    const sum = createSum({ store, task: TASK, module, bytes, ring, heldBytes });
    const commit = async (addition: Parameters<typeof sum.add>[0]) => {
      await store.put(TASK, await sum.add(addition));
    };
    const words = async (name: string | undefined) => {
      const parts: number[] = [];
      for (let i = 0; i < sum.slices; i++) {
        parts.push(...new Uint32Array((await sum.slice(name, i)).buffer));
      }
      return parts;
    };
    return { store, sum, commit, words };
  };

  Deno.test(`sum kept ${how}: batches add up to the sum of all words mod 2^32`, async () => {
    const parcel = fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), {
      minLength: 11,
      maxLength: 11,
    }).map((words) => Uint32Array.from(words));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(parcel, { maxLength: 3 })), async (batches) => {
        const { sum, commit, words } = open(44);
        let from: string | undefined;
        for (const [i, batch] of batches.entries()) {
          await commit({ from, to: `sum/${i}`, parcels: batch.map(held) });
          from = `sum/${i}`;
        }
        assert.deepEqual(await words(from), reference(batches.flat(), 11));
        sum[Symbol.dispose]();
      }),
      { numRuns: 40 },
    );
  });

  Deno.test(`sum kept ${how}: an addition that was never written leaves no trace`, async () => {
    const { sum, commit, words } = open(24);
    const ones = new Uint32Array(6).fill(1);
    await commit({ from: undefined, to: "a", parcels: [held(ones)] });
    await sum.add({ from: "a", to: "lost", parcels: [held(ones), held(ones)] });
    await commit({ from: "a", to: "b", parcels: [held(ones)] });
    assert.deepEqual(await words("b"), [2, 2, 2, 2, 2, 2]);
    assert.deepEqual(await words("a"), [1, 1, 1, 1, 1, 1]);
    await commit({ from: undefined, to: "next round", parcels: [held(ones)] });
    assert.deepEqual(await words("next round"), [1, 1, 1, 1, 1, 1]);
    sum[Symbol.dispose]();
  });

  Deno.test(`sum kept ${how}: staged parcels are read from the store`, async () => {
    const { store, sum, commit, words } = open(24);
    const bytes = new Uint8Array(Uint32Array.of(1, 2, 3, 4, 5, 6).buffer);
    await store.put(TASK, [
      { name: "upload", index: 0, bytes: bytes.subarray(0, 16) },
      { name: "upload", index: 1, bytes: bytes.subarray(16) },
    ]);
    const staged: Parcel = { kind: "staged", name: "upload" };
    await commit({ from: undefined, to: "a", parcels: [staged, staged] });
    assert.deepEqual(await words("a"), [2, 4, 6, 8, 10, 12]);
    const missing: Parcel = { kind: "staged", name: "gone" };
    await assert.rejects(sum.add({ from: "a", to: "b", parcels: [staged, missing] }), {
      code: "store-failed",
    });
    await commit({ from: "a", to: "c", parcels: [] });
    assert.deepEqual(await words("c"), [2, 4, 6, 8, 10, 12]);
    sum[Symbol.dispose]();
  });

  Deno.test(`sum kept ${how}: a sum of nothing is zeros`, async () => {
    const { sum, words } = open(20);
    assert.deepEqual(await words(undefined), [0, 0, 0, 0, 0]);
    sum[Symbol.dispose]();
  });
}
