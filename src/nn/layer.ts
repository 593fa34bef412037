/**
 * Layers: which parameters they have, and what they compute with them.
 *
 * A layer is plain data and a function; it holds no values. Those lie in a {@link ParameterBlock},
 * so that one layer serves any number of models, backends and clients.
 *
 * @module
 */
import type { Rng } from "../core/random.ts";
import type { Indices, Tape, Variable } from "../tensor/mod.ts";
import { type ParameterSpec, prefixed } from "./parameters.ts";

/** One pass through layers. */
export interface Pass {
  /** What operators are recorded on. */
  readonly tape: Tape;
  /** Draws what dropout drops. Given in training alone: without it, nothing is dropped. */
  readonly rng?: Rng;
  /** How many positions of each sequence are there, where sequences are padded to one length. */
  readonly lengths?: Indices;
}

/** What a layer computes once it has parameters. */
export type Forward<Input = Variable> = (pass: Pass, input: Input) => Variable;

/** Gives a parameter by its name within the layer. */
export type ParameterSource = (name: string) => Variable;

/** Parameters, and what is computed with them. */
export interface Layer<Input = Variable> {
  /** Names within the layer, shapes, first values. */
  readonly parameters: readonly ParameterSpec[];
  /** The layer over parameters that lie somewhere; done once, not in every step. */
  bind(parameter: ParameterSource): Forward<Input>;
}

/** Layers by name; parameters are called `name.parameter`. */
export type Parts = Readonly<Record<string, Layer>>;

/**
 * Layers one after the other.
 *
 * @param parts By name, in the order in which they compute. Names must not look like numbers, which
 * JavaScript moves to the front.
 *
 * @example Dotted names
 * ```ts
 * import { linear, sequential } from "./mod.ts";
 *
 * const network = sequential({
 *   hidden: linear({ inputs: 4, outputs: 8, activation: "relu" }),
 *   output: linear({ inputs: 8, outputs: 1 }),
 * });
 * const names = network.parameters.map(({ name }) => name).join();
 * if (names !== "hidden.weight,hidden.bias,output.weight,output.bias") throw new Error(names);
 * ```
 */
export function sequential(parts: Parts): Layer {
  return {
    parameters: partParameters(parts),
    bind(parameter) {
      const steps = Object.entries(parts).map(([name, part]) => bindPart(part, name, parameter));
      return (pass, input) => steps.reduce((x, forward) => forward(pass, x), input);
    },
  };
}

/**
 * The parameters of all parts, under dotted names.
 *
 * @throws {TypeError} If a part is called by a number.
 */
export function partParameters(parts: Readonly<Record<string, Layer<never>>>): ParameterSpec[] {
  return Object.entries(parts).flatMap(([name, { parameters }]) => {
    if (/^\d+$/.test(name)) {
      throw new TypeError(`Cannot call a part ${name}: expected a name that is no number`);
    }
    return prefixed(name, parameters);
  });
}

/** Binds the part called `name` out of its owner's parameters. */
export function bindPart<Input>(
  part: Layer<Input>,
  name: string,
  parameter: ParameterSource,
): Forward<Input> {
  return part.bind((own) => parameter(`${name}.${own}`));
}
