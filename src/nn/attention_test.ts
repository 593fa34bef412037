import assert from "node:assert/strict";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import {
  fill,
  flat,
  indices,
  type Nested,
  testBackends,
  valuesOf,
} from "../tensor/backends_testing.ts";
import { reshape } from "../tensor/mod.ts";
import { multiHeadAttention } from "./attention.ts";
import { against, assertGradient, assertValues, placeKnown } from "./layers_testing.ts";
import { initialParameters } from "./parameters.ts";
import { placeParameters } from "./parameter_block.ts";

type Projection = { readonly kernel: Nested; readonly bias: Nested };
type Projections = Readonly<Record<"query" | "key" | "value" | "out", Projection>>;

interface AttentionCase {
  readonly kind: string;
  readonly heads: number;
  readonly embed: number;
  readonly causal: boolean;
  readonly x: readonly Nested[];
  readonly params: Projections;
  readonly output: Nested;
  readonly upstream: Nested;
  readonly gradient_x: Nested;
  readonly gradient_params: Projections;
}

const vectors = sharedVectors<{ readonly cases: readonly AttentionCase[] }>("optim.json");

function named(projections: Projections): Record<string, Nested> {
  return Object.fromEntries(
    Object.entries(projections).flatMap(([name, { kernel, bias }]) => [
      [`${name}.weight`, kernel],
      [`${name}.bias`, bias],
    ]),
  );
}

if (!vectors.ignore) {
  const cases = vectors.read().cases.filter(({ kind }) => kind === "multi_head_self_attention");
  for (const known of cases) {
    testBackends("attention layer: output and all gradients are known", async (tape, of) => {
      const layer = multiHeadAttention({
        width: known.embed,
        heads: known.heads,
        causal: known.causal,
      });
      const { block, forward } = placeKnown(tape, layer, named(known.params));
      const { length } = known.x;
      await tape.step(async () => {
        const values = flat(known.x);
        const x = tape.input(Float32Array.from(values), [1, length, known.embed]);
        fill(tape.backend, x.slot, values);
        const y = reshape(tape, forward({ tape }, x), [length, known.embed]);
        tape.backward(against(tape, y, known.upstream));
        await assertValues(tape, y, { wanted: known.output, of, what: "output" });
        await assertGradient(tape, x, { wanted: known.gradient_x, of, what: "x" });
      });
      for (const [name, wanted] of Object.entries(named(known.gradient_params))) {
        await assertGradient(tape, block.variable(name), { wanted, of, what: name });
      }
    });
  }
}

testBackends(
  "attention layer: positions beyond a sequence's length change nothing",
  async (tape) => {
    const layer = multiHeadAttention({ width: 4, heads: 2 });
    const values = initialParameters(layer.parameters, new Uint8Array(32).fill(1));
    const block = placeParameters(tape, { parameters: layer.parameters, values });
    const forward = layer.bind(block.variable);
    const outputs = (x: number[], length: number, lengths?: number) =>
      tape.step(() => {
        const pass = { tape, ...(lengths && { lengths: indices(tape, [lengths]) }) };
        return valuesOf(
          tape.backend,
          forward(pass, tape.constant(Float32Array.from(x), [1, length, 4])).slot,
        );
      });
    const real = [1, 2, 3, 4, -1, 0, 1, 2];
    const alone = await outputs(real, 2);
    const padded = await outputs([...real, 9, 9, 9, 9], 3, 2);
    alone.forEach((value, at) => assert.ok(Math.abs(padded[at]! - value) < 1e-6));
    const seen = await outputs([...real, 9, 9, 9, 9], 3);
    assert.ok(alone.some((value, at) => Math.abs(seen[at]! - value) > 1e-3));
  },
);

Deno.test("attention layer: heads that do not divide the width are refused", () => {
  for (const heads of [0, 3, 1.5, 16]) {
    assert.throws(
      () => multiHeadAttention({ width: 8, heads }),
      /^RangeError: Cannot divide 8 values by .* heads: expected a whole number for each$/,
    );
  }
});
