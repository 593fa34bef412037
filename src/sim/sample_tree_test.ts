import assert from "node:assert/strict";
import type { Sampling } from "../wire/sampling.ts";
import { sampleTree, treeIds } from "./sample_tree.ts";
import { treeShape } from "./tree_shape.ts";

const CLIENTS = 60;
const seed = new Uint8Array(32).fill(3);
const shape = treeShape([2, 2], CLIENTS);
const ids = await treeIds(seed, { clients: CLIENTS, nodes: shape.parents.length });
const everybody: (client: number) => boolean = () => true;

async function draw(sampling: Sampling, { round = 1, isThere = everybody, max = CLIENTS } = {}) {
  const options = { shape, ids, sampling, max, seed };
  const sample = await sampleTree(options, { round, isThere });
  const asked = Array.from({ length: CLIENTS }, (_, client) => client).filter(sample.asks);
  return { ...sample, asked };
}

Deno.test("sample tree: all means everybody, and each aggregator waits for its own", async () => {
  const { asked, drawn } = await draw({ kind: "all" });
  assert.equal(asked.length, CLIENTS);
  assert.deepEqual(drawn.map((at) => at?.awaited), [2, 2, 2, 15, 15, 15, 15]);
  assert.deepEqual(drawn.map((at) => at?.sample.asked), [60, 30, 30, 15, 15, 15, 15]);
});

Deno.test("sample tree: where more than a round takes would come, so many are drawn", async () => {
  const { asked } = await draw({ kind: "all" }, { max: 20 });
  assert.equal(asked.length, 20);
});

Deno.test("sample tree: a uniform sample has its size, with those that are asked in vain", async () => {
  const sampling = { kind: "uniform", count: 20, overSelect: 1.5 } as const;
  const { asked, drawn } = await draw(sampling);
  assert.equal(asked.length, 30);
  assert.equal(drawn[0]?.sample.enough, 20);
  const leaves = shape.leaves.map((leaf) => drawn[leaf]?.sample.asked ?? 0);
  assert.equal(leaves.reduce((sum, clients) => sum + clients, 0), 30);
});

Deno.test("sample tree: rounds differ, the same round does not", async () => {
  const sampling = { kind: "uniform", count: 20, overSelect: 1 } as const;
  const [one, again, other] = [
    await draw(sampling),
    await draw(sampling),
    await draw(sampling, { round: 2 }),
  ];
  assert.deepEqual(again.asked, one.asked);
  assert.equal(again.sid, one.sid);
  assert.notDeepEqual(other.asked, one.asked);
  assert.notEqual(other.sid, one.sid);
});

Deno.test("sample tree: everybody is asked as often in the long run", async () => {
  const counts = new Array<number>(CLIENTS).fill(0);
  const rounds = 300;
  for (let round = 1; round <= rounds; round++) {
    const { asked } = await draw({ kind: "uniform", count: 15, overSelect: 1 }, { round });
    for (const client of asked) counts[client] = (counts[client] ?? 0) + 1;
  }
  // A quarter of the rounds; five standard deviations to either side.
  const sd = Math.sqrt(rounds * 0.25 * 0.75);
  for (const count of counts) assert.ok(Math.abs(count - rounds / 4) < 5 * sd, `${count}`);
});

Deno.test("sample tree: Poisson asks each by itself", async () => {
  const sizes = await Promise.all(
    Array.from({ length: 100 }, async (_, round) => {
      return (await draw({ kind: "poisson", rate: 0.3 }, { round })).asked.length;
    }),
  );
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  assert.ok(Math.abs(mean - 18) < 2, `${mean}`);
  assert.ok(new Set(sizes).size > 5);
});

Deno.test("sample tree: of the available ones only those that are there", async () => {
  const isThere = (client: number) => client % 3 === 0;
  const { asked, drawn } = await draw(
    { kind: "available", count: 10, overSelect: 1 },
    { isThere },
  );
  assert.equal(asked.length, 10);
  assert.ok(asked.every(isThere));
  const nobody = await draw({ kind: "available", count: 10, overSelect: 1 }, {
    isThere: (client) => client % 4 === 0,
  });
  // All of them send to the first leaf, so nobody below the others hears of the round.
  assert.deepEqual(nobody.drawn.map((at) => at !== undefined), [
    ...[true, true, false],
    ...[true, false, false, false],
  ]);
  assert.ok(drawn[0] !== undefined);
});
