import assert from "node:assert/strict";
import { inlineCores } from "../src/client/cores.ts";
import { join } from "../src/client/join.ts";
import { equalBytes } from "../src/core/bytes.ts";
import type { Fetch } from "../src/core/fetch.ts";
import { generateIdentity, type Identity } from "../src/core/identity.ts";
import {
  ease,
  heavyHitters,
  histogram,
  ials,
  logistic,
  mean,
  mf,
  mlp,
  ncf,
} from "../src/models/mod.ts";
import type { Examples } from "../src/models/model.ts";
import { defineTask, type TaskDefinition } from "../src/task/define_task.ts";
import { countingRandom, manualClock } from "../src/wire/_testing.ts";
import { startCommittee } from "./committee.ts";
import { clientSeed, joinTree } from "./fleet.ts";
import { startTree } from "./tree.ts";

/** A request as it went out. */
interface Sent {
  readonly line: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/** A client that has some data, and what it has sent until its update. */
interface Recording {
  readonly sent: readonly Sent[];
  /** The answers, but for the update's. */
  readonly answers: readonly Response[];
}

const items = (...list: number[]): Examples => ({ items: Uint32Array.from(list) });
const table = (rows: number, label: number): Examples => ({
  kind: "table",
  features: Float32Array.from({ length: 3 * rows }, (_, at) => at % 5 - label),
  labels: new Float32Array(rows).fill(label),
});
const values = (...list: number[]): Examples => ({ kind: "values", values: { age: list } });
const texts = (...list: string[]): Examples => ({ kind: "items", items: list });
const held = (examples: Examples): Examples => ({
  ...examples as { items: Uint32Array },
  evaluation: { target: 9, negatives: Uint32Array.of(5, 6) },
});

/** Models, and what clients of them may have, one with less than the others or nothing at all. */
const cases: Readonly<Record<string, readonly [TaskDefinition["model"], ...Examples[]]>> = {
  mf: [mf({ items: 12, dim: 2 }), items(1, 2, 3), items(4), held(items(1, 2, 3, 4, 8))],
  "mf by weights": [mf({ items: 12, dim: 2, sends: "weights" }), items(1, 2), items(4, 5, 6, 7)],
  ials: [ials({ items: 12, dim: 2, form: "exact" }), items(1, 2, 3), held(items(4))],
  ease: [ease({ items: 12 }), items(1, 2, 3), items(), items(0, 1, 2, 3, 4, 5, 6, 7, 8)],
  ncf: [ncf({ items: 12, dim: 2, hidden: [2] }), items(1, 2, 3), items(4, 5, 6, 7, 8)],
  logistic: [logistic({ features: 3 }), table(3, 1), table(40, 0)],
  mlp: [mlp({ features: 3, hidden: [2] }), table(3, 1), table(40, 0)],
  mean: [mean({ fields: { age: [0, 100] } }), values(41), values(), values(3, 4, 5, 1000)],
  histogram: [histogram({ fields: { age: [18, 65] } }), values(41), values(), values(3, 90)],
  "heavy hitters": [
    heavyHitters({ length: 2, threshold: 1 }),
    texts("7"),
    texts(),
    texts("b", "cc", "much too long"),
  ],
};

/** Lets through, and keeps, what a client sends up to its update; that gets no answer. */
function recorder(fetch: Fetch): Recording & { readonly fetch: Fetch } {
  const sent: Sent[] = [];
  const answers: Response[] = [];
  return {
    sent,
    answers,
    async fetch(request) {
      const body = new Uint8Array(await request.clone().arrayBuffer());
      const { pathname, search } = new URL(request.url);
      sent.push({
        line: `${request.method} ${pathname}${search}`,
        headers: new Map(request.headers),
        body,
      });
      if (pathname.includes("/updates/")) throw new DOMException("enough", "AbortError");
      const answer = await fetch(request);
      answers.push(answer.clone());
      return answer;
    },
  };
}

/** Has a client of an identity take part until it has sent its update. */
async function record(
  url: string,
  { identity, examples, fetch }: {
    readonly identity: Identity;
    readonly examples: Examples;
    readonly fetch: Fetch;
  },
): Promise<Recording> {
  const cores = await inlineCores();
  using _aggregate = cores.aggregate;
  using _train = cores.train;
  const kept = recorder(fetch);
  const stop = new AbortController();
  const until: Fetch = async (request) => {
    try {
      return await kept.fetch(request);
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  };
  await using client = await join(url, {
    ...{ identity, examples, cores, seed: await clientSeed(1), signal: stop.signal },
    ...{ fetch: until, random: countingRandom(), clock: manualClock() },
  });
  await assert.rejects(client.rounds().next(), { message: "enough" });
  return kept;
}

/** Headers of an update that depend on its bytes. */
const OF_THE_BODY = [
  "tributary-digest",
  "tributary-slices",
  "tributary-evidence-digest",
  "signature",
];

/** A tree whose first round is open, and a client's recording for each of some examples. */
async function recordings(
  model: TaskDefinition["model"],
  { mask, all }: { readonly mask: TaskDefinition["mask"]; readonly all: readonly Examples[] },
): Promise<Recording[]> {
  const task = defineTask({
    ...{ name: "clear", model, clients: { min: 2, max: 3 }, stop: { rounds: 1 } },
    ...(mask && { mask }),
  });
  // Helpers are not asked: the round never gets its second update.
  await using tree = await startTree({ task, clock: manualClock() });
  await using _other = await joinTree(tree, {
    ...{ number: 0, at: tree.root, training: { examples: all[0]! } },
    clock: manualClock(),
  });
  const identity = await generateIdentity();
  const { url } = tree.root;
  const [first, ...others] = all;
  const one = await record(url, { identity, examples: first!, fetch: tree.fetch });
  const rest: Recording[] = [];
  for (const examples of others) {
    // It hears what the first one heard, so that all that differs comes from its data.
    const answers = one.answers.map((answer) => answer.clone());
    const fetch: Fetch = () => Promise.resolve(answers.shift()!);
    rest.push(await record(url, { identity, examples, fetch }));
  }
  return [one, ...rest];
}

for (const kind of ["two_helper", "kahe1"] as const) {
  for (const [name, [model, ...all]] of Object.entries(cases)) {
    Deno.test(`clear bytes: ${name} under ${kind}: whatever a client has, all that it sends is the same but for its masked update`, async () => {
      const { helpers } = await startCommittee(kind === "kahe1" ? 5 : 2, manualClock());
      const [one, ...others] = await recordings(model, { mask: { kind, helpers }, all });
      for (const other of others) compare(one!.sent, other.sent);
    });
  }
}

for (const [name, [model, ...all]] of Object.entries(cases)) {
  Deno.test(`clear bytes: ${name}: of two masked updates with the same pads only the masked values differ`, async () => {
    const { helpers } = await startCommittee(2, manualClock());
    const masked = await recordings(model, { mask: { kind: "two_helper", helpers }, all });
    const plain = await recordings(model, { mask: { kind: "none" }, all });
    const wordsOf = ({ sent }: Recording, bytes: number) =>
      new Uint32Array(sent.at(-1)!.body.slice(0, bytes).buffer);
    const bytes = plain[0]!.sent.at(-1)!.body.length;
    const pads = masked.map((one, at) => {
      const values = wordsOf(plain[at]!, bytes);
      return wordsOf(one, bytes).map((word, i) => word - values[i]!);
    });
    // Words are those of the values, so that what is left is what was drawn.
    assert.notDeepEqual(pads[0], new Uint32Array(pads[0]!.length));
    for (const pad of pads) assert.deepEqual(pad, pads[0]);
    assert.notDeepEqual(wordsOf(masked[0]!, bytes), wordsOf(masked[1]!, bytes));
  });
}

function compare(one: readonly Sent[], other: readonly Sent[]): void {
  assert.deepEqual(other.map(({ line }) => line), one.map(({ line }) => line));
  assert.match(one.at(-1)!.line, /^PUT \S+\/updates\/\S+$/);
  one.forEach(({ line, headers, body }, at) => {
    const { headers: others, body: otherBody } = other[at]!;
    assert.deepEqual([...others.keys()], [...headers.keys()], line);
    assert.equal(otherBody.length, body.length, line);
    const isUpdate = at === one.length - 1;
    for (const [name, value] of headers) {
      if (isUpdate && OF_THE_BODY.includes(name)) {
        assert.equal(others.get(name)!.length, value.length, `${line}: ${name}`);
        assert.notEqual(others.get(name), value, `${line}: ${name}`);
      } else assert.equal(others.get(name), value, `${line}: ${name}`);
    }
    assert.equal(equalBytes(body, otherBody), !isUpdate, line);
  });
}
