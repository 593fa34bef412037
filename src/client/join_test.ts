import assert from "node:assert/strict";
import { admitByToken } from "../../edge/access/admission.ts";
import { generateIdentity } from "../core/identity.ts";
import type { TaskOffer } from "../wire/task.ts";
import { startTree } from "../../tests/tree.ts";
import { interfering, joinLeaf, smallTask } from "./_testing.ts";

/** A network that changes a task on its way to the client. */
function altering(change: (offer: TaskOffer) => unknown) {
  return interfering({
    method: "GET",
    path: /^\/v1\/tasks\/[0-9a-f]{64}$/,
    answer: async (request, fetch) =>
      Response.json(change(await (await fetch(request)).json() as TaskOffer)),
  });
}

Deno.test("join: takes the region's one task, and is on the roster then", async () => {
  await using tree = await startTree({ task: smallTask() });
  const identity = await generateIdentity();
  await using me = await joinLeaf(tree, { identity });
  assert.equal(me.taskId, tree.id);
  assert.deepEqual(me.task, tree.task);
  assert.equal(me.id, identity.id);
  assert.deepEqual([tree.root.life.status().members, tree.root.life.status().size], [1, 1]);
});

Deno.test("join: takes the task that it is told, if there is one of that digest", async () => {
  await using tree = await startTree({ task: smallTask() });
  await using me = await joinLeaf(tree, { task: tree.id });
  assert.equal(me.taskId, tree.id);
  await assert.rejects(joinLeaf(tree, { task: "0".repeat(64) }), { code: "task-unknown" });
});

Deno.test("join: a task that was tampered with is refused", async () => {
  const changes: ((offer: TaskOffer) => unknown)[] = [
    ({ task, ...offer }) => ({ ...offer, task: { ...task, clients: { min: 1, max: 9 } } }),
    (offer) => ({ ...offer, signature: `${"A".repeat(85)}Q` }),
  ];
  for (const change of changes) {
    await using tree = await startTree({ task: smallTask(), through: altering(change) });
    await assert.rejects(joinLeaf(tree), { code: "task-refused" });
    assert.equal(tree.root.life.status().size, 0);
  }
});

Deno.test("join: a task of another owner than the one expected is refused, and nobody enrols", async () => {
  await using tree = await startTree({ task: smallTask() });
  const { owner } = tree.root.life.offer;
  const other = "A".repeat(43);
  await assert.rejects(joinLeaf(tree, { owner: other }), {
    code: "task-refused",
    message: `Cannot take part in a task that ${owner} owns: expected ${other}`,
  });
  assert.equal(tree.root.life.status().size, 0);
  await using me = await joinLeaf(tree, { owner });
  assert.equal(me.taskId, tree.id);
});

Deno.test("join: a region under another's name is refused", async () => {
  const name = "A".repeat(43);
  const through = altering(({ region, ...offer }) => ({
    ...offer,
    region: { ...region, id: name },
  }));
  await using tree = await startTree({ task: smallTask(), through });
  await assert.rejects(joinLeaf(tree), { code: "peer-invalid", message: new RegExp(name) });
});

Deno.test("join: a layout that is not the model's is refused, and nobody enrols", async () => {
  const { update, ...rest } = smallTask();
  const tensors = [...update.tensors, { name: "more", shape: [1], range: 1 }];
  await using tree = await startTree({ task: { ...rest, update: { ...update, tensors } } });
  await assert.rejects(joinLeaf(tree), {
    code: "task-refused",
    message: "Cannot use an update whose tensor 5 is more [1] within ±1: expected no tensor",
  });
  assert.equal(tree.root.life.status().size, 0);
});

Deno.test("join: where a token is asked for, only who knows it gets in", async () => {
  await using tree = await startTree({
    task: smallTask(),
    app: { admit: admitByToken("sesame") },
  });
  await assert.rejects(joinLeaf(tree), { code: "member-refused" });
  await assert.rejects(joinLeaf(tree, { token: "other" }), { code: "member-refused" });
  await using me = await joinLeaf(tree, { token: "sesame" });
  assert.equal(me.taskId, tree.id);
  assert.equal(tree.root.life.status().size, 1);
});

Deno.test("join: a signal ends it while the region is away", async () => {
  await using tree = await startTree({ task: smallTask() });
  await tree.root.stop();
  const stop = new AbortController();
  const joining = joinLeaf(tree, { signal: stop.signal });
  stop.abort(new Error("enough"));
  await assert.rejects(joining, { message: "enough" });
});
