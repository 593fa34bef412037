/**
 * From a round's sum to the next model: the root's step, without its store.
 *
 * @module
 */
import { toHex } from "../../src/core/bytes.ts";
import type { Digest } from "../../src/core/digest.ts";
import { TributaryError } from "../../src/core/errors.ts";
import { encodeSafetensors } from "../../src/core/safetensors.ts";
import type { NamedTensors } from "../../src/core/tensor.ts";
import { type RootPrivacy, splitPrivacy } from "../../src/privacy/root_privacy.ts";
import { splitPublished } from "../../src/strategy/published.ts";
import type { Strategy, StrategyOutput } from "../../src/strategy/strategy.ts";
import type { UpdateChain } from "../../src/update/chain.ts";
import { metricMeans } from "../../src/update/metrics.ts";
import type { ModelInfo } from "../../src/wire/round_info.ts";

/** What a step starts from. */
export interface ModelStep {
  /** The strategy of the task. */
  readonly strategy: Strategy;
  /** Decodes the sum. */
  readonly chain: Pick<UpdateChain, "decode">;
  /** Little-endian words: the sum of the round's parcels. */
  readonly sum: Uint8Array;
  /** How many parcels are in it; at least 1. */
  readonly clients: number;
  /** What the clients were given: the model, and what the strategy sends along. */
  readonly model: NamedTensors;
  /** What the last step, or the strategy's beginning, left. */
  readonly state: NamedTensors;
  /** Version of the next model, which numbers the step. */
  readonly version: number;
  /** How a private task's sum is opened; nothing for a task without privacy. */
  readonly privacy?: PrivateStep;
  /** SHA-256. */
  readonly digest: Digest;
}

/** What the sum of a private task is opened with. */
export interface PrivateStep {
  /** The root's half of the task's privacy. */
  readonly root: RootPrivacy;
  /** 32 bytes of a CSPRNG for this sum alone, which decide the root's noise. */
  readonly seed: Uint8Array;
  /** 32 public bytes by which the round's updates were rotated. */
  readonly rotation: Uint8Array;
}

/** A model as a root holds it. */
export interface HeldModel {
  /** How it is announced. */
  readonly info: ModelInfo;
  /** Its tensors, and those that the strategy sends along. */
  readonly model: NamedTensors;
  /** Its safetensors file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What the next step needs besides. */
  readonly state: NamedTensors;
}

/** The next model. */
export interface SteppedModel extends HeldModel {
  /** Means over the clients that measured, of the model before. */
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * The model that a root begins with, version 0.
 *
 * @throws {TributaryError} `model-invalid` if it holds a value that is not finite.
 */
export async function beginModel(
  model: NamedTensors,
  { strategy, privacy, digest }: Pick<ModelStep, "strategy" | "digest"> & {
    readonly privacy?: Pick<RootPrivacy, "init">;
  },
): Promise<HeldModel> {
  const state = { ...strategy.init(model), ...privacy?.init() };
  return await held({ model, state }, { version: 0, digest });
}

/**
 * Steps a model by the sum of a round. Neither the model nor the state is changed.
 *
 * @throws {TributaryError} `model-invalid` if the sums admit no next model, or it holds a value that is
 * not finite: no client would take it, and no later step could mend it.
 * @throws {RangeError} If the sum or the number of clients does not fit the plan.
 */
export async function stepModel(step: ModelStep): Promise<SteppedModel> {
  const { strategy, clients, version, digest, privacy } = step;
  const { rest: model, published } = splitPublished(step.model);
  const { privacy: kept, rest: state } = splitPrivacy({ ...step.state, ...published });
  const opening = privacy?.root.open(kept, privacy.seed);
  const sums = step.chain.decode(
    step.sum,
    clients,
    privacy && { rotation: privacy.rotation, ...opening },
  );
  const specs = Object.entries(model).map(([name, { shape }]) => ({ name, shape }));
  const asked = new Set(strategy.sums(specs).map(({ name }) => name));
  const next = strategy.step({
    model,
    state,
    sums: Object.fromEntries(Object.entries(sums).filter(([name]) => asked.has(name))),
    clients,
    round: version,
  });
  const after = { model: next.model, state: { ...next.state, ...opening?.kept(sums, clients) } };
  return { ...await held(after, { version, digest }), metrics: metricMeans(sums) };
}

/** Parts what clients are given from what the root keeps to itself. */
async function held(
  { model, state }: StrategyOutput,
  { version, digest }: { readonly version: number; readonly digest: Digest },
): Promise<HeldModel> {
  const { published, rest } = splitPublished(state);
  const tensors = { ...model, ...published };
  for (const [name, { data }] of Object.entries({ ...tensors, ...rest })) {
    const at = data.findIndex((value) => !Number.isFinite(value));
    if (at < 0) continue;
    throw new TributaryError(
      "model-invalid",
      `Cannot make model ${version}: its "${name}" holds ${data[at]} at index ${at}, ` +
        "expected finite values",
    );
  }
  const bytes = encodeSafetensors(tensors);
  return {
    info: { version, digest: toHex(await digest(bytes)), bytes: bytes.length },
    model: tensors,
    bytes,
    state: rest,
  };
}
