import assert from "node:assert/strict";
import { fromHex, toBase64Url, toHex } from "../core/bytes.ts";
import { webDigest } from "../core/digest.ts";
import { CT_ENTRIES, CT_ROOTS } from "./_merkle_testing.ts";
import { hex32 } from "./_testing.ts";
import { membersRoot, merkleRoot, rosterRoot } from "./merkle.ts";

for (const [count, root] of CT_ROOTS.entries()) {
  Deno.test(`merkle: the reference root of ${count} entries`, async () => {
    assert.equal(toHex(await merkleRoot(CT_ENTRIES.slice(0, count).map(fromHex))), root);
  });
}

const ids = [3, 1, 2].map((byte) => toBase64Url(new Uint8Array(32).fill(byte)));

Deno.test("merkle: a roster's root does not depend on the order of its members", async () => {
  assert.equal(await rosterRoot(ids), await rosterRoot(ids.toReversed()));
  assert.notEqual(await rosterRoot(ids), await rosterRoot(ids.slice(1)));
});

Deno.test("merkle: the members' root commits to who sent what, not to when", async () => {
  const updates = ids.map((member, at) => ({ member, digest: hex32(at) }));
  const root = await membersRoot(updates);
  assert.equal(await membersRoot(updates.toReversed()), root);
  const swapped = updates.map(({ member }, at) => ({ member, digest: hex32(2 - at) }));
  assert.notEqual(await membersRoot(swapped), root);
});

Deno.test("merkle: one update's root is the hash of its leaf", async () => {
  const leaf = new Uint8Array(65);
  leaf.fill(3, 1, 33).fill(9, 33);
  assert.equal(
    await membersRoot([{ member: ids[0]!, digest: hex32(9) }]),
    toHex(await webDigest(leaf)),
  );
});
