/**
 * Layers over known values, for the tests of each.
 *
 * @module
 */
import {
  assertClose,
  constant,
  fill,
  flat,
  type Nested,
  shapeOf,
  type TestBackend,
  valuesOf,
} from "../tensor/backends_testing.ts";
import { multiply, sum, type Tape, type Variable } from "../tensor/mod.ts";
import type { Forward, Layer } from "./layer.ts";
import { type ParameterBlock, placeParameters } from "./parameter_block.ts";
import { initialParameters } from "./parameters.ts";

/** A layer with its parameters in place. */
export interface PlacedLayer<Input> {
  /** The parameters. */
  readonly block: ParameterBlock;
  /** The layer over them. */
  readonly forward: Forward<Input>;
}

/** Places a layer whose parameters hold known values, to the backend's own precision. */
export function placeKnown<Input>(
  tape: Tape,
  layer: Layer<Input>,
  known: Readonly<Record<string, Nested>>,
): PlacedLayer<Input> {
  const { parameters } = layer;
  const block = placeParameters(tape, {
    parameters,
    values: initialParameters(parameters, new Uint8Array(32)),
  });
  for (const { name, shape } of parameters) {
    const values = known[name];
    if (values === undefined || `${shapeOf(values)}` !== `${shape}`) {
      throw new Error(`no values of shape [${shape}] for ${name}`);
    }
    fill(tape.backend, block.variable(name).slot, flat(values));
  }
  return { block, forward: layer.bind(block.variable) };
}

/** `Σ output·upstream`, whose gradients known answers give. */
export function against(tape: Tape, output: Variable, upstream: Nested): Variable {
  return sum(tape, multiply(tape, output, constant(tape, upstream)));
}

/** Asserts the values of a variable. */
export async function assertValues(
  tape: Tape,
  variable: Variable,
  { wanted, of, what }: {
    readonly wanted: Nested;
    readonly of: TestBackend;
    readonly what: string;
  },
): Promise<void> {
  const found = await valuesOf(tape.backend, variable.slot);
  assertClose(found, wanted, { tolerance: of.tolerance, what });
}

/** Asserts the gradient of a variable. */
export async function assertGradient(
  tape: Tape,
  variable: Variable,
  { wanted, of, what }: {
    readonly wanted: Nested;
    readonly of: TestBackend;
    readonly what: string;
  },
): Promise<void> {
  const found = await valuesOf(tape.backend, tape.gradient(variable));
  assertClose(found, wanted, { tolerance: of.tolerance, what: `gradient of ${what}` });
}
