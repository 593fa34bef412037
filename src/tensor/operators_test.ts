import assert from "node:assert/strict";
import { seededRng } from "../core/random.ts";
import { sizeOf } from "../core/tensor.ts";
import { multiply } from "./arithmetic.ts";
import { assertClose, BACKENDS, fill, valuesOf } from "./backends_testing.ts";
import { OPERATOR_CASES, type OperatorCase } from "./operator_cases_testing.ts";
import { createReferenceBackend } from "./reference_backend_testing.ts";
import { sum } from "./reduce.ts";
import { Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";

/** What an operator gave: its output, and the gradients by its inputs of a weighted sum of it. */
interface Outcome {
  readonly output: number[];
  readonly gradients: number[][];
}

/** float32 values, so that every backend has the same. */
function draw(size: number, [low, high]: readonly [number, number], seed: number): number[] {
  const rng = seededRng(new Uint8Array(16).fill(seed + 1));
  return Array.from({ length: size }, () => Math.fround(low + (high - low) * rng.uniform()));
}

function inputsOf({ shapes, range = [-2, 2] }: OperatorCase): number[][] {
  return shapes.map((shape, at) => draw(sizeOf(shape), range, at));
}

function place(tape: Tape, shape: readonly number[], values: readonly number[]): Variable {
  const input = tape.input(new Float32Array(values.length), shape);
  fill(tape.backend, input.slot, values);
  return input;
}

/** The sum of an output's values, each times another number, so that no two are alike. */
function weighted(tape: Tape, output: Variable): Variable {
  const upstream = tape.constant(Float32Array.from(draw(output.size, [-1, 1], 99)), output.shape);
  return sum(tape, multiply(tape, output, upstream));
}

async function outcome(tape: Tape, it: OperatorCase): Promise<Outcome> {
  const values = inputsOf(it);
  return await tape.step(async () => {
    const inputs = it.shapes.map((shape, at) => place(tape, shape, values[at]!));
    const output = it.apply(tape, inputs);
    tape.backward(weighted(tape, output));
    return {
      output: await valuesOf(tape.backend, output.slot),
      gradients: await Promise.all(
        inputs.map((input) => valuesOf(tape.backend, tape.gradient(input))),
      ),
    };
  });
}

/** The slope of the weighted sum along one direction of all inputs, by central differences. */
async function slopeAlong(it: OperatorCase, direction: readonly number[][]): Promise<number> {
  const tape = new Tape(createReferenceBackend());
  const values = inputsOf(it);
  const step = 1e-5;
  const at = async (far: number): Promise<number> =>
    await tape.evaluate(async () => {
      const inputs = it.shapes.map((shape, i) =>
        place(tape, shape, values[i]!.map((value, j) => value + far * direction[i]![j]!))
      );
      const loss = weighted(tape, it.apply(tape, inputs));
      return (await valuesOf(tape.backend, loss.slot))[0]!;
    });
  return (await at(step) - await at(-step)) / (2 * step);
}

Deno.test("operators: gradients equal central differences in float64, along random directions", async () => {
  for (const it of OPERATOR_CASES) {
    const { gradients } = await outcome(new Tape(createReferenceBackend()), it);
    for (let seed = 0; seed < 3; seed++) {
      const direction = it.shapes.map((shape, at) => draw(sizeOf(shape), [-1, 1], 10 * seed + at));
      const wanted = await slopeAlong(it, direction);
      const found = direction.reduce(
        (sum, values, at) => sum + values.reduce((sum, v, i) => sum + v * gradients[at]![i]!, 0),
        0,
      );
      const far = Math.abs(found - wanted) / Math.max(1, Math.abs(wanted));
      assert.ok(far < 1e-6, `${it.name}: ${found} along a direction where it is ${wanted}`);
    }
  }
});

for (const { name, create, tolerance } of BACKENDS.slice(1)) {
  Deno.test(`operators: values and gradients equal the reference's (${name})`, async () => {
    const tape = new Tape(create());
    for (const it of OPERATOR_CASES) {
      const wanted = await outcome(new Tape(createReferenceBackend()), it);
      const found = await outcome(tape, it);
      assertClose(found.output, wanted.output, { tolerance, what: `${it.name}: output` });
      for (const [at, gradient] of wanted.gradients.entries()) {
        const what = `${it.name}: gradient of input ${at}`;
        assertClose(found.gradients[at]!, gradient, { tolerance, what });
      }
    }
  });
}
