import assert from "node:assert/strict";
import { toBase64Url } from "../core/bytes.ts";
import { mf, tensors } from "../models/mod.ts";
import { fedNova, scaffold } from "../strategy/mod.ts";
import { defineTask, type TaskDefinition } from "./define_task.ts";
import { describeTask } from "./describe_task.ts";

Deno.test("describeTask: says what is sent, how precisely, by whom, and when it ends", () => {
  const task = defineTask({
    name: "films",
    model: mf({ items: 9724, dim: 32 }),
    clients: { min: 300, max: 610 },
    stop: {
      rounds: 30,
      target: { metric: "hr@10", value: 0.73 },
      patience: { metric: "ndcg@10", rounds: 5 },
      minutes: 90,
    },
  });
  assert.equal(
    describeTask(task),
    `films: mf, stepped by rowwise
  strategy lr 0.6, range 2
  model    item [9724, 32], bias [9724]: 320,892 values, 1.22 MiB
  sums     item, bias within ±2; count within ±1
  update   330,620 values of 9 bits in 19-bit slots, 1.26 MiB in 2 slices
  mask     none: regions can read what their members send
  clients  300 to 610 a round, which lasts up to 60 s
  sampling all of them
  metrics  hr@10, ndcg@10, loss
  stop     after 30 rounds, or when hr@10 reaches 0.73, or after 5 rounds without a better ndcg@10, or after 90 minutes`,
  );
});

Deno.test("describeTask: small tasks are told in bytes and one slice", () => {
  const task = defineTask({
    name: "risk",
    model: tensors({ tensors: { slopes: [3] } }),
    clients: { min: 1, max: 3 },
    roundMs: 1500,
    stop: { rounds: 2 },
  });
  assert.equal(
    describeTask(task),
    `risk: tensors, stepped by fedavg
  strategy lr 1, range 1
  model    slopes [3]: 3 values, 12 B
  sums     slopes, clients/weight within ±1
  update   4 values of 17 bits in 19-bit slots, 16 B in 1 slice
  mask     none: regions can read what their members send
  clients  1 to 3 a round, which lasts up to 1.5 s
  sampling all of them
  metrics  none
  stop     after 2 rounds`,
  );
});

Deno.test("describeTask: says what a strategy asks of trainers, sums, and sends along", () => {
  const definition = {
    name: "risk",
    model: tensors({ tensors: { slopes: [3], intercept: [1] } }),
    update: { slotBits: 32, clip: 0.5, weightCap: 40 },
    clients: { min: 1, max: 200 },
    stop: { rounds: 2 },
  };
  const text = describeTask(
    defineTask({ ...definition, strategy: scaffold({ population: 900, controlRange: 4 }) }),
  );
  assert.deepEqual(text.split("\n").slice(0, 9), [
    "risk: tensors, stepped by scaffold",
    "  strategy lr 1, population 900, range 1, controlRange 4",
    "  trainers give correction, steps, rate",
    "  model    slopes [3], intercept [1]: 4 values, 16 B, and 4 values of scaffold's",
    "  sums     slopes, intercept, clients/weight within ±1; control/slopes, control/intercept within ±4",
    "  update   9 values of 24 bits in 32-bit slots, 36 B in 1 slice",
    "  mask     none: regions can read what their members send",
    "  clip     to an L2 norm of 0.5",
    "  weight   by up to 40 examples",
  ]);
  const nova = describeTask(defineTask({ ...definition, strategy: fedNova({ maxSteps: 20 }) }));
  assert.match(nova, /\n {2}trainers give steps\n/);
  assert.match(
    nova,
    /slopes, intercept within ±0.1; clients\/weight within ±1; clients\/length within ±20\n/,
  );
});

for (
  const [sampling, says] of [
    [{ kind: "poisson", rate: 0.1 }, "each with probability 0.1"],
    [{ kind: "uniform", count: 10, overSelect: 1 }, "10 of all, all needed"],
    [{ kind: "uniform", count: 10, overSelect: 1.25 }, "13 of all, 10 needed"],
    [{ kind: "available", count: 8, overSelect: 1.5 }, "12 of those that are there, 8 needed"],
  ] as const
) {
  Deno.test(`describeTask: says who is asked: ${says}`, () => {
    const task = defineTask({
      name: "risk",
      model: tensors({ tensors: { slopes: [3] } }),
      clients: { min: 1, max: 20 },
      sampling,
      stop: { rounds: 2 },
    });
    assert.ok(describeTask(task).includes(`\n  sampling ${says}\n`));
  });
}

Deno.test("describeTask: says how parcels are masked, and what that makes of their length", () => {
  const helpers = [1, 2, 3, 4, 5].map((at) => ({
    url: `https://helper-${at}.example`,
    key: toBase64Url(new Uint8Array(32).fill(at)),
    identity: toBase64Url(new Uint8Array(32).fill(16 + at)),
  }));
  const definition = {
    name: "films",
    model: mf({ items: 9724, dim: 32 }),
    clients: { min: 300, max: 610 },
    stop: { rounds: 30 },
  };
  const lines = describeTask(
    defineTask({ ...definition, mask: { kind: "kahe1", helpers, min: 100, groups: 3 } }),
  ).split("\n");
  assert.deepEqual(lines.slice(4, 6), [
    "  update   330,620 values of 9 bits in 19-bit slots, 1008.0 KiB in 1 slice",
    "  mask     kahe1, opened by 4 of 5 helpers for 100 clients or more, in up to 3 groups",
  ]);
});

Deno.test("describeTask: says what is promised about privacy, what it takes, and for whom it holds", () => {
  const definition = {
    name: "risk",
    model: tensors({ tensors: { slopes: [1000] } }),
    clients: { min: 400, max: 1000 },
    stop: { rounds: 20 },
  };
  const lines = (change: Partial<TaskDefinition>) =>
    describeTask(defineTask({ ...definition, ...change })).split("\n").filter((line) =>
      /^ {2}(privacy|noise)/.test(line)
    );
  assert.deepEqual(lines({}), []);
  assert.deepEqual(lines({ privacy: { epsilon: 4, delta: 1e-6, clip: 0.5 } }), [
    "  privacy  ε = 4 at δ = 0.000001: 20 rounds spend 4",
    "  noise    5.729 times a bound of 0.5 in each value of a sum, of which each client adds its share, counting on 400",
  ]);
  const [promise = "", noise] = lines({
    privacy: { epsilon: 2, delta: 1e-6, noise: 2, mechanism: { kind: "gaussian" } },
    sampling: { kind: "poisson", rate: 0.05 },
  });
  assert.match(
    promise,
    /^ {2}privacy {2}ε = 2 at δ = 0.000001: 20 rounds spend \d\.\d+, 1\d\.\d+ for whoever knows who was asked$/,
  );
  assert.equal(
    noise,
    "  noise    2 times a bound of 1 in each value of a sum, added by the root, who is trusted to",
  );
});
