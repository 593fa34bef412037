import assert from "node:assert/strict";
import { smallTask } from "../src/client/_testing.ts";
import type { Participant } from "../src/client/participant.ts";
import type { RoundReport } from "../src/client/round_report.ts";
import type { Fetch } from "../src/core/fetch.ts";
import type { Trainer } from "../src/core/trainer.ts";
import { tensors } from "../src/models/tensors.ts";
import type { TaskDefinition } from "../src/task/define_task.ts";
import { type ManualClock, manualClock } from "../src/wire/_testing.ts";
import { joinTree } from "./fleet.ts";
import { startTree, type Tree, type TreeOptions } from "./tree.ts";

/** Goes a way of its own. */
const trainerOf = (number: number): Trainer => ({ w }) =>
  Promise.resolve({
    weights: { w: { shape: [3], data: w!.data.map((x, at) => x + (number + at) / 100) } },
    examples: 1 + number,
    metrics: { loss: number / 16 },
  });

const secagg = { kind: "secagg_plus", min: 3 } as const;

function task(change: Partial<TaskDefinition> = {}) {
  return smallTask({
    clients: { min: 5, max: 100 },
    mask: secagg,
    stop: { rounds: 2 },
    roundMs: 80_000,
    ...change,
  });
}

/** Clients at a tree's leaves in turn. */
async function joined(tree: Tree, count: number): Promise<Participant[]> {
  return await Promise.all(Array.from({ length: count }, (_, number) => {
    const at = tree.leaves[number % tree.leaves.length]!;
    return joinTree(tree, { number, at, training: { trainer: trainerOf(number) } });
  }));
}

/** All rounds of all clients. */
async function all(clients: readonly Participant[]): Promise<RoundReport[][]> {
  return await Promise.all(clients.map((client) => Array.fromAsync(client.rounds())));
}

/** Digests of the models that were published. */
async function models(tree: Tree): Promise<string[]> {
  const { entries } = await tree.root.life.log(0, 100);
  return entries.flatMap(({ body: { event } }) =>
    event.kind === "published" ? [event.model.digest] : []
  );
}

async function run(options: TreeOptions, count: number) {
  await using tree = await startTree(options);
  const clients = await joined(tree, count);
  const reports = await all(clients);
  for (const client of clients) await client[Symbol.asyncDispose]();
  return { reports, models: await models(tree) };
}

Deno.test("secagg_plus tree: whatever the tree, clients' messages open the same sum as without masks", async () => {
  // So many that all of them are members before the first round.
  const clients = { min: 12, max: 100 };
  const plain = await run({ task: task({ clients, mask: { kind: "none" } }), shape: [3] }, 12);
  assert.equal(plain.models.length, 2);
  for (const shape of [[], [3], [2, 2]]) {
    const masked = await run({ task: task({ clients }), shape }, 12);
    for (const reports of masked.reports) {
      assert.deepEqual(
        reports.map((it) => [it.kind, it.kind === "sent" ? it.withheld : it.reason]),
        [["sent", undefined], ["sent", undefined]],
      );
    }
    assert.deepEqual(masked.models, plain.models, `${shape}`);
  }
});

/** A client that goes away at a message: it never arrives, and nothing comes after it. */
const LOST = ["advertise", "share", "updates", "consistency", "unmask"] as const;
/** Everybody is a member by then. */
const ROUND = 2;

/** Counts what the root, or of updates anyone, has taken in a round. */
function counting(): {
  readonly through: (fetch: Fetch) => Fetch;
  readonly reached: (what: string, count: number) => Promise<void>;
} {
  const counts = new Map<string, number>();
  let waiting: { what: string; count: number; done: () => void }[] = [];
  return {
    through: (fetch) => async (request) => {
      const answer = await fetch(request);
      const { host, pathname } = new URL(request.url);
      const [, round, what = ""] = /\/rounds\/(\d+)\/(?:phases\/)?([a-z]+)\//.exec(pathname) ?? [];
      const isCounted = (what === "updates") !== (host === "root.test");
      if (request.method !== "PUT" || Number(round) !== ROUND || !isCounted || !answer.ok) {
        return answer;
      }
      counts.set(what, (counts.get(what) ?? 0) + 1);
      for (const one of waiting) if ((counts.get(one.what) ?? 0) >= one.count) one.done();
      waiting = waiting.filter((one) => (counts.get(one.what) ?? 0) < one.count);
      return answer;
    },
    reached: (what, count) =>
      new Promise((done) => {
        if ((counts.get(what) ?? 0) >= count) done();
        else waiting.push({ what, count, done });
      }),
  };
}

/** Reaches a region until its message of a kind is sent, which nobody hears of any more. */
function losing(fetch: Fetch, what: string): Fetch {
  return (request) =>
    request.method === "PUT" && new RegExp(`/rounds/${ROUND}/.*${what}/`).test(request.url)
      ? new Promise((_, reject) =>
        request.signal.addEventListener("abort", () => reject(request.signal.reason))
      )
      : fetch(request);
}

/** Lets time go by, and whatever has arrived be answered first. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1000) {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
    clock.advance(1000);
  }
}

/** The values of a published model. */
async function valuesOf(tree: Tree, at: Participant): Promise<Float32Array> {
  assert.equal((await models(tree)).length, 2);
  return (await at.model()).tensors["w"]!.data as Float32Array;
}

for (const [name, values, count] of [["pads", 60, 18], ["keys", 5000, 60]] as const) {
  Deno.test(`secagg_plus tree: of ${count} clients in three regions one goes away in each phase, and the sum of the others opens (${name})`, async () => {
    const model = tensors({ tensors: { w: [values] } });
    // Every client moves a value of its own, so that a sum tells who is in it.
    const trainer = (number: number): Trainer => ({ w }) =>
      Promise.resolve({
        weights: {
          w: { shape: [values], data: w!.data.map((x, at) => at === number ? x + 1 : x) },
        },
        examples: 1,
      });
    const clock = manualClock();
    const { through, reached } = counting();
    const clients = { min: count - 3, max: 100 };
    await using tree = await startTree({
      task: task({ model, clients, mask: { kind: "secagg_plus" } }),
      ...{ shape: [3], clock, through },
    });
    const members: Participant[] = [];
    for (let number = 0; number < count; number++) {
      const lost = LOST[number];
      members.push(
        await joinTree(tree, {
          ...{ number, at: tree.leaves[number % 3]!, training: { trainer: trainer(number) } },
          ...(lost && { fetch: losing(tree.fetch, lost) }),
        }),
      );
    }
    await tree.until(() => tree.root.life.status().size === count);
    const going = all(members.slice(5));
    const gone = members.slice(0, 5).map((client) =>
      Array.fromAsync(client.rounds()).catch(() => {})
    );
    // A phase lasts 10 s, and parcels may come for 60 s.
    await reached("advertise", count - 1);
    await pass(clock, 10_000);
    await reached("share", count - 2);
    await pass(clock, 10_000);
    const before = await members[5]!.model();
    await reached("updates", count - 3);
    await pass(clock, 33_000);
    await reached("consistency", count - 4);
    await pass(clock, 10_000);
    for (const reports of await going) {
      const last = reports.at(-1);
      assert.deepEqual([last?.kind, last?.kind === "sent" && last.withheld], ["sent", undefined]);
    }
    const moved = (await valuesOf(tree, members[5]!)).map((x, at) =>
      x - before.tensors["w"]!.data[at]!
    );
    // Those that shared keys but sent no parcel are out, those that went away later are in.
    for (const [at, by] of moved.entries()) {
      const want = at < 3 || at >= count ? 0 : 1 / (count - 3);
      assert.ok(Math.abs(by - want) < 0.1 / count, `value ${at} moved by ${by}, expected ${want}`);
    }
    for (const client of members) await client[Symbol.asyncDispose]();
    await Promise.all(gone);
  });
}

Deno.test("secagg_plus tree: with more clients lost than a secret can do without, the round is abandoned, the model kept, and the next one opens", async () => {
  const count = 7;
  const clock = manualClock();
  const { through, reached } = counting();
  await using tree = await startTree({
    // Six neighbours each, of whom five must answer.
    task: task({ clients: { min: count, max: 100 }, stop: { rounds: 3 } }),
    ...{ shape: [2], clock, through },
  });
  const members: Participant[] = [];
  for (let number = 0; number < count; number++) {
    const fetch = number < 3 ? losing(tree.fetch, "unmask") : tree.fetch;
    const at = tree.leaves[number % 2]!;
    members.push(
      await joinTree(tree, { number, at, fetch, training: { trainer: trainerOf(number) } }),
    );
  }
  const stop = new AbortController();
  const going = members.map((client) =>
    Array.fromAsync(client.rounds({ signal: stop.signal })).catch(() => {})
  );
  await reached("consistency", count);
  await reached("unmask", count - 3);
  // Shares are waited for 10 s.
  await pass(clock, 11_000);
  const events = async () =>
    (await tree.root.life.log(0, 100)).entries.map(({ body: { event } }) => event);
  const abandoned = (await events()).find((event) => event.kind === "abandoned");
  assert.equal(abandoned?.kind === "abandoned" && abandoned.reason, "too-few-opened");
  assert.deepEqual(
    abandoned?.kind === "abandoned" && abandoned.groups?.map(({ outcome }) => outcome),
    ["shares-missing"],
  );
  assert.equal((await models(tree)).length, 1);
  const { round, phase, model } = tree.root.life.status();
  assert.deepEqual([round, phase, model?.version], [3, "open", 1]);
  stop.abort();
  await Promise.all(going);
  for (const client of members) await client[Symbol.asyncDispose]();
});
