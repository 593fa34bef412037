import assert from "node:assert/strict";
import * as fc from "fast-check";
import { isTributaryError } from "../core/errors.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { DeviceState } from "../core/trainer.ts";
import {
  type Fate,
  play,
  playAll,
  type Played,
  type Quadratic,
  quadraticTrainer,
} from "./_rounds_testing.ts";
import { isRefused, strategyOf, tensor } from "./_testing.ts";
import { fedAvg } from "./fedavg.ts";
import { strategyPlan } from "./registry.ts";
import { scaffold } from "./scaffold.ts";
import { loadControl } from "./scaffold_control.ts";

/** Many steps between two who want other things, one of them four times as much: drift. */
const DRIFTING: readonly Quadratic[] = [
  { target: [0], curvature: 1, steps: 25 },
  { target: [1], curvature: 4, steps: 25 },
];
/** Where the sum of their losses is least. */
const OPTIMUM = 0.8;

Deno.test("scaffold: settles at the optimum that fedavg's drift keeps it from", async () => {
  const play = { model: { x: tensor(0) }, trainers: DRIFTING.map(quadraticTrainer), rounds: 60 };
  const plain = (await playAll({ ...play, options: fedAvg() })).published.x!.data[0]!;
  const options = scaffold({ population: 2, controlRange: 8 });
  const corrected = (await playAll({ ...play, options })).published.x!.data[0]!;
  // Fedavg's clients go 1 − 0.9²⁵ and all of the way to their own optima.
  const [slow, fast] = [1 - 0.9 ** 25, 1 - 0.6 ** 25];
  assert.ok(Math.abs(plain - fast / (slow + fast)) < 1e-3, `${plain}`);
  assert.ok(plain < OPTIMUM - 0.25);
  assert.ok(Math.abs(corrected - OPTIMUM) < 1e-4, `${corrected}`);
});

Deno.test("scaffold: clients of other steps and rates settle at the optimum too", async () => {
  const [one, other] = DRIFTING as [Quadratic, Quadratic];
  const trainers = [{ ...one, steps: 40, rate: 0.02 }, { ...other, steps: 3, rate: 0.1 }]
    .map(quadraticTrainer);
  const { published } = await playAll({
    options: scaffold({ population: 2, controlRange: 8 }),
    ...{ model: { x: tensor(5) }, trainers, rounds: 150 },
  });
  assert.ok(Math.abs(published.x!.data[0]! - OPTIMUM) < 1e-3, `${published.x!.data[0]}`);
});

Deno.test("scaffold: with a few of many clients in a round it settles at everybody's optimum", async () => {
  const clients = Array.from({ length: 8 }, (_, i) => ({
    ...{ target: [i], curvature: 1 + i % 3, steps: 8, rate: 0.05 },
  }));
  const optimum = clients.reduce((sum, { target, curvature }) => sum + curvature * target[0]!, 0) /
    clients.reduce((sum, { curvature }) => sum + curvature, 0);
  const { published } = await playAll({
    options: scaffold({ population: 8, range: 8, controlRange: 32, lr: 0.5 }),
    ...{ model: { x: tensor(0) }, trainers: clients.map(quadraticTrainer), rounds: 300 },
    fate: (client, round) => [0, 3].includes((client + 3 * round) % 8) ? "sent" : "lost",
  });
  assert.ok(
    Math.abs(published.x!.data[0]! - optimum) < 0.02,
    `${published.x!.data[0]}, ${optimum}`,
  );
});

/** The published control, and the mean of those that the devices keep. */
async function controls({ published, states }: Played, round: number, version: number) {
  const like = { x: published.x! };
  const own = await Promise.all(
    states.map(async (state) => (await loadControl(state, { round, version }, like)).x!.data),
  );
  return {
    published: published["published/control/x"]!.data,
    mean: like.x.data.map((_, i) => own.reduce((sum, c) => sum + c[i]!, 0) / own.length),
  };
}

Deno.test("scaffold: the published control is the mean of all clients' own, whatever got lost or given up", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.constantFrom<Fate>("sent", "lost"), { minLength: 3, maxLength: 3 }), {
        minLength: 1,
        maxLength: 8,
      }),
      fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 3 }),
      async (fates, given) => {
        const trainers = [0, 1, 2].map((i) =>
          quadraticTrainer({ target: [i, -i], curvature: 1 + i, steps: 3 + i })
        );
        let [round, version] = [0, 0];
        for await (
          const played of play({
            // Narrow, so that changes are clamped as well.
            options: scaffold({ population: 3, controlRange: 0.5 }),
            ...{ model: { x: tensor(0.5, 0.5) }, trainers, rounds: fates.length },
            fate(client, round) {
              // Client 0 is always there; a round is given up by its hand.
              if (client === 0) return given.includes(round - 1) ? "abandoned" : "sent";
              return fates[round - 1]![client]!;
            },
          })
        ) {
          round++;
          if (!given.includes(round - 1)) version++;
          const found = await controls(played, round + 1, version);
          found.published.forEach((value, i) =>
            assert.ok(Math.abs(value - found.mean[i]!) < 1e-6, `${value}, ${found.mean[i]}`)
          );
        }
      },
    ),
    { numRuns: 25 },
  );
});

Deno.test("scaffold: an update that went missing leaves its client's control as it was", async () => {
  const { states } = await playAll({
    options: scaffold({ population: 2, controlRange: 8 }),
    ...{ model: { x: tensor(0) }, trainers: DRIFTING.map(quadraticTrainer), rounds: 3 },
    fate: (client) => client === 1 ? "lost" : "sent",
  });
  assert.notEqual(await states[0]!.get("scaffold/control"), undefined);
  assert.equal(await states[1]!.get("scaffold/control"), undefined);
});

const memory = (): DeviceState => {
  const values = new Map<string, Uint8Array>();
  return {
    get: (key) => Promise.resolve(values.get(key)),
    set: (key, value) => Promise.resolve(void values.set(key, value)),
  };
};
/** A round over a model of one value whose published control is 2. */
const begin = (state: DeviceState, version = 0) =>
  strategyPlan(scaffold({ population: 4 })).client!.begin({
    ...{ round: version + 1, version, state },
    published: { "published/control/x": tensor(2) },
  });

Deno.test("scaffold: a client's half by hand", async () => {
  const state = memory();
  const round = await begin(state);
  assert.deepEqual(round.correction, { proximal: 0, shift: { x: tensor(2) } });
  const contribution = { weights: {}, examples: 1, steps: 5, rate: 0.5 };
  // −2 − 10/(5·0.5)
  const sent = { x: tensor(10), "control/x": tensor(-6) };
  assert.deepEqual(round.form!({ x: tensor(10) }, contribution), sent);
  await round.accepted!({ ...sent, "control/x": tensor(-5) });
  // What arrived counts, not what was meant.
  const next = await begin(state, 1);
  assert.deepEqual(next.correction?.shift, { x: tensor(7) });
});

Deno.test("scaffold: a client that took no step, or steps of no length, keeps its control", async () => {
  const { form } = await begin(memory());
  for (const given of [{ steps: 0, rate: 0.1 }, { steps: 7, rate: 0 }]) {
    const sent = form!({ x: tensor(0) }, { weights: {}, examples: 0, ...given });
    assert.deepEqual(sent, { x: tensor(0), "control/x": tensor(0) });
  }
});

Deno.test("scaffold: the root adds the mean change of control, for the share of clients it is of", () => {
  const { model, state } = strategyOf(scaffold({ population: 10, lr: 0.5 })).step({
    model: { x: tensor(1) },
    state: { "published/control/x": tensor(3) },
    sums: { x: tensor(6), "control/x": tensor(-15), "clients/weight": tensor(1.5) },
    clients: 2,
    round: 1,
  });
  assert.deepEqual(model, { x: tensor(3) });
  // 3 + 2/10 · −15/1.5
  assert.deepEqual(state, { "published/control/x": tensor(1) });
});

Deno.test("scaffold: publishes a control of zeros beside the first model", () => {
  const options = scaffold({ population: 3 });
  assert.deepEqual(strategyOf(options).init({ w: tensor(1, 2), b: tensor(3) }), {
    "published/control/w": tensor(0, 0),
    "published/control/b": tensor(0),
  });
  assert.deepEqual(strategyPlan(options).published!([{ name: "w", shape: [2, 3] }]), [
    { name: "published/control/w", shape: [2, 3] },
  ]);
});

Deno.test("scaffold: asks for both changes of each tensor, and the weight", () => {
  const options = scaffold({ population: 3, range: 2, controlRange: 5 });
  assert.deepEqual(strategyOf(options).sums([{ name: "w", shape: [2] }]), [
    { name: "w", shape: [2], range: 2 },
    { name: "clients/weight", shape: [1], range: 1 },
    { name: "control/w", shape: [2], range: 5 },
  ]);
});

Deno.test("scaffold: a trainer that does not tell its steps and rate is refused", async () => {
  const { form } = await begin(memory());
  for (
    const [given, found] of [
      [{ rate: 0.1 }, "steps undefined"],
      [{ steps: 3 }, "rate undefined"],
      [{ steps: 3, rate: -0.1 }, "rate -0.1"],
    ] as const
  ) {
    assert.throws(
      () => form!({ x: tensor(1) }, { weights: {}, examples: 1, ...given }),
      (error) =>
        isTributaryError(error, "update-misshapen") &&
        error.message.startsWith(`Cannot send the update: its trainer gave ${found}, expected `),
    );
  }
});

Deno.test("scaffold: a model whose tensors are called like its sums is refused", () => {
  const model: NamedTensors = { x: tensor(1), "control/x": tensor(1) };
  const specs = Object.entries(model).map(([name, { shape }]) => ({ name, shape }));
  assert.throws(
    () => strategyOf(scaffold({ population: 2 })).sums(specs),
    /tensor "control\/x"/,
  );
});

Deno.test("scaffold: refuses a population that is no whole number", () => {
  assert.equal(isRefused(scaffold({ population: 1 })), false);
  for (const wrong of [{ population: 0 }, { population: 1.5 }, { controlRange: 0 }, { q: 1 }]) {
    assert.equal(isRefused({ ...scaffold({ population: 2 }), ...wrong }), true);
  }
});
