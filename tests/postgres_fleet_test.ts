import assert from "node:assert/strict";
import { systemClock } from "../src/core/clock.ts";
import { generateIdentity } from "../src/core/identity.ts";
import { systemRandom } from "../src/core/random.ts";
import { ials } from "../src/models/ials.ts";
import { defineTask } from "../src/task/define_task.ts";
import type { LogEvent } from "../src/wire/log.ts";
import { membersRoot } from "../src/wire/merkle.ts";
import { createPeer } from "../src/wire/peer.ts";
import { taskId } from "../src/wire/task.ts";
import { verifyLog } from "../src/wire/verify_log.ts";
import { DATABASE } from "../edge/postgres/_testing.ts";
import { runFleet } from "./fleet.ts";
import { inventPeople } from "./people.ts";
import { startClients, startPostgresFleet, temporaryFolder, type Trainees } from "./platforms.ts";
import { type AggregatorProcess, aggregatorProcess } from "./processes.ts";
import { startTree } from "./tree.ts";

const people = await inventPeople({ people: 6, items: 30 });
const task = defineTask({
  name: "films",
  model: ials({ items: 30, dim: 4, form: "newton" }),
  clients: { min: 6, max: 6 },
  stop: { rounds: 2 },
});

/** Digest of the model that a run without faults ends with. */
async function undisturbed(): Promise<string | undefined> {
  await using tree = await startTree({ task, shape: [1] });
  await runFleet(tree, { people });
  return tree.root.life.status().model?.digest;
}

async function eventsOf({ url }: { readonly url: string }): Promise<LogEvent[]> {
  const peer = createPeer({
    ...{ url, identity: await generateIdentity(), clock: systemClock(), random: systemRandom },
    fetch: (request) => fetch(request),
  });
  const id = await taskId(task);
  const { region } = await peer.task(id);
  const { entries } = await peer.log(id, { from: 0 });
  await verifyLog(entries, { task, signer: region.publicKey });
  return entries.map(({ body }) => body.event);
}

/** Two processes over one database, and six clients that go round them, with something happening. */
function onFleet(
  sentence: string,
  hold: readonly number[],
  happen: (fleet: readonly AggregatorProcess[], clients: Trainees) => Promise<void>,
): void {
  Deno.test({
    name: `postgres fleet: ${sentence}`,
    ignore: DATABASE === undefined,
    async fn() {
      await using stack = new AsyncDisposableStack();
      const folder = await temporaryFolder(stack);
      const root = stack.use(aggregatorProcess(folder, "root", { task }));
      await root.start();
      const fleet = await startPostgresFleet(stack, { folder, parent: root.url, instances: 2 });
      const clients = startClients(people, { at: (number) => fleet[number % 2]!.url, hold });
      await Promise.all([happen(fleet, clients), clients.ended]);
      const [atRoot, ...atFleet] = await Promise.all([root, ...fleet].map(eventsOf));
      const published = atRoot!.filter((event) => event.kind === "published");
      assert.deepEqual(published.map((it) => [it.clients, it.updates]), [[6, 1], [6, 1]]);
      assert.equal(published.at(-1)?.model.digest, await undisturbed());
      const receipts = await Promise.all(people.map((_, client) => clients.receipt(client, 1)));
      assert.deepEqual(receipts.map(({ position }) => position).sort(), [0, 1, 2, 3, 4, 5]);
      for (const events of atFleet) {
        const forwarded = events.filter((event) => event.kind === "forwarded");
        assert.deepEqual(forwarded.map(({ round }) => round), [1, 2]);
        assert.equal(forwarded[0]?.members, await membersRoot(receipts));
      }
    },
  });
}

onFleet("its processes send one sum a round", [], () => Promise.resolve());

onFleet("the first one killed in mid-round, the other goes on with all updates", [4], async (
  [leader],
  clients,
) => {
  await Promise.all([0, 1, 2, 3, 5].map((client) => clients.receipt(client, 1)));
  await leader!.kill();
  await leader!.start();
  clients.release(4);
});

onFleet("killed when the round is sealed, its sum is forwarded by the other one", [4, 5], async (
  [leader],
  clients,
) => {
  await Promise.all([0, 1, 2, 3].map((client) => clients.receipt(client, 1)));
  clients.release(4);
  await clients.receipt(4, 1);
  await leader!.kill();
  // The last update, at the process that is left, seals the round.
  clients.release(5);
  await clients.receipt(5, 1);
  // Its receipt of the next round shows that the sum was forwarded meanwhile.
  await clients.receipt(5, 2);
  await leader!.start();
});
