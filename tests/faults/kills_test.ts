import assert from "node:assert/strict";
import { fromHex } from "../../src/core/bytes.ts";
import { deriveSeed, seededRng } from "../../src/core/random.ts";
import { modelFrom } from "../../src/models/registry.ts";
import { tensors } from "../../src/models/tensors.ts";
import { strategyFrom } from "../../src/strategy/registry.ts";
import { defineTask } from "../../src/task/define_task.ts";
import { createUpdateChain } from "../../src/update/chain.ts";
import type { LogEvent } from "../../src/wire/log.ts";
import { membersRoot, type MemberUpdate } from "../../src/wire/merkle.ts";
import { updatePlan } from "../../src/wire/task.ts";
import { isEverythingThere, temporaryFolder } from "../platforms.ts";
import { judge, type Judged } from "./judge.ts";
import {
  killAll,
  type Load,
  startHelperProcesses,
  startKilledTree,
  startLoad,
} from "./killed_tree.ts";
import { openWorkshop } from "./run_seed.ts";

const CLIENTS = 8;
const HELPERS = 3;
/** One more than there are victims, so that there is a round for each kill and one to end with. */
const ROUNDS = 9;

/** The set of updates that a Merkle root stands for: all that are certain, and some that may be. */
async function setOf(
  root: string,
  certain: readonly MemberUpdate[],
  possible: readonly MemberUpdate[],
): Promise<readonly MemberUpdate[] | undefined> {
  for (let choice = 0; choice < 2 ** possible.length; choice++) {
    const set = [...certain, ...possible.filter((_, at) => (choice >> at) & 1)];
    if (await membersRoot(set) === root) return set;
  }
  return undefined;
}

function eventsOf({ log }: Judged): LogEvent[] {
  return log.map(({ body }) => body.event);
}

/** Tells the ledger which updates the logs say are in which sums, as far as clients sent such ones. */
async function noteRows([root, ...regions]: readonly Judged[], { ledger, sent }: Load) {
  const isAcknowledged = ({ member, round }: { member: string; round: number }) =>
    [...ledger.receipts.values()].some((it) => it.member === member && it.round === round);
  const sums = new Map<
    number,
    { member: string; digest: string; members: string; clients: number }[]
  >();
  for (const region of regions) {
    for (const event of eventsOf(region)) {
      if (event.kind !== "forwarded") continue;
      const { round, sid, clients, members, sum } = event;
      const here = [...sent.values()].filter((it) =>
        it.round === round && ledger.region(it.member) === region.id
      );
      const set = await setOf(
        members,
        here.filter(isAcknowledged),
        here.filter((it) => !isAcknowledged(it)),
      );
      assert.ok(
        set !== undefined,
        `${region.name} has sent what its clients have not, round ${round}`,
      );
      ledger.noted(
        region.id,
        set.map(({ member, digest }, position) => ({
          ...{ round, sid, member, digest, position, clients: 1 },
        })),
      );
      const all = sums.get(round) ?? [];
      sums.set(round, [...all, { member: region.id, digest: sum, members, clients }]);
    }
  }
  for (const event of eventsOf(root!)) {
    if (event.kind !== "published") continue;
    const { round, sid, groups = [] } = event;
    const of = new Map((sums.get(round) ?? []).map((it) => [it.member, it]));
    const set = await setOf(groups[0]?.members ?? "", [], [...of.values()]);
    assert.ok(set !== undefined, `round ${round} holds what no region says it has sent`);
    ledger.noted(
      root!.id,
      set.map(({ member, digest }, position) => ({
        ...{ round, sid, digest, position, group: 0 },
        ...of.get(member)!,
      })),
    );
  }
}

Deno.test({
  name:
    "kills: root, helpers and regions on SQLite, Postgres and workerd, each killed under load; nothing acknowledged is lost",
  ignore: !isEverythingThere,
  // Miniflare ends its own thread, and removes its own folder, some time after a worker is disposed of.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using stack = new AsyncDisposableStack();
    const folder = await temporaryFolder(stack);
    const number = crypto.getRandomValues(new Uint32Array(1))[0]!;
    const rng = seededRng(await deriveSeed(new Uint8Array(32), "kills", number));
    const { helpers, victims } = await startHelperProcesses(stack, { folder, count: HELPERS });
    const task = defineTask({
      name: "kills",
      model: tensors({ tensors: { w: [5] } }),
      mask: { kind: "kahe1", helpers, min: 2 },
      clients: { min: 3, max: CLIENTS },
      roundMs: 6000,
      stop: { rounds: ROUNDS },
    });
    const tree = await startKilledTree(stack, { folder, task });
    const { module: _, cores } = await openWorkshop();
    const kills: string[] = [];
    let heard = Promise.withResolvers<void>();
    const load = startLoad(tree, {
      ...{ task, cores, clients: CLIENTS },
      // About a kill a round: none is over before its time.
      async turn(round) {
        while (kills.length < Math.min(round - 1, victims.length + tree.victims.length)) {
          await heard.promise;
        }
      },
    });
    const killing = killAll([...victims, ...tree.victims], {
      rng,
      killed(name) {
        kills.push(name);
        heard.resolve();
        heard = Promise.withResolvers();
      },
    });
    await Promise.all([killing, load.ended]);

    const logs = await tree.logs();
    await noteRows(logs, load);
    const strategy = strategyFrom(task.strategy, cores.train);
    await judge({
      ...{ task, ledger: load.ledger, aggregators: logs, strategy },
      initial: modelFrom(task.model, task.train).initial(fromHex(task.seed)),
      chain: createUpdateChain(cores.aggregate, updatePlan(task)),
    });
    const found = load.ledger.violations;
    assert.deepEqual(found, [], `number ${number}, killed in this order: ${kills.join(", ")}`);
    const published = eventsOf(logs[0]!).filter(({ kind }) => kind === "published");
    assert.equal(published.length, ROUNDS);
    assert.equal(kills.length, victims.length + tree.victims.length);
    assert.ok(load.ledger.receipts.size >= 3 * ROUNDS, `${load.ledger.receipts.size} receipts`);
  },
});
