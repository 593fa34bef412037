import assert from "node:assert/strict";
import { join } from "../src/client/join.ts";
import { generateIdentity, identityId } from "../src/core/identity.ts";
import { systemClock } from "../src/core/clock.ts";
import { fromBase64Url } from "../src/core/bytes.ts";
import { systemRandom } from "../src/core/random.ts";
import { ials } from "../src/models/ials.ts";
import { defineTask } from "../src/task/define_task.ts";
import type { LogEvent } from "../src/wire/log.ts";
import { membersRoot } from "../src/wire/merkle.ts";
import { createPeer } from "../src/wire/peer.ts";
import type { Receipt } from "../src/wire/receipt.ts";
import { taskId } from "../src/wire/task.ts";
import { verifyLog } from "../src/wire/verify_log.ts";
import { clientSeed, runFleet } from "./fleet.ts";
import { inventPeople } from "./people.ts";
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
  await using tree = await startTree({ task, shape: [2] });
  await runFleet(tree, { people });
  return tree.root.life.status().model?.digest;
}

/** A root and two regions that can be killed, and six clients of theirs. */
interface Run {
  readonly root: AggregatorProcess;
  readonly regions: readonly AggregatorProcess[];
  /** Keeps a client from its turn in the first round until released. */
  readonly held: ReadonlyMap<number, PromiseWithResolvers<void>>;
  /** Resolves with a client's receipt of a round. */
  receipt(client: number, round: number): Promise<Receipt>;
}

/** Runs six clients, even ones at the first region, with something happening meanwhile. */
async function disturbed(
  options: { readonly hold?: readonly number[]; readonly freezeRootAt?: string },
  happen: (run: Run) => Promise<void>,
) {
  const folder = await Deno.makeTempDir();
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const root = stack.use(aggregatorProcess(folder, "root", { task }));
  const { freezeRootAt } = options;
  await root.start(freezeRootAt === undefined ? {} : { freezeAt: freezeRootAt });
  const regions = ["a", "b"].map((name) =>
    stack.use(aggregatorProcess(folder, name, { parent: root.url }))
  );
  for (const region of regions) await region.start();
  const held = new Map((options.hold ?? []).map((at) => [at, Promise.withResolvers<void>()]));
  const receipts = new Map<string, PromiseWithResolvers<Receipt>>();
  const receiptOf = (client: number, round: number) => {
    const key = `${client} ${round}`;
    const receipt = receipts.get(key) ?? Promise.withResolvers<Receipt>();
    receipts.set(key, receipt);
    return receipt;
  };
  const clients = people.map(async (examples, number) => {
    await using me = await join(regions[number % 2]!.url, {
      ...{ examples, identity: await generateIdentity(), seed: await clientSeed(number) },
      async turn(work) {
        await held.get(number)?.promise;
        return await work();
      },
    });
    for await (const report of me.rounds()) {
      assert.equal(report.kind, "sent");
      receiptOf(number, report.round).resolve(report.receipt);
    }
  });
  const receipt = (client: number, round: number) => receiptOf(client, round).promise;
  await Promise.all([happen({ root, regions, held, receipt }), ...clients]);

  const logs = await Promise.all([root, ...regions].map(readLog));
  const byClient = await Promise.all(people.map((_, client) => receipt(client, 1)));
  return { logs, firstReceipts: byClient };
}

/** The events of an aggregator's log, once the log is verified under its own key. */
async function readLog({ url }: AggregatorProcess): Promise<LogEvent[]> {
  const identity = await generateIdentity();
  const peer = createPeer({
    ...{ url, identity, clock: systemClock(), random: systemRandom },
    fetch: (request) => fetch(request),
  });
  const id = await taskId(task);
  const { region, owner } = await peer.task(id);
  assert.equal(await identityId(fromBase64Url(region.publicKey)), region.id);
  const { entries } = await peer.log(id, { from: 0 });
  const summary = await verifyLog(entries, { task, signer: region.publicKey });
  if (summary.role === "root") assert.equal(owner, region.publicKey);
  assert.equal(summary.finished, "rounds");
  assert.deepEqual([summary.rounds, summary.abandoned], [2, 0]);
  return entries.map(({ body }) => body.event);
}

/** Checks that the run came to the same model, and that each update is in the sum just once. */
async function assertWhole({ logs, firstReceipts }: Awaited<ReturnType<typeof disturbed>>) {
  const [root, ...regions] = logs;
  const published = root?.filter((event) => event.kind === "published") ?? [];
  assert.deepEqual(published.map(({ clients, updates }) => [clients, updates]), [[6, 2], [6, 2]]);
  assert.equal(published.at(-1)?.model.digest, await undisturbed());
  for (const [at, events] of regions.entries()) {
    const first = events.find((event) => event.kind === "forwarded");
    const own = firstReceipts.filter((_, client) => client % 2 === at);
    assert.equal(first?.members, await membersRoot(own), "its receipts are what it forwarded");
    assert.deepEqual(own.map(({ position }) => position).sort(), [0, 1, 2]);
  }
}

Deno.test("kill: a region killed in mid-round goes on with the updates that it acknowledged", async () => {
  const outcome = await disturbed({ hold: [4] }, async ({ regions: [region], held, receipt }) => {
    await Promise.all([receipt(0, 1), receipt(2, 1)]);
    await region!.kill();
    await region!.start();
    held.get(4)?.resolve();
  });
  await assertWhole(outcome);
});

Deno.test("kill: a region killed between sealing and forwarding forwards when it is back", async () => {
  const outcome = await disturbed({ hold: [4] }, async ({ regions: [region], held, receipt }) => {
    await Promise.all([receipt(0, 1), receipt(2, 1)]);
    await region!.kill();
    await region!.start({ freezeAt: "sealed 1" });
    held.get(4)?.resolve();
    await region!.said("sealed 1");
    await region!.kill();
    await region!.start();
  });
  await assertWhole(outcome);
});

for (const phase of ["sealed", "unmasking", "published"]) {
  Deno.test(`kill: a root killed as soon as a round is ${phase} goes on from there`, async () => {
    const freezeRootAt = `${phase} 1`;
    const outcome = await disturbed({ freezeRootAt }, async ({ root }) => {
      await root.said(freezeRootAt);
      await root.kill();
      await root.start();
    });
    await assertWhole(outcome);
  });
}
