/**
 * Matrix factorisation where one party holds everybody's items: the baseline that federated learning
 * has to match.
 *
 * @module
 */
import { deriveSeed, seededRng } from "../core/random.ts";
import { permutation } from "../data/permutation.ts";
import type { TrainCore } from "../wasm/train.ts";
import { drawFeedback, itemTable } from "./mf.ts";
import type { MfModel } from "./mf.ts";
import { applyPass, makePass, scoreItems } from "./mf_pass.ts";
import { newPerson } from "./mf_person.ts";

/** How {@link centralMf} trains. */
export interface CentralMfOptions {
  /** Kernels and their memory. */
  readonly core: TrainCore;
  /** Each person's items in train. */
  readonly people: readonly (Uint32Array)[];
  /** 32 bytes: of the first table, the order of people and the sampled items. */
  readonly seed: Uint8Array;
  /** Passes over everybody; default 20. */
  readonly epochs?: number;
  /** Size of the step that each person's pass takes on the common table; default 0.05. */
  readonly itemRate?: number;
}

/**
 * Trains by stochastic gradient descent: people in a new order each epoch, each of whom changes the
 * table that the next one meets.
 *
 * @returns Scores of every item for a person, by number; those of train get `-Infinity`.
 */
export async function centralMf(
  model: MfModel,
  options: CentralMfOptions,
): Promise<(person: number) => Float32Array> {
  const { core, people, seed, epochs = 20, itemRate = 0.05 } = options;
  const table = itemTable(model.initial(seed));
  const settings = { ...model.options, itemRate };
  const persons = people.map(() => newPerson(settings.dim));
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = permutation(people.length, seededRng(await deriveSeed(seed, "mf/order", epoch)));
    for (const number of order) {
      const [person, items] = [persons[number], people[number]];
      if (person === undefined || items === undefined) continue;
      const own = await deriveSeed(seed, "mf/central", epoch, number);
      const feedback = await drawFeedback(settings, items, own);
      applyPass(table, makePass(core, settings, { table, person, ...feedback }));
    }
  }
  return (number) => {
    const [person, items] = [persons[number], people[number]];
    if (person === undefined || items === undefined) {
      throw new RangeError(`Cannot score for person ${number}: there are ${people.length}`);
    }
    return scoreItems(table, person, { except: items });
  };
}
