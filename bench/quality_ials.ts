/**
 * Implicit ALS, in one place and federated in both of its forms.
 *
 * @module
 */
import { memoryState } from "../src/client/memory_state.ts";
import { deriveSeed } from "../src/core/random.ts";
import { tensorOf } from "../src/core/tensor.ts";
import { ials } from "../src/models/ials.ts";
import { ialsCentral } from "../src/models/ials_central.ts";
import { trainInRounds } from "./quality_rounds.ts";
import { judge, type QualityMethod } from "./quality_world.ts";

const NEWTON_SHOWN = [1, 2, 3, 5, 10, 20];
const EXACT_SHOWN = [1, 2, 3, 5];
const SWEEPS_SHOWN = [1, 2, 3, 5, 10];

/** Quasi-Newton form: `dim + 1` values an item travel. */
export function quasiNewton(dim: number): QualityMethod {
  return (world) =>
    trainInRounds(world, {
      name: `quasi-Newton iALS d ${dim}`,
      model: ials({ items: world.items, dim }),
      show: NEWTON_SHOWN,
    });
}

/** Exact form: sums of outer products travel, 17 times as much at d 32. */
export const exact: QualityMethod = (world) =>
  trainInRounds(world, {
    name: "exact iALS d 32",
    model: ials({ items: world.items, dim: 32, form: "exact" }),
    show: EXACT_SHOWN,
  });

/** One party with everybody's ratings, from the same initial table as the clients. */
export const centralIals: QualityMethod = async function* (world) {
  const model = ials({ items: world.items, dim: 32 });
  const people = world.split.train.histories.map(({ items }) => items);
  const { shape, data } = tensorOf(model.initial(await deriveSeed(world.seed, "initial")), "items");
  let table = data;
  for (let sweep = 1; sweep <= Math.max(...SWEEPS_SHOWN); sweep++) {
    table = ialsCentral(world.train, { options: model.options, people, table, sweeps: 1 });
    if (!SWEEPS_SHOWN.includes(sweep)) continue;
    const tensors = { items: { shape, data: table } };
    yield await judge(`central iALS d 32, sweep ${sweep}`, world, ({ train: items }) => {
      const device = { core: world.train, examples: { items }, state: memoryState() };
      return model.scorer(device)(tensors);
    });
  }
};
