import assert from "node:assert/strict";
import { isTributaryError } from "../../src/core/errors.ts";
import { ringOf } from "../../src/mask/ring.ts";
import { KAHE_RINGS, polynomialBytes } from "../../src/wasm/kahe.ts";
import { module } from "../_testing.ts";
import { memoryStore } from "../memory/store.ts";
import { createSums } from "./sums.ts";
import type { Parcel } from "./sum.ts";

const TASK = "ab".repeat(32);
const RING = KAHE_RINGS.P1;
const BYTES = 2 * polynomialBytes(RING);

/** A parcel all of whose words are one number. */
function parcelOf(word: number): Parcel {
  const words = new Uint32Array(BYTES / 4).fill(word);
  return { kind: "held", slices: [new Uint8Array(words.buffer)] };
}

for (const [how, heldBytes] of [["held", 1 << 20], ["read from the store", BYTES]] as const) {
  Deno.test(`sums, ${how}: each group has its own, added mod its primes`, async () => {
    await using store = memoryStore();
    using sums = createSums({
      ...{ store, task: TASK, module, bytes: BYTES, heldBytes, groups: 3 },
      ring: ringOf("rns27"),
    });
    let from: Readonly<Record<number, string>> = {};
    let names = 0;
    const add = async (...parcels: readonly (readonly [group: number, word: number])[]) => {
      const before = from;
      const next = await sums.add({
        from,
        parcels: parcels.map(([group, word]) => ({ group, parcel: parcelOf(word) })),
        nameOf: (group) => `sum/${group}/${names++}`,
      });
      await store.put(TASK, next.rows);
      from = next.sums;
      return before;
    };
    const wordOf = async (group: number, row: number) => {
      const slice = (await store.slice(TASK, from[group]!, 0))!;
      assert.equal(slice.length, BYTES);
      return new DataView(slice.buffer, slice.byteOffset).getUint32(4 * row * RING.degree, true);
    };
    const most = RING.primes[1]! - 1;
    await add([0, 5], [2, most]);
    await add([0, 6], [2, most], [0, 1]);
    const before = await add([2, 3]);
    assert.deepEqual(Object.keys(from), ["0", "2"]);
    // A group that nothing came to keeps its sum under its name.
    assert.equal(from[0], before[0]);
    assert.notEqual(from[2], before[2]);
    assert.equal(await wordOf(0, 0), 12);
    assert.equal(await wordOf(2, 0), (2 * most + 3) % RING.primes[0]!);
    assert.equal(await wordOf(2, 1), (2 * most + 3) % RING.primes[1]!);
    await assert.rejects(
      add([1, RING.primes[0]!]),
      (error) => isTributaryError(error, "residue-out-of-range"),
    );
    // What failed left no trace.
    await add([0, 1]);
    assert.equal(await wordOf(0, 0), 13);
  });
}
