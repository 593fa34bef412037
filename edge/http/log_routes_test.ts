import assert from "node:assert/strict";
import { fromHex, toBase64Url } from "../../src/core/bytes.ts";
import { promptDigest } from "../../src/core/digest.ts";
import type { LogEntry } from "../../src/wire/log.ts";
import { logRoot, verifyLogHead } from "../../src/wire/log_head.ts";
import { isPrefix } from "../../src/wire/merkle_consistency.ts";
import { isProven } from "../../src/wire/merkle_proof.ts";
import { planDigest } from "../../src/wire/session_id.ts";
import {
  openRound,
  parcelOf,
  problemCode,
  sendUpdate,
  testMember,
  type TestRoot,
  testRoot,
} from "../_testing.ts";

const get = async (root: TestRoot, path: string) =>
  await root.fetch(new Request(`http://region.test/v1/tasks/${root.id}/log${path}`));

/** The head of a log, checked, as the root of a list. */
async function headOf(root: TestRoot) {
  const keeper = toBase64Url(root.identity.publicKey);
  const head = await verifyLogHead(await (await get(root, "/head")).json(), {
    task: root.id,
    keeper,
  });
  return { entries: head.body.size, root: fromHex(head.body.root) };
}

Deno.test("log routes: a root's heads follow its rounds, and proofs show that nothing was changed", async () => {
  await using root = await testRoot({ task: { clients: { min: 2, max: 9 }, stop: { rounds: 2 } } });
  const first = await headOf(root);
  assert.equal(first.entries, 1);
  const members = [await testMember(root), await testMember(root)];
  for (const after of [0, 1]) {
    for (const member of members) {
      await sendUpdate(
        member,
        await openRound(member.peer, root.task, after),
        parcelOf([1, 2, 3, 4]),
      );
    }
  }
  const plan = await planDigest(root.task);
  const end = await members[0]?.peer.round(root.id, { after: 2, waitS: 60, plan });
  assert.equal(end?.kind, "finished");
  const last = await headOf(root);
  const { entries } = await (await get(root, "")).json() as { entries: LogEntry[] };
  assert.deepEqual(entries.map(({ body }) => body.event.kind), [
    "created",
    "published",
    "published",
    "finished",
  ]);
  assert.deepEqual([last.entries, last.root], [4, fromHex(await logRoot(hashesOf(entries)))]);

  const path = await get(root, "/consistency?from=1&to=4");
  assert.match(path.headers.get("cache-control") ?? "", /immutable/);
  const { proof } = await path.json();
  assert.ok(await isPrefix({ from: first, to: last, proof: proof.map(fromHex) }, promptDigest));

  for (const [place, hash] of hashesOf(entries).entries()) {
    const { proof } = await (await get(root, `/inclusion?seq=${place}&size=4`)).json();
    const claim = { entry: fromHex(hash), place, entries: 4, proof: proof.map(fromHex) };
    assert.ok(await isProven(claim, { root: last.root, digest: promptDigest }));
  }
});

function hashesOf(entries: readonly LogEntry[]): string[] {
  return entries.map(({ hash }) => hash);
}

Deno.test("log routes: what cannot be proven, or is asked for badly, is refused", async () => {
  await using root = await testRoot();
  assert.equal((await get(root, "/head")).headers.get("cache-control"), "no-store");
  for (
    const path of [
      "/inclusion?seq=0&size=2",
      "/inclusion?seq=1&size=1",
      "/inclusion?seq=0",
      "/inclusion?seq=-1&size=1",
      "/inclusion?seq=0&size=9007199254740993",
      "/consistency?from=1&to=2",
      "/consistency?from=1&to=0",
      "/consistency?from=1e0&to=1",
      "/consistency?to=1",
    ]
  ) {
    const response = await get(root, path);
    assert.equal(response.status, 400, path);
    assert.equal(await problemCode(response), "bad-request", path);
  }
  const other = `http://region.test/v1/tasks/${"0".repeat(64)}/log/head`;
  assert.equal(await problemCode(await root.fetch(new Request(other))), "task-unknown");
});
