import assert from "node:assert/strict";
import fc from "fast-check";
import { fromHex, toBase64Url, toHex } from "../../src/core/bytes.ts";
import { promptDigest } from "../../src/core/digest.ts";
import { generateIdentity } from "../../src/core/identity.ts";
import type { Json } from "../../src/core/json.ts";
import { type LogHead, logRoot, verifyLogHead } from "../../src/wire/log_head.ts";
import { isPrefix } from "../../src/wire/merkle_consistency.ts";
import { isProven } from "../../src/wire/merkle_proof.ts";
import { manualClock } from "../../src/wire/_testing.ts";
import { createLogTree } from "./log_tree.ts";
import { memoryStore } from "../memory/store.ts";
import type { RoundStore } from "../store.ts";

const TASK = "a".repeat(64);
const identity = await generateIdentity();
const keeper = toBase64Url(identity.publicKey);

/** Hash of an entry; the tree looks at nothing else of it. */
function hashOf(seq: number): string {
  return toHex(promptDigest(new TextEncoder().encode(`entry ${seq}`)));
}

const HASHES = Array.from({ length: 1500 }, (_, seq) => hashOf(seq));

/** A store whose log can be made longer. */
function testLog(store: RoundStore = memoryStore()) {
  let entries = 0;
  let version = 0;
  const counts = { rows: 0, slices: 0, puts: 0 };
  const counted: RoundStore = {
    ...store,
    async log(task, from, limit) {
      const rows = await store.log(task, from, limit);
      counts.rows += rows.length;
      return rows;
    },
    slice(task, name, index) {
      counts.slices++;
      return store.slice(task, name, index);
    },
    put(task, slices) {
      counts.puts++;
      return store.put(task, slices);
    },
  };
  return {
    store: counted,
    counts,
    async growTo(size: number) {
      const log = HASHES.slice(entries, size).map((hash, at) => ({
        seq: entries + at,
        entry: { hash } as Json,
      }));
      await store.write(TASK, version++, { record: null, log });
      entries = size;
    },
  };
}

const clock = manualClock();
const treeOver = (store: RoundStore) => createLogTree({ task: TASK, store, identity, clock });

/** A head, checked, as the root of a list. */
async function rootOf(head: LogHead) {
  const { body } = await verifyLogHead(head, { task: TASK, keeper });
  return { entries: body.size, root: fromHex(body.root) };
}

const inLog = fc.integer({ min: 1, max: 1500 }).chain((size) =>
  fc.record({
    size: fc.constant(size),
    seq: fc.nat(size - 1),
    from: fc.integer({ min: 1, max: size }),
  })
);

Deno.test("log tree: heads and proofs of any log are those of its hashes' Merkle tree", async () => {
  await fc.assert(
    fc.asyncProperty(inLog, fc.boolean(), async ({ size, seq, from }, isRestarted) => {
      const log = testLog();
      const before = treeOver(log.store);
      await log.growTo(from);
      const old = await rootOf(await before.head());
      assert.equal(toHex(old.root), await logRoot(HASHES.slice(0, from), promptDigest));
      await log.growTo(size);
      const tree = isRestarted ? treeOver(log.store) : before;
      const head = await rootOf(await tree.head());
      assert.equal(toHex(head.root), await logRoot(HASHES.slice(0, size), promptDigest));
      const inclusion = await tree.inclusion(seq, size);
      const claim = { entry: fromHex(HASHES[seq]!), place: seq, entries: size };
      assert.ok(
        await isProven({ ...claim, proof: inclusion.proof.map(fromHex) }, {
          root: head.root,
          digest: promptDigest,
        }),
      );
      const { proof } = await tree.consistency(from, size);
      assert.ok(await isPrefix({ from: old, to: head, proof: proof.map(fromHex) }, promptDigest));
    }),
    { numRuns: 40 },
  );
});

Deno.test("log tree: a proof out of 1500 entries reads a few rows, and the log no more than once", async () => {
  const log = testLog();
  await log.growTo(1500);
  await treeOver(log.store).head();
  assert.deepEqual(log.counts, { rows: 1500, slices: 1, puts: 10 });
  Object.assign(log.counts, { rows: 0, slices: 0, puts: 0 });
  // As after a restart: what fills no tile is read again, and nothing before it.
  const tree = treeOver(log.store);
  await tree.inclusion(700, 1500);
  assert.deepEqual(log.counts, { rows: 1500 % 256, slices: 2, puts: 0 });
  await tree.consistency(300, 1400);
  assert.deepEqual(log.counts, { rows: 1500 % 256, slices: 3, puts: 0 });
});

Deno.test("log tree: what was lost of it is made again from the entries", async () => {
  const log = testLog();
  await log.growTo(1000);
  const { body } = await treeOver(log.store).head();
  for (const name of await log.store.sliceNames(TASK, "tree/")) await log.store.drop(TASK, name);
  const again = treeOver(log.store);
  assert.equal((await again.head()).body.root, body.root);
  assert.deepEqual(await log.store.sliceNames(TASK, "tree/"), [
    ...["tree/0/0", "tree/0/1", "tree/0/2"],
    "tree/edge",
  ]);
});

Deno.test("log tree: a crash between any two of its writes loses nothing that it says is there", async () => {
  const log = testLog();
  await log.growTo(700);
  for (let writes = 0; writes < 4; writes++) {
    let left = writes;
    const crashing = {
      ...log.store,
      put: (...put: Parameters<RoundStore["put"]>) =>
        left-- > 0 ? log.store.put(...put) : Promise.reject(new Error("crashed")),
    };
    await assert.rejects(treeOver(crashing).head(), /crashed/);
    const { body } = await treeOver(log.store).head();
    assert.equal(body.root, await logRoot(HASHES.slice(0, 700), promptDigest));
    assert.equal((await treeOver(log.store).inclusion(3, 700)).proof.length, 10);
    for (const name of await log.store.sliceNames(TASK, "tree/")) await log.store.drop(TASK, name);
  }
});

Deno.test("log tree: two writers of one log hand out the same tree", async () => {
  const log = testLog();
  const [one, other] = [treeOver(log.store), treeOver(log.store)];
  for (const size of [1, 255, 256, 257, 900, 1024, 1500]) {
    await log.growTo(size);
    const [a, b] = await Promise.all([one.head(), other.head()]);
    assert.deepEqual(a, b);
    assert.equal(a.body.size, size);
  }
});

Deno.test("log tree: a head is signed anew when the log has grown, and after a minute", async () => {
  const log = testLog();
  const tree = treeOver(log.store);
  await log.growTo(3);
  const first = await tree.head();
  assert.deepEqual(first.body.atMs, clock.now());
  clock.advance(59_999);
  assert.deepEqual(await tree.head(), first);
  clock.advance(1);
  assert.equal((await tree.head()).body.atMs, first.body.atMs + 60_000);
  clock.advance(1);
  await log.growTo(4);
  const grown = await tree.head();
  assert.deepEqual([grown.body.size, grown.body.atMs], [4, clock.now()]);
});

Deno.test("log tree: a log without entries has the root of nothing", async () => {
  const { body } = await treeOver(memoryStore()).head();
  assert.deepEqual([body.size, body.root], [0, toHex(promptDigest(new Uint8Array()))]);
});

Deno.test("log tree: of entries that there are not, nothing is proven", async () => {
  const log = testLog();
  const tree = treeOver(log.store);
  await log.growTo(5);
  for (const asked of [tree.inclusion(0, 6), tree.inclusion(5, 5), tree.inclusion(0, 0)]) {
    await assert.rejects(asked, { code: "bad-request" });
  }
  for (const asked of [tree.consistency(2, 6), tree.consistency(5, 4)]) {
    await assert.rejects(asked, { code: "bad-request" });
  }
  await log.growTo(6);
  assert.equal((await tree.inclusion(0, 6)).size, 6);
});

Deno.test("log tree: a store that failed once is asked again", async () => {
  const log = testLog();
  await log.growTo(5);
  const { store } = log;
  let fails = 1;
  const tree = treeOver({
    ...store,
    log: (...asked) => fails-- > 0 ? Promise.reject(new Error("away")) : store.log(...asked),
  });
  await assert.rejects(tree.head(), /away/);
  assert.equal((await tree.head()).body.size, 5);
});
