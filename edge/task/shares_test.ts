import assert from "node:assert/strict";
import fc from "fast-check";
import { toBase64Url } from "../../src/core/bytes.ts";
import { memoryStore } from "../memory/store.ts";
import { abstained, type MemberShare, readShares, shareRows, sharesName } from "./shares.ts";

const TASK = "ab".repeat(32);
const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => toBase64Url(bytes));
const most = 2 ** 32 - 1;
const share = fc.record(
  { clients: fc.nat(most), enough: fc.nat(most), group: fc.nat(255) },
  { noNullPrototype: true },
);
const entries = fc.array(fc.tuple(id, share), { minLength: 1, maxLength: 30 })
  .map((list) => new Map<string, MemberShare>(list));

Deno.test("shares: what was written in any number of writes is read back, the last word last", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(entries, { maxLength: 5 }), async (writes) => {
      await using store = memoryStore();
      let rows = 0;
      const expected = new Map<string, MemberShare>();
      for (const write of writes) {
        const slices = shareRows(7, rows, write);
        await store.put(TASK, slices);
        rows += slices.length;
        for (const [member, share] of write) expected.set(member, share);
      }
      const found = await readShares(store, TASK, 7);
      assert.deepEqual(found.shares, expected);
      assert.equal(found.rows, rows);
      assert.equal((await readShares(store, TASK, 8)).shares.size, 0);
    }),
    { numRuns: 30 },
  );
});

Deno.test("shares: nothing to write is no slice", () => {
  assert.deepEqual(shareRows(1, 0, new Map()), []);
});

Deno.test("shares: entries go on where a slice ends", async () => {
  const many = new Map<string, MemberShare>(Array.from({ length: 30_000 }, (_, at) => {
    const bytes = new Uint8Array(32);
    new DataView(bytes.buffer).setUint32(0, at);
    return [toBase64Url(bytes), { clients: at, enough: 1, group: 3 }];
  }));
  const slices = shareRows(2, 0, many);
  assert.deepEqual(slices.map(({ name, index }) => [name, index]), [
    [sharesName(2), 0],
    [sharesName(2), 1],
  ]);
  await using store = memoryStore();
  const [[first, said]] = [...many] as [[string, MemberShare]];
  const none = abstained(said);
  assert.deepEqual(none, { clients: 0, enough: 0, group: said.group });
  await store.put(TASK, slices);
  await store.put(TASK, shareRows(2, slices.length, new Map([[first, none]])));
  const { shares, rows } = await readShares(store, TASK, 2);
  assert.equal(rows, 3);
  assert.deepEqual(shares, new Map([...many, [first, none]]));
});
