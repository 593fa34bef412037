import assert from "node:assert/strict";
import { toBase64Url } from "../core/bytes.ts";
import { TributaryError } from "../core/errors.ts";
import type { Trainer } from "../core/trainer.ts";
import { mf, tensors } from "../models/mod.ts";
import { CLIENTS, memoryCheckpoint, testClients, testTask } from "./_testing.ts";
import type { SimulateOptions, SimulationProgress } from "./options.ts";
import type { Simulation } from "./result.ts";
import { simulate } from "./simulate.ts";

const clients = await testClients();
const options: SimulateOptions = { clients, seed: 7 };
const faults = {
  dropout: 0.2,
  lost: 0.1,
  regionDropout: 0.1,
  pace: { trainMs: 9000, spread: 1, bytesPerSecond: 2000 },
};
const films = testTask();
/** With a person's vector on each device. */
const vectors = testTask({ model: mf({ items: 30, dim: 4 }), stop: { rounds: 4 } });

/** The part of a result that has to be the same. */
function facts({ reason, info, rounds, ms }: Simulation) {
  return { reason, info, rounds, ms };
}

Deno.test("simulate: a run without faults publishes from everybody in no time", async () => {
  const { reason, info, rounds, ms, model } = await simulate(films, options);
  assert.deepEqual([reason, info.version, ms], ["rounds", 3, 0]);
  for (const [at, round] of rounds.entries()) {
    const { outcome, clients, asked, away, lost, late, metrics } = round;
    assert.equal(round.round, at + 1);
    assert.deepEqual([outcome, clients, asked, away, lost, late], [
      ...["published", CLIENTS, CLIENTS],
      ...[0, 0, 0],
    ]);
    assert.deepEqual(Object.keys(metrics), ["hr@10", "ndcg@10", "loss"]);
  }
  assert.deepEqual(rounds.at(-1)?.model, info);
  assert.deepEqual(model.items?.shape, [30, 4]);
});

Deno.test("simulate: of a masked task devices send as many bytes as live", async () => {
  const helpers = [1, 2, 3, 4, 5].map((at) => ({
    url: `https://helper-${at}.example`,
    key: toBase64Url(new Uint8Array(32).fill(at)),
    identity: toBase64Url(new Uint8Array(32).fill(16 + at)),
  }));
  const masked = testTask({ mask: { kind: "kahe1", helpers }, update: { slotBits: 20 } });
  const { rounds } = await simulate(masked, options);
  // One polynomial of P1, and what proves whose it is: five envelopes with a signature.
  const each = 16_384 + 129 + 3 * 114 + 2 * 8274;
  assert.deepEqual(rounds.map(({ bytesUp }) => bytesUp), [1, 2, 3].map(() => CLIENTS * each));
});

Deno.test("simulate: the seed decides; another one, or other ids, give another model", async () => {
  const one = await simulate(films, options);
  assert.deepEqual(facts(await simulate(films, options)), facts(one));
  const named = clients.map((client, at) => ({ ...client, id: String(at) }));
  assert.deepEqual(facts(await simulate(films, { clients: named, seed: 7 })), facts(one));
  const others: SimulateOptions[] = [
    { clients, seed: 8 },
    { clients, seed: new Uint8Array(32) },
    { clients: named.map(({ id, ...client }) => ({ ...client, id: `${id}!` })), seed: 7 },
  ];
  for (const other of others) {
    assert.notEqual((await simulate(films, other)).info.digest, one.info.digest);
  }
});

Deno.test("simulate: threads change nothing, with faults or without", async () => {
  for (const given of [options, { ...options, tree: [3], faults }]) {
    const alone = await simulate(vectors, given);
    for (const workers of [1, 2, 3]) {
      assert.deepEqual(facts(await simulate(vectors, { ...given, workers })), facts(alone));
    }
  }
});

Deno.test("simulate: every asked client is in the sum, away, lost or late", async () => {
  const run = await simulate(vectors, { ...options, tree: [2, 2], faults });
  let gone = 0;
  for (const { outcome, clients, asked, away, lost, late } of run.rounds) {
    if (outcome === "published") assert.ok(clients + away + lost + late <= asked);
    gone += away + lost + late;
  }
  assert.ok(gone > 0);
  assert.equal(run.info.version, 4);
});

Deno.test("simulate: what trains is in the traffic, whether it arrived or not", async () => {
  const run = await simulate(films, { ...options, faults: { lost: 0.5 } });
  const parcelBytes = (run.rounds[0]?.bytesUp ?? 0) / (run.rounds[0]?.clients ?? 0);
  assert.ok(parcelBytes > 0);
  for (const { clients, bytesUp, bytesDown, lost } of run.rounds) {
    assert.equal(bytesUp, clients * parcelBytes);
    assert.equal(bytesDown, CLIENTS * run.info.bytes);
    assert.equal(lost, CLIENTS - clients);
  }
});

Deno.test("simulate: a task that samples asks so many, and goes on with the first of them", async () => {
  const sampling = { kind: "uniform", count: 5, overSelect: 1.4 } as const;
  const task = testTask({ sampling, clients: { min: 5, max: CLIENTS }, stop: { rounds: 6 } });
  const pace = { trainMs: 2000, spread: 1 };
  const run = await simulate(task, { ...options, tree: [2], faults: { pace } });
  for (const { asked, clients, late, away, ms } of run.rounds) {
    assert.equal(asked, 7);
    assert.ok(clients >= 5 && clients + late + away === 7, `${clients} ${late}`);
    assert.ok(ms > 0 && ms < task.roundMs);
  }
  const everyone = await simulate(task, { ...options, tree: [2], faults: {} });
  assert.notEqual(everyone.info.digest, run.info.digest);
});

Deno.test("simulate: rounds that come to nothing again and again end it as stalled", async () => {
  const run = await simulate(films, { ...options, faults: { dropout: 1 }, patience: 4 });
  assert.deepEqual([run.reason, run.info.version, run.rounds.length], ["stalled", 0, 4]);
  assert.deepEqual(run.rounds.map(({ outcome }) => outcome), Array(4).fill("too-few-clients"));
  assert.equal(run.ms, 4 * films.roundMs);
});

Deno.test("simulate: the task's own stop rules end it, in virtual time", async () => {
  const pace = { trainMs: 50_000, spread: 0, jitter: 0 };
  const task = testTask({ stop: { rounds: 100, minutes: 2 } });
  const run = await simulate(task, { ...options, faults: { pace } });
  assert.deepEqual([run.reason, run.rounds.length, run.ms], ["minutes", 3, 150_000]);
  const target = testTask({ stop: { rounds: 50, target: { metric: "hr@10", value: 0.05 } } });
  assert.equal((await simulate(target, options)).reason, "target");
});

Deno.test("simulate: a checkpoint after any round leads to the same bits, in any threads", async () => {
  const given = { ...options, tree: [3], faults };
  const whole = facts(await simulate(vectors, given));
  for (let stop = 1; stop <= whole.rounds.length; stop++) {
    const checkpoint = memoryCheckpoint();
    const over = new AbortController();
    const interrupted = simulate(vectors, {
      ...{ ...given, checkpoint, signal: over.signal, workers: stop % 3 },
      onProgress(progress) {
        if (progress.kind === "closed" && progress.round.round === stop) over.abort("enough");
      },
    });
    if (stop < whole.rounds.length) {
      await assert.rejects(interrupted, (error) => error === "enough");
    } else await interrupted;
    assert.equal(checkpoint.changes.length, stop);
    const resumed = await simulate(vectors, { ...given, checkpoint, workers: (stop + 1) % 3 });
    assert.deepEqual(facts(resumed), whole, `stopped after round ${stop}`);
    assert.equal(checkpoint.changes.length, whole.rounds.length);
  }
});

Deno.test("simulate: aborted in mid-round, it goes on from the round before", async () => {
  const whole = facts(await simulate(vectors, options));
  for (const workers of [0, 2]) {
    const checkpoint = memoryCheckpoint();
    const over = new AbortController();
    const interrupted = simulate(vectors, {
      ...{ ...options, checkpoint, workers, signal: over.signal },
      onProgress: ({ kind, round }) => kind === "open" && round === 3 && over.abort(),
    });
    await assert.rejects(interrupted, { name: "AbortError" });
    assert.equal(checkpoint.changes.length, 2);
    assert.deepEqual(facts(await simulate(vectors, { ...options, checkpoint })), whole);
  }
});

Deno.test("simulate: a checkpoint of another simulation is refused", async () => {
  const checkpoint = memoryCheckpoint();
  await simulate(films, { ...options, checkpoint });
  const others: [typeof films, SimulateOptions][] = [
    [vectors, options],
    [films, { ...options, seed: 8 }],
    [films, { ...options, tree: [2] }],
    [films, { ...options, faults: { dropout: 0.1 } }],
    [films, { ...options, clients: clients.slice(1) }],
  ];
  for (const [task, other] of others) {
    await assert.rejects(simulate(task, { ...other, checkpoint }), { code: "bad-data" });
  }
});

Deno.test("simulate: a checkpoint whose model was damaged is refused", async () => {
  const checkpoint = memoryCheckpoint();
  await simulate(films, { ...options, checkpoint });
  const saved = await checkpoint.load();
  assert.ok(saved);
  const model = saved.model.with(-1, (saved.model.at(-1) ?? 0) ^ 1);
  const damaged = { ...checkpoint, load: () => Promise.resolve({ ...saved, model }) };
  await assert.rejects(simulate(films, { ...options, checkpoint: damaged }), {
    code: "bad-data",
    message: /^Cannot go on from a checkpoint: its model 3 has digest [0-9a-f]{64}, expected /,
  });
});

Deno.test("simulate: progress tells each round's trainings, and how it ended", async () => {
  for (const workers of [0, 2]) {
    const heard: SimulationProgress[] = [];
    await simulate(films, { ...options, workers, onProgress: (progress) => heard.push(progress) });
    const trained = (round: number) =>
      heard.findLast((one) => one.kind === "trained" && one.round === round);
    for (const round of [1, 2, 3]) {
      assert.deepEqual(trained(round), { kind: "trained", round, clients: CLIENTS });
    }
    assert.deepEqual(heard[0], { kind: "open", round: 1, trainings: CLIENTS });
    assert.equal(heard.filter(({ kind }) => kind === "closed").length, 3);
  }
});

Deno.test("simulate: trainers of the clients' own stay in this thread, however many there are", async () => {
  const task = testTask({ model: tensors({ tensors: { w: [2] } }), stop: { rounds: 2 } });
  const rounds: number[] = [];
  const trainer: Trainer = (model, { round }) => {
    rounds.push(round);
    const data = Float32Array.from(model.w?.data ?? [], (x) => x + 1);
    return Promise.resolve({ weights: { w: { shape: [2], data } }, examples: 1 });
  };
  const run = await simulate(task, { clients: [{ trainer }, { trainer }], workers: 2 });
  assert.deepEqual(rounds, [1, 1, 2, 2]);
  assert.deepEqual([...run.model.w?.data ?? []], [2, 2]);
});

Deno.test("simulate: a client that fails ends it, with its number and its round", async () => {
  const task = testTask({ model: tensors({ tensors: { w: [1] } }) });
  const trainer = (value: number): Trainer => () =>
    Promise.resolve({ weights: { w: { shape: [1], data: Float32Array.of(value) } }, examples: 1 });
  await assert.rejects(
    simulate(task, { clients: [{ trainer: trainer(1) }, { trainer: trainer(NaN) }] }),
    (error: TributaryError) => {
      assert.equal(error.code, "update-not-finite");
      assert.match(error.message, /^Cannot simulate client 1 in round 1: Cannot send tensor "w"/);
      return true;
    },
  );
  const items = Uint32Array.of(99);
  const broken = clients.with(5, { examples: { items } });
  for (const workers of [0, 2]) {
    await assert.rejects(
      simulate(films, { clients: broken, workers }),
      /^\w+: Cannot simulate client 5 in round 1: .*99/,
    );
  }
});

Deno.test("simulate: options that make no sense are refused before anything starts", async () => {
  const wrong: [Partial<SimulateOptions>, RegExp][] = [
    [
      { clients: clients.slice(0, 1) },
      /^RangeError: Cannot simulate 1 clients: .* with 2 or more$/,
    ],
    [{ workers: 1.5 }, /^RangeError: Cannot simulate in 1.5 threads/],
    [{ patience: 0 }, /^RangeError: Cannot give up after 0 rounds/],
    [{ tree: [0] }, /^RangeError: Cannot make a tree of \[0\]/],
    [{ seed: new Uint8Array(31) }, /^RangeError: .* seed of 31 bytes/],
    [{ faults: { dropout: 1.1 } }, /^RangeError: Cannot simulate a dropout of 1.1/],
    [
      { clients: [...clients, { ...clients[0]!, id: "3" }] },
      /^RangeError: Cannot simulate two clients called "3"/,
    ],
  ];
  for (const [change, expected] of wrong) {
    await assert.rejects(simulate(films, { ...options, ...change }), expected);
  }
});
