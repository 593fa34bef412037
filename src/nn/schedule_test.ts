import assert from "node:assert/strict";
import fc from "fast-check";
import { isTributaryError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import { scheduleFactor, type ScheduleOptions, scheduleSchema } from "./schedule.ts";

interface ScheduleCase {
  readonly kind: string;
  readonly name: string;
  readonly hyper: Readonly<Record<string, number>> & {
    readonly boundaries: number[];
    readonly factors: number[];
  };
  readonly values: readonly number[];
}

/** The vectors name a floor by its rate or its share, and a factor `gamma`. */
function optionsOf({ name, hyper }: ScheduleCase): ScheduleOptions {
  const { gamma, every, boundaries, factors, total, warmup, end = 0, lr } = hyper;
  const floor = hyper.floor_fraction ?? end / lr!;
  const written: Record<string, Record<string, unknown>> = {
    step: { kind: "step", factor: gamma, every },
    piecewise: { kind: "piecewise", boundaries, factors },
    exponential: { kind: "exponential", factor: gamma },
    cosine: { kind: "cosine", total, floor },
    warmup_linear: { kind: "warmup-linear", warmup, total, floor },
    warmup_constant: { kind: "warmup", warmup },
    warmup_cosine: { kind: "warmup-cosine", warmup, total, floor },
  };
  return readOptions(scheduleSchema, written[name], "use a schedule");
}

const vectors = sharedVectors<{ cases: ScheduleCase[] }>("optim.json");

Deno.test({
  name: "schedules: the rates are those of optax, step by step",
  ignore: vectors.ignore,
  fn() {
    const cases = vectors.read().cases.filter(({ kind }) => kind === "schedule");
    assert.equal(cases.length, 8);
    for (const one of cases) {
      const schedule = optionsOf(one);
      one.values.forEach((rate, step) => {
        const found = one.hyper.lr! * scheduleFactor(schedule, step);
        assert.ok(Math.abs(found - rate) < 1e-12, `${one.name} ${step}: ${found}, not ${rate}`);
      });
    }
  },
});

Deno.test("schedules: a constant one takes the whole rate, always", () => {
  for (const step of [0, 1, 1e6]) assert.equal(scheduleFactor({ kind: "constant" }, step), 1);
});

Deno.test("schedules: the cosine is that of the platform, to the last digits", () => {
  const steps = fc.integer({ min: 0, max: 1000 });
  fc.assert(fc.property(steps, (step) => {
    const found = scheduleFactor({ kind: "cosine", total: 1000, floor: 0 }, step);
    assert.ok(Math.abs(found - (1 + Math.cos(Math.PI * step / 1000)) / 2) < 1e-15);
  }));
});

Deno.test("schedules: a warm-up may start above zero, and rises to the whole rate", () => {
  for (const kind of ["warmup-linear", "warmup-cosine"] as const) {
    const schedule: ScheduleOptions = { kind, warmup: 4, from: 0.25, total: 10, floor: 0.5 };
    const factors = [0, 2, 4, 10, 99].map((step) => scheduleFactor(schedule, step));
    assert.deepEqual(factors, [0.25, 0.625, 1, 0.5, 0.5]);
  }
  assert.equal(scheduleFactor({ kind: "warmup", warmup: 2, from: 0.5 }, 1), 0.75);
});

Deno.test("schedules: no factor of one that decays ever leaves [floor, 1], or rises", () => {
  const schedule = fc.record({
    kind: fc.constantFrom("warmup-linear" as const, "warmup-cosine" as const),
    warmup: fc.integer({ min: 1, max: 20 }),
    from: fc.constant(0),
    total: fc.integer({ min: 21, max: 200 }),
    floor: fc.double({ min: 0, max: 0.9, noNaN: true }),
  });
  fc.assert(fc.property(schedule, (options) => {
    let last = 1;
    for (let step = options.warmup; step < options.total + 5; step++) {
      const factor = scheduleFactor(options, step);
      assert.ok(factor <= last && factor >= options.floor, `${step}: ${factor} after ${last}`);
      last = factor;
    }
  }));
});

Deno.test("schedules: what does not fit is refused by name", () => {
  const refused: [unknown, RegExp][] = [
    [{ kind: "linear" }, /kind/],
    [{ kind: "step", factor: 0, every: 3 }, /factor must be above 0/],
    [{ kind: "step", factor: 0.5, every: 2.5 }, /every must be a whole number/],
    [{ kind: "cosine", total: 5, floor: 1 }, /floor must be below 1/],
    [{ kind: "piecewise", boundaries: [5, 5], factors: [1, 1] }, /boundaries must ascend/],
    [{ kind: "piecewise", boundaries: [5], factors: [] }, /a factor for each boundary/],
    [{ kind: "warmup-cosine", warmup: 5, total: 5 }, /total must be above warmup/],
    [{ kind: "constant", lr: 3 }, /lr/],
  ];
  for (const [value, found] of refused) {
    assert.throws(
      () => readOptions(scheduleSchema, value, "use a schedule"),
      (error) => {
        assert.ok(isTributaryError(error, "task-refused"), String(error));
        assert.match(error.message, /^Cannot use a schedule: /);
        assert.match(error.message, found);
        return true;
      },
    );
  }
});
