import assert from "node:assert/strict";
import { generateIdentity } from "../../src/core/identity.ts";
import { manualClock } from "../../src/wire/_testing.ts";
import { signTask } from "../../src/wire/task.ts";
import { module, sumStrategy, testMember, testRoot, testTask } from "../_testing.ts";
import { createAggregator } from "../aggregator.ts";
import { MAX_SLICE_BYTES, type StoreChange } from "../store.ts";
import { testRoundStore } from "../store_conformance_test.ts";
import type { KvDatabase } from "./database.ts";
import { denoKvStore } from "./store.ts";
import { openKv, watchCommits } from "./_testing.ts";

const TASK = "a".repeat(64);

testRoundStore("Deno KV store", async () => await denoKvStore({ kv: await openKv() }));

/** A change of everything, which fits in no atomic change by its keys, its rows or its bytes. */
function longChange(record: string): StoreChange {
  const count = 1500;
  const rows = Array.from({ length: count }, (_, at) => ({
    round: 1,
    member: `${record} ${at}`,
    position: at,
    digest: "d".repeat(64),
    sid: "5".repeat(64),
    clients: 1,
  }));
  return {
    // A record that fits in no value.
    record: record.repeat(200_000),
    updates: rows,
    members: rows.map(({ member: id }) => ({ id, publicKey: "k", kind: "client", size: 1 })),
    slices: [0, 1, 2].map((index) => ({ name: "sum", index, bytes: bytesOf(record) })),
    log: [{ seq: record === "a" ? 0 : 1, entry: record }],
    ...(record === "a" ? {} : { dropSlices: ["old"] }),
  };
}

function bytesOf(record: string): Uint8Array {
  return new Uint8Array(MAX_SLICE_BYTES).fill(record.charCodeAt(0));
}

/** All that a store says of the task. */
async function contents(kv: KvDatabase) {
  const store = await denoKvStore({ kv });
  const { version, record } = await store.read(TASK) ?? { version: 0, record: "" };
  const slice = await store.slice(TASK, "sum", 2);
  return {
    version,
    record: String(record).slice(0, 1),
    updates: (await store.updates(TASK, 1)).length,
    members: (await store.members(TASK)).length,
    slice: slice && String.fromCharCode(slice[MAX_SLICE_BYTES - 1] ?? 0),
    names: await store.sliceNames(TASK, ""),
    log: (await store.log(TASK, 0, 9)).map(({ entry }) => entry),
  };
}

async function countEntries(kv: KvDatabase): Promise<number> {
  let count = 0;
  for await (const _ of kv.list({ prefix: ["tributary"] })) count++;
  return count;
}

const BEFORE = {
  ...{ version: 1, record: "a", updates: 1500, members: 1500, slice: "a" },
  ...{ names: ["old", "sum"], log: ["a"] },
};
const AFTER = {
  ...{ version: 2, record: "b", updates: 3000, members: 3000, slice: "b" },
  ...{ names: ["sum"], log: ["a", "b"] },
};

/** A database with a first change in it. */
async function begun(): Promise<KvDatabase> {
  const kv = await openKv();
  const store = await denoKvStore({ kv });
  await store.put(TASK, [{ name: "old", index: 0, bytes: bytesOf("a") }]);
  assert.equal(await store.write(TASK, 0, longChange("a")), true);
  return kv;
}

Deno.test("Deno KV store: a write that is cut off anywhere has happened whole, or not at all", async () => {
  const total = await (async () => {
    const kv = await begun();
    const watched = watchCommits(kv, () => {});
    await (await denoKvStore({ kv: watched.kv })).write(TASK, 1, longChange("b"));
    assert.deepEqual(await contents(kv), AFTER);
    kv.close();
    return watched.commits;
  })();
  assert.ok(total > 10, `${total} atomic changes`);
  const found = new Set<number>();
  for (let fatal = 1; fatal <= total; fatal++) {
    const kv = await begun();
    const dying = watchCommits(kv, (commit) => {
      if (commit >= fatal) throw new Error("killed");
    });
    const store = await denoKvStore({ kv: dying.kv });
    await assert.rejects(store.write(TASK, 1, longChange("b")), { code: "store-failed" });
    const after = await contents(kv);
    assert.deepEqual(after, after.version === 1 ? BEFORE : AFTER);
    found.add(after.version);
    kv.close();
  }
  assert.deepEqual([...found], [1, 2]);
});

Deno.test("Deno KV store: what a dead writer staged is swept away after an hour, not before", async () => {
  const kv = await begun();
  const clock = manualClock();
  const entries = await countEntries(kv);
  const dying = watchCommits(kv, (commit) => {
    if (commit > 4) throw new Error("killed");
  });
  const store = await denoKvStore({ kv: dying.kv, clock });
  await assert.rejects(store.write(TASK, 1, longChange("b")));
  const left = await countEntries(kv);
  assert.ok(left > entries + 20, `${left} entries`);
  clock.advance(3_599_000);
  await denoKvStore({ kv, clock });
  assert.equal(await countEntries(kv), left);
  clock.advance(2000);
  await denoKvStore({ kv, clock });
  assert.equal(await countEntries(kv), entries);
  kv.close();
});

Deno.test("Deno KV store: a writer whose chunks were swept away fails, and nothing has changed", async () => {
  const kv = await begun();
  const clock = manualClock();
  const sweeping: Promise<unknown>[] = [];
  const slow = watchCommits(kv, (commit) => {
    if (commit !== 4) return;
    clock.advance(4_000_000);
    sweeping.push(denoKvStore({ kv, clock }));
  });
  const store = await denoKvStore({ kv: slow.kv, clock });
  await assert.rejects(store.write(TASK, 1, longChange("b")), { code: "store-failed" });
  await Promise.all(sweeping);
  assert.deepEqual(await contents(kv), BEFORE);
  kv.close();
});

Deno.test("Deno KV store: nothing is left behind of what was replaced and dropped", async () => {
  const kv = await openKv();
  const store = await denoKvStore({ kv });
  await store.write(TASK, 0, { record: "x".repeat(100_000) });
  const entries = await countEntries(kv);
  const slices = [{ name: "sum/1", index: 0, bytes: bytesOf("a") }];
  for (let version = 1; version < 4; version++) {
    await store.write(TASK, version, { record: "x".repeat(100_000), slices });
    await store.put(TASK, slices);
  }
  await store.drop(TASK, "sum/1");
  // Besides what each of the three writes keeps for other instances.
  assert.equal(await countEntries(kv), entries + 3);
  kv.close();
});

Deno.test("Deno KV store: of writes of several instances at one version exactly one happens", async () => {
  const kv = await openKv();
  const stores = await Promise.all([0, 1, 2].map(async () => await denoKvStore({ kv })));
  try {
    for (let version = 0; version < 6; version++) {
      const won = await Promise.all(
        stores.map((store, at) =>
          store.write(TASK, version, {
            record: at,
            // Every other one in a journal.
            slices: version % 2 === 0 ? [] : [0, 1, 2].map((index) => ({
              ...{ name: `sum/${version}/${at}`, index },
              bytes: new Uint8Array(MAX_SLICE_BYTES).fill(at),
            })),
          })
        ),
      );
      assert.equal(won.filter((done) => done).length, 1);
      const winner = won.indexOf(true);
      for (const store of stores) {
        assert.deepEqual(await store.read(TASK), { version: version + 1, record: winner });
      }
    }
    const names = await stores[0]!.sliceNames(TASK, "");
    assert.equal(names.length, 3);
  } finally {
    kv.close();
  }
});

Deno.test("Deno KV store: two regions of one database do not see each other", async () => {
  const kv = await openKv();
  const north = await denoKvStore({ kv, prefix: "north" });
  const south = await denoKvStore({ kv, prefix: "south" });
  await north.write(TASK, 0, { record: "north" });
  assert.deepEqual(await south.tasks(), []);
  kv.close();
});

Deno.test("Deno KV store: a task with longer parcels is refused before anything is stored", async () => {
  await using store = await denoKvStore({ kv: await openKv(), mostBytes: 16 });
  await using root = await testRoot({ store, words: 4 });
  await testMember(root);
  const identity = await generateIdentity();
  await using other = createAggregator({ store, identity, module, strategy: () => sumStrategy });
  const signed = await signTask(testTask(5), identity);
  const model = { w: { shape: [5], data: new Float32Array(5) } };
  await assert.rejects(other.own({ signed, model }), {
    code: "task-refused",
    message: 'Cannot take up "test": its parcels have 20 bytes, expected at most 16 in this store',
  });
  assert.deepEqual(await store.tasks(), [root.id]);
});

Deno.test("Deno KV store: a call after the store was closed fails as store-failed", async () => {
  const store = await denoKvStore({ kv: await openKv() });
  await store[Symbol.asyncDispose]();
  await assert.rejects(store.write(TASK, 0, { record: 1 }), {
    code: "store-failed",
    message: "Cannot write a record in Deno KV: the database refused it or is out of reach",
  });
});
