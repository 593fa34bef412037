import assert from "node:assert/strict";
import { seededRng } from "../core/random.ts";
import { assertClose, BACKENDS, constant, fill, valuesOf } from "../tensor/backends_testing.ts";
import { mean, multiply, sum, Tape, type Variable } from "../tensor/mod.ts";
import type { Forward } from "./layer.ts";
import { type ParameterBlock, placeParameters } from "./parameter_block.ts";
import { initialParameters } from "./parameters.ts";
import { transformerBlock, type TransformerBlockOptions } from "./transformer.ts";

const SEED = new Uint8Array(32).fill(6);
const SHAPE = [2, 3, 4];
const OPTIONS: readonly TransformerBlockOptions[] = [
  { width: 4, heads: 2, hidden: 6, causal: true },
  { width: 4, heads: 1, norm: "after", activation: "silu" },
];

interface Placed {
  readonly tape: Tape;
  readonly block: ParameterBlock;
  readonly forward: Forward;
}

function place(options: TransformerBlockOptions, { create }: typeof BACKENDS[number]): Placed {
  const tape = new Tape(create());
  const { parameters, bind } = transformerBlock(options);
  const values = initialParameters(parameters, SEED);
  const rng = seededRng(SEED);
  // Away from their first values, at which many gradients are alike.
  for (const { data } of Object.values(values)) {
    for (let i = 0; i < data.length; i++) data[i] = data[i]! + 0.3 * rng.normal();
  }
  const block = placeParameters(tape, { parameters, values });
  return { tape, block, forward: bind(block.variable) };
}

const INPUT = (() => {
  const rng = seededRng(SEED);
  return Array.from({ length: 24 }, () => rng.normal());
})();
const UPSTREAM = INPUT.map((_, i) => Math.cos(i));

function lossOf({ tape, forward }: Placed, x: Variable): Variable {
  const y = forward({ tape }, x);
  assert.deepEqual(y.shape, SHAPE);
  const weights = tape.constant(Float32Array.from(UPSTREAM), SHAPE);
  return sum(tape, multiply(tape, y, weights));
}

async function lossAt(placed: Placed): Promise<number> {
  const { tape } = placed;
  const [loss] = await tape.evaluate(() => {
    const x = tape.constant(Float32Array.from(INPUT), SHAPE);
    return valuesOf(tape.backend, lossOf(placed, x).slot);
  });
  return loss!;
}

async function gradientsOf(placed: Placed): Promise<number[]> {
  const { tape, block } = placed;
  block.clearGradients();
  tape.step(() => tape.backward(lossOf(placed, tape.constant(Float32Array.from(INPUT), SHAPE))));
  return await valuesOf(tape.backend, block.gradients);
}

for (const options of OPTIONS) {
  const { norm = "before" } = options;
  Deno.test(`transformer block: norm ${norm}: gradients are those of central differences`, async () => {
    const placed = place(options, BACKENDS[0]!);
    const { block, tape: { backend } } = placed;
    const found = await gradientsOf(placed);
    const values = await valuesOf(backend, block.values);
    const width = 1e-5;
    for (let at = 0; at < values.length; at++) {
      const moved = async (by: number) => {
        fill(backend, block.values, values.with(at, values[at]! + by));
        return await lossAt(placed);
      };
      const slope = (await moved(width) - await moved(-width)) / (2 * width);
      assertClose([found[at]!], [slope], { tolerance: 1e-6, what: `gradient ${at}` });
    }
  });

  Deno.test(`transformer block: norm ${norm}: wasm has the reference's loss and gradients`, async () => {
    const [reference, wasm] = BACKENDS.map((backend) => place(options, backend));
    assertClose([await lossAt(wasm!)], [await lossAt(reference!)], { tolerance: 1e-5 });
    const wanted = await gradientsOf(reference!);
    assertClose(await gradientsOf(wasm!), wanted, { tolerance: 1e-4, what: "gradient" });
  });
}

Deno.test("transformer block: parameters have dotted names, and the width between is told", () => {
  const { parameters } = transformerBlock({ width: 8, heads: 2 });
  const shapes = Object.fromEntries(parameters.map(({ name, shape }) => [name, shape]));
  assert.deepEqual(shapes["feed.expand.weight"], [8, 32]);
  assert.deepEqual(shapes["feed.contract.weight"], [32, 8]);
  assert.deepEqual(shapes["attention.query.weight"], [8, 8]);
  assert.deepEqual(shapes["norm2.shift"], [8]);
  assert.equal(parameters.length, 16);
});

Deno.test("transformer block: a causal one sees nothing of what comes after", async () => {
  const placed = place(OPTIONS[0]!, BACKENDS[0]!);
  const { tape, forward } = placed;
  const outputs = (last: number) =>
    tape.evaluate(() => {
      const x = constant(tape, [[[1, 2, 3, 4], [4, 3, 2, 1], [last, 0, last, 1]]]);
      return valuesOf(tape.backend, forward({ tape }, x).slot);
    });
  const [one, other] = [await outputs(1), await outputs(-5)];
  assert.deepEqual(one.slice(0, 8), other.slice(0, 8));
  assert.notDeepEqual(one.slice(8), other.slice(8));
});

Deno.test("transformer block: dropout works in training alone, and by the seed", async () => {
  const placed = place({ width: 4, heads: 2, dropout: 0.5 }, BACKENDS[0]!);
  const { tape, forward } = placed;
  const outputs = (seed?: Uint8Array) =>
    tape.step(() => {
      const pass = { tape, ...(seed && { rng: seededRng(seed) }) };
      const y = forward(pass, tape.constant(Float32Array.from(INPUT), SHAPE));
      return valuesOf(tape.backend, y.slot);
    });
  const calm = await outputs();
  assert.deepEqual(await outputs(), calm);
  const dropped = await outputs(SEED);
  assert.notDeepEqual(dropped, calm);
  assert.deepEqual(await outputs(SEED), dropped);
});

Deno.test("transformer block: a mean over its outputs trains every parameter", async () => {
  const placed = place({ width: 4, heads: 2 }, BACKENDS[0]!);
  const { tape, block, forward } = placed;
  tape.step(() => {
    const y = forward({ tape }, tape.constant(Float32Array.from(INPUT), SHAPE));
    tape.backward(mean(tape, multiply(tape, y, y)));
  });
  for (const [name, { data }] of Object.entries(await block.readGradients())) {
    // A shift of all keys alike changes no softmax.
    if (name === "attention.key.bias") continue;
    assert.ok(data.some((value) => Math.abs(value) > 1e-8), name);
  }
});
