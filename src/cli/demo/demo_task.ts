/**
 * The demo's task: every person takes part in every round.
 *
 * @module
 */
import { toHex } from "../../core/bytes.ts";
import { deriveSeed } from "../../core/random.ts";
import { ease, type EaseModel, ials, type IalsModel, mf, type MfModel } from "../../models/mod.ts";
import { alsNewton, type StrategyOptions } from "../../strategy/mod.ts";
import {
  defineTask,
  type MaskOptions,
  type PrivacyOptions,
  type TaskDefinition,
} from "../../task/mod.ts";
import { updateWords } from "../../update/mod.ts";
import { type Task, updatePlan } from "../../wire/task.ts";
import { itemsDigest } from "../items_file.ts";
import { runSeed, type World } from "./world.ts";

/** What a user may choose. */
export interface DemoTaskOptions {
  /** What the clients train. */
  readonly model: "ials" | "mf" | "ease";
  /** Values of an item's vector; as many as so many people can fill if absent. */
  readonly dim?: number;
  /** Rounds to train. */
  readonly rounds: number;
  /** Seed of everything that is drawn. */
  readonly seed: number;
  /** Fewest clients of a round; all people if absent. */
  readonly fewest?: number;
  /** Milliseconds that a round lasts at most. */
  readonly roundMs?: number;
  /** How parcels are masked; not at all if absent. */
  readonly mask?: MaskOptions;
  /** What is promised to each client; nothing if absent. */
  readonly privacy?: PrivacyOptions & { readonly clip: number };
}

/** A task and the model that it names. */
export interface DemoTask {
  /** The document. */
  readonly task: Task;
  /** The model. */
  readonly model: IalsModel | MfModel | EaseModel;
}

/**
 * Long enough for a laptop to train a thousand devices in turn: in a demo nobody drops out, and a
 * round ends with its last update.
 */
const ROUND_MS = 15 * 60_000;

/** Bound of a private update over that of its slopes and strengths: it has a few values besides. */
const ROOM = 1.1;
/** Pull to 0 over the noise of a sum: what was best in the worlds that docs/PRIVACY.md tells of. */
const RIDGE = 4;
/** Few people fill few values: of 60 people's ratings, 8 rank better than 16 or 32. */
const SMALL = { people: 300, dim: 8 };
const DIM = 32;

/**
 * Defines the task for a world.
 *
 * @throws {TributaryError} `task-refused` if so many people or items do not fit.
 */
export async function demoTask(world: World, options: DemoTaskOptions): Promise<DemoTask> {
  const items = world.train.items.length;
  const people = world.train.people.length;
  const { rounds, dim = people < SMALL.people ? SMALL.dim : DIM } = options;
  const { privacy } = options;
  const model = modelOf(options.model, { items, dim, ...(privacy && { clip: privacy.clip }) });
  const definition = {
    name: `recommender of ${world.name}`,
    model,
    clients: { min: options.fewest ?? people, max: people },
    roundMs: options.roundMs ?? ROUND_MS,
    stop: { rounds },
    ...(options.mask === undefined ? {} : { mask: options.mask }),
    seed: toHex(await deriveSeed(await runSeed(options.seed), "model")),
    catalogue: await itemsDigest(world.train.items),
    ...(privacy && { privacy }),
  };
  const task = defineTask(definition);
  if (privacy === undefined) return { task: inShortParcels(definition, task), model };
  const strategy = underNoise(model, task);
  return { task: strategy === undefined ? task : defineTask({ ...definition, strategy }), model };
}

/** Values that kahe1's smaller ring carries in fewer bytes: up to three of its polynomials. */
const FEW_VALUES = 3 * 4096;
/** Width of its slots, and most clients that fit in them. */
const SHORT = { slotBits: 20, clients: 16_344 };

/**
 * The same task in slots of kahe1's smaller ring, where that makes parcels and shares shorter. Masked or
 * not, so that both learn the same.
 */
function inShortParcels(definition: TaskDefinition, task: Task): Task {
  const isShort = updateWords(updatePlan(task)) <= FEW_VALUES && task.clients.max <= SHORT.clients;
  return isShort ? defineTask({ ...definition, update: { slotBits: SHORT.slotBits } }) : task;
}

/** The strategy that holds the model's own against the noise of a task. */
function underNoise(
  { options }: DemoTask["model"],
  { privacy }: Task,
): StrategyOptions | undefined {
  if (options.kind !== "ials" || privacy === undefined) return undefined;
  const { a0, reg, range } = options;
  return alsNewton({ a0, reg, range, ridge: RIDGE * privacy.noise * privacy.clip });
}

function modelOf(
  kind: DemoTaskOptions["model"],
  { items, dim, clip }: {
    readonly items: number;
    readonly dim: number;
    readonly clip?: number;
  },
): DemoTask["model"] {
  switch (kind) {
    case "ials":
      return ials({ items, dim, ...(clip !== undefined && { clip: clip / ROOM }) });
    case "mf":
      return mf({ items, dim });
    case "ease":
      return ease({ items });
    default:
      return kind satisfies never;
  }
}
