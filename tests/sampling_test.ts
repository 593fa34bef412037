import assert from "node:assert/strict";
import { endless, halfWay, smallTask } from "../src/client/_testing.ts";
import type { Participant } from "../src/client/participant.ts";
import type { RoundReport } from "../src/client/round_report.ts";
import { webDigest } from "../src/core/digest.ts";
import { TributaryError } from "../src/core/errors.ts";
import type { Fetch } from "../src/core/fetch.ts";
import type { Trainer } from "../src/core/trainer.ts";
import { sampleFractions } from "../src/round/fraction.ts";
import type { LogEvent } from "../src/wire/log.ts";
import type { Sampling } from "../src/wire/sampling.ts";
import { verifyLog } from "../src/wire/verify_log.ts";
import { joinTree } from "./fleet.ts";
import { hastyClock } from "./hasty_clock.ts";
import { type Node, startTree, type Tree, type TreeOptions } from "./tree.ts";

/** Nobody moves the clock: what only a deadline would end does not end. */
const ROUNDS = 3;

type Closed = Extract<LogEvent, { sid: string }>;

/** What a node's log says of its rounds, once all of it verifies. */
async function roundsOf(tree: Tree, node: Node): Promise<Closed[]> {
  const { entries } = await node.life.log(0, 1000);
  const signer = node.life.offer.region.publicKey;
  await verifyLog(entries, { task: tree.task, signer });
  return entries.map(({ body }) => body.event).filter((event) => "sid" in event);
}

/** So many clients, side by side at the leaves of a tree. */
async function joinAll(
  tree: Tree,
  count: number,
  trainerOf: (number: number) => Trainer = () => halfWay,
): Promise<Participant[]> {
  return await Promise.all(
    Array.from({ length: count }, (_, number) =>
      joinTree(tree, {
        number,
        at: tree.leaves[number % tree.leaves.length] ?? tree.root,
        training: { trainer: trainerOf(number) },
      })),
  );
}

interface Run {
  readonly tree: Tree;
  readonly clients: readonly Participant[];
  readonly reports: readonly (readonly RoundReport[])[];
}

/** Runs a task with everybody enrolled before its first round. */
async function run(
  sampling: Sampling,
  options: {
    readonly clients: number;
    readonly max?: number;
    /** So many that it takes all regions to open a round, where that makes a difference. */
    readonly min: number;
    readonly shape?: readonly number[];
    readonly through?: TreeOptions["through"];
  },
  check: (run: Run) => Promise<void>,
): Promise<void> {
  const { clients: count, max = 100, min, shape = [2], through = (same) => same } = options;
  const gate = closedGate();
  const task = smallTask({ clients: { min, max }, sampling, stop: { rounds: ROUNDS } });
  await using tree = await startTree({
    task,
    shape,
    through: (fetch) => gate.pass(through(fetch)),
  });
  const clients = await joinAll(tree, count);
  gate.open();
  const reports = await Promise.all(clients.map((me) => Array.fromAsync(me.rounds())));
  await check({ tree, clients, reports });
  await Promise.all(clients.map((me) => me[Symbol.asyncDispose]()));
}

/** Regions' own enrolments wait until it opens, so that their parents hear of all clients at once. */
function closedGate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    open: () => resolve(),
    pass: (fetch: Fetch): Fetch => async (request) => {
      const isEnrolment = request.method === "PUT" && /\/members\//.test(request.url);
      if (isEnrolment && (await request.clone().json()).kind === "region") await promise;
      return await fetch(request);
    },
  };
}

/** In which rounds each client was asked. */
function askedIn(reports: readonly (readonly RoundReport[])[]): number[][] {
  return reports.map((own) =>
    own.flatMap((report) =>
      report.kind === "missed" && report.reason === "not-asked" ? [] : [report.round]
    )
  );
}

const kinds = (reports: readonly (readonly RoundReport[])[]) =>
  new Set(reports.flat().map((one) => one.kind === "missed" ? one.reason : one.kind));

Deno.test("sampling: Poisson asks just those whose fraction is below the rate, over the tree", async () => {
  let models = 0;
  const through = (fetch: Fetch): Fetch => (request) => {
    if (/\/models\//.test(request.url) && /region/.test(request.url)) models++;
    return fetch(request);
  };
  const sampling = { kind: "poisson", rate: 0.9 } as const;
  await run(sampling, { clients: 30, min: 16, through }, async ({ tree, clients, reports }) => {
    const rounds = await roundsOf(tree, tree.root);
    assert.equal(rounds.length, ROUNDS);
    const asked = askedIn(reports);
    for (const { round, sid, sample, clients: came } of rounds) {
      const expected = await Promise.all(
        clients.map(async ({ id }) => await sampleFractions(sid, webDigest)(id) < 0.9),
      );
      assert.deepEqual(asked.map((own) => own.includes(round)), expected);
      assert.equal(came, expected.filter((is) => is).length);
      assert.equal(sample.threshold, 0.9);
    }
    for (const kind of kinds(reports)) assert.ok(["sent", "not-asked"].includes(kind), kind);
    // Whoever is not asked does not even fetch the model.
    assert.equal(models, asked.flat().length);
  });
});

Deno.test("sampling: uniform asks its count with what it over-selects, and closes with the count", async () => {
  const sampling = { kind: "uniform", count: 8, overSelect: 1.5 } as const;
  await run(sampling, { clients: 30, min: 5 }, async ({ tree, reports }) => {
    const rounds = await roundsOf(tree, tree.root);
    assert.equal(rounds.length, ROUNDS);
    const asked = askedIn(reports);
    for (const { round, sample, clients } of rounds) {
      assert.equal(asked.filter((own) => own.includes(round)).length, 12);
      assert.deepEqual([sample.asked, sample.enough], [12, 8]);
      assert.ok(clients >= 8 && clients <= 12, `${clients}`);
    }
    const late = ["sent", "not-asked", "round-closed", "round-unknown"];
    for (const kind of kinds(reports)) assert.ok(late.includes(kind), kind);
  });
});

Deno.test("sampling: uniform without over-selection waits for everyone it asked, three levels deep", async () => {
  const sampling = { kind: "uniform", count: 7, overSelect: 1 } as const;
  await run(sampling, { clients: 24, min: 7, shape: [2, 2] }, async ({ tree, reports }) => {
    const rounds = await roundsOf(tree, tree.root);
    assert.deepEqual(rounds.map(({ clients }) => clients), [7, 7, 7]);
    assert.deepEqual(kinds(reports), new Set(["sent", "not-asked"]));
    for (const node of tree.nodes) await roundsOf(tree, node);
  });
});

Deno.test("sampling: where more enrol than a round takes, all is a sample, and nobody trains in vain", async () => {
  await run(
    { kind: "all" },
    { clients: 20, min: 6, max: 6, shape: [3] },
    async ({ tree, reports }) => {
      const rounds = await roundsOf(tree, tree.root);
      assert.deepEqual(rounds.map(({ clients }) => clients), [6, 6, 6]);
      assert.deepEqual(kinds(reports), new Set(["sent", "not-asked"]));
    },
  );
});

Deno.test("sampling: by availability nobody waits for a device that sleeps", async () => {
  const sampling = { kind: "available", count: 4, overSelect: 1 } as const;
  const task = smallTask({ clients: { min: 4, max: 9 }, sampling, stop: { rounds: 2 } });
  await using tree = await startTree({ task, shape: [2] });
  const clients = await joinAll(tree, 12);
  // Of each region's six clients two wake up.
  const awake = clients.slice(0, 4);
  const reports = await Promise.all(awake.map((me) => Array.fromAsync(me.rounds())));
  await Promise.all(clients.map((me) => me[Symbol.asyncDispose]()));
  assert.deepEqual(kinds(reports), new Set(["sent"]));
  const rounds = await roundsOf(tree, tree.root);
  assert.deepEqual(rounds.map(({ clients }) => clients), [4, 4]);
});

Deno.test("sampling: clients with nothing to send say so, and hold up nobody", async () => {
  const declines: Trainer = () =>
    Promise.reject(new TributaryError("nothing-to-send", "Cannot train: there are no examples"));
  const task = smallTask({ clients: { min: 3, max: 40 }, stop: { rounds: 1 } });
  const gate = closedGate();
  await using tree = await startTree({ task, shape: [3], through: gate.pass });
  // All of the last region's, and one of each of the others.
  const clients = await joinAll(
    tree,
    6,
    (number) => number % 3 === 2 || number === 0 ? declines : halfWay,
  );
  gate.open();
  const reports = await Promise.all(clients.map((me) => Array.fromAsync(me.rounds())));
  await Promise.all(clients.map((me) => me[Symbol.asyncDispose]()));
  assert.deepEqual(reports.map(([first]) => first?.kind === "missed" ? first.reason : "sent"), [
    "nothing-to-send",
    "sent",
    "nothing-to-send",
    "sent",
    "sent",
    "nothing-to-send",
  ]);
  const [round] = await roundsOf(tree, tree.root);
  assert.deepEqual([round?.kind, round?.clients, round?.abstained], ["published", 3, 1]);
  const [region] = await roundsOf(tree, tree.leaves[2]!);
  assert.ok(region?.kind === "abandoned");
  assert.deepEqual([region.reason, region.abstained], ["nothing-to-send", 2]);
});

Deno.test("sampling: a device whose training fails is not waited for, and hears its own error", async () => {
  const task = smallTask({ clients: { min: 3, max: 40 }, stop: { rounds: 1 } });
  const gate = closedGate();
  await using tree = await startTree({ task, shape: [2], through: gate.pass });
  const fails: Trainer = () => Promise.reject(new RangeError("out of examples"));
  const clients = await joinAll(tree, 4, (number) => number === 3 ? fails : halfWay);
  gate.open();
  const [failed, ...others] = clients.toReversed().map((me) => Array.fromAsync(me.rounds()));
  await assert.rejects(failed!, /out of examples/);
  assert.deepEqual((await Promise.all(others)).map((own) => own.map(({ kind }) => kind)), [
    ["sent"],
    ["sent"],
    ["sent"],
  ]);
  await Promise.all(clients.map((me) => me[Symbol.asyncDispose]()));
});

Deno.test("sampling: a region that begins again in mid-round asks the same clients", async () => {
  const sampling = { kind: "uniform", count: 4, overSelect: 1 } as const;
  const task = smallTask({ clients: { min: 4, max: 9 }, sampling, stop: { rounds: 1 } });
  const clock = hastyClock();
  const hold = Promise.withResolvers<void>();
  const held: Trainer = async (model, context) => {
    await Promise.race([hold.promise, endless(model, context)]);
    return await halfWay(model, context);
  };
  await using tree = await startTree({ task, shape: [1], clock, store: "sqlite" });
  const clients = await joinAll(tree, 12, () => held);
  const reports = clients.map((me) => Array.fromAsync(me.rounds()));
  const [region = tree.root] = tree.leaves;
  await tree.until(() => region.life.status().phase === "open");
  await region.stop();
  await region.start();
  hold.resolve();
  const asked = askedIn(await Promise.all(reports));
  assert.equal(asked.flat().length, 4);
  assert.deepEqual((await roundsOf(tree, tree.root)).map(({ clients }) => clients), [4]);
  await Promise.all(clients.map((me) => me[Symbol.asyncDispose]()));
});
