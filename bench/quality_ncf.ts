/**
 * Neural collaborative filtering: in one place, and federated.
 *
 * @module
 */
import { centralNcf } from "../src/models/ncf_central.ts";
import { ncf } from "../src/models/ncf.ts";
import { trainInRounds } from "./quality_rounds.ts";
import { judge, type QualityMethod } from "./quality_world.ts";

/** One party with everybody's ratings. */
export const centralNeural: QualityMethod = async function* (world) {
  const people = world.split.train.histories.map(({ items }) => items);
  const model = ncf({ items: world.items });
  const score = await centralNcf(model, { core: world.train, people, seed: world.seed });
  yield await judge("central NCF", world, ({ person }) => score(person));
};

/** Federated, with the person's vectors on the device. */
export const federatedNeural: QualityMethod = (world) =>
  trainInRounds(world, {
    name: "NCF",
    model: ncf({ items: world.items }),
    show: [10, 20, 30],
  });
