/**
 * Whether a task can be carried out as it stands: checked where it is made, and again by everyone
 * who receives it.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { canonicalJson } from "../core/json.ts";
import { sizeOf } from "../core/tensor.ts";
import { WEIGHT_TENSOR } from "../core/trainer.ts";
import type { TensorSpec } from "../core/tensor.ts";
import { maskOf } from "../mask/registry.ts";
import type { Mask } from "../mask/mask.ts";
import { modelFrom } from "../models/mod.ts";
import type { AnyModel } from "../models/mod.ts";
import { CLIP_BOUND } from "../privacy/root_privacy.ts";
import { strategyPlan } from "../strategy/mod.ts";
import { participating } from "../strategy/participation.ts";
import { refusePublishedNames } from "../strategy/published.ts";
import type { StrategyPlan } from "../strategy/mod.ts";
import { checkUpdatePlan, CLIPPED, metricTensors, parcelsOf } from "../update/mod.ts";
import type { ChainPlan, UpdateTensorSpec } from "../update/mod.ts";
import { checkPrivacy, CLIP_BIT_TENSOR } from "../update/check_privacy.ts";
import type { PrivacyPlan } from "../wire/privacy_plan.ts";
import { type Task, updatePlan } from "../wire/task.ts";

/** Largest model, 64 Mi values, as many as an update has. */
const MAX_MODEL_BYTES = 256 * 2 ** 20;

/** Metrics that are better when lower, by which no rule can stop. */
const LOWER_IS_BETTER: readonly string[] = ["loss", "brier", CLIPPED];

/** What a client or root makes of a task. */
export interface CheckedTask {
  /** The model that the task names, with its settings. */
  readonly model: AnyModel;
  /** The strategy that it names, with its settings. */
  readonly strategy: StrategyPlan;
  /** What a round publishes: the model's tensors, and those that its strategy sends along. */
  readonly published: readonly TensorSpec[];
  /** How updates are encoded. */
  readonly plan: ChainPlan;
  /** How their parcels are masked. */
  readonly mask: Mask;
}

/**
 * Checks a task of the right form: that its model and strategy exist and fit each other, that its
 * update is laid out as they ask for, that sums fit their slots, masked and not, and a region's memory, and that its
 * stop rules can be met.
 *
 * @throws {TributaryError} `task-refused`, with what was found and what was expected.
 */
export function checkTask(task: Task): CheckedTask {
  const model = modelFrom(task.model, task.train);
  const strategy = strategyPlan(task.strategy);
  checkPair(model, strategy);
  checkMetrics(task, model);
  const { update: { weightCap }, metrics, privacy } = task;
  checkLayout(
    task.update.tensors,
    updateTensors(model, { strategy, metrics, weightCap, ...(privacy && { privacy }) }),
  );
  const plan = updatePlan(task);
  checkUpdatePlan(plan);
  checkPrivateStrategy(task, strategy);
  checkPrivacy(task);
  const mask = maskOf(task.mask, parcelsOf(plan));
  refusePublishedNames(model.tensors);
  const published = [
    ...model.tensors,
    ...strategy.published?.(model.tensors) ?? [],
    // Clients clip to the bound of the round.
    ...(privacy?.adaptiveClip === undefined ? [] : [{ name: CLIP_BOUND, shape: [1] }]),
  ];
  checkModelBytes(published);
  checkClip(task, strategy);
  checkStop(task);
  return { model, strategy: clientsOf(strategy, privacy), published, plan, mask };
}

/** What decides over the tensors of an update, besides its model. */
export interface UpdateLayout {
  /** The strategy's plan. */
  readonly strategy: StrategyPlan;
  /** Metrics that clients report. */
  readonly metrics: readonly string[];
  /** Examples that give a client full weight; null to weigh all the same. */
  readonly weightCap: number | null;
  /** What is promised about privacy, if anything. */
  readonly privacy?: Pick<PrivacyPlan, "adaptiveClip">;
}

/**
 * The tensors of an update in order: what the strategy sums, then the metrics, then the bit by which the
 * bound of a private task adapts. Where all weigh the same, clients of a private task send no weight: it
 * would only get noise, and the sum of all is their number.
 */
export function updateTensors(
  model: AnyModel,
  { strategy, metrics, weightCap, privacy }: UpdateLayout,
): UpdateTensorSpec[] {
  const isCounted = privacy !== undefined && weightCap === null &&
    strategy.contribution === "weights";
  return [
    ...strategy.sums(model.tensors).filter(({ name }) => !isCounted || name !== WEIGHT_TENSOR),
    ...metricTensors(metrics),
    ...(privacy?.adaptiveClip === undefined ? [] : [CLIP_BIT_TENSOR]),
  ];
}

/** Strategies of which a client keeps what it sent, or whose sums have no common bound. */
const NOT_PRIVATE: ReadonlySet<string> = new Set(["scaffold", "fednova", "qfedavg"]);

/** Refuses strategies that noise would break. */
function checkPrivateStrategy({ privacy }: Task, { options: { kind } }: StrategyPlan): void {
  if (privacy === undefined || !NOT_PRIVATE.has(kind)) return;
  refuse(
    `Cannot blur what clients send for ${kind}: expected a strategy whose sums are of changes or of a model's own, ` +
      `not of ${[...NOT_PRIVATE].join(", ")}`,
  );
}

/** The strategy, with clients that come as seldom as the noise asks for. */
function clientsOf(strategy: StrategyPlan, privacy: PrivacyPlan | undefined): StrategyPlan {
  const mechanism = privacy?.mechanism;
  if (mechanism?.kind !== "ftrl") return strategy;
  return { ...strategy, client: participating(strategy.client, mechanism) };
}

/** Refuses a model and a strategy of which one does not take what the other gives. */
function checkPair(model: AnyModel, { options, contribution, client }: StrategyPlan): void {
  const { kind } = model.options;
  const { strategy: own, duties = [] } = model;
  if (options.kind !== own.kind) {
    const given = strategyPlan(own).contribution;
    if (given === "sums") refuse(`Cannot step ${kind} by ${options.kind}: expected ${own.kind}`);
    if (given !== contribution) {
      refuse(
        `Cannot step ${kind} by ${options.kind}: ` +
          `expected a strategy for changes of weights, such as ${own.kind}`,
      );
    }
  }
  const missing = client?.needs.find((duty) => !duties.includes(duty));
  if (missing !== undefined) {
    refuse(
      `Cannot step ${kind} by ${options.kind}: its clients would have to give ${missing}, ` +
        `expected a strategy that does without`,
    );
  }
  const other = new Map<string, unknown>(Object.entries(options));
  for (const [name, value] of sharedSettings(model)) {
    if (other.has(name) && other.get(name) !== value) {
      refuse(
        `Cannot step ${kind} by ${options.kind} with ${name} ${other.get(name)}: ` +
          `expected ${value}, as the model has it`,
      );
    }
  }
}

/**
 * What a strategy that has a setting of the name must have as the model has it: both halves of ALS
 * minimise one objective only if they weigh its terms alike, and a local momentum is the optimiser's.
 */
function sharedSettings({ options }: AnyModel): readonly (readonly [string, unknown])[] {
  const { kind: _kind, ...settings } = options;
  const optimizer = "optimizer" in settings ? settings.optimizer : undefined;
  const local = optimizer?.kind === "sgd" ? [["localMomentum", optimizer.momentum] as const] : [];
  return [...Object.entries(settings), ...local];
}

/** Refuses a clip or weights where the model sees to both, and ranges that a clip has to bear out. */
function checkClip({ update: { clip, weightCap }, model }: Task, strategy: StrategyPlan): void {
  const { options: { kind }, contribution, clip: most } = strategy;
  if (contribution === "sums" && (clip !== null || weightCap !== null)) {
    refuse(
      `Cannot clip or weigh what ${model.kind} sends for ${kind}: ` +
        `expected clip and weightCap null, as the model does both`,
    );
  }
  if (most !== undefined && (clip === null || clip > most)) {
    refuse(
      `Cannot step by ${kind} with clip ${clip}: expected at most ${most}, which its ranges are for`,
    );
  }
}

function checkMetrics({ metrics, update, privacy }: Task, model: AnyModel): void {
  const isBounded = update.clip !== null || privacy !== undefined;
  const known = [...model.metrics, ...isBounded ? [CLIPPED] : []];
  const unknown = metrics.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    refuse(
      `Cannot measure "${unknown}" of ${model.options.kind}: expected one of ${
        known.join(", ") || "no metric"
      }`,
    );
  }
}

function checkLayout(
  found: readonly UpdateTensorSpec[],
  expected: readonly UpdateTensorSpec[],
): void {
  const text = (tensor: UpdateTensorSpec | undefined): string =>
    tensor === undefined
      ? "no tensor"
      : `${tensor.name} [${tensor.shape.join(", ")}] within ±${tensor.range}`;
  const count = Math.max(found.length, expected.length);
  for (let at = 0; at < count; at++) {
    const [one, other] = [found[at], expected[at]];
    const same = one !== undefined && other !== undefined &&
      canonicalJson(one) === canonicalJson(other);
    if (!same) {
      refuse(
        `Cannot use an update whose tensor ${at + 1} is ${text(one)}: expected ${text(other)}`,
      );
    }
  }
}

function checkModelBytes(tensors: readonly TensorSpec[]): void {
  const bytes = 4 * tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (!(bytes <= MAX_MODEL_BYTES)) {
    refuse(`Cannot hold a model of ${bytes} bytes: at most ${MAX_MODEL_BYTES} fit a region`);
  }
}

function checkStop({ stop: { rounds, target, patience } }: Task): void {
  for (const metric of [target?.metric, patience?.metric]) {
    if (metric !== undefined && LOWER_IS_BETTER.includes(metric)) {
      refuse(
        `Cannot stop by ${metric}, which is better when lower: expected one better when higher`,
      );
    }
  }
  if (target !== undefined && !(target.value > 0 && target.value <= 1)) {
    refuse(
      `Cannot stop when ${target.metric} reaches ${target.value}: expected a value above 0 and up to 1`,
    );
  }
  if (patience !== undefined && patience.rounds >= rounds) {
    refuse(
      `Cannot stop after ${patience.rounds} rounds without a better ${patience.metric}: ` +
        `all ends after ${rounds} rounds, expected fewer than those`,
    );
  }
}

function refuse(detail: string): never {
  throw new TributaryError("task-refused", detail);
}
