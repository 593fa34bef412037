import assert from "node:assert/strict";
import fc from "fast-check";
import { fromHex, toHex } from "../core/bytes.ts";
import { promptDigest } from "../core/digest.ts";
import { hashNode, merkleRoot } from "./merkle.ts";
import { CT_ENTRIES, CT_ROOTS } from "./_merkle_testing.ts";
import { consistencyNodes, isPrefix } from "./merkle_consistency.ts";
import { isProven, proveList } from "./merkle_proof.ts";

const digest = promptDigest;

/**
 * Proofs that Certificate Transparency's reference implementation gives for its eight entries
 * (google/certificate-transparency, cpp/merkletree/merkle_tree_test.cc): values only.
 */
const INCLUSION = [
  { place: 0, entries: 1, proof: [] },
  {
    place: 0,
    entries: 8,
    proof: [
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
  },
  {
    place: 5,
    entries: 8,
    proof: [
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
  },
  {
    place: 2,
    entries: 3,
    proof: ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
  },
  {
    place: 1,
    entries: 5,
    proof: [
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
  },
];
const CONSISTENCY = [
  { from: 1, to: 1, proof: [] },
  {
    from: 1,
    to: 8,
    proof: [
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
  },
  {
    from: 6,
    to: 8,
    proof: [
      "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
  },
  {
    from: 2,
    to: 5,
    proof: [
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
  },
];

for (const { place, entries, proof } of INCLUSION) {
  Deno.test(`merkle: the reference proof of entry ${place} of ${entries}`, async () => {
    const list = CT_ENTRIES.slice(0, entries).map(fromHex);
    assert.deepEqual((await proveList(list, digest)).proof(place).map(toHex), proof);
    const claim = { entry: list[place]!, place, entries, proof: proof.map(fromHex) };
    assert.ok(await isProven(claim, { root: fromHex(CT_ROOTS[entries]!), digest }));
  });
}

for (const { from, to, proof } of CONSISTENCY) {
  Deno.test(`merkle: the reference proof that ${from} entries begin ${to}`, async () => {
    const list = CT_ENTRIES.slice(0, to).map(fromHex);
    assert.deepEqual((await consistencyProof(list, from)).map(toHex), proof);
    const roots = [from, to].map((entries) => ({ entries, root: fromHex(CT_ROOTS[entries]!) }));
    assert.ok(
      await isPrefix({ from: roots[0]!, to: roots[1]!, proof: proof.map(fromHex) }, digest),
    );
  });
}

/** The nodes of {@link consistencyNodes}, each hashed from the entries that it is over. */
async function consistencyProof(list: readonly Uint8Array[], from: number): Promise<Uint8Array[]> {
  return await Promise.all(
    consistencyNodes(from, list.length).map(({ height, index }) =>
      merkleRoot(list.slice(index * 2 ** height, (index + 1) * 2 ** height), digest)
    ),
  );
}

/** `PROOF(from, list)` of RFC 9162, section 2.1.4.1, as it is written there. */
async function slowProof(list: readonly Uint8Array[], from: number): Promise<Uint8Array[]> {
  const sub = async (m: number, d: readonly Uint8Array[], b: boolean): Promise<Uint8Array[]> => {
    const n = d.length;
    if (m === n) return b ? [] : [await slowRoot(d)];
    const k = largestPowerBelow(n);
    const [left, right] = [d.slice(0, k), d.slice(k)];
    return m <= k
      ? [...await sub(m, left, b), await slowRoot(right)]
      : [...await sub(m - k, right, false), await slowRoot(left)];
  };
  return from === 0 ? [] : await sub(from, list, true);
}

/** `MTH(list)` of RFC 9162, section 2.1.1, as it is written there. */
async function slowRoot(list: readonly Uint8Array[]): Promise<Uint8Array> {
  if (list.length < 2) return await merkleRoot(list, digest);
  const k = largestPowerBelow(list.length);
  return await hashNode(await slowRoot(list.slice(0, k)), await slowRoot(list.slice(k)), digest);
}

function largestPowerBelow(n: number): number {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

const entriesOf = (count: number) => Array.from({ length: count }, (_, at) => Uint8Array.of(at));
const sizes = fc.integer({ min: 0, max: 70 }).chain((to) =>
  fc.tuple(fc.integer({ min: 0, max: to }), fc.constant(to))
);

async function claimOf([from, to]: readonly [number, number]) {
  const list = entriesOf(to);
  return {
    from: { entries: from, root: await merkleRoot(list.slice(0, from), digest) },
    to: { entries: to, root: await merkleRoot(list, digest) },
    proof: await consistencyProof(list, from),
  };
}

Deno.test("merkle: proofs of consistency are those of RFC 9162's recursion, and hold", async () => {
  await fc.assert(
    fc.asyncProperty(sizes, async (pair) => {
      const claim = await claimOf(pair);
      assert.deepEqual(claim.proof, await slowProof(entriesOf(pair[1]), pair[0]));
      assert.deepEqual(claim.to.root, await slowRoot(entriesOf(pair[1])));
      assert.ok(await isPrefix(claim, digest));
    }),
    { numRuns: 300 },
  );
});

Deno.test("merkle: whatever is changed of a proof of consistency, it does not hold", async () => {
  const flip = (bytes: Uint8Array, at: number) =>
    bytes.map((byte, place) => place === at % bytes.length ? byte ^ 1 : byte);
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(), fc.nat(), async (pair, place, at) => {
      // Whatever list begins with nothing.
      fc.pre(pair[0] > 0);
      const claim = await claimOf(pair);
      const { from, to, proof } = claim;
      const other = { ...to, root: flip(to.root, at) };
      const past = { ...from, root: flip(from.root, at) };
      assert.equal(await isPrefix({ ...claim, to: other }, digest), false);
      assert.equal(await isPrefix({ ...claim, from: past }, digest), false);
      assert.equal(await isPrefix({ ...claim, proof: [...proof, to.root] }, digest), false);
      if (proof.length === 0) return;
      const changed = proof.with(place % proof.length, flip(proof[place % proof.length]!, at));
      assert.equal(await isPrefix({ ...claim, proof: changed }, digest), false);
      assert.equal(await isPrefix({ ...claim, proof: proof.slice(1) }, digest), false);
      assert.equal(await isPrefix({ ...claim, proof: proof.slice(0, -1) }, digest), false);
    }),
    { numRuns: 300 },
  );
});

Deno.test("merkle: a list is no beginning of a shorter one, nor of one of another size", async () => {
  const claim = await claimOf([5, 9]);
  assert.equal(await isPrefix({ ...claim, from: claim.to, to: claim.from }, digest), false);
  for (const entries of [0, 1, 4, 6, 8, 9, 2 ** 53 - 1]) {
    assert.equal(
      await isPrefix({ ...claim, from: { ...claim.from, entries } }, digest),
      false,
      `from ${entries}`,
    );
  }
});
