import assert from "node:assert/strict";
import fc from "fast-check";
import { inlineCores } from "../src/client/cores.ts";
import { memoryState } from "../src/client/memory_state.ts";
import type { Participant } from "../src/client/participant.ts";
import { TributaryError } from "../src/core/errors.ts";
import type { Trainer } from "../src/core/trainer.ts";
import { mean } from "../src/models/mean.ts";
import { histogram, ials, mf, modelFrom } from "../src/models/mod.ts";
import type { Examples } from "../src/models/model.ts";
import { onDevice } from "../src/models/on_device.ts";
import { simulate } from "../src/sim/mod.ts";
import { defineTask, type TaskDefinition } from "../src/task/define_task.ts";
import { type ManualClock, manualClock } from "../src/wire/_testing.ts";
import type { LogEvent } from "../src/wire/log.ts";
import type { MaskPlan } from "../src/wire/mask_plan.ts";
import type { Task } from "../src/wire/task.ts";
import { startCommittee, type TestCommittee } from "./committee.ts";
import { joinTree } from "./fleet.ts";
import { inventPeople } from "./people.ts";
import { startTree, type Tree } from "./tree.ts";

const CLIENTS = 8;
const ITEMS = 40;
const SEED = new Uint8Array(32);
const ROUND_MS = 20_000;
const people = await inventPeople({ people: CLIENTS, items: ITEMS });
const values = people.map(({ items }, at): Examples => ({
  kind: "values",
  values: { items: [items.length], place: at % 3 === 0 ? [] : [at / 7, 0.5] },
}));

/** A model, and what clients have for it. */
interface Case {
  readonly model: TaskDefinition["model"];
  readonly examples: readonly Examples[];
}

const cases: Readonly<Record<string, Case>> = {
  mf: { model: mf({ items: ITEMS, dim: 8 }), examples: people },
  ials: { model: ials({ items: ITEMS, dim: 4, form: "newton" }), examples: people },
  mean: { model: mean({ fields: { items: [0, 20], place: [0, 1] } }), examples: values },
};

/** Where clients drop out; one that trains with what it draws, and one that counts. */
const dropping: Readonly<Record<string, Case>> = {
  mf: { model: mf({ items: ITEMS, dim: 2 }), examples: people },
  histogram: {
    model: histogram({ fields: { items: [8, 9, 10], place: [0.4, 0.5] } }),
    examples: values,
  },
};

type Kind = MaskPlan["kind"];
const KINDS: readonly Kind[] = ["none", "kahe1", "two_helper", "secagg_plus"];

/** What is run, and what goes wrong. */
interface Scene {
  readonly one: Case;
  readonly kind: Kind;
  readonly shape: readonly number[];
  /** Clients that are in the first round, which has no others; all of them by default. */
  readonly first?: number;
  /** Clients that are in no later one: they vanish. */
  readonly vanished?: readonly number[];
  /** Clients that say in the later ones that nothing comes from them. */
  readonly abstaining?: readonly number[];
  /** Helpers that are lost, from 1. */
  readonly lost?: readonly number[];
  readonly slotBits?: number;
}

function maskOf(kind: Kind, { helpers }: TestCommittee): TaskDefinition["mask"] {
  switch (kind) {
    case "none":
      return { kind };
    case "kahe1":
      return { kind, helpers, min: 2 };
    case "two_helper":
      return { kind, helpers: helpers.slice(0, 2), min: 2 };
    case "secagg_plus":
      return { kind, min: 2 };
    default:
      throw kind satisfies never;
  }
}

function taskOf(
  { one, slotBits = 19, first = CLIENTS }: Scene,
  mask: TaskDefinition["mask"],
): Task {
  return defineTask({
    name: "masked",
    model: one.model,
    ...(mask && { mask }),
    update: { slotBits },
    clients: { min: first, max: CLIENTS },
    roundMs: ROUND_MS,
    stop: { rounds: 2 },
    seed: "07".repeat(32),
  });
}

/** What became of a run: its task, and for each round how many took part and what came of it. */
interface Outcome {
  readonly task: Task;
  readonly rounds: readonly (readonly [clients: number, model: string])[];
}

async function live(scene: Scene): Promise<Outcome> {
  const { one, shape, first = CLIENTS, vanished = [], abstaining = [], lost = [] } = scene;
  const clock = manualClock();
  const committee = await startCommittee(5, clock);
  for (const helper of lost) committee.lose(helper);
  const task = taskOf(scene, maskOf(scene.kind, committee));
  await using tree = await startTree({ task, shape, clock, through: committee.through });
  clock.advance(1000);
  const cores = await inlineCores();
  using _aggregate = cores.aggregate;
  using _train = cores.train;
  const clients: Participant[] = [];
  const join = async (number: number) => {
    const at = tree.leaves[number % tree.leaves.length]!;
    const device = { core: cores.train, examples: one.examples[number]!, state: memoryState() };
    const { trainer: own } = onDevice(modelFrom(task.model, task.train), device);
    const trainer: Trainer = async (model, context) => {
      if (context.round > 1 && abstaining.includes(number)) {
        throw new TributaryError("nothing-to-send", "Cannot send: there is nothing");
      }
      return await own(model, context);
    };
    clients[number] = await joinTree(tree, { number, at, cores, training: { trainer } });
  };
  for (let number = 0; number < first; number++) await join(number);
  // Once the round is open the others join, and say nothing until it is over.
  await tree.until(() => tree.root.life.status().phase === "open");
  for (let number = first; number < CLIENTS; number++) await join(number);

  /** How many clients have said something in each round, from the first. */
  const heard = [0, 0];
  const ended: Promise<void>[] = [];
  async function follow(number: number): Promise<void> {
    for await (const { round } of clients[number]!.rounds()) {
      heard[round - 1]!++;
      if (round === 1 && vanished.includes(number)) break;
    }
  }
  const time = { clock, isWaited: lost.length > 0 };
  for (let number = 0; number < first; number++) ended.push(follow(number));
  await closed(tree, { ...time, count: 1, isQuiet: () => heard[0] === first });
  for (let number = first; number < CLIENTS; number++) {
    if (!vanished.includes(number)) ended.push(follow(number));
  }
  const awaited = CLIENTS - vanished.length;
  await closed(tree, { ...time, count: 2, isQuiet: () => heard[1] === awaited });
  for (const client of clients) await client[Symbol.asyncDispose]();
  await Promise.all(ended);
  const events = (await rounds(tree)).map((event) =>
    [event.clients, event.kind === "published" ? event.model.digest : event.kind] as const
  );
  return { task, rounds: events };
}

async function rounds(tree: Tree): Promise<Extract<LogEvent, { sid: string }>[]> {
  const { entries } = await tree.root.life.log(0, 100);
  return entries.map(({ body }) => body.event).filter((event) => "sid" in event);
}

/** Goes on until so many rounds are over; time does where only a deadline is left to come. */
async function closed(
  tree: Tree,
  { clock, count, isQuiet, isWaited }: {
    readonly clock: ManualClock;
    readonly count: number;
    /** Whether all clients have been heard of that will be. */
    readonly isQuiet: () => boolean;
    /** Whether helpers are waited for that will not answer. */
    readonly isWaited: boolean;
  },
): Promise<void> {
  while ((await rounds(tree)).length < count) {
    const { phase } = tree.root.life.status();
    const isOpening = phase === "sealed" || phase === "unmasking";
    const isForwarding = tree.nodes.some(({ life }) => life.status().phase === "sealed");
    const goesOn = isOpening ? isWaited : isQuiet() && !isForwarding;
    if (goesOn) clock.advance(100);
    const turns = isOpening ? 10 : 1;
    for (let turn = 0; turn < turns; turn++) await new Promise((done) => setTimeout(done, 0));
  }
}

for (const [name, one] of Object.entries(cases)) {
  Deno.test(`masked tree: ${name} has the bits of its simulation, under every mask and in every tree`, async () => {
    for (const kind of KINDS) {
      for (const shape of name === "mf" ? [[], [3], [2, 2]] : [[2, 2]]) {
        const { task, rounds } = await live({ one, kind, shape });
        const clients = one.examples.map((examples) => ({ examples }));
        const run = await simulate(task, { clients: clients as never, seed: SEED });
        const expected = run.rounds.map(({ model, clients }) => [clients, model.digest]);
        assert.equal(expected.length, 2);
        assert.deepEqual(rounds, expected, `${kind}, tree [${shape}]`);
      }
    }
  });
}

const scenes = fc.record({
  shape: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
  first: fc.integer({ min: 2, max: 4 }),
  fates: fc.array(fc.constantFrom("stays", "stays", "vanishes", "abstains"), {
    minLength: CLIENTS,
    maxLength: CLIENTS,
  }),
  lost: fc.integer({ min: 1, max: 5 }),
  slotBits: fc.constantFrom(15, 19, 20, 25),
});

for (const [name, one] of Object.entries(dropping)) {
  Deno.test(`masked tree: ${name} has the same bits with helpers as in the clear, whoever drops out in whatever tree`, async () => {
    await fc.assert(
      fc.asyncProperty(scenes, async ({ fates, lost, ...scene }) => {
        const who = (fate: string) => fates.flatMap((it, number) => it === fate ? [number] : []);
        // Enough of them stay for the second round.
        const gone = CLIENTS - who("stays").length;
        const spared = Math.max(0, gone - (CLIENTS - scene.first));
        const vanished = who("vanishes");
        const abstaining = who("abstains");
        for (let i = 0; i < spared; i++) (vanished.length > 0 ? vanished : abstaining).pop();
        const run = async (kind: Kind, lost: readonly number[]) =>
          (await live({ ...scene, one, kind, vanished, abstaining, lost })).rounds;
        const expected = await run("none", []);
        assert.equal(expected[1]![0], CLIENTS - vanished.length - abstaining.length);
        assert.deepEqual(await run("kahe1", [lost]), expected);
        assert.deepEqual(await run("two_helper", []), expected);
      }),
      { numRuns: 5 },
    );
  });
}
