/**
 * What every store must do, as tests that run over any of them.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { memoryStore } from "./memory/store.ts";
import { MAX_SLICE_BYTES, type MemberRow, type RoundStore, type UpdateRow } from "./store.ts";

const TASK = "a".repeat(64);
const OTHER = "b".repeat(64);

/**
 * Registers the suite.
 *
 * @param name What is tested; begins each test's name.
 * @param make Gives an empty store; the suite disposes of it.
 */
export function testRoundStore(name: string, make: () => Promise<RoundStore>): void {
  const test = (sentence: string, body: (store: RoundStore) => Promise<void>) =>
    Deno.test(`${name}: ${sentence}`, async () => {
      await using store = await make();
      await body(store);
    });

  test("an empty store has nothing of anything", async (store) => {
    assert.deepEqual(await store.tasks(), []);
    assert.equal(await store.read(TASK), undefined);
    assert.equal(await store.member(TASK, "m"), undefined);
    assert.deepEqual(await store.members(TASK), []);
    assert.equal(await store.update(TASK, 1, "m"), undefined);
    assert.deepEqual(await store.updates(TASK, 1), []);
    assert.equal(await store.slice(TASK, "s", 0), undefined);
    assert.deepEqual(await store.sliceNames(TASK, ""), []);
    assert.deepEqual(await store.log(TASK, 0, 10), []);
  });

  test("a write counts the version up and reads back as written", async (store) => {
    const record = { phase: "open", nested: [1, null, "ü", { deep: true }] };
    assert.equal(await store.write(TASK, 0, { record }), true);
    assert.deepEqual(await store.read(TASK), { version: 1, record });
    assert.equal(await store.write(TASK, 1, { record: 7 }), true);
    assert.deepEqual(await store.read(TASK), { version: 2, record: 7 });
    assert.deepEqual(await store.tasks(), [TASK]);
  });

  test("a write at another version changes nothing at all", async (store) => {
    await store.write(TASK, 0, { record: 1, members: [member("kept")] });
    for (const expected of [0, 2]) {
      const change = {
        record: 2,
        members: [member("new")],
        removed: ["kept"],
        updates: [update(1, "kept", 0)],
        slices: [{ name: "s", index: 0, bytes: Uint8Array.of(1) }],
        log: [{ seq: 0, entry: "e" }],
      };
      assert.equal(await store.write(TASK, expected, change), false);
    }
    assert.deepEqual(await store.read(TASK), { version: 1, record: 1 });
    assert.deepEqual(await store.members(TASK), [member("kept")]);
    assert.deepEqual(await store.updates(TASK, 1), []);
    assert.deepEqual(await store.sliceNames(TASK, ""), []);
    assert.deepEqual(await store.log(TASK, 0, 10), []);
  });

  test("of many writes at one version exactly one happens", async (store) => {
    const all = Array.from({ length: 10 }, (_, i) => store.write(TASK, 0, { record: i }));
    const happened = (await Promise.all(all)).flatMap((done, i) => done ? [i] : []);
    assert.equal(happened.length, 1);
    assert.deepEqual(await store.read(TASK), { version: 1, record: happened[0] });
  });

  test("a write that fails half-way changes nothing", async (store) => {
    await store.write(TASK, 0, { record: 1, log: [{ seq: 0, entry: "first" }] });
    const change = { record: 2, members: [member("m")], log: [{ seq: 0, entry: "again" }] };
    await assert.rejects(store.write(TASK, 1, change), { code: "store-failed" });
    assert.deepEqual(await store.read(TASK), { version: 1, record: 1 });
    assert.deepEqual(await store.members(TASK), []);
    assert.deepEqual(await store.log(TASK, 0, 10), [{ seq: 0, entry: "first" }]);
  });

  test("what was written later has no hold on what the writer keeps", async (store) => {
    const record = { list: [1] };
    const bytes = Uint8Array.of(1, 2);
    await store.write(TASK, 0, { record, slices: [{ name: "s", index: 0, bytes }] });
    record.list.push(2);
    bytes[0] = 9;
    assert.deepEqual(await store.read(TASK), { version: 1, record: { list: [1] } });
    assert.deepEqual(plain(await store.slice(TASK, "s", 0)), [1, 2]);
  });

  test("members are added, replaced, removed, and listed by id", async (store) => {
    await store.write(TASK, 0, { record: 0, members: [member("c"), member("a"), member("b")] });
    assert.deepEqual((await store.members(TASK)).map((row) => row.id), ["a", "b", "c"]);
    const grown: MemberRow = { ...member("b"), kind: "region", size: 40 };
    await store.write(TASK, 1, { record: 0, members: [grown], removed: ["a", "unknown"] });
    assert.deepEqual(await store.members(TASK), [grown, member("c")]);
    assert.deepEqual(await store.member(TASK, "b"), grown);
    assert.equal(await store.member(TASK, "a"), undefined);
  });

  test("updates are listed by position and dropped by round", async (store) => {
    const rows = [update(1, "z", 0), update(1, "a", 1), update(2, "a", 0), update(3, "a", 0)];
    await store.write(TASK, 0, { record: 0, updates: rows });
    assert.deepEqual(await store.updates(TASK, 1), rows.slice(0, 2));
    assert.deepEqual(await store.update(TASK, 2, "a"), rows[2]);
    await store.write(TASK, 1, { record: 0, dropUpdatesBefore: 3 });
    assert.deepEqual(await store.updates(TASK, 1), []);
    assert.equal(await store.update(TASK, 2, "a"), undefined);
    assert.deepEqual(await store.updates(TASK, 3), [rows[3]]);
  });

  test("slices are replaced, listed by prefix, and dropped by name", async (store) => {
    const slices = ["sum/1", "sum/10", "model/1"].map((name) => ({
      name,
      index: 0,
      bytes: Uint8Array.of(name.length),
    }));
    await store.write(TASK, 0, { record: 0, slices });
    await store.put(TASK, [{ name: "sum/1", index: 1, bytes: Uint8Array.of(1) }]);
    assert.deepEqual(await store.sliceNames(TASK, "sum/"), ["sum/1", "sum/10"]);
    await store.write(TASK, 1, {
      record: 0,
      dropSlices: ["sum/1", "unknown"],
      slices: [{ name: "sum/10", index: 0, bytes: Uint8Array.of(7) }],
    });
    assert.equal(await store.slice(TASK, "sum/1", 0), undefined);
    assert.equal(await store.slice(TASK, "sum/1", 1), undefined);
    assert.deepEqual(plain(await store.slice(TASK, "sum/10", 0)), [7]);
    await store.drop(TASK, "model/1");
    assert.deepEqual(await store.sliceNames(TASK, ""), ["sum/10"]);
  });

  test("a slice of the full size comes back whole, a longer one is refused", async (store) => {
    const bytes = Uint8Array.from({ length: MAX_SLICE_BYTES }, (_, i) => i * 31 >> 3);
    await store.put(TASK, [{ name: "s", index: 0, bytes }, {
      name: "empty",
      index: 0,
      bytes: new Uint8Array(0),
    }]);
    assert.deepEqual(await store.slice(TASK, "s", 0), bytes);
    assert.equal((await store.slice(TASK, "empty", 0))?.length, 0);
    const slices = [{ name: "s", index: 0, bytes: new Uint8Array(MAX_SLICE_BYTES + 1) }];
    await assert.rejects(store.put(TASK, slices), RangeError);
    await assert.rejects(store.write(TASK, 0, { record: 0, slices }), RangeError);
    assert.equal(await store.read(TASK), undefined);
    assert.deepEqual(await store.slice(TASK, "s", 0), bytes);
  });

  test("putting slices leaves the version alone", async (store) => {
    await store.put(TASK, [{ name: "s", index: 0, bytes: Uint8Array.of(1) }]);
    assert.equal(await store.read(TASK), undefined);
    assert.deepEqual(await store.tasks(), []);
    assert.equal(await store.write(TASK, 0, { record: 0 }), true);
  });

  test("the log is read in order, from a place, up to a limit", async (store) => {
    const log = [0, 1, 2, 3].map((seq) => ({ seq, entry: { body: seq } }));
    await store.write(TASK, 0, { record: 0, log: log.slice(0, 1) });
    await store.write(TASK, 1, { record: 0, log: log.slice(1) });
    assert.deepEqual(await store.log(TASK, 0, 10), log);
    assert.deepEqual(await store.log(TASK, 1, 2), log.slice(1, 3));
    assert.deepEqual(await store.log(TASK, 4, 2), []);
  });

  test("tasks know nothing of each other", async (store) => {
    await store.write(TASK, 0, { record: 1, members: [member("m")], updates: [update(1, "m", 0)] });
    await store.write(OTHER, 0, { record: 2, slices: [{ name: "s", index: 0, bytes: SLICE }] });
    assert.deepEqual(await store.tasks(), [TASK, OTHER]);
    assert.deepEqual(await store.members(OTHER), []);
    assert.deepEqual(await store.updates(OTHER, 1), []);
    assert.equal(await store.slice(TASK, "s", 0), undefined);
    assert.deepEqual(await store.read(OTHER), { version: 1, record: 2 });
  });

  Deno.test(`${name}: any sequence of calls gives the answers of the store in memory`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(calls, { maxLength: 25 }), async (sequence) => {
        await using store = await make();
        await using model = memoryStore();
        let version = 0;
        for (const call of sequence) {
          const answers = [await call(store, version), await call(model, version)];
          assert.deepEqual(answers[0], answers[1]);
          version = (await model.read(TASK))?.version ?? 0;
        }
        assert.deepEqual(await contents(store), await contents(model));
      }),
      { numRuns: 30 },
    );
  });
}

const SLICE = Uint8Array.of(5);
const ids = fc.constantFrom("a", "b", "c");
const rounds = fc.integer({ min: 1, max: 4 });
const sliceRows = fc.record({
  name: fc.constantFrom("sum/1", "sum/2", "model/1"),
  index: fc.integer({ min: 0, max: 2 }),
  bytes: fc.uint8Array({ maxLength: 8 }),
});

type Call = (store: RoundStore, version: number) => Promise<unknown>;

/** Calls on a store that is at `version`; some writes come too late. */
const calls: fc.Arbitrary<Call> = fc.oneof(
  fc.record({
    late: fc.boolean(),
    record: fc.jsonValue(),
    members: fc.array(ids.map(member), { maxLength: 2 }),
    removed: fc.array(ids, { maxLength: 2 }),
    updates: fc.uniqueArray(fc.tuple(rounds, ids).map(([round, id]) => update(round, id, 0)), {
      selector: (row) => `${row.round}/${row.member}`,
      maxLength: 2,
    }),
    slices: fc.array(sliceRows, { maxLength: 2 }),
    dropSlices: fc.array(fc.constantFrom("sum/1", "sum/2"), { maxLength: 1 }),
    dropUpdatesBefore: rounds,
  }).map(({ late, record, ...change }): Call => (store, version) =>
    // Through text, as JSON has no -0 and no undefined.
    store.write(TASK, late ? version + 1 : version, {
      record: JSON.parse(JSON.stringify(record)),
      ...change,
      log: [{ seq: version, entry: version }],
    })
  ),
  fc.array(sliceRows, { maxLength: 2 }).map((slices): Call => (store) => store.put(TASK, slices)),
  fc.constantFrom("sum/1", "sum/2").map((name): Call => (store) => store.drop(TASK, name)),
);

async function contents(store: RoundStore): Promise<unknown> {
  const names = await store.sliceNames(TASK, "");
  const slices = names.flatMap((name) =>
    [0, 1, 2].map(async (index) => [name, index, plain(await store.slice(TASK, name, index))])
  );
  const updates = [1, 2, 3, 4].map(async (round) =>
    [...await store.updates(TASK, round)].sort((a, b) => a.member < b.member ? -1 : 1)
  );
  return {
    record: await store.read(TASK),
    members: await store.members(TASK),
    updates: await Promise.all(updates),
    slices: await Promise.all(slices),
    log: await store.log(TASK, 0, 100),
  };
}

function member(id: string): MemberRow {
  return { id, publicKey: `key of ${id}`, kind: "client", size: 1 };
}

function update(round: number, id: string, position: number): UpdateRow {
  return { round, member: id, position, digest: "d", sid: `sid ${round}`, clients: 1 };
}

function plain(bytes: Uint8Array | undefined): number[] | undefined {
  return bytes && [...bytes];
}
