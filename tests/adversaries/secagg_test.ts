import assert from "node:assert/strict";
import { secaggParameters } from "../../src/mask/secagg_plus_table.ts";
import { addParcels, playRound, sidBytes } from "../../src/mask/secagg_plus_testing.ts";
import { generateIdentity } from "../../src/core/identity.ts";
import { KAHE_RINGS } from "../../src/wasm/kahe.ts";
import { wordsOf } from "./masking.ts";
import { assertSame, assertUniform, countCells, unseenBias } from "./uniformity.ts";

const CLIENTS = 12;
const plan = { ...secaggParameters(100), min: 3 };
const identities = await Promise.all(Array.from({ length: CLIENTS }, () => generateIdentity()));

/** Words of a parcel or sum by where they lie, whatever the ring. */
function cells(parcel: Uint8Array, isPadded: boolean): Float64Array {
  const words = wordsOf(parcel);
  if (isPadded) return countCells(words, { modulus: 2 ** 32, cells: 256 });
  const counts = new Float64Array(256);
  const { degree, primes } = KAHE_RINGS.P2;
  for (let row = 0; row * degree < words.length; row++) {
    const part = words.subarray(row * degree, (row + 1) * degree);
    countCells(part, { modulus: primes[row % 3]!, cells: 256 }).forEach((n, i) => counts[i]! += n);
  }
  return counts;
}

/** What regions hold in some rounds: parcels, a region's sum of half of them, the sum of all but one. */
async function viewsOf(values: number, largest: number) {
  const views = ["parcels", "half", "but one"].map(() => new Float64Array(256));
  const isPadded = values <= 4096;
  for (let run = 0; run < 5; run++) {
    const parcels = { values, slotBits: 19, maxClients: 100, largest };
    const { core, masks, clients, sum } = await playRound({
      clients: CLIENTS,
      plan,
      parcels,
      identities,
    });
    using _ = core;
    const all = clients.map(({ masked }) => masked!);
    const held = [all, [addParcels(core, masks, all.slice(0, 6))], [
      addParcels(core, masks, all.slice(1)),
    ]];
    held.forEach((parts, at) => {
      for (const part of parts) cells(part, isPadded).forEach((n, i) => views[at]![i]! += n);
    });
    assert.deepEqual(addParcels(core, masks, all), sum);
  }
  return views;
}

Deno.test("secagg_plus: a region's parcels, its partial sum and the sum of all but one client look uniform, under pads and under keys", async () => {
  for (const values of [4096, 16_384]) {
    const [low, high] = [await viewsOf(values, 1), await viewsOf(values, 5000)];
    ["parcels", "a partial sum", "the sum of all but one"].forEach((what, at) => {
      assertUniform(low[at]!, what);
      assertUniform(high[at]!, what);
      assertSame(low[at]!, high[at]!, what);
    });
    assert.ok(unseenBias(low[0]!) < 0.04, `${unseenBias(low[0]!)}`);
  }
});

Deno.test("secagg_plus: with all seeds that a root is given it opens the sum, and no part of it", async () => {
  const parcels = { values: 16_384, slotBits: 19, maxClients: 100, largest: 500 };
  const played = await playRound({
    ...{ clients: CLIENTS, plan, parcels, identities },
    lostAt: (client) => client === 4 ? "input" : "never",
  });
  const { core, masks, server, clients, survivors, sid } = played;
  using _ = core;
  assert.deepEqual(await played.open(), played.want);
  const seeds = await server.seeds();
  for (const part of [survivors.slice(1), survivors.slice(0, 6), survivors.slice(0, 1), [4]]) {
    const sum = addParcels(core, masks, part.map((i) => clients[i]!.masked!));
    await assert.rejects(
      masks.open(core, { sum, seeds, clients: part.length, sid: sidBytes(sid) }),
      { code: "noise-excessive" },
    );
  }
});
