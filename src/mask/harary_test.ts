import assert from "node:assert/strict";
import { promptDigest } from "../core/digest.ts";
import { utf8 } from "../core/bytes.ts";
import { chachaBlock } from "../wasm/chacha_testing.ts";
import { createAggregateCore } from "../wasm/aggregate.ts";
import { drawGraph } from "./harary.ts";
import { hkdf } from "./hkdf.ts";
import { roundParameters, secaggParameters } from "./secagg_plus_table.ts";
import { module } from "./secagg_plus_testing.ts";

const sid = (number: number) => promptDigest(utf8(`sid ${number}`));
const root = promptDigest(utf8("a roster"));

Deno.test("secagg_plus table: degrees and thresholds are Bell et al.'s, and those of the next larger number between them", () => {
  const at = (clients: number) => Object.values(secaggParameters(clients)).join();
  assert.deepEqual(
    [1, 60, 100, 101, 200, 201, 500, 1000, 1001, 10_000].map(at),
    ["32,22", "32,22", "32,22", "56,39", "56,39", "82,57", "82,57", "96,67", "122,85", "122,85"],
  );
  assert.throws(() => secaggParameters(10_001), /expected at most 10000/);
});

Deno.test("secagg_plus table: a threshold is above half of the degree, and where all are neighbours above two thirds", () => {
  for (let clients = 2; clients <= 2000; clients++) {
    const task = secaggParameters(clients);
    const { neighbours, threshold } = roundParameters(clients, task);
    assert.ok(neighbours < clients && threshold <= neighbours);
    assert.ok(2 * threshold > neighbours);
    if (neighbours < task.neighbours) assert.ok(3 * threshold > 2 * neighbours);
  }
});

Deno.test("harary: everybody has the degree's number of neighbours, each of whom has it as one", async () => {
  using core = createAggregateCore(module);
  for (
    const [clients, degree] of [[2, 1], [5, 4], [33, 32], [34, 32], [60, 32], [250, 82]] as const
  ) {
    const graph = await drawGraph(core, { sid: sid(clients), root, clients, degree });
    for (let place = 0; place < clients; place++) {
      const beside = graph.neighbours(place);
      assert.equal(beside.length, degree);
      assert.equal(new Set([...beside, place]).size, degree + 1);
      assert.deepEqual(beside, [...beside].sort((a, b) => a - b));
      for (const other of beside) assert.ok(graph.neighbours(other).includes(place));
    }
  }
});

Deno.test("harary: the order is that of the keystream's numbers, value by value", async () => {
  using core = createAggregateCore(module);
  const clients = 50;
  const graph = await drawGraph(core, { sid: sid(1), root, clients, degree: 4 });
  const seed = await hkdf(sid(1), {
    salt: root,
    info: utf8("tributary/1/secagg_plus/graph"),
    bytes: 32,
  });
  const word = (at: number) => BigInt(chachaBlock(seed, at >>> 4, [0, 0, 0])[at % 16]!);
  const numbers = Array.from({ length: clients }, (_, p) => word(2 * p + 1) << 32n | word(2 * p));
  const order = numbers.map((_, place) => place)
    .sort((a, b) => numbers[a]! < numbers[b]! ? -1 : 1);
  for (const [at, place] of order.entries()) {
    const want = [-2, -1, 1, 2].map((step) => order[(at + step + clients) % clients]!);
    assert.deepEqual(graph.neighbours(place), want.sort((a, b) => a - b));
  }
});

Deno.test("harary: another sid, or another roster, gives other neighbours", async () => {
  using core = createAggregateCore(module);
  const options = { sid: sid(1), root, clients: 100, degree: 32 };
  const one = await drawGraph(core, options);
  for (const change of [{ sid: sid(2) }, { root: sid(3) }]) {
    const other = await drawGraph(core, { ...options, ...change });
    const same = one.neighbours(0).filter((place) => other.neighbours(0).includes(place));
    assert.ok(same.length < 25, `${same.length}`);
  }
});

Deno.test("harary: a permutation knows nothing of the tree: clients of one region of three are as often neighbours as any", async () => {
  using core = createAggregateCore(module);
  const clients = 300;
  let within = 0;
  const runs = 20;
  for (let run = 0; run < runs; run++) {
    const graph = await drawGraph(core, { sid: sid(run), root, clients, degree: 82 });
    for (let place = 0; place < clients; place++) {
      within += graph.neighbours(place).filter((it) => it % 3 === place % 3).length;
    }
  }
  // 99 of the 299 others are of the same region.
  const share = within / (runs * clients * 82);
  assert.ok(Math.abs(share - 99 / 299) < 0.01, `${share}`);
});

Deno.test("harary: a degree that the clients cannot have is a mistake", async () => {
  using core = createAggregateCore(module);
  for (const [clients, degree] of [[4, 4], [10, 3]] as const) {
    await assert.rejects(drawGraph(core, { sid: sid(1), root, clients, degree }), RangeError);
  }
});
