/**
 * Averaging that corrects each client's drift by how its gradient differs from everybody's
 * (SCAFFOLD: Karimireddy et al., ICML 2020, algorithm 1 with option II).
 *
 * @module
 */
import * as v from "valibot";
import { positive, readOptions, whole } from "../core/options.ts";
import { tensorOf, zeros } from "../core/tensor.ts";
import type { NamedTensors, TensorSpec } from "../core/tensor.ts";
import { figureOf } from "./client_half.ts";
import type { ClientRound, ClientStart } from "./client_half.ts";
import { addMeanChange } from "./mean_change.ts";
import { publishedName } from "./published.ts";
import { loadControl, saveControl } from "./scaffold_control.ts";
import type { StrategyPlan, StrategyServer, SumSpec } from "./strategy.ts";
import { refuseName, totalWeight, weightedSums } from "./weighted_sums.ts";

/** Most clients that options may allow for. */
const MOST_CLIENTS = 2 ** 31;

/** Options of SCAFFOLD as they stand in a task. */
export interface ScaffoldOptions {
  /** Tells the strategies apart. */
  readonly kind: "scaffold";
  /** Share of the mean change that is taken; the paper's η_g. */
  readonly lr: number;
  /** Clients that there are in all, whether or not they take part in a round. */
  readonly population: number;
  /** Bound of each value of a client's weighted change. */
  readonly range: number;
  /** Bound of each value of a client's weighted change of control, in units of gradients. */
  readonly controlRange: number;
}

const schema: v.GenericSchema<unknown, ScaffoldOptions> = v.strictObject({
  kind: v.literal("scaffold"),
  lr: positive("lr"),
  population: whole("population", MOST_CLIENTS),
  range: positive("range"),
  controlRange: positive("controlRange"),
});

/**
 * Options of SCAFFOLD.
 *
 * @param options `population`, and `lr` (default 1), `range` (1), `controlRange` (1).
 */
export function scaffold(
  options: Pick<ScaffoldOptions, "population"> & Partial<Omit<ScaffoldOptions, "kind">>,
): ScaffoldOptions {
  return { kind: "scaffold", lr: 1, range: 1, controlRange: 1, ...options };
}

/**
 * Each client keeps a control `c_i`, its gradient as it last was, and the root publishes their mean
 * `c`. A client adds `c − c_i` to each local gradient. After `steps` of `rate` that changed the model
 * by Δ it sends Δ and the change of its control, `Δc_i = −c − Δ/(steps·rate)`. The root steps by
 * `x += lr · Σ w·Δ / Σ w` and `c += (n / population) · Σ w·Δc_i / Σ w` over n clients.
 *
 * A client adds to its own control what arrived of `Δc_i`, once it has the region's receipt: clamped
 * and rounded as the sum has it. Thus `c` stays the mean of all clients' controls, whoever dropped
 * out, up to float32's rounding; where weights differ, up to that of the weights too.
 */
export function scaffoldFrom(value: unknown): StrategyPlan {
  const options = readOptions(schema, value, "use strategy scaffold");
  return {
    options,
    contribution: "weights",
    sums: (model) => sumsOf(options, model),
    published: (model) => model.map(({ name, shape }) => ({ name: meanControl(name), shape })),
    client: { needs: ["correction", "steps", "rate"], begin },
    server: () => server(options),
  };
}

/** Name of the sum of the changes of the clients' controls of a tensor. */
function controlChange(name: string): string {
  return `control/${name}`;
}

/** Name under which the mean control of a tensor is published. */
function meanControl(name: string): string {
  return publishedName(`control/${name}`);
}

function sumsOf(
  { range, controlRange }: ScaffoldOptions,
  model: readonly TensorSpec[],
): readonly SumSpec[] {
  for (const { name } of model) refuseName(model, controlChange(name));
  return [
    ...weightedSums(model, { range }),
    ...model.map(({ name, shape }) => ({ name: controlChange(name), shape, range: controlRange })),
  ];
}

function server({ lr, population }: ScaffoldOptions): StrategyServer {
  return {
    init: (model) =>
      Object.fromEntries(
        Object.entries(model).map(([name, { shape }]) => [meanControl(name), zeros(shape)]),
      ),
    step({ model, state, sums, clients }) {
      const factor = clients / population / totalWeight(sums);
      const controls = Object.entries(model).map(([name, { shape }]) => {
        const change = tensorOf(sums, controlChange(name)).data;
        const data = tensorOf(state, meanControl(name)).data
          .map((old, i) => old + factor * (change[i] ?? 0));
        return [meanControl(name), { shape, data }];
      });
      return { model: addMeanChange(model, sums, lr), state: Object.fromEntries(controls) };
    },
  };
}

async function begin({ round, version, published, state }: ClientStart): Promise<ClientRound> {
  const mean = Object.fromEntries(
    Object.entries(published).map(([name, tensor]) => [name.slice(meanControl("").length), tensor]),
  );
  const own = await loadControl(state, { round, version }, mean);
  return {
    correction: { proximal: 0, shift: combined(mean, own, (c, ci) => c - ci) },
    form(change, contribution) {
      const steps = figureOf(contribution, "steps", "scaffold");
      const rate = figureOf(contribution, "rate", "scaffold");
      const far = steps * rate;
      // A client that went nowhere has seen no gradient: its control stays.
      const moved = combined(mean, change, (c, delta) => far === 0 ? 0 : -c - delta / far);
      const entries = Object.entries(moved).map(([name, tensor]) => [controlChange(name), tensor]);
      return { ...change, ...Object.fromEntries(entries) };
    },
    async accepted(sent) {
      const arrived = Object.fromEntries(
        Object.keys(own).map((name) => [name, tensorOf(sent, controlChange(name))]),
      );
      const after = combined(own, arrived, (ci, change) => ci + change);
      await saveControl(state, { round, version }, { before: own, after });
    },
  };
}

/** Value by value over the tensors of `a`, of which `b` has each. */
function combined(
  a: NamedTensors,
  b: NamedTensors,
  each: (a: number, b: number) => number,
): NamedTensors {
  return Object.fromEntries(
    Object.entries(a).map(([name, { shape, data }]) => {
      const other = tensorOf(b, name).data;
      return [name, { shape, data: data.map((value, i) => each(value, other[i] ?? NaN)) }];
    }),
  );
}
