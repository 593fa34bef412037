import assert from "node:assert/strict";
import { createDisk } from "./disk.ts";

const row = (name: string, byte: number) => ({ name, index: 0, bytes: Uint8Array.of(byte) });

Deno.test("disk: what was put before a write survives the power, what was put after may not", async () => {
  const written: number[] = [];
  const dice = { chance: () => false };
  const disk = createDisk({ dice, written: (_, { record }) => written.push(record as number) });
  await disk.put("t", [row("a", 1)]);
  assert.equal(await disk.write("t", 0, { record: 1, slices: [row("b", 2)] }), true);
  await disk.put("t", [row("c", 3)]);
  await disk.drop("t", "a");
  assert.deepEqual(await disk.sliceNames("t", ""), ["b", "c"]);
  disk.lose();
  assert.deepEqual(await disk.sliceNames("t", ""), ["a", "b"]);
  assert.deepEqual(await disk.slice("t", "a", 0), Uint8Array.of(1));
  assert.equal(await disk.slice("t", "c", 0), undefined);
  assert.equal(await disk.write("t", 0, { record: 2 }), false);
  assert.deepEqual(written, [1]);
});
