import assert from "node:assert/strict";
import { generateIdentity } from "../src/core/identity.ts";
import type { Trainer } from "../src/core/trainer.ts";
import { tensors } from "../src/models/tensors.ts";
import type { Participant } from "../src/client/participant.ts";
import type { RoundReport } from "../src/client/round_report.ts";
import { endless, halfWay, smallTask } from "../src/client/_testing.ts";
import { manualClock } from "../src/wire/_testing.ts";
import type { LogEvent } from "../src/wire/log.ts";
import { joinTree } from "./fleet.ts";
import { type Node, startTree, type Tree, type TreeOptions } from "./tree.ts";

const ROUND_MS = 20_000;

/** A tree of two regions whose clock is moved by hand. */
async function twoRegions(change: Parameters<typeof smallTask>[0]) {
  const clock = manualClock();
  const task = smallTask({ roundMs: ROUND_MS, ...change });
  const options: TreeOptions = { task, shape: [2], clock };
  const tree = await startTree(options);
  const [a, b] = tree.leaves;
  if (a === undefined || b === undefined) throw new RangeError("no regions");
  return { tree, clock, a, b };
}

let number = 0;
async function client(tree: Tree, at: Node, trainer: Trainer = halfWay): Promise<Participant> {
  return await joinTree(tree, { number: number++, at, training: { trainer } });
}

/** When regions close a round, so that the root still gets their sums in time. */
const REGION_MS = ROUND_MS * 7 / 8;

/** What came of the rounds of a device, until the end or its leaving. */
function follow(me: Participant): Promise<RoundReport[]> {
  return Array.fromAsync(me.rounds());
}

/** What the root's log says of its rounds. */
async function rounds(tree: Tree): Promise<Extract<LogEvent, { sid: string }>[]> {
  const { entries } = await tree.root.life.log(0, 100);
  return entries.map(({ body }) => body.event).filter((event) => "sid" in event);
}

/** Goes on once a region has the parcels of so many clients. */
function received(tree: Tree, at: Node, clients: number): Promise<void> {
  return tree.until(() => at.life.status().clients === clients);
}

Deno.test("churn: a round whose stragglers do not come is published without them", async () => {
  const { tree, clock, a, b } = await twoRegions({ clients: { min: 2, max: 10 } });
  await using _tree = tree;
  // Two vanish after they enrolled, one of them while it trains.
  await using vanished = await client(tree, a, endless);
  await using _silent = await client(tree, b);
  await using one = await client(tree, a);
  await using other = await client(tree, b);
  await tree.until(() => tree.root.life.status().size === 4);
  const missed = vanished.rounds().next();
  const reports = [follow(one), follow(other)];
  await received(tree, a, 1);
  await received(tree, b, 1);
  clock.advance(REGION_MS);
  assert.deepEqual((await missed).value, { kind: "missed", round: 1, reason: "deadline" });
  for (const report of await Promise.all(reports)) {
    assert.deepEqual(report.map(({ kind, round }) => [kind, round]), [["sent", 1]]);
  }
  const [event] = await rounds(tree);
  assert.equal(event?.kind, "published");
  assert.deepEqual([event.updates, event.clients], [2, 2]);
  assert.equal(tree.root.life.status().model?.version, 1);
});

Deno.test("churn: a round with too few is abandoned; the model stays, and the next has a new sid", async () => {
  const { tree, clock, a, b } = await twoRegions({ clients: { min: 3, max: 10 } });
  await using _tree = tree;
  const before = tree.root.life.status().model;
  let vanishes = true;
  await using one = await client(tree, a);
  await using two = await client(tree, b);
  await using three = await client(
    tree,
    b,
    (model, context) => (vanishes ? endless : halfWay)(model, context),
  );
  const reports = [one, two, three].map(follow);
  await received(tree, a, 1);
  await received(tree, b, 1);
  vanishes = false;
  clock.advance(REGION_MS);
  await tree.until(() => tree.root.life.status().clients === 2);
  // However early a round comes to nothing, the next one waits for the deadline.
  assert.equal(tree.root.life.status().phase, "open");
  clock.advance(ROUND_MS - REGION_MS);
  assert.deepEqual((await Promise.all(reports)).map((own) => own.map(({ kind }) => kind)), [
    ["sent", "sent"],
    ["sent", "sent"],
    ["missed", "sent"],
  ]);
  const [first, second, ...more] = await rounds(tree);
  assert.deepEqual(more, []);
  assert.equal(first?.kind, "abandoned");
  assert.deepEqual([first.reason, first.clients], ["too-few-clients", 2]);
  assert.deepEqual(first.base, before);
  assert.equal(second?.kind, "published");
  assert.deepEqual([second.round, second.clients, second.base], [2, 3, before]);
  assert.notEqual(second.sid, first.sid);
  assert.equal(second.model.version, 1);
});

Deno.test("churn: who joins while a round is open is in it; who joins later is in the next", async () => {
  const { tree, a, b } = await twoRegions({
    clients: { min: 2, max: 10 },
    stop: { rounds: 2 },
  });
  await using _tree = tree;
  const hold = Promise.withResolvers<void>();
  const held: Trainer = async (model, context) => {
    if (context.round === 1) await hold.promise;
    return await halfWay(model, context);
  };
  await using early = await client(tree, a, held);
  await using second = await client(tree, b);
  const reports = [follow(early), follow(second)];
  await received(tree, b, 1);
  // Region b has forwarded what it had; region a still waits for its first.
  await using late = await client(tree, a);
  reports.push(follow(late));
  await received(tree, a, 1);
  await using later = await client(tree, b);
  reports.push(follow(later));
  await tree.until(() => tree.root.life.status().size === 4);
  hold.resolve();
  assert.deepEqual(
    (await Promise.all(reports)).map((own) => own.map(({ kind, round }) => `${kind} ${round}`)),
    [["sent 1", "sent 2"], ["sent 1", "sent 2"], ["sent 1", "sent 2"], ["sent 2"]],
  );
  assert.deepEqual((await rounds(tree)).map(({ clients }) => clients), [3, 4]);
});

Deno.test("churn: a member that leaves is waited for no longer", async () => {
  const { tree, a, b } = await twoRegions({ clients: { min: 2, max: 10 } });
  await using _tree = tree;
  await using one = await client(tree, a);
  await using two = await client(tree, b);
  await using idle = await client(tree, b);
  await tree.until(() => tree.root.life.status().size === 3);
  const reports = [follow(one), follow(two)];
  await received(tree, b, 1);
  assert.equal(b.life.status().phase, "open");
  await idle.leave();
  assert.deepEqual((await Promise.all(reports)).map((own) => own.length), [1, 1]);
  const [event] = await rounds(tree);
  assert.deepEqual([event?.kind, event?.clients], ["published", 2]);
});

Deno.test("churn: a region whose clients all went sends nothing, and holds nobody up", async () => {
  const { tree, a, b } = await twoRegions({
    clients: { min: 2, max: 10 },
    stop: { rounds: 2 },
  });
  await using _tree = tree;
  await using one = await client(tree, a);
  await using two = await client(tree, a);
  await using guest = await client(tree, b);
  await tree.until(() => tree.root.life.status().size === 3);
  const reports = [follow(one), follow(two)];
  await received(tree, a, 2);
  await guest.leave();
  assert.deepEqual(
    (await Promise.all(reports)).map((own) => own.map(({ kind }) => kind)),
    [["sent", "sent"], ["sent", "sent"]],
  );
  assert.deepEqual((await rounds(tree)).map(({ clients }) => clients), [2, 2]);
  assert.equal(b.life.status().size, 0);
});

Deno.test("churn: a device that went away without a word comes back as the same member", async () => {
  const { tree, clock, a, b } = await twoRegions({
    clients: { min: 1, max: 10 },
    stop: { rounds: 2 },
  });
  await using _tree = tree;
  const identity = await generateIdentity();
  const device = { number: 7, at: a, identity, training: { trainer: halfWay } };
  const gone = await joinTree(tree, device);
  await gone[Symbol.asyncDispose]();
  await using other = await client(tree, b);
  await tree.until(() => tree.root.life.status().size === 2);
  const reports = follow(other);
  await tree.until(() => tree.root.life.status().updates === 1);
  clock.advance(REGION_MS);
  await tree.until(() => a.life.status().round === 2 && b.life.status().round === 2);
  await using back = await joinTree(tree, device);
  const [own, others] = await Promise.all([follow(back), reports]);
  assert.deepEqual(own.map(({ kind, round }) => [kind, round]), [["sent", 2]]);
  assert.deepEqual(others.map(({ kind }) => kind), ["sent", "sent"]);
  assert.equal(a.life.status().size, 1);
  assert.deepEqual((await rounds(tree)).map(({ clients }) => clients), [1, 2]);
});

Deno.test("churn: everyone's loop ends when a target is reached", async () => {
  const task = smallTask({
    model: tensors({ tensors: { w: [3] }, metrics: ["accuracy"] }),
    clients: { min: 2, max: 2 },
    stop: { rounds: 50, target: { metric: "accuracy", value: 0.5 } },
  });
  await using tree = await startTree({ task, shape: [2] });
  const trainer: Trainer = async (model, context) => ({
    ...await halfWay(model, context),
    metrics: { accuracy: context.round / 5 },
  });
  const clients = await Promise.all(tree.leaves.map((at) => client(tree, at, trainer)));
  const reports = await Promise.all(clients.map(follow));
  await Promise.all(clients.map((me) => me[Symbol.asyncDispose]()));
  assert.deepEqual(reports.map((own) => own.map(({ round }) => round)), [[1, 2, 3], [1, 2, 3]]);
  const { entries } = await tree.root.life.log(0, 100);
  const last = entries.at(-1)?.body.event;
  assert.deepEqual([last?.kind, last?.kind === "finished" && last.reason], ["finished", "target"]);
});
