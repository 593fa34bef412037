import assert from "node:assert/strict";
import fc from "fast-check";
import { toBase64Url } from "../core/bytes.ts";
import { promptDigest as digest } from "../core/digest.ts";
import { sidOf } from "./_testing.ts";
import { assignGroups, openedCounts } from "./groups.ts";

const idOf = (at: number) => toBase64Url(digest(Uint8Array.of(at, at >> 8)));
const members = (...sizes: number[]) => sizes.map((clients, at) => ({ id: idOf(at), clients }));

/** Clients of each group, by its number. */
function sizesOf(
  list: readonly { readonly id: string; readonly clients: number }[],
  groups: ReadonlyMap<string, number>,
): number[] {
  const sizes: number[] = [];
  for (const { id, clients } of list) {
    const group = groups.get(id)!;
    sizes[group] = (sizes[group] ?? 0) + clients;
  }
  return sizes;
}

Deno.test("groups: clients of the root are divided evenly, into as many groups as can lose a third", async () => {
  const list = members(...new Array<number>(100).fill(1));
  const divide = async (most: number, min: number) =>
    sizesOf(list, await assignGroups(list, { sid: sidOf(1), most, min, digest }));
  assert.deepEqual(await divide(4, 10), [25, 25, 25, 25]);
  assert.deepEqual(await divide(3, 10), [34, 33, 33]);
  assert.deepEqual(await divide(100, 10), [17, 17, 17, 17, 16, 16]);
  assert.deepEqual(await divide(4, 50), [100]);
  assert.deepEqual(await divide(4, 33), [50, 50]);
  assert.deepEqual(await divide(1, 2), [100]);
});

Deno.test("groups: regions of different sizes are weighed against each other", async () => {
  const list = members(50, 30, 20, 12, 8);
  const groups = await assignGroups(list, { sid: sidOf(1), most: 2, min: 20, digest });
  assert.deepEqual(sizesOf(list, groups), [62, 58]);
  // One region has nearly all clients: the others are too few for a sum of their own.
  const lopsided = members(90, 5, 5);
  const one = await assignGroups(lopsided, { sid: sidOf(1), most: 2, min: 10, digest });
  assert.deepEqual(sizesOf(lopsided, one), [100]);
});

Deno.test("groups: they follow from the sid, and not from the order in which members are listed", async () => {
  const list = members(...new Array<number>(30).fill(1));
  const options = { sid: sidOf(1), most: 3, min: 2, digest };
  const groups = await assignGroups(list, options);
  const turned = await assignGroups(list.toReversed(), options);
  assert.deepEqual([...turned].sort(), [...groups].sort());
  const other = await assignGroups(list, { ...options, sid: sidOf(2) });
  assert.notDeepEqual([...other].sort(), [...groups].sort());
});

Deno.test("groups: everybody is in one, and none is smaller than it may be beside another", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 2, max: 40 }),
      async (sizes, most, min) => {
        const list = members(...sizes);
        const groups = await assignGroups(list, { sid: sidOf(3), most, min, digest });
        assert.deepEqual([...groups.keys()].sort(), list.map(({ id }) => id).sort());
        const found = sizesOf(list, groups);
        assert.ok(found.length <= most);
        assert.equal(found.reduce((sum, it) => sum + it, 0), sizes.reduce((sum, it) => sum + it));
        if (found.length > 1) assert.ok(Math.min(...found) >= 1.5 * min, String(found));
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("groups: only what was opened counts", () => {
  const group = (outcome: "opened" | "shares-missing", clients: number) => ({
    ...{ group: 0, updates: 2, members: sidOf(1), sum: sidOf(2) },
    ...{ outcome, clients },
  });
  const counts = openedCounts([group("opened", 5), group("shares-missing", 7), group("opened", 3)]);
  assert.deepEqual(counts, { updates: 4, clients: 8 });
});
