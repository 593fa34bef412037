import assert from "node:assert/strict";
import { hastyClock } from "../../tests/hasty_clock.ts";
import { isTributaryError } from "../../src/core/errors.ts";
import { generateIdentity } from "../../src/core/identity.ts";
import { planDigest } from "../../src/wire/session_id.ts";
import { taskId } from "../../src/wire/task.ts";
import { parcelDigest, parcelOf, publishedSums, sumDigest, testTask } from "../_testing.ts";
import {
  createRegionProcess,
  createRootProcess,
  patientPeer,
  type Process,
} from "../_tree_testing.ts";

const code = (expected: string) => (error: unknown) =>
  isTributaryError(error) && error.code === expected;

const task = testTask(1, { stop: { rounds: 3 }, clients: { min: 1, max: 8 } });
const id = await taskId(task);
const plan = await planDigest(task);

async function member(clock: ReturnType<typeof hastyClock>, region: Process) {
  const peer = patientPeer(clock, region.fetch, await generateIdentity());
  const { region: party } = await peer.task(id);
  await peer.enrol(id, { kind: "client", size: 1, region: party });
  const open = async (after: number) => {
    for (;;) {
      const info = await peer.round(id, { after, waitS: 60, plan });
      if (info?.kind === "open") return info;
    }
  };
  return {
    peer,
    party,
    open,
    async send(value: number, after: number) {
      const { round, sid } = await open(after);
      const parcel = parcelOf([value]);
      const { slices } = await parcelDigest(parcel);
      return await peer.putUpdate(id, { round, sid, clients: 1, parcel, slices, region: party });
    },
  };
}

Deno.test("draining: a region sends up what it has taken in, leaves its parent, and the task goes on", async () => {
  const clock = hastyClock();
  const root = await createRootProcess(clock, task);
  await root.start();
  const [north, south] = [
    await createRegionProcess(clock, root),
    await createRegionProcess(clock, root),
  ];
  for (const region of [north, south]) await region.start();
  try {
    const [a, b, c] = [
      await member(clock, north),
      await member(clock, north),
      await member(clock, south),
    ];
    await a.send(1, 0);
    await north.app.aggregator.drain();
    await north.app.aggregator.drain();
    // Who is in the open round may still send; nobody else comes in.
    const late = patientPeer(clock, north.fetch, await generateIdentity());
    const once = new AbortController();
    const refused = late.enrol(id, {
      kind: "client",
      size: 1,
      region: a.party,
      signal: once.signal,
    });
    await b.send(2, 0);
    await c.send(4, 0);
    await north.app.aggregator.drained();
    once.abort(new Error("it never let it in"));
    await assert.rejects(refused, /never let it in/);
    const atRoot = patientPeer(clock, root.fetch, root.identity);
    // The next round is the other region's alone.
    await c.send(8, 1);
    await c.open(2);
    assert.deepEqual(await publishedSums(atRoot, id), [await sumDigest([7]), await sumDigest([8])]);
    const life = root.app.aggregator.tasks.get(id);
    assert.equal(life?.status().members, 1);

    // It stays so over a restart, until it is told to work on.
    north.kill();
    await north.start();
    const again = patientPeer(clock, north.fetch, await generateIdentity());
    const gone = AbortSignal.abort(new Error("not now"));
    await assert.rejects(again.task(id, { signal: gone }), /not now/);
    const single = await north.fetch(
      new Request(`http://region.test/v1/tasks/${id}/round?after=9`),
    );
    assert.equal(single.status, 503);
    assert.equal((await single.json()).code, "draining");
    await north.app.aggregator.drain(false);
    await again.enrol(id, { kind: "client", size: 1, region: a.party });
  } finally {
    for (const process of [north, south, root]) await process.stop();
  }
});

Deno.test("draining: a root has nobody to hand its work to", async () => {
  const root = await createRootProcess(hastyClock(), task);
  await root.start();
  await assert.rejects(root.app.aggregator.drain(), code("task-refused"));
  await root.stop();
});
