import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Span } from "./core_memory.ts";
import { inlineModule } from "./inline.ts";
import { createTrainCore } from "./train.ts";
import type { TrainCore } from "./train.ts";

const module = await inlineModule("train");

interface Case {
  dim: number;
  rows: number[];
  biases: number[];
  person: number[];
  positives: number[];
  negatives: number[];
  loss: "logistic" | "bpr";
}

const cases: fc.Arbitrary<Case> = fc.record({
  dim: fc.integer({ min: 1, max: 9 }),
  count: fc.integer({ min: 1, max: 7 }),
  taken: fc.integer({ min: 1, max: 6 }),
  each: fc.integer({ min: 1, max: 4 }),
}).chain(({ dim, count, taken, each }) => {
  const values = (length: number) =>
    fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: length, maxLength: length });
  const numbers = (length: number) =>
    fc.array(fc.nat(count - 1), { minLength: length, maxLength: length });
  return fc.record({
    dim: fc.constant(dim),
    rows: values(dim * count),
    biases: values(count),
    person: values(dim),
    positives: numbers(taken),
    negatives: numbers(taken * each),
    loss: fc.constantFrom("logistic" as const, "bpr" as const),
  });
});

function put(core: TrainCore, data: Case): {
  rows: Span;
  biases: Span;
  positives: Span;
  negatives: Span;
  person: Span;
  coefficients: Span;
} {
  const { memory } = core;
  const floats = (list: number[]): Span => {
    const span = memory.alloc(4 * list.length);
    memory.f32(span).set(list);
    return span;
  };
  const words = (list: number[]): Span => {
    const span = memory.alloc(4 * list.length);
    memory.u32(span).set(list);
    return span;
  };
  return {
    rows: floats(data.rows),
    biases: floats(data.biases),
    positives: words(data.positives),
    negatives: words(data.negatives),
    person: floats([...data.person, ...new Array(2 * data.dim + 1).fill(0)]),
    coefficients: floats(data.biases.map(() => NaN)),
  };
}

/** Mean loss, slope along each row's score (of the sum), and slope along the person (of the mean). */
function reference({ dim, rows, biases, person, positives, negatives, loss }: Case): {
  mean: number;
  coefficients: number[];
  slope: number[];
} {
  const dot = (row: number) => person.reduce((sum, p, k) => sum + p * rows[row * dim + k]!, 0);
  const scores = biases.map((bias, row) => bias + dot(row));
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const coefficients = biases.map(() => 0);
  const each = negatives.length / positives.length;
  const terms: number[] = [];
  positives.forEach((liked, i) => {
    const others = negatives.slice(i * each, (i + 1) * each);
    if (loss === "logistic") {
      terms.push(-Math.log(sigmoid(scores[liked]!)));
      coefficients[liked]! += sigmoid(scores[liked]!) - 1;
    }
    for (const other of others) {
      const margin = loss === "logistic" ? -scores[other]! : scores[liked]! - scores[other]!;
      terms.push(-Math.log(sigmoid(margin)));
      coefficients[other]! += 1 - sigmoid(margin);
      if (loss === "bpr") coefficients[liked]! -= 1 - sigmoid(margin);
    }
  });
  const mean = terms.reduce((sum, term) => sum + term, 0) / terms.length;
  const slope = person.map((_, k) =>
    coefficients.reduce((sum, c, row) => sum + c * rows[row * dim + k]!, 0) / terms.length
  );
  return { mean, coefficients, slope };
}

function assertClose(got: ArrayLike<number>, want: number[], tolerance = 2e-5): void {
  assert.equal(got.length, want.length);
  want.forEach((value, i) =>
    assert.ok(Math.abs(got[i]! - value) <= tolerance, `${got[i]} ${value}`)
  );
}

Deno.test("mf kernels: loss and coefficients equal their definition at all sizes", () => {
  using core = createTrainCore(module);
  fc.assert(fc.property(cases, (data) => {
    const mark = core.memory.mark();
    const spans = put(core, data);
    const { loss } = data;
    const mean = core.fitPerson({ ...spans, loss, steps: 0, learningRate: 0.1, decay: 0 });
    const want = reference(data);
    assertClose([mean], [want.mean]);
    assertClose(core.memory.f32(spans.coefficients), want.coefficients);
    assertClose(core.memory.f32(spans.person).subarray(0, data.dim), data.person, 0);
    core.memory.release(mark);
  }));
});

Deno.test("mf kernels: a step moves the person as Adam does, and the coefficients with it", () => {
  using core = createTrainCore(module);
  fc.assert(fc.property(cases, (data) => {
    const mark = core.memory.mark();
    const spans = put(core, data);
    const { loss, dim } = data;
    core.fitPerson({ ...spans, loss, steps: 1, learningRate: 0.05, decay: 0.01 });
    const person = core.memory.f32(spans.person);
    const slope = reference(data).slope.map((g, k) => g + 0.01 * data.person[k]!);
    assertClose(person.subarray(dim, 2 * dim), slope.map((g) => 0.1 * g));
    assertClose(person.subarray(2 * dim, 3 * dim), slope.map((g) => 0.001 * g * g));
    assert.equal(person[3 * dim], 1);
    // The first step has the slope's sign and, unless that is tiny, the learning rate's size.
    slope.forEach((g, k) => {
      if (Math.abs(g) < 1e-4) return;
      assertClose([person[k]! - data.person[k]!], [-0.05 * Math.sign(g)]);
    });
    const moved = { ...data, person: Array.from(person.subarray(0, dim)) };
    assertClose(core.memory.f32(spans.coefficients), reference(moved).coefficients);
    core.memory.release(mark);
  }));
});

Deno.test("mf kernels: rows move against coefficient times person, within the norm allowed", () => {
  using core = createTrainCore(module);
  const clips = fc.constantFrom(0.01, 0.5, 1e9);
  fc.assert(fc.property(cases, clips, (data, clip) => {
    const mark = core.memory.mark();
    const { person, coefficients } = put(core, data);
    core.memory.f32(coefficients).set(data.biases);
    const rowChanges = core.memory.alloc(4 * data.rows.length);
    const biasChanges = core.memory.alloc(4 * data.biases.length);
    core.stepRows({ person, coefficients, rate: 0.5, clip, rowChanges, biasChanges });
    const free = [
      ...data.biases.flatMap((c) => data.person.map((p) => -0.5 * c * p)),
      ...data.biases.map((c) => -0.5 * c),
    ];
    const factor = Math.min(1, clip / Math.hypot(...free));
    const got = [...core.memory.f32(rowChanges), ...core.memory.f32(biasChanges)];
    assertClose(got, free.map((value) => value * factor), 1e-6);
    assert.ok(Math.hypot(...got) <= clip);
    core.memory.release(mark);
  }));
});

Deno.test("mf kernels: what does not fit is refused before anything is written", () => {
  using core = createTrainCore(module);
  const data: Case = {
    dim: 2,
    rows: [1, 2, 3, 4],
    biases: [0, 1],
    person: [1, 1],
    positives: [0],
    negatives: [1, 1],
    loss: "logistic",
  };
  const spans = put(core, data);
  const fit = { ...spans, loss: data.loss, steps: 1, learningRate: 1, decay: 0 };
  const word = core.memory.alloc(4);
  core.memory.u32(word)[0] = 2;
  const two = core.memory.alloc(8);
  const refused = [
    [{ positives: word }, /Cannot use row 2: there are 2 rows/],
    [{ negatives: word }, /Cannot use row 2: there are 2 rows/],
    [{ positives: two, negatives: core.memory.alloc(12) }, /Cannot pair 2 positives with 3 neg/],
    [{ positives: core.memory.alloc(0) }, /Cannot pair 0 positives with 2 negatives/],
    [{ person: two }, /Cannot read a person of 2 values/],
    [{ biases: word }, /rows of 4 values: expected 2/],
    [{ coefficients: word }, /coefficients of 1 values: expected 2/],
    [{ coefficients: spans.biases }, /overlaps biases/],
  ] as const;
  for (const [change, found] of refused) {
    assert.throws(() => core.fitPerson({ ...fit, ...change }), (error) => {
      assert.ok(error instanceof RangeError);
      assert.match(error.message, found);
      return true;
    });
  }
  assert.deepEqual([...core.memory.f32(spans.person)], [1, 1, 0, 0, 0, 0, 0]);
});
