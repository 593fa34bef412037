/**
 * What every store that instances share must do, whatever it is made of.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { RoundStore, UpdateRow } from "./store.ts";

const TASK = "a".repeat(64);
const OTHER = "b".repeat(64);

/** A store that two instances have open. */
export interface SharedStores extends AsyncDisposable {
  /** As the two instances see it. */
  readonly stores: readonly [RoundStore, RoundStore];
  /** Lets so many milliseconds of the store's own clock go by. */
  pass(ms: number): Promise<void>;
}

/** Registers the suite for one kind of store; `make` gives an empty one each time. */
export function testSharedStore(name: string, make: () => Promise<SharedStores>): void {
  const test = (what: string, body: (stores: SharedStores) => Promise<void>) =>
    Deno.test(`${name}: ${what}`, async () => {
      await using made = await make();
      await body(made);
    });

  test("what one instance changed is told to another, write by write", async ({ stores }) => {
    const [one, other] = stores;
    const update: UpdateRow = {
      ...{ round: 1, member: "m", position: 0, digest: "d", sid: "s", clients: 1 },
    };
    const member = { id: "m", publicKey: "k", kind: "client", size: 1 } as const;
    const bytes = Uint8Array.of(1);
    await one.write(TASK, 0, { record: 1, members: [member] });
    await other.write(TASK, 1, {
      ...{ record: 2, updates: [update], removed: ["n"] },
      ...{ slices: [{ name: "s", index: 0, bytes }], dropSlices: ["t"] },
    });
    const none = { members: [], removed: [], updates: [], slices: [] };
    const first = { ...none, version: 1, members: [member] };
    const second = { ...none, version: 2, updates: [update], removed: ["n"], slices: ["s", "t"] };
    assert.deepEqual(await one.shared!.changes(TASK, 0), [first, second]);
    assert.deepEqual(await one.shared!.changes(TASK, 1), [second]);
    assert.deepEqual(await one.shared!.changes(TASK, 2), []);
    assert.deepEqual(await one.shared!.changes(OTHER, 0), []);
  });

  test("changes that reach further back than is kept are not told in part", async ({ stores }) => {
    const [one, other] = stores;
    for (let version = 0; version < 258; version++) await one.write(TASK, version, { record: 0 });
    assert.equal(await other.shared!.changes(TASK, 1), undefined);
    assert.equal((await other.shared!.changes(TASK, 2))?.length, 256);
  });

  test("a write wakes those who watch its task in other instances", async ({ stores }) => {
    const [one, other] = stores;
    let heard = Promise.withResolvers<void>();
    using _watch = other.shared!.watch(TASK, () => heard.resolve());
    let strangers = 0;
    using _other = other.shared!.watch(OTHER, () => strangers++);
    for (let version = 0; version < 3; version++) {
      heard = Promise.withResolvers<void>();
      // A store may call once it begins to listen; then there is one call more, which does no harm.
      await one.write(TASK, version, { record: version });
      await heard.promise;
    }
    assert.ok(strangers <= 1);
  });

  test("a lease has one holder, who may make it longer", async ({ stores }) => {
    const [one, other] = stores.map(({ shared }) => shared!);
    assert.equal(await one!.lease({ name: "lead", holder: "a", ms: 60_000 }), true);
    assert.equal(await other!.lease({ name: "lead", holder: "b", ms: 60_000 }), false);
    assert.equal(await one!.lease({ name: "lead", holder: "a", ms: 60_000 }), true);
    assert.equal(await other!.lease({ name: "lane/0", holder: "b", ms: 60_000 }), true);
    assert.deepEqual([...await one!.leases()].sort(), [["lane/0", "b"], ["lead", "a"]]);
    await other!.release({ name: "lead", holder: "b" });
    assert.equal(await other!.lease({ name: "lead", holder: "b", ms: 60_000 }), false);
    await one!.release({ name: "lead", holder: "a" });
    assert.equal(await other!.lease({ name: "lead", holder: "b", ms: 60_000 }), true);
  });

  test("a lease that is not renewed passes to another", async ({ stores, pass }) => {
    const [one, other] = stores.map(({ shared }) => shared!);
    assert.equal(await one!.lease({ name: "lead", holder: "a", ms: 100 }), true);
    await pass(101);
    assert.deepEqual([...await one!.leases()], []);
    assert.equal(await other!.lease({ name: "lead", holder: "b", ms: 60_000 }), true);
    assert.equal(await one!.lease({ name: "lead", holder: "a", ms: 100 }), false);
  });

  test("of many who claim a key one does, until its time is over", async ({ stores, pass }) => {
    const [one, other] = stores.map(({ shared }) => shared!);
    const claims = [one!, other!, one!, other!].map((it) => it.claim("nonce", 100));
    assert.equal((await Promise.all(claims)).filter(Boolean).length, 1);
    assert.equal(await one!.claim("another", 60_000), true);
    assert.equal(await other!.claim("another", 60_000), false);
    await pass(101);
    assert.equal(await other!.claim("nonce", 100), true);
  });
}
