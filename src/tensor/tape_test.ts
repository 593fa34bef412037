import assert from "node:assert/strict";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { add, multiply, scale, subtract } from "./arithmetic.ts";
import type { Backend } from "./backend.ts";
import { constant, parameter, testBackends } from "./backends_testing.ts";
import { mse } from "./elementwise_losses.ts";
import type { KernelName } from "./kernels.ts";
import { reshape, sliceRows } from "./layout.ts";
import { linear } from "./linear.ts";
import { createReferenceBackend } from "./reference_backend_testing.ts";
import { mean, sum } from "./reduce.ts";
import { Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";
import { createWasmBackend } from "./wasm_backend.ts";

const OVER = /^TypeError: Cannot use a variable whose step is over$/;

/** A backend that writes down which kernels run, over which operands. */
function watched(): { readonly tape: Tape; readonly runs: [KernelName, readonly unknown[]][] } {
  const runs: [KernelName, readonly unknown[]][] = [];
  const backend = createReferenceBackend();
  const spy: Backend = {
    ...backend,
    run(kernel, slots, numbers) {
      runs.push([kernel, slots]);
      backend.run(kernel, slots, numbers);
    },
  };
  return { tape: new Tape(spy), runs };
}

testBackends("tape: a variable that is used twice gets both gradients", async (tape) => {
  const slope = await tape.step(() => {
    const x = tape.input(Float32Array.of(3, -2), [2]);
    // x² + 5x − x
    const square = multiply(tape, x, x);
    const line = subtract(tape, add(tape, square, scale(tape, x, 5)), x);
    tape.backward(sum(tape, line));
    return tape.readGradient(x);
  });
  assert.deepEqual([...slope], [10, 0]);
});

testBackends("tape: views share values and gradients with what they are of", async (tape) => {
  const slope = await tape.step(() => {
    const x = tape.input(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]);
    const flat = reshape(tape, x, [6]);
    const last = sliceRows(tape, x, { from: 1, to: 3 });
    const loss = add(tape, sum(tape, multiply(tape, flat, flat)), sum(tape, last));
    tape.backward(add(tape, loss, sum(tape, reshape(tape, last, [4]))));
    return tape.readGradient(x);
  });
  assert.deepEqual([...slope], [2, 4, 8, 10, 12, 14]);
});

testBackends(
  "tape: gradients of parameters add up over steps until they are cleared",
  async (tape) => {
    const w = parameter(tape, [2, 3]);
    for (let step = 1; step <= 3; step++) {
      tape.step(() => tape.backward(sum(tape, multiply(tape, w, w))));
      assert.deepEqual([...await tape.readGradient(w)], [4 * step, 6 * step]);
    }
    assert.deepEqual([...await tape.read(w)], [2, 3]);
  },
);

testBackends(
  "tape: a loss that does not reach a parameter leaves its gradient alone",
  async (tape) => {
    const [used, unused] = [parameter(tape, [2]), parameter(tape, [5])];
    tape.step(() => {
      multiply(tape, unused, unused);
      tape.backward(sum(tape, multiply(tape, used, used)));
    });
    assert.deepEqual([...await tape.readGradient(used)], [4]);
    assert.deepEqual([...await tape.readGradient(unused)], [0]);
  },
);

Deno.test("tape: gradients that nobody wants are not computed", () => {
  const { tape, runs } = watched();
  const weight = parameter(tape, [[1], [2]]);
  runs.length = 0;
  tape.step(() => {
    const x = constant(tape, [[3, 4]]);
    const weights = constant(tape, [[0.5]]);
    const scores = multiply(tape, weights, linear(tape, x, weight));
    tape.backward(mse(tape, scores, constant(tape, [[1]])));
  });
  const backward = runs.find(([kernel]) => kernel === "linear_backward")![1];
  const [, , z, , , dx, dw, dbias] = backward;
  assert.deepEqual([z, dx, dbias], [null, null, null]);
  assert.equal(dw, tape.gradient(weight));
  assert.equal(runs.filter(([kernel]) => kernel === "multiply_add").length, 1);
});

Deno.test("tape: evaluation computes the same and records nothing", async () => {
  const { tape, runs } = watched();
  const weight = parameter(tape, [[1], [2]]);
  const score = (): Variable =>
    linear(tape, constant(tape, [[3, 4]]), weight, { activation: "silu" });
  const trained = await tape.step(() => tape.read(score()));
  const [, slotsInTraining] = runs.pop()!;
  const evaluated = await tape.evaluate(() => {
    const out = score();
    assert.equal(out.differentiable, false);
    assert.throws(() => tape.backward(sum(tape, out)), /from constants alone$/);
    return tape.read(out);
  });
  assert.deepEqual(evaluated, trained);
  const [, slotsInEvaluation] = runs.find(([kernel]) => kernel === "linear")!;
  // What silu's slope would need is kept in training only.
  assert.notEqual(slotsInTraining[3], null);
  assert.equal(slotsInEvaluation[3], null);
});

testBackends("tape: a step gives back what it took, however it ends", async (tape) => {
  const { backend } = tape;
  const kept = tape.constant(Float32Array.of(7), [1]);
  const mark = backend.mark();
  const take = (): Variable => multiply(tape, kept, tape.constant(Float32Array.of(2), [1]));

  assert.equal(tape.step(() => (take(), "done")), "done");
  assert.equal(backend.mark(), mark);

  assert.throws(() =>
    tape.step(() => {
      take();
      throw new Error("broken");
    }), /^Error: broken$/);
  assert.equal(backend.mark(), mark);

  const waiting = Promise.withResolvers<void>();
  const step = tape.step(async () => {
    const product = take();
    await waiting.promise;
    return await tape.read(product);
  });
  assert.ok(backend.mark() > mark);
  assert.throws(() => tape.step(() => 0), /^TypeError: Cannot start a step within a step$/);
  // The memory of another tape's step would go with this one's.
  const another = new Tape(backend);
  assert.throws(() => another.evaluate(() => 0), /^TypeError: .* another tape .* is in one$/);
  waiting.resolve();
  assert.deepEqual([...await step], [14]);
  assert.equal(backend.mark(), mark);

  await assert.rejects(tape.step(() => Promise.reject(new Error("broken"))), /^Error: broken$/);
  assert.equal(backend.mark(), mark);
  assert.deepEqual([...await tape.read(kept)], [7]);
});

testBackends(
  "tape: a value that was read is not changed by the steps that follow",
  async (tape) => {
    const reads: Promise<Float32Array>[] = [];
    for (const values of [[1, 2], [8, 9]]) {
      tape.step(() => {
        reads.push(tape.read(tape.constant(Float32Array.from(values), [2])));
      });
    }
    assert.deepEqual(await Promise.all(reads), [Float32Array.of(1, 2), Float32Array.of(8, 9)]);
  },
);

testBackends(
  "tape: a step differentiates one value, once, and only what gradients flow to",
  (tape) => {
    tape.step(() => {
      const x = tape.input(Float32Array.of(1, 2), [2]);
      const square = multiply(tape, x, x);
      assert.throws(
        () => tape.backward(square),
        /^RangeError: Cannot differentiate \[2\]: expected one value$/,
      );
      assert.throws(
        () => tape.backward(constant(tape, 1)),
        /^TypeError: Cannot differentiate a loss that was computed from constants alone$/,
      );
      assert.throws(
        () => tape.gradient(constant(tape, 1)),
        /^TypeError: Cannot give a gradient to a constant$/,
      );
      const loss = mean(tape, square);
      tape.backward(loss);
      assert.throws(
        () => tape.backward(loss),
        /^TypeError: Cannot differentiate again: a step does so once$/,
      );
      assert.throws(
        () => tape.backward(sum(tape, square)),
        /^TypeError: Cannot add to a gradient that has flowed back: differentiate once a step$/,
      );
    });
  },
);

testBackends("tape: a variable is of no use after its step", (tape) => {
  const x = tape.step(() => tape.constant(Float32Array.of(1), [1]));
  assert.throws(() => x.slot, OVER);
  assert.throws(() => tape.gradient(x), OVER);
  assert.throws(() => tape.readGradient(x), OVER);
  assert.throws(() => tape.step(() => scale(tape, x, 2)), OVER);
  assert.throws(() => tape.step(() => reshape(tape, x, [])), OVER);
});

testBackends("tape: what does not fit its shape is refused", (tape) => {
  const [values, gradient] = [tape.backend.alloc(8), tape.backend.alloc(12)];
  assert.throws(
    () => tape.constant(Float32Array.of(1, 2, 3), [2, 2]),
    /^RangeError: Cannot take 3 values as \[2, 2\]: expected 4$/,
  );
  assert.throws(() => tape.indices(Uint32Array.of(1), [0]), /^RangeError: Cannot take 1 values/);
  assert.throws(
    () => tape.parameter([2], { values, gradient }),
    /^RangeError: Cannot use slots of 8 and 12 bytes as \[2\]: expected 8 bytes each$/,
  );
});

Deno.test("tape: memory does not grow over 10 000 steps of training", async () => {
  const core = createTrainCore(await inlineModule("train"));
  const tape = new Tape(createWasmBackend(core));
  const { backend } = tape;
  const w1 = parameter(tape, Array.from({ length: 9 }, (_, i) => [i / 9, 0.5 - i / 18]));
  const w2 = parameter(tape, [[0.5], [-0.25]]);
  const x = Float32Array.from({ length: 5 * 9 }, (_, i) => Math.sin(i));
  const y = Float32Array.from({ length: 5 }, (_, i) => Math.cos(i));
  const step = (): Promise<Float32Array> =>
    tape.step(() => {
      const hidden = linear(tape, tape.constant(x, [5, 9]), w1, { activation: "gelu" });
      const loss = mse(tape, linear(tape, hidden, w2), tape.constant(y, [5, 1]));
      tape.backward(loss);
      for (const weight of [w1, w2]) {
        const gradient = tape.gradient(weight);
        backend.run("sgd", [weight.slot, gradient], [weight.size, 0.01, 0]);
        backend.run("fill", [gradient], [weight.size, 0]);
      }
      return tape.read(loss);
    });
  const [first] = await step();
  const bytes = core.memory.bytes;
  const mark = backend.mark();
  for (let i = 1; i < 9999; i++) await step();
  const [last] = await step();
  assert.equal(core.memory.bytes, bytes);
  assert.equal(backend.mark(), mark);
  assert.ok(last! < first! / 3, `the loss went from ${first} to ${last}`);
});
