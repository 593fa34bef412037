import assert from "node:assert/strict";
import { fromHex } from "../../src/core/bytes.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import { keepPopular } from "../../src/data/keep_popular.ts";
import { readMovieLensCsv } from "../../src/data/read_movielens_csv.ts";
import { mf } from "../../src/models/mf.ts";
import type { PersonExamples } from "../../src/models/model.ts";
import { checkTask } from "../../src/task/check_task.ts";
import { defineTask } from "../../src/task/define_task.ts";
import { createUpdateChain } from "../../src/update/chain.ts";
import { type AggregateCore, createAggregateCore } from "../../src/wasm/aggregate.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { SHARE_PRIME } from "../../src/wasm/kahe.ts";
import type { Task } from "../../src/wire/task.ts";
import { joinTree } from "../fleet.ts";
import { inventPeople } from "../people.ts";
import { sharedData } from "../shared_data.ts";
import { startTree } from "../tree.ts";
import { answersOf, maskingOf, send, shareOf, sumOf, wordsOf } from "./masking.ts";

const [RATINGS, MOVIES] = ["ratings", "movies"].map((name) =>
  sharedData(`movielens-latest-small/${name}.csv`)
) as [ReturnType<typeof sharedData>, ReturnType<typeof sharedData>];

/** What somebody who looks at one client's update finds. */
interface Attack {
  /** Chance that an item of the client's scores above one that is not: 0.5 for a coin. */
  readonly auc: number;
  /** Items of the client's among those that the attack names, as a part of those named. */
  readonly precision: number;
  /** The same as a part of the client's items. */
  readonly recall: number;
}

/** A model over so many items, learned by everybody here. */
function taskOf(items: number): Task {
  return defineTask({
    name: "inversion",
    model: mf({ items, dim: 8 }),
    clients: { min: 1, max: 1000 },
    stop: { rounds: 1 },
  });
}

/** Has real clients send real updates to a region that does not mask, and keeps what it got of each. */
async function unmaskedParcels(
  task: Task,
  people: readonly PersonExamples[],
): Promise<Uint8Array[]> {
  const bodies = new Map<string, Uint8Array>();
  const watched = (fetch: Fetch): Fetch => async (request) => {
    const { pathname } = new URL(request.url);
    const [, member] = /\/updates\/([\w-]+)$/.exec(pathname) ?? [];
    if (member !== undefined) {
      bodies.set(member, new Uint8Array(await request.clone().arrayBuffer()));
    }
    return await fetch(request);
  };
  await using tree = await startTree({ task, through: watched });
  const clients = [];
  for (const [number, examples] of people.entries()) {
    clients.push(await joinTree(tree, { number, at: tree.root, training: { examples } }));
  }
  await Promise.all(clients.map(async (client) => {
    for await (const _ of client.rounds());
    await client[Symbol.asyncDispose]();
  }));
  return clients.map(({ id }) => bodies.get(id)!);
}

/** How a score of each item tells a client's own from the others. */
function measure(score: ArrayLike<number>, own: Uint32Array): Attack {
  const mine = new Set(own);
  const order = Array.from(score, (value, item) => ({ value, item }))
    .sort((a, b) => a.value - b.value);
  // Mann and Whitney: ranks of the client's items, ties by their middle.
  let [ranks, at] = [0, 0];
  while (at < order.length) {
    let end = at;
    while (end < order.length && order[end]!.value === order[at]!.value) end++;
    for (let i = at; i < end; i++) if (mine.has(order[i]!.item)) ranks += (at + end + 1) / 2;
    at = end;
  }
  const others = score.length - mine.size;
  const auc = (ranks - mine.size * (mine.size + 1) / 2) / (mine.size * others);
  const named = order.filter(({ value }) => value > 0);
  const right = named.filter(({ item }) => mine.has(item)).length;
  return {
    auc,
    precision: named.length === 0 ? 0 : right / named.length,
    recall: right / mine.size,
  };
}

/** A step raises the biases of what a client took, and lowers those of what it was sampled against. */
function biasesOf(core: AggregateCore, task: Task, parcel: Uint8Array, clients = 1): Float32Array {
  return createUpdateChain(core, checkTask(task).plan).decode(parcel, clients)["bias"]!.data;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Words at the place of the biases, as far as something holds any. */
function wordsAtBiases(words: Uint32Array, items: number): Uint32Array {
  const from = 8 * items;
  return Uint32Array.from({ length: items }, (_, item) => words[(from + item) % words.length]!);
}

async function invert(people: readonly PersonExamples[], items: number) {
  using core = createAggregateCore(await inlineModule("aggregate"));
  const task = taskOf(items);
  const parcels = await unmaskedParcels(task, people);
  const open = people.map(({ items: own }, i) => measure(biasesOf(core, task, parcels[i]!), own));

  const masking = await maskingOf(core, { values: parcels[0]!.length / 4 });
  const sid = fromHex("5a".repeat(32));
  const sent = await Promise.all(parcels.map((parcel) => send(masking, wordsOf(parcel), { sid })));
  const region = people.map(({ items: own }, i) =>
    measure(wordsAtBiases(wordsOf(sent[i]!.parcel), items), own).auc
  );
  const row = core.memory.alloc(4 * masking.degree);
  const helper = [];
  for (const [i, { items: own }] of people.entries()) {
    const share = await shareOf(masking, sent[i]!, 4);
    core.memory.u8(row).set(share);
    assert.ok(core.memory.u32(row).every((word) => word < SHARE_PRIME));
    helper.push(measure(wordsAtBiases(wordsOf(share), items), own).auc);
  }
  const answers = await answersOf(masking, sent);
  const sum = sumOf(masking, sent.map(({ parcel }) => parcel));
  const context = { sid, clients: sent.length, answers };
  const opened = await masking.mask.open(core, sum, context);
  const root = people.map(({ items: own }) =>
    measure(biasesOf(core, task, opened, sent.length), own).auc
  );
  // What the sum of everybody else tells of a client that is not in it: popularity.
  const without = people.map(({ items: own }, i) => {
    const rest = biasesOf(core, task, opened, sent.length).slice();
    biasesOf(core, task, parcels[i]!).forEach((value, item) => rest[item]! -= value);
    return measure(rest, own).auc;
  });
  return {
    precision: mean(open.map(({ precision }) => precision)),
    recall: mean(open.map(({ recall }) => recall)),
    open: mean(open.map(({ auc }) => auc)),
    region: mean(region),
    helper: mean(helper),
    root: mean(root),
    without: mean(without),
    /** Standard error of a mean of such chances, where there is nothing to find. */
    error: Math.sqrt(
      mean(people.map(({ items: own }) => {
        const others = items - own.length;
        return (items + 1) / (12 * own.length * others);
      })) / people.length,
    ),
  };
}

function check(found: Awaited<ReturnType<typeof invert>>): void {
  const text = JSON.stringify(found);
  // One unmasked update is the client's list of items.
  assert.ok(found.precision > 0.98 && found.recall > 0.9 && found.open > 0.95, text);
  // A region and a helper do no better than a coin.
  assert.ok(Math.abs(found.region - 0.5) < 5 * found.error, text);
  assert.ok(Math.abs(found.helper - 0.5) < 5 * found.error, text);
  // The root has the sum: popularity, which everybody else's sum tells as well, and a little more,
  // as masking hides an update among others and does not blur it. That is what noise is for.
  assert.ok(found.without > 0.6 && found.root > found.without, text);
  assert.ok(found.root < found.without + 0.12, text);
}

Deno.test("gradient inversion: an unmasked update of mf lists what its client took; a region and a helper do no better than a coin under kahe1", async () => {
  const items = 300;
  const people = await inventPeople({ people: 40, items });
  check(await invert(people, items));
});

Deno.test({
  name: "gradient inversion: the same for people of MovieLens",
  ignore: RATINGS.ignore,
  async fn() {
    const films = readMovieLensCsv({ ratings: RATINGS.read(), movies: MOVIES.read() });
    const { histories } = keepPopular(films, { items: 1000 });
    const people = histories.filter(({ items }) => items.length >= 20 && items.length <= 200)
      .slice(0, 30).map(({ items }) => ({ items }));
    check(await invert(people, 1000));
  },
});
