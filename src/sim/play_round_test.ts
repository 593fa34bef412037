import assert from "node:assert/strict";
import type { RoundRules } from "../round/record.ts";
import type { DeviceFate, RoundFates } from "./faults.ts";
import { type Play, playRound } from "./play_round.ts";
import { sampleTree, treeIds } from "./sample_tree.ts";
import { treeShape } from "./tree_shape.ts";
import { answered, newTree, readTree, rootOf, type TreeState } from "./virtual_tree.ts";

const seed = new Uint8Array(32);
const rules: RoundRules = {
  ...{ min: 1, max: 100, roundMs: 80_000 },
  sampling: { kind: "all" },
  mask: "none",
  stop: { rounds: 10 },
};
const model = { version: 0, digest: "00".repeat(32), bytes: 100 };

/** A tree whose rounds are played one by one. */
function tree(levels: readonly number[], clients: number, change: Partial<RoundRules> = {}) {
  const shape = treeShape(levels, clients);
  const own = { ...rules, ...change };
  let state = newTree({ shape, task: "11".repeat(32), rules: own, model });
  return {
    get state() {
      return state;
    },
    set state(next: TreeState) {
      state = next;
    },
    /** Plays the next round; devices send at once unless told otherwise. */
    async play(
      devices: Readonly<Record<number, Partial<DeviceFate>>> = {},
      down: readonly number[] = [],
    ): Promise<NonNullable<Play["played"]>> {
      const fates: RoundFates = {
        devices: Array.from({ length: clients }, (_, client) => ({
          ...{ does: "send", trainMs: 0, sendMs: 0 },
          ...devices[client],
        })),
        down: shape.parents.map((_, node) => down.includes(node)),
      };
      const ids = await treeIds(seed, { clients, nodes: shape.parents.length });
      const sample = await sampleTree({
        ...{ shape, ids, sampling: own.sampling, max: own.max, seed },
      }, {
        round: rootOf(state).round + 1,
        isThere: (client) => fates.devices[client]?.does !== "nothing",
      });
      const { state: next, played } = playRound(state, {
        ...{ shape, fates, sample, parcelBytes: 40 },
      });
      state = next;
      assert.ok(played !== undefined);
      return played;
    },
    publish() {
      const { round, model } = rootOf(state);
      const version = (model?.version ?? 0) + 1;
      state = answered(state, {
        ...{ kind: "publish", round, metrics: {} },
        model: { version, digest: "00".repeat(32), bytes: 100 },
      });
    },
  };
}

const included = ({ trainings }: NonNullable<Play["played"]>) =>
  trainings.filter(({ isIncluded }) => isIncluded).map(({ client }) => client);
const acknowledged = ({ trainings }: NonNullable<Play["played"]>) =>
  trainings.filter(({ isAcknowledged }) => isAcknowledged).map(({ client }) => client);
const trained = ({ trainings }: NonNullable<Play["played"]>) =>
  trainings.map(({ client }) => client);

Deno.test("play: who sits out is not waited for, and is in no sum", async () => {
  const one = tree([2], 4);
  const played = await one.play({ 1: { does: "abstain" }, 2: { does: "abstain" } });
  assert.deepEqual(included(played), [0, 3]);
  const { outcome, ms, asked, away } = played;
  assert.deepEqual({ outcome, ms, asked, away }, { outcome: "sealed", ms: 0, asked: 4, away: 2 });
});

Deno.test("play round: everybody sends at once, through any tree, in no time", async () => {
  for (const levels of [[], [3], [2, 2]]) {
    const { outcome, ms, trainings, asked } = await tree(levels, 7).play();
    assert.deepEqual([outcome, ms, asked], ["sealed", 0, 7]);
    assert.deepEqual(
      trainings,
      Array.from({ length: 7 }, (_, client) => ({
        ...{ client, isAcknowledged: true, isIncluded: true },
      })),
    );
  }
});

Deno.test("play round: a region may have a quarter of a million clients", async () => {
  const { outcome, trainings } = await tree([1], 250_000, { max: 250_000 }).play();
  assert.deepEqual([outcome, trainings.length], ["sealed", 250_000]);
});

Deno.test("play round: nobody waits for regions without clients, however many there are", async () => {
  for (const levels of [[5], [2, 3], [4, 1]]) {
    const { outcome, ms, trainings } = await tree(levels, 3).play({ 1: { trainMs: 2000 } });
    assert.deepEqual([outcome, ms, trainings.length], ["sealed", 2000, 3], `${levels}`);
  }
});

Deno.test("play round: a round takes as long as its slowest device, downloads and all", async () => {
  const { ms, outcome } = await tree([2], 4).play({
    1: { trainMs: 5000, sendMs: 2000 },
    2: { trainMs: 6000 },
  });
  assert.deepEqual([outcome, ms], ["sealed", 7000]);
});

Deno.test("play round: for one that is away its region waits until its own deadline", async () => {
  const played = await tree([2], 4).play({ 3: { does: "nothing" } });
  assert.deepEqual([included(played), played.away], [[0, 1, 2], 1]);
  // An eighth of the time is the region's, for forwarding.
  assert.equal(played.ms, 70_000);
  const alone = await tree([], 4).play({ 3: { does: "nothing" } });
  assert.equal(alone.ms, 80_000);
});

Deno.test("play round: one that goes away after training has trained", async () => {
  const played = await tree([2], 4).play({ 2: { does: "train" } });
  assert.deepEqual(trained(played), [0, 1, 2, 3]);
  assert.deepEqual([acknowledged(played), included(played)], [[0, 1, 3], [0, 1, 3]]);
  assert.equal(played.lost, 1);
});

Deno.test("play round: a deadline ends training, and refuses what arrives later", async () => {
  const played = await tree([], 4).play({
    0: { trainMs: 80_000 },
    1: { trainMs: 79_999 },
    2: { trainMs: 79_000, sendMs: 1000 },
  });
  assert.deepEqual([trained(played), included(played)], [[1, 2, 3], [1, 3]]);
  assert.deepEqual([played.late, played.away, played.lost], [2, 0, 0]);
});

Deno.test("play round: one that is still at work starts the next round late", async () => {
  const slow = tree([], 3, { sampling: { kind: "uniform", count: 2, overSelect: 1.5 } });
  const first = await slow.play({ 0: { trainMs: 1000, sendMs: 30_000 } });
  assert.deepEqual([included(first), first.late, first.ms], [[1, 2], 1, 0]);
  assert.deepEqual(trained(first), [0, 1, 2]);
  slow.publish();
  // It has trained in vain for the first round until 31 s.
  const second = await slow.play({ 0: { trainMs: 1000 }, 1: { does: "nothing" } });
  assert.deepEqual([included(second), second.ms], [[0, 2], 32_000]);
});

Deno.test("play round: enough clients close a round, and who comes later is late", async () => {
  const full = await tree([], 5, { max: 3 }).play();
  assert.equal(included(full).length, 3);
  assert.equal(full.asked, 3);
  const over = tree([2], 6, { sampling: { kind: "uniform", count: 4, overSelect: 1.5 } });
  const played = await over.play({ 4: { trainMs: 9000 }, 5: { trainMs: 9000 } });
  assert.deepEqual([included(played), played.late, played.ms], [[0, 1, 2, 3], 2, 0]);
});

Deno.test("play round: nothing below a region that is down is heard of", async () => {
  const shape = treeShape([2, 2], 8);
  const played = await tree([2, 2], 8).play({}, [1]);
  const below = [3, 4].flatMap((leaf) => shape.clients[leaf] ?? []);
  assert.deepEqual(below, [0, 4, 1, 5]);
  assert.deepEqual([included(played), played.away], [[2, 3, 6, 7], 4]);
  assert.deepEqual([played.down, played.ms], [[1], 80_000]);
});

Deno.test("play round: a region that was down takes part again in the next round", async () => {
  const twice = tree([2], 4);
  await twice.play({}, [2]);
  twice.publish();
  assert.deepEqual(included(await twice.play()), [0, 1, 2, 3]);
});

Deno.test("play round: a region without a single update says so, and nobody waits for it", async () => {
  const half = tree([2], 4, { sampling: { kind: "available", count: 4, overSelect: 1 } });
  const played = await half.play({ 1: { does: "nothing" }, 3: { does: "nothing" } });
  assert.deepEqual([included(played), played.asked, played.ms], [[0, 2], 2, 0]);
});

Deno.test("play round: too few clients abandon it, though their regions gave receipts", async () => {
  const strict = tree([2], 4, { min: 4 });
  const played = await strict.play({ 3: { does: "nothing" } });
  assert.equal(played.outcome, "too-few-clients");
  assert.deepEqual([acknowledged(played), included(played)], [[0, 1, 2], []]);
  const next = await strict.play();
  assert.deepEqual([next.round, next.outcome], [2, "sealed"]);
});

Deno.test("play round: a finished task has no other round", async () => {
  const short = tree([2], 4, { stop: { rounds: 1 } });
  await short.play();
  short.publish();
  assert.equal(rootOf(short.state).phase.kind, "finished");
  await assert.rejects(() => short.play());
});

Deno.test("play round: a saved tree of another form is refused", () => {
  const { state } = tree([2], 4);
  const others = [null, {}, { ...state, nowMs: "0" }, { ...state, records: [{ format: 0 }] }];
  for (const other of others) {
    assert.throws(() => readTree(other), { name: "TributaryError", code: "store-failed" });
  }
});

Deno.test("play round: a state is left as it was, and is plain JSON", async () => {
  const one = tree([2], 4);
  const before = one.state;
  const copy = structuredClone(before);
  await one.play({ 1: { trainMs: 700 } });
  assert.deepEqual(before, copy);
  assert.deepEqual(JSON.parse(JSON.stringify(one.state)), one.state);
  one.publish();
  const again = tree([2], 4);
  again.state = readTree(JSON.parse(JSON.stringify(one.state)));
  assert.deepEqual(
    await again.play({ 2: { does: "train" } }),
    await one.play({ 2: { does: "train" } }),
  );
});
