import assert from "node:assert/strict";
import { readRange } from "./byte_range.ts";

Deno.test("byte range: first and last byte, open ends, and suffixes", () => {
  assert.deepEqual(readRange("bytes=0-0", 10), { from: 0, to: 1 });
  assert.deepEqual(readRange("bytes=2-5", 10), { from: 2, to: 6 });
  assert.deepEqual(readRange("bytes=2-500", 10), { from: 2, to: 10 });
  assert.deepEqual(readRange("bytes=9-", 10), { from: 9, to: 10 });
  assert.deepEqual(readRange("bytes=-3", 10), { from: 7, to: 10 });
  assert.deepEqual(readRange("bytes=-30", 10), { from: 0, to: 10 });
});

Deno.test("byte range: what a server may ignore means the whole", () => {
  for (const header of [undefined, "", "lines=0-1", "bytes=0-1,3-4", "bytes=5-2", "bytes=-"]) {
    assert.equal(readRange(header, 10), undefined);
  }
});

Deno.test("byte range: one that begins after the end is refused", () => {
  for (const header of ["bytes=10-", "bytes=10-12", "bytes=-0"]) {
    assert.throws(() => readRange(header, 10), { code: "range-not-satisfiable", status: 416 });
  }
});
