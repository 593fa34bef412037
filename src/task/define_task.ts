/**
 * From what a person wants learned to the immutable document that everyone follows.
 *
 * @module
 */
import { modelDocument, modelFrom } from "../models/mod.ts";
import type { AnyModel, Settings } from "../models/mod.ts";
import { completeStrategy, strategyPlan } from "../strategy/mod.ts";
import type { StrategyOptions, StrategyPlan } from "../strategy/mod.ts";
import type { Sampling } from "../wire/sampling.ts";
import { readTask } from "../wire/task.ts";
import type { StopRules, Task } from "../wire/task.ts";
import { checkTask, updateTensors } from "./check_task.ts";
import { completeMask, type MaskOptions } from "./mask_options.ts";
import { completePrivacy, type PrivacyOptions } from "./privacy_options.ts";

/** Bits of one value's slot in the sum, unless a task says otherwise: 9 bits a value for 1000. */
const DEFAULT_SLOT_BITS = 19;
/** The same of a private task, whose updates have noise beside them. */
const PRIVATE_SLOT_BITS = 25;
/** A round's time, unless a task says otherwise. */
const DEFAULT_ROUND_MS = 60_000;

/** What {@link defineTask} takes. */
export interface TaskDefinition {
  /** What people call it. */
  readonly name: string;
  /** What is learned, as `mf`, `ials` or `tensors` makes it. */
  readonly model: AnyModel;
  /** Settings of the training, in place of the model's own; of `tensors`, whatever trainers read. */
  readonly train?: Settings;
  /** The server's step, whose options have defaults; default the one that the model is made for. */
  readonly strategy?: StrategyOptions;
  /** How updates are encoded. */
  readonly update?: {
    /** Bits that the sum of one value may take, 2 to 32; default 19, of a private task 25. */
    readonly slotBits?: number;
    /** Bound on the L2 norm of a change of weights; default the strategy's, which may be none. Of a private task that is `privacy.clip`. */
    readonly clip?: number | null;
    /** Examples that give a client full weight; default all clients weigh the same. */
    readonly weightCap?: number | null;
  };
  /** How parcels are masked; default not at all, as masking takes helpers or neighbours. */
  readonly mask?: MaskOptions;
  /** What is promised about each client's privacy, and the noise is chosen for; default nothing. */
  readonly privacy?: PrivacyOptions;
  /** Fewest clients that a round opens with and publishes from, and most that it takes. */
  readonly clients: { readonly min: number; readonly max: number };
  /** How the clients of each round are chosen; default all of them. */
  readonly sampling?: Sampling;
  /** Milliseconds from a round's opening to its deadline; default one minute. */
  readonly roundMs?: number;
  /**
   * Which of the model's metrics clients report, and where updates are bounded also `clipped`, the share
   * of those that were longer; default all of the model's. They travel as part of the masked update, so
   * that only their means are ever seen.
   */
  readonly metrics?: readonly string[];
  /** When the task ends. */
  readonly stop: StopRules;
  /** Seed of the initial model, 32 bytes in hex; default zeros. */
  readonly seed?: string;
  /** Digest, in hex, of the list of items that the model's rows stand for; default none. */
  readonly catalogue?: string;
}

/**
 * Makes a task, checked as everyone who receives it will check it again.
 *
 * @throws {TributaryError} `task-refused`: slots that the clients' sum overflows or that cannot be masked, more memory than a
 * region has, settings out of range, a strategy that does not fit the model, a stop rule or a promise
 * about privacy that cannot be kept.
 *
 * @example A privacy budget of ε = 8 at δ = 1e-6 over 20 rounds
 * ```ts
 * import { tensors } from "../models/mod.ts";
 * import { defineTask } from "./define_task.ts";
 *
 * const task = defineTask({
 *   name: "risk",
 *   model: tensors({ tensors: { slopes: [100], intercept: [1] } }),
 *   clients: { min: 1000, max: 2000 },
 *   privacy: { epsilon: 8, delta: 1e-6, clip: 0.5 },
 *   stop: { rounds: 20 },
 * });
 * // The standard deviation of the noise in a value of a sum, over the bound.
 * if (task.privacy?.noise.toFixed(1) !== "3.1") throw new Error(`${task.privacy?.noise}`);
 * ```
 *
 * @example
 * ```ts
 * import { mf } from "../models/mod.ts";
 * import { defineTask } from "./define_task.ts";
 *
 * const task = defineTask({
 *   name: "films",
 *   model: mf({ items: 9724, dim: 32 }),
 *   clients: { min: 300, max: 610 },
 *   stop: { rounds: 30, patience: { metric: "hr@10", rounds: 5 } },
 * });
 * if (task.update.tensors[0]?.name !== "item") throw new Error("unexpected");
 * ```
 */
export function defineTask(definition: TaskDefinition): Task {
  const { name, update = {}, clients, stop } = definition;
  const given = definition.strategy && strategyPlan(completeStrategy(definition.strategy));
  const model = modelFrom(definition.model.options, trainSettings(definition, given));
  const strategy = given ?? strategyPlan(model.strategy);
  const metrics = definition.metrics ?? model.metrics;
  const document = modelDocument(model);
  const sampling = definition.sampling ?? { kind: "all" };
  const mask = completeMask(definition.mask ?? { kind: "none" }, clients);
  const isPrivate = definition.privacy !== undefined;
  const weightCap = update.weightCap ?? null;
  const tensors = updateTensors(model, {
    ...{ strategy, metrics, weightCap },
    ...(definition.privacy && { privacy: definition.privacy }),
  });
  const slotBits = update.slotBits ?? (isPrivate ? PRIVATE_SLOT_BITS : DEFAULT_SLOT_BITS);
  const { norm } = model;
  const bound = norm === undefined ? {} : { clip: norm };
  const privacy = definition.privacy && completePrivacy({ ...bound, ...definition.privacy }, {
    plan: { tensors, slotBits, maxClients: clients.max },
    ...{ mask, clients, sampling, rounds: stop.rounds },
  });
  const task = readTask({
    version: 1,
    name,
    model: document.model,
    train: model.options.kind === "tensors" ? definition.train ?? {} : document.train,
    strategy: strategy.options,
    update: {
      slotBits,
      tensors,
      clip: update.clip ?? (isPrivate ? null : strategy.clip ?? null),
      weightCap,
    },
    mask,
    ...(privacy && { privacy }),
    clients,
    sampling,
    roundMs: definition.roundMs ?? DEFAULT_ROUND_MS,
    metrics,
    stop,
    seed: definition.seed ?? "00".repeat(32),
    ...(definition.catalogue === undefined ? {} : { catalogue: definition.catalogue }),
  });
  checkTask(task);
  return freeze(task);
}

/** The training's settings; `mf` and `ncf` send what the strategy steps by. */
function trainSettings({ model, train = {} }: TaskDefinition, given?: StrategyPlan): Settings {
  if (!("sends" in model.options) || given === undefined) return train;
  return { sends: given.contribution === "weights" ? "weights" : "rows", ...train };
}

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}
