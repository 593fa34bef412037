/**
 * Recommenders: one client a person, compared with popularity, each person alone, and all ratings in
 * one place.
 *
 * @module
 */
import { TributaryError } from "../../core/errors.ts";
import { ratingCount } from "../../data/interactions.ts";
import { modelFrom } from "../../models/mod.ts";
import type { Task } from "../../wire/task.ts";
import { type ComparedModel, compareMethods } from "../demo/compare.ts";
import { demoTask, type DemoTaskOptions } from "../demo/demo_task.ts";
import { openWorld, runSeed, type World } from "../demo/world.ts";
import { itemsDigest, renderItems } from "../items_file.ts";
import type { Reading } from "../reading.ts";
import { openTaskFile } from "../task_file.ts";
import type { Scene, SceneOptions } from "./scene.ts";

/** A model that clients train where no task file says so. */
export type RatingsModel = DemoTaskOptions["model"];

/** What a user may choose. */
export interface RatingsOptions extends SceneOptions {
  /** What clients train, where no task file says so. */
  readonly model: RatingsModel;
  /** Values of an item's vector. */
  readonly dim?: number;
  /** A file or folder of ratings; invented ones if absent. */
  readonly data?: string;
  /** How they are read. */
  readonly reading: Reading;
}

/**
 * Reads or invents ratings, and deals them out.
 *
 * @throws {TributaryError} `bad-data` if they cannot be read or are not the task's, `task-refused`.
 */
export async function openRatingsScene(options: RatingsOptions): Promise<Scene> {
  const { seed, reading } = options;
  const world = await openWorld({ path: options.data, reading, seed });
  const { people, items } = world.train;
  const { task, model } = await taskOf(world, options);
  return {
    data: {
      name: world.name,
      path: options.data ?? null,
      reading,
      digest: world.digest,
      counts: { people: people.length, items: items.length, ratings: ratingCount(world.all) },
    },
    task,
    clients: people.map((id, person) => ({
      id,
      examples: world.examples[person] ?? { items: new Uint32Array() },
    })),
    figures: ["HR@10", "NDCG@10", "recall@10", "coverage@10"],
    about: "Leave-one-out by time: the last item of each person among 99 that the person has not " +
      "seen; recall among all items not seen.",
    files: { "items.csv": renderItems(world.all) },
    async compare({ core, model: federated, stateOf, announce, signal }) {
      const results = await compareMethods({
        ...{ core, world, model, federated, announce, signal },
        seed: await runSeed(seed),
        deviceOf: (person) => ({
          core,
          examples: { items: world.train.histories[person]?.items ?? new Uint32Array() },
          state: stateOf(person),
        }),
      });
      return results.map(({ method, hitRate, ndcg, recall, coverage }) => ({
        method,
        figures: [hitRate, ndcg, recall, coverage],
      }));
    },
  };
}

async function taskOf(
  world: World,
  options: RatingsOptions,
): Promise<{ readonly task: Task; readonly model: ComparedModel }> {
  const { items, people } = world.train;
  if (options.task === undefined) {
    const { fewest, ...own } = options;
    return await demoTask(world, {
      ...own,
      ...(fewest === undefined ? {} : { fewest: fewest(people.length) }),
    });
  }
  const task = await openTaskFile(options.task);
  const model = modelFrom(task.model, task.train);
  if (model.takes !== "interactions") {
    refuse(`it trains ${model.options.kind}, expected a model of interactions`);
  }
  if (model.options.items !== items.length) {
    refuse(`it has ${model.options.items} items, expected the ${items.length} of the ratings`);
  }
  if (task.catalogue !== undefined && task.catalogue !== await itemsDigest(items)) {
    refuse(`its items are others, expected those of the ratings`);
  }
  return { task, model };
}

function refuse(found: string): never {
  throw new TributaryError("task-refused", `Cannot simulate the task with these ratings: ${found}`);
}
