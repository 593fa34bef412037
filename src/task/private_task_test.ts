import assert from "node:assert/strict";
import { toBase64Url } from "../core/bytes.ts";
import { ials, mf, tensors } from "../models/mod.ts";
import { gaussianEpsilon } from "../privacy/gaussian.ts";
import { fedNova, fedProx, qFedAvg, scaffold } from "../strategy/mod.ts";
import { gridOf, spendOver, taskSpend } from "../update/private_plan.ts";
import { MAX_BITS } from "../wasm/aggregate.ts";
import { readTask, type Task, updatePlan } from "../wire/task.ts";
import { checkTask } from "./check_task.ts";
import { defineTask, type TaskDefinition } from "./define_task.ts";

const DEFINITION: TaskDefinition = {
  name: "risk",
  model: tensors({ tensors: { slopes: [1000], intercept: [1] }, metrics: ["loss"] }),
  clients: { min: 400, max: 1000 },
  privacy: { epsilon: 4, delta: 1e-6, clip: 0.5 },
  stop: { rounds: 20 },
};

const defined = (change: Partial<TaskDefinition> = {}): Task =>
  defineTask({ ...DEFINITION, ...change });

/** A task as one who is not held to `defineTask` writes it. */
// deno-lint-ignore no-explicit-any
function written(change: (task: any) => void, base: Task = defined()): Task {
  const task = JSON.parse(JSON.stringify(base));
  change(task);
  return task;
}

Deno.test("private task: noise and grid are chosen so that the promise is just kept", () => {
  for (
    const change of [
      {},
      { sampling: { kind: "poisson", rate: 0.05 } },
      { privacy: { epsilon: 4, delta: 1e-6, mechanism: { kind: "gaussian" } } },
      {
        privacy: { epsilon: 4, delta: 1e-6, mechanism: { kind: "gaussian" } },
        sampling: { kind: "poisson", rate: 0.05 },
      },
      {
        privacy: {
          ...{ epsilon: 4, delta: 1e-6 },
          mechanism: { kind: "ftrl", separation: 5, participations: 4 },
        },
      },
      {
        privacy: {
          ...{ epsilon: 4, delta: 1e-6 },
          adaptiveClip: { quantile: 0.5, rate: 0.2, countNoise: 40 },
        },
      },
    ] as const
  ) {
    const task = defined(change);
    const spent = taskSpend(task)?.after(20) ?? NaN;
    assert.ok(spent <= 4 && spent > 4 * 0.998, `${JSON.stringify(task.privacy)}: ${spent}`);
    assert.deepEqual(checkTask(JSON.parse(JSON.stringify(task))).plan, updatePlan(task));
  }
});

Deno.test("private task: without sampling Gaussian noise spends what the exact formula says", () => {
  const task = defined({
    privacy: { epsilon: 4, delta: 1e-6, noise: 6, mechanism: { kind: "gaussian" } },
  });
  const { privacy } = task;
  assert.ok(privacy !== undefined);
  const { stddev, l2 } = gridOf({ ...updatePlan(task), privacy });
  const spent = taskSpend(task)?.after(20) ?? NaN;
  assert.ok(Math.abs(spent / gaussianEpsilon(stddev / l2 / Math.sqrt(20), 1e-6) - 1) < 1e-12);
});

Deno.test("private task: Skellam noise costs hardly more than Gaussian of the same size", () => {
  const spentBy = (kind: "skellam" | "gaussian") =>
    taskSpend(defined({ privacy: { epsilon: 4, delta: 1e-6, noise: 6, mechanism: { kind } } }))
      ?.after(20) ?? NaN;
  const [skellam, gaussian] = [spentBy("skellam"), spentBy("gaussian")];
  // Rényi accounting against the exact formula makes up for nearly all of it.
  assert.ok(skellam > gaussian && skellam < 1.08 * gaussian, `${skellam}, ${gaussian}`);
});

Deno.test("private task: only Poisson samples spend less than everybody does", () => {
  const { privacy } = defined();
  assert.ok(privacy !== undefined);
  const grid = gridOf({ ...updatePlan(defined()), privacy });
  const all = spendOver(grid, privacy, { sums: 20, sampling: { kind: "all" } });
  const uniform = { kind: "uniform", count: 400, overSelect: 1 } as const;
  assert.equal(spendOver(grid, privacy, { sums: 20, sampling: uniform }), all);
  assert.ok(
    spendOver(grid, privacy, { sums: 20, sampling: { kind: "poisson", rate: 0.1 } }) < all / 4,
  );
});

Deno.test("private task: what each sum spends, and when another would be too much", () => {
  const task = defined();
  const spend = taskSpend(task);
  assert.ok(spend !== undefined);
  let last = 0;
  for (let sums = 0; sums < 20; sums++) {
    const { epsilon, isOver, sums: opened } = spend.next(sums);
    assert.ok(epsilon > last && epsilon <= 4);
    assert.deepEqual({ opened, isOver }, { opened: sums + 1, isOver: sums === 19 });
    last = epsilon;
  }
  assert.equal(spend.after(0), 0);
  assert.ok(spend.after(21) > 4);
  const { privacy: _, ...free } = DEFINITION;
  assert.equal(taskSpend(defineTask(free)), undefined);
});

Deno.test("private task: of each group's clients the noise is counted on, of a round's without groups", () => {
  const helpers = [1, 2, 3, 4, 5].map((at) => ({
    url: `https://helper-${at}.example`,
    key: toBase64Url(new Uint8Array(32).fill(at)),
    identity: toBase64Url(new Uint8Array(32).fill(16 + at)),
  }));
  const sharesOf = (change: Partial<TaskDefinition>) => {
    const mechanism = defined(change).privacy?.mechanism;
    return mechanism?.kind === "skellam" ? mechanism.shares : NaN;
  };
  assert.equal(sharesOf({}), 400);
  const grouped = { kind: "kahe1", helpers, min: 100, groups: 4 } as const;
  assert.equal(sharesOf({ mask: grouped }), 100);
  assert.equal(sharesOf({ mask: { kind: "kahe1", helpers } }), 400);
  const one = gridShare(defined());
  const four = gridShare(defined({ mask: grouped }));
  // A client's share is that of a group of 100: four times the variance.
  assert.ok(Math.abs(four / one - 4) < 0.05, `${four / one}`);
  const careful = { epsilon: 4, delta: 1e-6, mechanism: { kind: "skellam", shares: 80 } } as const;
  assert.equal(sharesOf({ mask: grouped, privacy: careful }), 80);
  const greedy = { ...careful, mechanism: { kind: "skellam", shares: 101 } } as const;
  assert.throws(() => defined({ mask: grouped, privacy: greedy }), {
    code: "task-refused",
    message:
      "Cannot count on noise of 101 clients: sums of 100 may be opened, expected at most those",
  });
});

/** Variance of a client's noise, over the square of the grid's scale. */
function gridShare(task: Task): number {
  const { privacy } = task;
  assert.ok(privacy !== undefined);
  return gridOf({ ...updatePlan(task), privacy }).share / privacy.scale ** 2;
}

Deno.test("private task: a promise that the plan does not keep is refused with what it spends", () => {
  const noise = defined().privacy?.noise ?? NaN;
  for (
    const [change, message] of [
      [
        { privacy: { epsilon: 3.9, delta: 1e-6, clip: 0.5, noise } },
        /^Cannot keep ε = 3.9 at δ = 0.000001: noise of \S+ times the bound spends ε = 3.99\d+ over 20 rounds, expected at most 3.9$/,
      ],
      [
        { stop: { rounds: 21 }, privacy: { epsilon: 4, delta: 1e-6, clip: 0.5, noise } },
        /spends ε = 4.1\d+ over 21 rounds, expected at most 4$/,
      ],
      [
        { privacy: { epsilon: 4, delta: 1e-7, clip: 0.5, noise } },
        /spends ε = 4.\d+ over 20 rounds/,
      ],
      [
        { clients: { min: 400, max: 1000 }, update: { slotBits: 13 } },
        /no noise that slots of 13 bits have room for is enough$/,
      ],
      [{ privacy: { epsilon: 100, delta: 1e-6 } }, /expected at most ε = 38, beyond which clients/],
    ] as const
  ) {
    assert.throws(() => defined(change), { code: "task-refused", message });
  }
});

Deno.test("private task: whoever reads one that was changed by hand refuses it", () => {
  // deno-lint-ignore no-explicit-any
  const changes: [(task: any) => void, RegExp][] = [
    [(task) => task.privacy.noise *= 0.9, /spends ε = 4.\d+ over 20 rounds, expected at most 4/],
    [(task) => task.privacy.epsilon = 3, /spends ε = 3.9\d+ over 20 rounds, expected at most 3/],
    [(task) => task.stop.rounds = 40, /over 40 rounds/],
    [(task) => task.privacy.mechanism.shares = 401, /noise of 401 clients/],
    [(task) => task.clients.min = 300, /noise of 400 clients: sums of 300 may be opened/],
    [(task) => task.privacy.extras = 1, /spends ε = /],
    [(task) => task.privacy.scale *= 100, /room for|have room for/],
    [(task) => task.update.slotBits = 18, /a slot has room for|slots have room for/],
    [(task) => task.update.clip = 1, /Cannot clip updates to 1 where a promise/],
    [
      (task) => task.privacy.adaptiveClip = { quantile: 0.5, rate: 0.2, countNoise: 50 },
      /tensor 6 is no tensor: expected clip\/below \[1\] within ±0.5|tensor \d+ is no tensor/,
    ],
    [(task) => task.privacy.mechanism = { kind: "laplace" }, /mechanism/],
    [(task) => task.privacy.delta = 0, /delta/],
    [(task) => task.privacy.more = 1, /more/],
  ];
  for (const [change, message] of changes) {
    const task = written(change);
    // As a client does: its form first.
    assert.throws(
      () => checkTask(readTask(task)),
      { code: "task-refused", message },
      String(change),
    );
  }
});

Deno.test("private task: buffers of correlated noise that are not sound are refused", () => {
  const task = defined({
    privacy: {
      ...{ epsilon: 4, delta: 1e-6 },
      mechanism: { kind: "ftrl", separation: 5, participations: 4 },
    },
  });
  const rising = written((task) => task.privacy.mechanism.weight = [2], task);
  assert.throws(() => checkTask(rising), { code: "task-refused", message: /take noise back by/ });
  const adaptive = written((task) => {
    task.privacy.adaptiveClip = { quantile: 0.5, rate: 0.2, countNoise: 50 };
    task.update.tensors.push({ name: "clip/below", shape: [1], range: 0.5 });
  }, task);
  assert.throws(() => checkTask(adaptive), {
    code: "task-refused",
    message: /Cannot adapt the bound on updates under ftrl/,
  });
});

Deno.test("private task: strategies that keep or scale what clients send apart are refused, others are not", () => {
  const refused = [
    scaffold({ population: 900 }),
    fedNova({ maxSteps: 5 }),
    qFedAvg({ norm: 0.5 }),
  ];
  for (const strategy of refused) {
    assert.throws(() => defined({ strategy }), {
      code: "task-refused",
      message: new RegExp(`Cannot blur what clients send for ${strategy.kind}`),
    });
  }
  assert.equal(defined({ strategy: fedProx() }).strategy.kind, "fedprox");
  for (const model of [mf({ items: 50, dim: 4 }), ials({ items: 50, dim: 4 })]) {
    assert.ok(checkTask(defined({ model })).plan.privacy !== undefined);
  }
});

Deno.test("private task: where all weigh the same no weight is sent, else it is one of the values", () => {
  const names = (task: Task) => task.update.tensors.map(({ name }) => name);
  assert.deepEqual(names(defined()), [
    ...["slopes", "intercept"],
    ...["metrics/evaluated", "metrics/loss"],
  ]);
  assert.ok(names(defined({ update: { weightCap: 20 } })).includes("clients/weight"));
  const { privacy: _, ...free } = DEFINITION;
  assert.ok(names(defineTask(free)).includes("clients/weight"));
});

Deno.test("private task: slots are 25 bits wide, of which values take no more than they may", () => {
  const { update, clients, privacy } = defined();
  assert.equal(update.slotBits, 25);
  assert.ok(privacy !== undefined && update.clip === null);
  const bits = 25 - Math.ceil(Math.log2(clients.max));
  assert.ok(bits <= MAX_BITS);
  const { signal, most } = gridOf({ ...updatePlan(defined()), privacy });
  assert.equal(signal + most, 2 ** (bits - 1) - 1);
});
