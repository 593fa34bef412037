import assert from "node:assert/strict";
import { smallTask } from "../src/client/_testing.ts";
import { checkLog } from "../src/client/mod.ts";
import { toBase64Url } from "../src/core/bytes.ts";
import { isTributaryError } from "../src/core/errors.ts";
import { generateIdentity } from "../src/core/identity.ts";
import { manualClock } from "../src/wire/_testing.ts";
import { rootKeyOf, signTask, signTaskFor, verifyTask } from "../src/wire/task.ts";
import { startCommittee } from "./committee.ts";
import { joinTree } from "./fleet.ts";
import { halfWay } from "../src/client/_testing.ts";
import { startTree } from "./tree.ts";

for (const kind of ["kahe1", "secagg_plus"] as const) {
  Deno.test(`owner's key: a root runs a task by its owner's word, masked by ${kind}`, async () => {
    const clock = manualClock();
    const owner = await generateIdentity();
    const committee = await startCommittee(3, clock);
    const { helpers } = committee;
    const task = smallTask({
      mask: kind === "kahe1" ? { kind, helpers, min: 2 } : { kind, min: 3 },
      clients: { min: 3, max: 10 },
    });
    const through = committee.through;
    await using tree = await startTree({ ...{ task, owner, shape: [2], clock, through } });
    const publicKey = toBase64Url(owner.publicKey);
    const devices = await Promise.all(
      [0, 1, 2].map((number) =>
        joinTree(tree, {
          ...{ number, at: tree.leaves[number % 2]!, training: { trainer: halfWay } },
          owner: publicKey,
        })
      ),
    );
    const reports = await Promise.all(devices.map((one) => Array.fromAsync(one.rounds())));
    assert.deepEqual(reports.flat().map(({ kind }) => kind), ["sent", "sent", "sent"]);
    const { offer } = tree.root.life;
    assert.equal(offer.owner, publicKey);
    assert.equal(rootKeyOf(offer), offer.region.publicKey);
    assert.notEqual(offer.owner, offer.region.publicKey);
    const { summary } = await checkLog(tree.root.url, { ...tree, task: tree.id });
    assert.equal(summary.rounds, 1);
    for (const device of devices) await device[Symbol.asyncDispose]();
  });
}

Deno.test("owner's key: only the owner's word makes somebody a task's root, and only of that task", async () => {
  const [owner, root, eve] = await Promise.all([0, 1, 2].map(() => generateIdentity()));
  const task = smallTask();
  const good = await signTaskFor(task, { owner: owner!, root: root!.publicKey });
  assert.equal(rootKeyOf((await verifyTask(good)).signed), toBase64Url(root!.publicKey));
  assert.equal(rootKeyOf(await signTask(task, owner!)), toBase64Url(owner!.publicKey));
  const refused = (error: unknown) => isTributaryError(error, "task-refused");
  const byEve = await signTaskFor(task, { owner: eve!, root: eve!.publicKey });
  await assert.rejects(verifyTask({ ...good, root: byEve.root }), refused);
  const forEve = { ...good.root, publicKey: toBase64Url(eve!.publicKey) };
  await assert.rejects(verifyTask({ ...good, root: forEve }), refused);
  const other = await signTaskFor(smallTask({ name: "other" }), {
    ...{ owner: owner!, root: root!.publicKey },
  });
  await assert.rejects(verifyTask({ ...good, root: other.root }), refused);
});
