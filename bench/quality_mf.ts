/**
 * Matrix factorisation by gradient steps: alone, in one place, and federated; and popularity.
 *
 * @module
 */
import { deriveSeed } from "../src/core/random.ts";
import { popularityScores } from "../src/data/popularity.ts";
import { mf } from "../src/models/mf.ts";
import { centralMf } from "../src/models/mf_central.ts";
import { localMf } from "../src/models/mf_local.ts";
import { trainInRounds } from "./quality_rounds.ts";
import { judge, type QualityMethod } from "./quality_world.ts";

const DIM = 32;
const SHOWN = [10, 20, 30];

/** How many people took each item. */
export const popularity: QualityMethod = async function* (world) {
  const scores = popularityScores(world.split.train);
  yield await judge("popularity", world, () => scores);
};

/** Each person with nothing but their own ratings. */
export const localOnly: QualityMethod = async function* (world) {
  const model = mf({ items: world.items, dim: DIM });
  const initial = model.initial(world.seed);
  yield await judge("local only", world, async ({ person, train: items }) => {
    const seed = await deriveSeed(world.seed, "alone", person);
    return await localMf(model, { core: world.train, items, initial, seed });
  });
};

/** One party with everybody's ratings. */
export const centralLogistic: QualityMethod = async function* (world) {
  const people = world.split.train.histories.map(({ items }) => items);
  const model = mf({ items: world.items, dim: DIM });
  const score = await centralMf(model, { core: world.train, people, seed: world.seed });
  yield await judge("central logistic MF", world, ({ person }) => score(person));
};

/** Federated, with the user's vector on the device. */
export function federatedMf(loss: "logistic" | "bpr"): QualityMethod {
  return (world) =>
    trainInRounds(world, {
      name: `${loss === "bpr" ? "BPR" : "logistic"} MF d ${DIM}`,
      model: mf({ items: world.items, dim: DIM, loss }),
      show: SHOWN,
    });
}
