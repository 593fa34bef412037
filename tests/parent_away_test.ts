import assert from "node:assert/strict";
import { halfWay, joinLeaf, smallTask } from "../src/client/_testing.ts";
import type { Fetch } from "../src/core/fetch.ts";
import { tickingClock } from "./ticking_clock.ts";
import { startTree } from "./tree.ts";

/** So long that work is done in a round, though time goes by in leaps. */
const ROUND_MS = 60_000;

Deno.test("parent away: regions take updates, wait for as long as it takes, and no update is in two sums", async () => {
  await using time = tickingClock();
  let isAway = false;
  let refused = 0;
  const through = (fetch: Fetch): Fetch => async (request) => {
    if (isAway && new URL(request.url).host === "root.test") {
      refused++;
      throw new TypeError("connection refused");
    }
    return await fetch(request);
  };
  const task = smallTask({ roundMs: ROUND_MS, clients: { min: 2, max: 10 }, stop: { rounds: 3 } });
  await using tree = await startTree({ task, shape: [2], clock: time.clock, through });
  const [north, south] = tree.leaves;
  await using a = await joinLeaf(tree, { number: 0, at: north! });
  // The root goes while the second round is open, and comes back three rounds' time later.
  let trained = 0;
  const waiting: typeof halfWay = (model, context) => {
    if (++trained === 2) {
      isAway = true;
      time.clock.sleep(3 * ROUND_MS).then(() => isAway = false);
    }
    return halfWay(model, context);
  };
  await using b = await joinLeaf(tree, { number: 1, at: south!, training: { trainer: waiting } });
  const reports = await Promise.all([a, b].map((device) => Array.fromAsync(device.rounds())));
  assert.ok(refused > 0);
  const { entries } = await tree.root.life.log(0, 1000);
  const published = entries.flatMap(({ body: { event } }) =>
    event.kind === "published" ? [event.clients] : []
  );
  assert.deepEqual(published, [2, 2, 2]);
  const abandoned = entries.filter(({ body: { event } }) => event.kind === "abandoned").length;
  // What was acknowledged is in one sum, or its round was given up at the root.
  for (const list of reports) {
    const sent = list.filter(({ kind }) => kind === "sent").length;
    assert.ok(sent >= 3 && sent <= 3 + abandoned, `${sent} sent, ${abandoned} given up`);
  }
});

Deno.test("a region that comes in the middle of a task is in the next round", async () => {
  await using time = tickingClock();
  const task = smallTask({ roundMs: ROUND_MS, stop: { rounds: 4 } });
  await using tree = await startTree({ task, shape: [2], clock: time.clock });
  const [north, south] = tree.leaves;
  await south!.stop();
  await using a = await joinLeaf(tree, { number: 0, at: north! });
  const rounds = a.rounds();
  assert.equal((await rounds.next()).value?.kind, "sent");
  await south!.start();
  await using b = await joinLeaf(tree, { number: 1, at: south! });
  const [first] = await Promise.all([Array.fromAsync(b.rounds()), Array.fromAsync(rounds)]);
  assert.ok(first.some(({ kind }) => kind === "sent"));
  const { entries } = await tree.root.life.log(0, 1000);
  const published = entries.flatMap(({ body: { event } }) =>
    event.kind === "published" ? [event.clients] : []
  );
  assert.equal(published[0], 1);
  assert.equal(published.at(-1), 2);
});
