import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { toBase64Url } from "../core/bytes.ts";
import { createAggregateCore } from "../wasm/aggregate.ts";
import { inlineModule } from "../wasm/inline.ts";
import { committeeOf } from "./committee.ts";
import { openShare } from "./envelope.ts";
import { generateHelperKey } from "./helper_key.ts";
import { kahe1 } from "./kahe1.ts";
import { hashWords, seedsOf, SID, valuesOf, vectorCase } from "./kahe1_vectors_testing.ts";
import frozen from "./kahe1_vectors.json" with { type: "json" };
import { kahe1Shape } from "./kahe1_shape.ts";
import { checkNoise, openSum } from "./kahe1_work.ts";
import { createShareSum, shareBytes } from "./key_shares.ts";
import { publicSeed } from "./public_seed.ts";
import { webDigest } from "../core/digest.ts";

const module = await inlineModule("aggregate");

function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(Uint8Array.from(bytes).buffer);
}

Deno.test("kahe1 vectors: the frozen ones are what the slow reference computes", () => {
  const [first] = frozen.cases;
  assert.deepEqual(vectorCase("P1", first!.slots, 2), first);
});

for (const wanted of frozen.cases) {
  const { slots, values, largest } = wanted;
  Deno.test(`kahe1 vectors: parcels, shares and their sums, ${slots.count} × ${slots.bits}`, async () => {
    using core = createAggregateCore(module);
    const keys = await Promise.all(Array.from({ length: 5 }, () => generateHelperKey()));
    const committee = committeeOf(keys.map(({ publicKey }) => publicKey));
    const plan = { values, slotBits: slots.bits, maxClients: 3, largest, committee };
    const mask = kahe1(plan);
    const shape = kahe1Shape(slots.bits);
    const { degree } = shape.ring;
    const sums = keys.map(() => createAggregateCore(module)).map((own) =>
      createShareSum(own, degree)
    );
    const [acc, slice] = [0, 1].map(() => core.memory.alloc(mask.parcelBytes));
    for (const [client, want] of wanted.clients.entries()) {
      const seeds = seedsOf(client);
      const parcel = new Uint8Array(valuesOf(client, wanted).buffer);
      const id = toBase64Url(new Uint8Array(32).fill(client));
      const masked = await mask.mask(core, parcel, {
        sid: SID,
        client: id,
        digest: webDigest,
        random: () => seeds.shift()!,
      });
      assert.equal(seeds.length, 0);
      const residues = wordsOf(masked.parcel);
      assert.equal(hashWords(residues), want.residues);
      want.firstWords.forEach((words, row) =>
        assert.deepEqual([...residues.subarray(row * degree, row * degree + 4)], words)
      );
      const shares = await Promise.all(keys.map((key, at) =>
        openShare(masked.envelopes[at]!, {
          sid: SID,
          client: id,
          helper: at + 1,
          parcel: masked.digest,
          key,
          shareBytes: shareBytes(at + 1, { threshold: committee.threshold, degree }),
        })
      ));
      assert.deepEqual(shares.slice(0, 3), seedsOf(client).slice(2));
      assert.deepEqual(shares.slice(3).map((share) => hashWords(wordsOf(share))), want.shares);
      shares.forEach((share, at) => sums[at]!.add(share));
      core.memory.u8(slice!).set(masked.parcel);
      mask.ring.add(core, acc!, slice!);
    }
    const sum = core.memory.u8(acc!).slice();
    assert.equal(hashWords(wordsOf(sum)), wanted.sum);
    const answers = sums.map((sum, at) => ({ helper: at + 1, share: sum.share() }));
    const opened = await mask.open(core, sum, { sid: SID, clients: 3, answers });
    assert.equal(hashWords(wordsOf(opened)), wanted.opened);
    assert.deepEqual([...wordsOf(opened).subarray(0, 8)], wanted.firstOpened);
    const shares = { answers, helpers: 5, threshold: 4 };
    const { noise } = openSum(core, shape, { sum, values, seed: await publicSeed(SID), shares });
    assert.deepEqual(noise, wanted.noise);
    checkNoise(noise, { clients: 3, coefficients: degree });
  });
}

Deno.test("kahe1 vectors: a key in the core is the frozen one", () => {
  using core = createAggregateCore(module);
  for (const { ring, clients } of frozen.cases) {
    const key = core.memory.alloc(4 * (ring === "P1" ? 2048 : 4096));
    clients.forEach((want, client) => {
      core.drawKey(seedsOf(client)[0]!, key);
      const bytes = core.memory.u8(key);
      assert.equal(createHash("sha256").update(bytes).digest("hex"), want.key);
    });
  }
});
