import assert from "node:assert/strict";
import { hastyClock } from "../../tests/hasty_clock.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import { generateIdentity } from "../../src/core/identity.ts";
import type { OpenRound } from "../../src/wire/round_info.ts";
import { taskId } from "../../src/wire/task.ts";
import { testTask } from "../_testing.ts";
import {
  createRegionProcess,
  createRootProcess,
  patientPeer,
  type Process,
} from "../_tree_testing.ts";

const POISSON = { kind: "poisson", rate: 0.5 } as const;

/** A parent that so many times says something else of its rounds than it should. */
function lying(parent: Process, lie: (info: OpenRound) => Partial<OpenRound>, times: number) {
  const told = Promise.withResolvers<void>();
  let left = times;
  const fetch: Fetch = async (request) => {
    const answer = await parent.fetch(request);
    const isRound = /\/round$/.test(new URL(request.url).pathname) && answer.status === 200;
    if (!isRound || left-- <= 0) return answer;
    if (left === 0) told.resolve();
    const info = await answer.json();
    return Response.json(info.kind === "open" ? { ...info, ...lie(info) } : info);
  };
  return { parent: { ...parent, fetch }, told: told.promise };
}

/** A root and a region of one client, whose parent lies; the region's task once the lies are told. */
async function told(
  times: number,
  lie: (info: OpenRound) => Partial<OpenRound>,
  check: (region: Process, id: string) => Promise<void>,
): Promise<void> {
  const clock = hastyClock();
  const task = testTask(4, { sampling: POISSON, clients: { min: 1, max: 9 } });
  const id = await taskId(task);
  const root = await createRootProcess(clock, task);
  await root.start();
  const liar = lying(root, lie, times);
  const region = await createRegionProcess(clock, liar.parent);
  await region.start();
  const identity = await generateIdentity();
  const peer = patientPeer(clock, region.fetch, identity);
  const { region: party } = await peer.task(id);
  await peer.enrol(id, { kind: "client", size: 1, region: party });
  await liar.told;
  await check(region, id);
  await region.stop();
  await root.stop();
}

const statusOf = ({ app }: Process, id: string) => app.aggregator.tasks.get(id)!.status();

Deno.test("region: a parent that samples above the task's rate is not followed until it thinks better", async () => {
  await told(
    3,
    () => ({ threshold: 0.75, share: { clients: 1, enough: 1 } }),
    async (region, id) => {
      assert.deepEqual([statusOf(region, id).round, statusOf(region, id).phase], [0, "waiting"]);
      await untilRound(region, id, 1);
    },
  );
});

Deno.test("region: a round that asks nobody here is passed over, without its model", async () => {
  await told(1, () => ({ share: { clients: 0, enough: 0 } }), async (region, id) => {
    await untilRound(region, id, 1);
    const { phase, model } = statusOf(region, id);
    assert.deepEqual([phase, model], ["waiting", undefined]);
  });
});

/** Turns of the event loop, until a region knows of a round. */
async function untilRound(region: Process, id: string, round: number): Promise<void> {
  while (statusOf(region, id).round < round) await new Promise((next) => setTimeout(next, 0));
}
