import assert from "node:assert/strict";
import { isTributaryError } from "../src/core/errors.ts";
import { inlineModule } from "../src/wasm/mod.ts";
import { createWordCheck } from "./word_check.ts";

/** 100 clients in 12-bit slots: five bits a value, so grid points from 0 to 30. */
const PLAN = { tensors: [{ name: "x", shape: [4], range: 1 }], slotBits: 12, maxClients: 100 };
const module = await inlineModule("aggregate");

function bytesOf(...words: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(words).buffer);
}

Deno.test("word check: grid points of one client and sums of several pass up to the largest", () => {
  using words = createWordCheck(module, { plan: PLAN, sliceBytes: 32 });
  words.check(bytesOf(0, 30, 15, 1), 1);
  words.check(bytesOf(90, 0, 7), 3);
  words.check(bytesOf(), 1);
});

Deno.test("word check: one word above what so many clients can send is refused", () => {
  using words = createWordCheck(module, { plan: PLAN, sliceBytes: 32 });
  for (
    const [slice, clients] of [
      [bytesOf(0, 31), 1],
      [bytesOf(91), 3],
      [bytesOf(0, 0, 0, 0, 0, 0, 2 ** 32 - 1), 100],
      [bytesOf(1), 0],
    ] as const
  ) {
    assert.throws(
      () => words.check(slice, clients),
      (error) => isTributaryError(error, "update-out-of-range"),
    );
  }
});
