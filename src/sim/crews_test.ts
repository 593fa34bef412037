import assert from "node:assert/strict";
import { systemClock } from "../core/clock.ts";
import { TributaryError } from "../core/errors.ts";
import { encodeSafetensors } from "../core/safetensors.ts";
import type { Trainer } from "../core/trainer.ts";
import { mf, tensors } from "../models/mod.ts";
import { checkTask } from "../task/check_task.ts";
import { createUpdateChain } from "../update/mod.ts";
import { createAggregateCore, inlineModule } from "../wasm/mod.ts";
import type { Task } from "../wire/task.ts";
import { CLIENTS, testClients, testTask } from "./_testing.ts";
import type { Crew, CrewWork } from "./crew.ts";
import { errorOf, failedEvent } from "./crew_message.ts";
import { type CrewsOptions, startCrews } from "./crews.ts";
import type { SimulatedClient } from "./options.ts";
import type { TrainingPart } from "./play_round.ts";
import { clientSeeds, seedBytes } from "./seeds.ts";

const { signal } = new AbortController();
const seed = new Uint8Array(32);
const vectors = testTask({ model: mf({ items: 30, dim: 4 }) });
const people = await testClients();
const file = encodeSafetensors(mf({ items: 30, dim: 4 }).initial(seed));

async function start(
  task: Task,
  clients: readonly SimulatedClient[],
  change: Partial<CrewsOptions> = {},
): Promise<Crew> {
  return await startCrews({
    ...{ task, clock: systemClock(), signal, workers: 0, kept: [], tellsChanges: true },
    clients: await clientSeeds(seed, clients),
    ...change,
  });
}

function part(client: number, change: Partial<TrainingPart> = {}): TrainingPart {
  return { client, isAcknowledged: true, isIncluded: true, ...change };
}

function workOf(parts: readonly TrainingPart[], model: Uint8Array = file): CrewWork {
  return { round: 1, version: 0, model, parts };
}

const everybody = Array.from({ length: CLIENTS }, (_, client) => part(client));
const watch = { signal, onTrained: () => {} };

Deno.test("crews: any number of threads gives one sum, and what all devices keep", async () => {
  const outcomes = [];
  for (const workers of [0, 1, 3]) {
    await using crews = await start(vectors, people, { workers });
    const { sum, changes } = await crews.work(workOf(everybody), watch);
    const kept = changes.toSorted((a, b) => a.client - b.client);
    outcomes.push({ sum, kept });
  }
  const [alone, ...others] = outcomes;
  assert.equal(alone?.kept.length, CLIENTS);
  for (const other of others) assert.deepEqual(other, alone);
});

Deno.test("crews: what is not in the sum has trained all the same", async () => {
  await using crews = await start(vectors, people);
  const left = everybody.map((one) => ({ ...one, isIncluded: one.client > 0 }));
  const whole = await crews.work(workOf(everybody), watch);
  await using again = await start(vectors, people);
  const without = await again.work(workOf(left), watch);
  assert.notDeepEqual(without.sum, whole.sum);
  assert.deepEqual(without.changes, whole.changes);
  await using nobody = await start(vectors, people);
  const { sum, changes } = await nobody.work(workOf([]), watch);
  assert.ok(sum.every((byte) => byte === 0));
  assert.deepEqual(changes, []);
});

Deno.test("crews: devices go on from what they kept, and changes are told only if asked for", async () => {
  await using first = await start(vectors, people);
  const { changes } = await first.work(workOf(everybody), watch);
  const second = await first.work({ ...workOf(everybody), round: 2 }, watch);
  for (const workers of [0, 2]) {
    await using resumed = await start(vectors, people, {
      ...{ workers, kept: changes, tellsChanges: false },
    });
    const result = await resumed.work({ ...workOf(everybody), round: 2 }, watch);
    assert.deepEqual(result.sum, second.sum);
    assert.deepEqual(result.changes, []);
  }
});

Deno.test("crews: a parcel is the one that the client's seed and round make", async () => {
  const task = testTask({ model: tensors({ tensors: { w: [3] } }) });
  const seen: string[] = [];
  const trainer: Trainer = (_model, { seed, round }) => {
    seen.push(`${round} ${seed.slice(0, 4)}`);
    return Promise.resolve({
      weights: { w: { shape: [3], data: Float32Array.of(0.25, -1, 0) } },
      examples: 1,
    });
  };
  const model = encodeSafetensors({ w: { shape: [3], data: new Float32Array(3) } });
  await using crews = await start(task, [{ trainer }, { trainer }]);
  const { sum } = await crews.work(workOf([part(0), part(1)], model), watch);
  using core = createAggregateCore(await inlineModule("aggregate"));
  const { w, "clients/weight": weight } = createUpdateChain(core, checkTask(task).plan).decode(
    sum,
    2,
  );
  assert.ok(Math.abs((w?.data[0] ?? NaN) - 0.5) < 1e-3);
  assert.deepEqual([w?.data[1], w?.data[2], weight?.data[0]], [-2, 0, 2]);
  await crews.work({ ...workOf([part(0)], model), round: 2 }, watch);
  assert.equal(new Set(seen).size, 3);
});

Deno.test("crews: an abort ends the work of any thread, with its reason", async () => {
  for (const workers of [0, 2]) {
    await using crews = await start(vectors, people, { workers });
    const reason = new DOMException("enough", "AbortError");
    await assert.rejects(
      crews.work(workOf(everybody), { ...watch, signal: AbortSignal.abort(reason) }),
      (error) => error === reason,
    );
  }
  await assert.rejects(
    start(vectors, people, { workers: 2, signal: AbortSignal.abort(new Error("before")) }),
    /before/,
  );
});

Deno.test("crews: an error keeps its code and sentence on its way out of a thread", () => {
  const known = new TributaryError("bad-data", "Cannot learn: no rows");
  const back = errorOf(failedEvent(known) as Parameters<typeof errorOf>[0]);
  assert.ok(back instanceof TributaryError);
  assert.deepEqual([back.code, back.message], [known.code, known.message]);
  const other = errorOf(failedEvent(new RangeError("too far")) as Parameters<typeof errorOf>[0]);
  assert.ok(!(other instanceof TributaryError));
  assert.equal(other.message, "too far");
  const text = errorOf(failedEvent("odd") as Parameters<typeof errorOf>[0]);
  assert.equal(text.message, "odd");
});

Deno.test("seeds: a number is bytes, bytes are themselves, and clients differ by their ids", async () => {
  assert.equal((await seedBytes(3)).length, 32);
  assert.notDeepEqual(await seedBytes(3), await seedBytes(4));
  assert.equal(await seedBytes(seed), seed);
  await assert.rejects(
    seedBytes(new Uint8Array(16)),
    /^RangeError: .* seed of 16 bytes: expected 32/,
  );
  const [one, two, named] = await clientSeeds(seed, [
    ...people.slice(0, 2),
    { ...people[2]!, id: "0" },
  ]);
  assert.notDeepEqual(one?.seed, two?.seed);
  // An id counts as a number's own text does.
  assert.deepEqual(named?.seed, one?.seed);
  assert.deepEqual([one?.client, named?.client], [0, 2]);
});
