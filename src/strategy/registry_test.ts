import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { alsExact, alsNewton, fedAdagrad, fedAdam, fedAvg, fedAvgM } from "./mod.ts";
import { fedNova, fedProx, fedYogi, qFedAvg, rowwise, scaffold } from "./mod.ts";
import { completeStrategy, strategyFrom, strategyPlan } from "./registry.ts";

const TABLE = [{ name: "items", shape: [5, 3] }];

Deno.test("strategies: each is found by its kind, and asks for what its options alone say", async () => {
  using core = createTrainCore(await inlineModule("train"));
  for (
    const options of [
      ...[fedAvg(), fedAvgM(), fedAdam(), fedYogi(), fedAdagrad(), fedProx()],
      ...[scaffold({ population: 9 }), fedNova(), qFedAvg()],
      ...[rowwise(), alsExact(), alsNewton()],
    ]
  ) {
    const strategy = strategyFrom(JSON.parse(JSON.stringify(options)), core);
    assert.equal(strategy.kind, options.kind);
    const plan = strategyPlan(options);
    assert.deepEqual(plan.options, options);
    assert.deepEqual(strategy.sums(TABLE), plan.sums(TABLE));
  }
});

Deno.test("strategies: an unknown kind is refused with those there are", () => {
  for (
    const [value, found] of [[{ kind: "krum" }, '"krum"'], [{}, "undefined"], [
      7,
      "undefined",
    ]]
  ) {
    assert.throws(
      () => strategyPlan(value),
      (error) =>
        isTributaryError(error, "task-refused") &&
        error.message ===
          `Cannot use strategy ${found}: expected one of fedavg, fedavgm, fedadam, fedyogi, ` +
            "fedadagrad, fedprox, scaffold, fednova, qfedavg, rowwise, als-exact, als-newton, ease, totals, heavy-hitters",
    );
  }
});

Deno.test("strategies: options that a person left out have defaults, and a task's must be there", () => {
  assert.deepEqual(completeStrategy({ kind: "fedprox", mu: 2 }), fedProx({ mu: 2 }));
  assert.deepEqual(completeStrategy(fedNova({ lr: 0.5 })), fedNova({ lr: 0.5 }));
  assert.throws(
    () => strategyPlan({ kind: "fedprox", mu: 2 }),
    /Cannot use strategy fedprox: lr/,
  );
  assert.throws(() => completeStrategy({ kind: "krum" }), /Cannot use strategy "krum"/);
});

Deno.test("strategies: an option that does not fit is named", () => {
  assert.throws(
    () => strategyPlan({ ...fedAdam(), beta1: 2 }),
    /Cannot use strategy fedadam: beta1: beta1 must be below 1/,
  );
  assert.throws(() => strategyPlan({ kind: "rowwise", lr: 1 }), /strategy rowwise: range/);
  assert.throws(
    () => strategyPlan({ ...fedAvg(), __proto__: null, x: 1 }),
    /strategy fedavg: x/,
  );
});

Deno.test("strategies: names of JavaScript's own objects are no kinds", () => {
  for (const kind of ["constructor", "__proto__", "toString"]) {
    assert.throws(() => strategyPlan({ kind }), /expected one of fedavg/);
  }
});
