import assert from "node:assert/strict";
import { isTributaryError, TributaryError } from "../../src/core/errors.ts";
import { ringOf } from "../../src/mask/ring.ts";
import { module } from "../_testing.ts";
import { memoryStore } from "../memory/store.ts";
import { createShard, type Shard } from "./shard.ts";
import { createSharding } from "./sharding.ts";
import type { RoundStore } from "../store.ts";

const TASK = "ab".repeat(32);
const RING = ringOf("u32");
const MIB = 1 << 20;
/** Two accumulators of two slices; the last slice is short. */
const BYTES = 3 * MIB + 8;
const CUT = "@2x2";

/** Accumulators, each over a memory of its own, whose calls can be made to go wrong. */
function setUp() {
  const main = memoryStore();
  const memories = [memoryStore(), memoryStore()];
  const shards = memories.map((store) => createShard({ store, module }));
  let lose: keyof Shard | undefined;
  /** Does what it is told, and the word of it gets lost, once. */
  const losing = (shard: Shard): Shard => {
    const call = async <T>(name: keyof Shard, work: Promise<T>): Promise<T> => {
      const result = await work;
      if (lose !== name) return result;
      lose = undefined;
      throw new TributaryError("store-failed", "Cannot hear: the answer got lost");
    };
    return {
      put: (task, slices) => call("put", shard.put(task, slices)),
      slice: (task, name, index) => call("slice", shard.slice(task, name, index)),
      add: (task, addition) => call("add", shard.add(task, addition)),
      drop: (task, names) => call("drop", shard.drop(task, names)),
    };
  };
  const sharding = createSharding(main, (at) => losing(shards[at]!));
  const sums = sharding.sums({
    ...{ store: sharding.store, task: TASK, module, bytes: BYTES, ring: RING },
    ...{ heldBytes: 0, groups: 1 },
  });
  let names = 0;
  return {
    ...{ main, memories, store: sharding.store, sums },
    nameOf: (group: number) => `sum/1/${group}/${names++}`,
    loseAnswerOf: (name: keyof Shard) => lose = name,
    [Symbol.dispose]() {
      sums[Symbol.dispose]();
      for (const shard of shards) shard[Symbol.dispose]();
    },
  };
}

/** Stages a parcel whose words are all one number, and gives its name. */
async function stage(store: RoundStore, word: number, cut = CUT): Promise<string> {
  const name = `upload/1/member/${word}${cut}`;
  for (let index = 0; index * MIB < BYTES; index++) {
    const bytes = new Uint8Array(
      new Uint32Array(Math.min(MIB, BYTES - index * MIB) / 4).fill(word).buffer,
    );
    await store.put(TASK, [{ name, index, bytes }]);
  }
  return name;
}

function parcels(...names: readonly string[]) {
  return names.map((name) => ({ group: 0, parcel: { kind: "staged", name } as const }));
}

/** First and last word of each slice. */
async function wordsOf(store: RoundStore, name: string): Promise<number[][]> {
  const words: number[][] = [];
  for (let index = 0; index < 4; index++) {
    const slice = await store.slice(TASK, name, index);
    if (slice === undefined) continue;
    const { buffer, byteOffset, byteLength } = slice.slice();
    const all = new Uint32Array(buffer, byteOffset, byteLength / 4);
    words.push([all[0]!, all.at(-1)!, all.length]);
  }
  return words;
}

/** What accumulators hold, by name. */
async function namesIn(stores: readonly RoundStore[]): Promise<(readonly string[])[]> {
  return await Promise.all(stores.map((store) => store.sliceNames(TASK, "")));
}

const sumOf = (word: number) => [
  ...Array.from({ length: 3 }, () => [word, word, MIB / 4]),
  [word, word, 2],
];

Deno.test("sharding: parcels lie and are added in the accumulators, and the record's store has their names alone", async () => {
  using setting = setUp();
  const { main, memories, store, sums, nameOf } = setting;
  const [one, two] = [await stage(store, 1), await stage(store, 2)];
  const first = await sums.add({ from: {}, parcels: parcels(one), nameOf });
  assert.deepEqual(first, { sums: { 0: `sum/1/0/0${CUT}` }, rows: [] });
  const next = await sums.add({ from: first.sums, parcels: parcels(two), nameOf });
  assert.deepEqual(await wordsOf(store, next.sums[0]!), sumOf(3));
  assert.deepEqual(await wordsOf(store, first.sums[0]!), sumOf(1), "the sum before is as it was");
  assert.equal((await main.slice(TASK, one, 0))?.length, 0);
  assert.equal((await memories[1]!.slice(TASK, one, 1))?.length, 8);
  assert.deepEqual(await memories[0]!.slice(TASK, one, 2), undefined);
});

Deno.test("sharding: a write of the record commits, and what it drops goes from all accumulators", async () => {
  using setting = setUp();
  const { main, memories, store, sums, nameOf } = setting;
  const one = await stage(store, 1);
  const { sums: named } = await sums.add({ from: {}, parcels: parcels(one), nameOf });
  const change = { record: { sum: named[0]! }, dropSlices: [one, "not cut"] };
  assert.equal(await store.write(TASK, 7, change), false);
  assert.equal((await wordsOf(store, one)).length, 4, "a write that did not happen drops nothing");
  assert.equal(await store.write(TASK, 0, change), true);
  assert.deepEqual(await wordsOf(store, named[0]!), sumOf(1));
  for (const names of await namesIn([main, ...memories])) assert.deepEqual(names, [named[0]]);
  await store.drop(TASK, named[0]!);
  for (const names of await namesIn([main, ...memories])) assert.deepEqual(names, []);
});

Deno.test("sharding: an accumulator that does not answer a drop fails no write, and the name stays to be found", async () => {
  using setting = setUp();
  const { store, memories, loseAnswerOf } = setting;
  const one = await stage(store, 1);
  loseAnswerOf("drop");
  assert.equal(await store.write(TASK, 0, { record: {}, dropSlices: [one] }), true);
  assert.deepEqual(await store.sliceNames(TASK, "upload/"), [one]);
  await store.drop(TASK, one);
  assert.deepEqual(await store.sliceNames(TASK, "upload/"), []);
  assert.deepEqual(await namesIn(memories), [[], []]);
});

Deno.test("sharding: a sum whose answer got lost is not added twice when it is asked for again", async () => {
  using setting = setUp();
  const { store, sums, loseAnswerOf } = setting;
  const one = await stage(store, 5);
  const addition = { from: {}, parcels: parcels(one), nameOf: () => "sum/1/0/same" };
  loseAnswerOf("add");
  await assert.rejects(sums.add(addition), (error) => isTributaryError(error, "store-failed"));
  const { sums: named } = await sums.add(addition);
  assert.deepEqual(await wordsOf(store, named[0]!), sumOf(5));
  const again = await sums.add({ ...addition, parcels: parcels(one, one) });
  assert.deepEqual(await wordsOf(store, again.sums[0]!), sumOf(5), "a name is of one sum");
});

Deno.test("sharding: a parcel that is cut in another way than the sum is refused", async () => {
  using setting = setUp();
  const { store, sums, nameOf } = setting;
  const { sums: named } = await sums.add({
    ...{ from: {}, nameOf },
    parcels: parcels(await stage(store, 1)),
  });
  const other = await stage(store, 2, "@2x3");
  await assert.rejects(
    sums.add({ from: named, parcels: parcels(other), nameOf }),
    (error) => isTributaryError(error, "store-failed") && /another way/.test(error.message),
  );
  assert.deepEqual(await wordsOf(store, named[0]!), sumOf(1));
});

Deno.test("sharding: a parcel with a slice missing is not added, and the sum before stays", async () => {
  using setting = setUp();
  const { store, memories, sums, nameOf } = setting;
  const { sums: named } = await sums.add({
    ...{ from: {}, nameOf },
    parcels: parcels(await stage(store, 1)),
  });
  const broken = await stage(store, 2);
  await memories[1]!.drop(TASK, broken);
  await assert.rejects(
    sums.add({ from: named, parcels: parcels(broken), nameOf }),
    (error) => isTributaryError(error, "store-failed"),
  );
  assert.deepEqual(await wordsOf(store, named[0]!), sumOf(1));
});

Deno.test("sharding: what is not cut is where it was", async () => {
  using setting = setUp();
  const { main, memories, store, sums, nameOf } = setting;
  const slices = [MIB, MIB, MIB, 8].map((bytes) => new Uint8Array(bytes));
  const { sums: named, rows } = await sums.add({
    ...{ from: {}, nameOf },
    parcels: [{ group: 0, parcel: { kind: "held", slices } }],
  });
  assert.deepEqual(named, { 0: "sum/1/0/0" });
  await store.put(TASK, rows);
  assert.equal((await main.slice(TASK, named[0]!, 3))?.length, 8);
  assert.deepEqual(await namesIn(memories), [[], []]);
});

Deno.test("shard: what it has added is written once it says so, also when it had been added before", async () => {
  const memory = memoryStore();
  /** Slices that were put and not written after: the power can take them. */
  const loose = new Set<string>();
  const store: RoundStore = {
    ...memory,
    async put(task, slices) {
      for (const { name } of slices) loose.add(name);
      await memory.put(task, slices);
    },
    async write(task, expected, change) {
      const isDone = await memory.write(task, expected, change);
      if (isDone) loose.clear();
      return isDone;
    },
  };
  using shard = createShard({ store, module });
  const bytes = new Uint8Array(Uint32Array.of(1, 2).buffer);
  const [parcel, to] = ["upload/1/member/1", "sum/1/0/1"];
  await shard.put(TASK, [{ name: parcel, index: 0, bytes }]);
  const addition = { ring: "u32", bytes: bytes.length, to, parcels: [parcel] } as const;
  for (let times = 0; times < 2; times++) {
    await shard.add(TASK, addition);
    assert.deepEqual([...loose], []);
    // As if the first try had been cut off before it was written.
    loose.add(to);
  }
});
