import assert from "node:assert/strict";
import { serveAggregator } from "../edge/deno/mod.ts";
import { checkLog, checkLogHead } from "../src/client/mod.ts";
import { fromHex, toBase64Url } from "../src/core/bytes.ts";
import { generateIdentity } from "../src/core/identity.ts";
import { ials } from "../src/models/ials.ts";
import { modelFrom } from "../src/models/registry.ts";
import { strategyFrom } from "../src/strategy/registry.ts";
import { defineTask } from "../src/task/define_task.ts";
import { inlineModule } from "../src/wasm/inline.ts";
import { createTrainCore } from "../src/wasm/train.ts";
import { signTask, type Task, taskId } from "../src/wire/task.ts";
import { verifyLog } from "../src/wire/verify_log.ts";
import { runFleet } from "./fleet.ts";
import { inventPeople } from "./people.ts";
import {
  isEverythingThere,
  startClients,
  startHelpers,
  startPostgresFleet,
  startWorkerRegion,
  temporaryFolder,
  unmasked,
} from "./platforms.ts";
import { aggregatorProcess } from "./processes.ts";
import { startTree } from "./tree.ts";

const CLIENTS = 8;
const people = await inventPeople({ people: CLIENTS, items: 30 });

/** Digest of the model that the same task comes to in one process, unmasked. */
async function inOneProcess(task: Task): Promise<string | undefined> {
  await using tree = await startTree({ task: unmasked(task) });
  await runFleet(tree, { people });
  return tree.root.life.status().model?.digest;
}

Deno.test({
  name:
    "every platform: a worker, a server and two processes on one database train one model, masked",
  ignore: !isEverythingThere,
  // Miniflare ends its own thread, and removes its own folder, some time after a worker is disposed of.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using stack = new AsyncDisposableStack();
    const folder = await temporaryFolder(stack);
    const helpers = await startHelpers(stack, 5);
    const task = defineTask({
      name: "films",
      model: ials({ items: 30, dim: 4, form: "newton" }),
      mask: { kind: "kahe1", helpers, min: 2 },
      clients: { min: CLIENTS, max: CLIENTS },
      stop: { rounds: 2 },
    });
    const core = stack.use(createTrainCore(await inlineModule("train")));
    const identity = await generateIdentity();
    const root = stack.use(
      await serveAggregator({
        ...{ store: `${folder}/root.db`, identity },
        strategy: ({ strategy }) => strategyFrom(strategy, core),
      }),
    );
    const model = modelFrom(task.model, task.train).initial(fromHex(task.seed));
    const life = await root.aggregator.own({ signed: await signTask(task, identity), model });

    const where = { folder, parent: root.url };
    const worker = await startWorkerRegion(stack, { ...where, task: await taskId(task) });
    const server = stack.use(aggregatorProcess(folder, "server", { parent: root.url }));
    await server.start();
    const fleet = await startPostgresFleet(stack, { ...where, instances: 2 });

    // Two clients at each of the four addresses; one of a fleet's processes is killed in mid-round,
    // with an update that it has acknowledged, and is back before its other client speaks.
    const urls = [worker.url, server.url, fleet[0]!.url, fleet[1]!.url];
    const clients = startClients(people, { at: (number) => urls[number % 4]!, hold: [6] });
    const disturb = (async () => {
      await clients.receipt(2, 1);
      await fleet[0]!.kill();
      await fleet[0]!.start();
      clients.release(6);
    })();
    await Promise.all([clients.ended, disturb]);

    const { entries } = await life.log(0, 100);
    const signer = toBase64Url(identity.publicKey);
    const log = await verifyLog(entries, { task, signer });
    assert.deepEqual([log.rounds, log.abandoned, log.clients], [2, 0, 2 * CLIENTS]);
    const published = entries.map(({ body: { event } }) => event)
      .filter((event) => event.kind === "published");
    // Three regions: the two processes have sent one sum.
    assert.deepEqual(published.map(({ updates }) => updates), [3, 3]);
    assert.deepEqual(published.map(({ groups }) => groups?.map((it) => it.outcome)), [
      ["opened"],
      ["opened"],
    ]);
    assert.equal(log.model?.digest, await inOneProcess(task));

    // Every log verifies from outside, and the fleet's is one log at either of its addresses.
    const checked = await Promise.all([root.url, ...urls].map((url) => checkLog(url)));
    assert.deepEqual(checked.map(({ summary }) => [summary.role, summary.rounds]), [
      ["root", 2],
      ...urls.map(() => ["region", 2]),
    ]);
    for (const [at, url] of [root.url, ...urls].entries()) {
      await checkLogHead(url, { heads: [checked[at]!.head] });
    }
    assert.equal(checked[3]!.head.body.root, checked[4]!.head.body.root);
    await checkLog(urls[3]!, { heads: [checked[3]!.head] });
  },
});
