import assert from "node:assert/strict";
import { toHex } from "../core/bytes.ts";
import { isTributaryError } from "../core/errors.ts";
import { promptDigest } from "../core/digest.ts";
import { takeModel } from "./model_slices.ts";

const MODEL = Uint8Array.from({ length: 25 }, (_, at) => at);
const INFO = { version: 3, bytes: 25, digest: toHex(promptDigest(MODEL)) };

/** A body in chunks of a length. */
async function* chunksOf(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) {
    yield await Promise.resolve(bytes.subarray(at, at + length));
  }
}

for (const length of [1, 7, 10, 100]) {
  Deno.test(`model slices: a model that comes ${length} bytes at a time is cut at the same places`, async () => {
    const taken: number[][] = [];
    await takeModel(chunksOf(MODEL, length), INFO, {
      sliceBytes: 10,
      take: (index, bytes) => Promise.resolve(void (taken[index] = [...bytes])),
    });
    assert.deepEqual(taken.map((slice) => slice.length), [10, 10, 5]);
    assert.deepEqual(taken.flat(), [...MODEL]);
  });
}

for (
  const [what, bytes] of [
    ["one byte too many", Uint8Array.of(...MODEL, 0)],
    ["one byte too few", MODEL.subarray(1)],
    ["another byte", MODEL.map((byte) => byte || 9)],
  ] as const
) {
  Deno.test(`model slices: ${what} makes it another model`, async () => {
    await assert.rejects(
      takeModel(chunksOf(bytes, 9), INFO, { sliceBytes: 10, take: () => Promise.resolve() }),
      (error) => isTributaryError(error, "model-invalid") && /model 3/.test(error.message),
    );
  });
}
