import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { concatBytes } from "../core/bytes.ts";
import { type Digest, webDigest } from "../core/digest.ts";
import { parcelDigest, SLICE_BYTES, sliceCount, slices } from "./slices.ts";

const nodeDigest: Digest = (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest());

Deno.test("slices: a parcel is cut every 1 MiB and its slices are views of it", () => {
  const sizes = [0, 1, 4, SLICE_BYTES - 4, SLICE_BYTES, SLICE_BYTES + 1, 3 * SLICE_BYTES + 12];
  for (const size of sizes) {
    const parcel = new Uint8Array(size);
    const cut = slices(parcel);
    assert.equal(cut.length, sliceCount(size));
    assert.ok(cut.slice(0, -1).every(({ length }) => length === SLICE_BYTES));
    assert.equal(cut.reduce((sum, { length }) => sum + length, 0), size);
    cut.at(-1)?.fill(7);
    assert.equal(parcel.at(-1), size === 0 ? undefined : 7);
  }
  assert.deepEqual([0, 1, SLICE_BYTES, SLICE_BYTES + 1].map(sliceCount), [0, 1, 1, 2]);
});

Deno.test("slices: in order they are the parcel again", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_500_000 }), fc.nat(255), (size, seed) => {
      const parcel = Uint8Array.from({ length: size }, (_, i) => i * 31 + seed);
      assert.ok(nodeDigestOf(concatBytes(slices(parcel))) === nodeDigestOf(parcel));
    }),
    { numRuns: 5 },
  );
});

Deno.test("slices: the parcel's digest is SHA-256 over its slices' digests in order", async () => {
  const parcel = Uint8Array.from({ length: 2 * SLICE_BYTES + 4096 }, (_, i) => i >> 8);
  const byHand = [0, 1, 2].map((i) =>
    createHash("sha256").update(parcel.subarray(i * SLICE_BYTES, (i + 1) * SLICE_BYTES)).digest()
  );
  const tree = createHash("sha256").update(Buffer.concat(byHand)).digest("hex");
  for (const digest of [nodeDigest, webDigest]) {
    const found = await parcelDigest(parcel, digest);
    assert.deepEqual(found.slices.map(hex), byHand.map(hex));
    assert.equal(hex(found.tree), tree);
  }
});

Deno.test("slices: one changed byte changes its slice's digest alone, and the tree", async () => {
  const parcel = new Uint8Array(2 * SLICE_BYTES + 8);
  const before = await parcelDigest(parcel, nodeDigest);
  parcel[SLICE_BYTES]! ^= 1;
  const after = await parcelDigest(parcel, nodeDigest);
  const same = before.slices.map((digest, i) => hex(digest) === hex(after.slices[i]!));
  assert.deepEqual(same, [true, false, true]);
  assert.notEqual(hex(before.tree), hex(after.tree));
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function nodeDigestOf(bytes: Uint8Array): string {
  return hex(createHash("sha256").update(bytes).digest());
}
