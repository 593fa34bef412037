import assert from "node:assert/strict";
import { webDigest } from "../core/digest.ts";
import { merkleRoot } from "./merkle.ts";
import { isProven, proofLength, proveList } from "./merkle_proof.ts";

const digest = webDigest;
const entriesOf = (count: number) => Array.from({ length: count }, (_, i) => Uint8Array.of(i, 7));

Deno.test("merkle proof: every entry of lists of 1 to 17 is proven by the list's own root, at its place only", async () => {
  for (let entries = 1; entries <= 17; entries++) {
    const list = entriesOf(entries);
    const proven = await proveList(list, digest);
    assert.deepEqual(proven.root, await merkleRoot(list));
    for (const [place, entry] of list.entries()) {
      const proof = proven.proof(place);
      assert.equal(proof.length, proofLength(place, entries));
      const claim = { entry, place, entries, proof };
      const { root } = proven;
      assert.equal(await isProven(claim, { root, digest }), true);
      const other = (place + 1) % entries;
      if (entries > 1) {
        assert.equal(await isProven({ ...claim, place: other }, { root, digest }), false);
      }
      assert.equal(
        await isProven({ ...claim, entry: Uint8Array.of(99) }, { root, digest }),
        false,
      );
    }
  }
});

Deno.test("merkle proof: one that is too short, too long, changed or of a place that is none proves nothing", async () => {
  const list = entriesOf(11);
  const { root, proof } = await proveList(list, digest);
  const claim = { entry: list[4]!, place: 4, entries: 11, proof: proof(4) };
  const bad = [
    { ...claim, proof: claim.proof.slice(1) },
    { ...claim, proof: [...claim.proof, claim.proof[0]!] },
    { ...claim, proof: claim.proof.map((node, at) => at === 1 ? node.map((it) => it ^ 1) : node) },
    { ...claim, place: 11 },
  ];
  assert.equal(await isProven(claim, { root, digest }), true);
  for (const [at, it] of bad.entries()) {
    assert.equal(await isProven(it, { root, digest }), false, `case ${at}`);
  }
});

Deno.test("merkle proof: an empty list has nothing to prove", async () => {
  await assert.rejects(proveList([], digest), RangeError);
});
