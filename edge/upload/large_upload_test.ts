import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateIdentity } from "../../src/core/identity.ts";
import {
  insideOf,
  openRound,
  parcelOf,
  problemCode,
  publishedSums,
  sendUpdate,
  signedUpdate,
  sumDigest,
  type TestMember,
  testMember,
  testRoot,
} from "../_testing.ts";
import { sqliteStore } from "../sqlite/store.ts";

/** 2.4 MB: three slices, the last of which is not full. */
const WORDS = 600_000;
const task = { clients: { min: 3, max: 1000 } };

function wordsOf(i: number): Uint32Array {
  return Uint32Array.from({ length: WORDS }, (_, at) => (at * 7 + i * 1000) % 4_000_000);
}

for (
  const [how, heldBytes] of [["held in memory", 16 << 20], ["staged in the store", 1]] as const
) {
  Deno.test(`large upload: parcels of three slices, ${how}, add up to the exact sum`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "large-"));
    try {
      await using store = sqliteStore(join(folder, "store.db"));
      await using root = await testRoot({ words: WORDS, store, task, limits: { heldBytes } });
      const members: TestMember[] = [];
      for (let i = 0; i < 3; i++) members.push(await testMember(root));
      const [first] = members as [TestMember];
      const round = await openRound(first.peer, root.task);

      // The last slice of this one is not as announced: what came before it is forgotten.
      const parcel = parcelOf(wordsOf(0));
      const { id, clock, identity: { id: region } } = root;
      const { identity } = first;
      const { url, headers } = await signedUpdate({ id, round, region, identity, parcel, clock });
      const spoilt = parcel.slice();
      spoilt[spoilt.length - 1] = 9;
      const refused = await root.fetch(new Request(url, { method: "PUT", headers, body: spoilt }));
      assert.equal(await problemCode(refused), "digest-mismatch");
      assert.deepEqual(await store.sliceNames(id, "upload/"), []);
      assert.deepEqual(await store.sliceNames(id, "sum/"), []);

      await Promise.all(
        members.map((member, i) => sendUpdate(member, round, parcelOf(wordsOf(i)))),
      );
      await openRound(first.peer, root.task, 1);
      const sum = wordsOf(0);
      for (const words of [wordsOf(1), wordsOf(2)]) words.forEach((word, at) => sum[at]! += word);
      assert.deepEqual(await publishedSums(first.peer, id), [await sumDigest(sum)]);
      assert.deepEqual(await store.sliceNames(id, "upload/"), []);
      assert.deepEqual(await store.sliceNames(id, "sum/"), []);
      assert.equal(insideOf(root.app.aggregator).world.budget.used, 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

Deno.test("large upload: what a crash left behind goes when its round is over, and not before", async () => {
  const folder = mkdtempSync(join(tmpdir(), "large-"));
  try {
    await using store = sqliteStore(join(folder, "store.db"));
    const identity = await generateIdentity();
    let id = "";
    {
      await using root = await testRoot({ store, identity });
      id = root.id;
      const member = await testMember(root);
      await openRound(member.peer, root.task);
    }
    const bytes = Uint8Array.of(1, 2, 3, 4);
    const old = ["upload/0/someone/00", "sum/0/0/00"];
    const going = ["upload/1/someone/00", "sum/1/0/00"];
    for (const name of [...old, ...going]) await store.put(id, [{ name, index: 0, bytes }]);
    const kept = ["model/0", "shares/1", "state/0", "task"];
    {
      await using root = await testRoot({ store, identity });
      assert.deepEqual(await store.sliceNames(id, ""), [...kept, ...going].sort());
      const member = await testMember(root);
      const round = await openRound(member.peer, root.task);
      // The one that died is still awaited: its round ends in time.
      await sendUpdate(member, round, parcelOf([1, 2, 3, 4]));
      root.clock.advance(root.task.roundMs);
      await openRound(member.peer, root.task, round.round);
    }
    assert.deepEqual(
      await store.sliceNames(id, ""),
      ["model/0", "model/1", "shares/2", "state/1", "task"],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
