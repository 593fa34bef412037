import assert from "node:assert/strict";
import fc from "fast-check";
import { cutFor, cutOf, placeOf, withCut } from "./cut.ts";

const MIB = 1 << 20;

Deno.test("cut: parcels that one accumulator holds are not cut, and their names are as they were", () => {
  const shape = { values: 16 * MIB, parcelBytes: 64 * MIB, sliceBytes: MIB };
  assert.equal(cutFor(shape, 16 * MIB), undefined);
  assert.equal(withCut("sum/1/0/ab", undefined), "sum/1/0/ab");
  assert.equal(cutOf("sum/1/0/ab"), undefined);
});

Deno.test("cut: 64 Mi values lie in four accumulators of 16 Mi, 64 slices in each", () => {
  const shape = { values: 64 * MIB, parcelBytes: 256 * MIB, sliceBytes: MIB };
  const cut = cutFor(shape, 16 * MIB);
  assert.deepEqual(cut, { shards: 4, slices: 64 });
  const name = withCut("sum/1/0/ab", cut);
  assert.equal(name, "sum/1/0/ab@4x64");
  assert.deepEqual(cutOf(name), cut);
  assert.deepEqual(placeOf(cut!, 0), { shard: 0, index: 0 });
  assert.deepEqual(placeOf(cut!, 63), { shard: 0, index: 63 });
  assert.deepEqual(placeOf(cut!, 64), { shard: 1, index: 0 });
  assert.deepEqual(placeOf(cut!, 255), { shard: 3, index: 63 });
});

Deno.test("cut: whatever the size, every slice has a place and no accumulator holds too much", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 1000 }),
    fc.integer({ min: 1, max: 4000 }),
    fc.integer({ min: 1, max: 400_000 }),
    (sliceBytes, values, most) => {
      const shape = { values, parcelBytes: values * 4, sliceBytes: sliceBytes * 4 };
      const slices = Math.ceil(values / sliceBytes);
      const cut = cutFor(shape, most);
      if (cut === undefined) return assert.ok(values <= most || slices === 1);
      assert.ok(cut.shards >= 2 && cut.shards * cut.slices >= slices);
      assert.ok((cut.shards - 1) * cut.slices < slices, "the last one has something");
      // A slice is never parted, however long it is.
      assert.ok(cut.slices * sliceBytes <= Math.max(most, sliceBytes));
      assert.equal(placeOf(cut, slices - 1).shard, cut.shards - 1);
    },
  ));
});
