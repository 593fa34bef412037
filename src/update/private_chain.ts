/**
 * The chain of a private task: contribution → clip → form → weight → metrics → bound → rotate → round →
 * noise, and from the sum back. `privacy/noisy_grid.ts` says what it keeps of what it promises, and why.
 *
 * @module
 */
import type { NamedTensors } from "../core/tensor.ts";
import type { Contribution, WeightsContribution } from "../core/trainer.ts";
import { WEIGHT_TENSOR } from "../core/trainer.ts";
import { clipBit } from "../privacy/adaptive_clip.ts";
import type { NoisyGrid } from "../privacy/noisy_grid.ts";
import { CLIP_BIT } from "../privacy/root_privacy.ts";
import { skellamTable } from "../privacy/skellam_table.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import type { ChainPlan, ContributionOptions, UpdateChain } from "./chain.ts";
import { clipL2, l2Norm } from "./clip.ts";
import { checkTensors } from "./encode.ts";
import { isMetric, metricsStep } from "./metrics.ts";
import { noisyDecoder, noisyEncoder } from "./noisy_codec.ts";
import { gridOf, type PrivateUpdatePlan } from "./private_plan.ts";
import { scaleTensors } from "./scale.ts";
import { followedBy } from "./step.ts";
import { updateOf } from "./update_of.ts";
import { weightStep } from "./weight.ts";

/** A layout and what clients do before encoding, of a private task. */
export type PrivateChainPlan = ChainPlan & PrivateUpdatePlan;

/** Room for rounding to float32, so that what is scaled to a norm is not longer. */
const ROUNDING = 1 - 2 ** -20;

/**
 * The chain of a private plan, which was checked.
 *
 * @throws {TributaryError} `task-refused` if updates and noise do not fit their slots.
 */
export function createPrivateChain(core: AggregateCore, plan: PrivateChainPlan): UpdateChain {
  const { privacy } = plan;
  const grid = gridOf(plan);
  const table = grid.share === 0
    ? undefined
    : skellamTable({ variance: grid.share, most: grid.most });
  const encode = noisyEncoder(core, { plan, grid, table });
  const decode = noisyDecoder(core, { plan, grid });
  const onTensors = followedBy(weightStep(core, plan.weightCap), metricsStep(plan));
  const isCounted = !plan.tensors.some(({ name }) => name === WEIGHT_TENSOR);

  /** What the strategy sends of a contribution, and the norm that it had before it was clipped. */
  function formed(
    contribution: Contribution,
    { model, form }: ContributionOptions,
    clip: number,
  ): { readonly update: NamedTensors; readonly norm: number } {
    const update = updateOf(contribution, model);
    if (contribution.kind === "sums") return { update, norm: l2Norm(core, mains(grid, update)) };
    const { tensors, norm } = clipL2(core, update, clip);
    const change: WeightsContribution = contribution;
    return { update: form?.(tensors, change) ?? tensors, norm };
  }

  return {
    encode(contribution, options) {
      const { key, into, private: sender } = options;
      if (sender === undefined) {
        throw new TypeError("Cannot encode for a private task: expected a rotation and noise");
      }
      const { rotation, noise, clip = privacy.clip } = sender;
      const { update, norm } = formed(contribution, options, clip);
      const sent = onTensors.send(update, { contribution, key, isClipped: norm > clip });
      const { [WEIGHT_TENSOR]: weight, ...others } = bounded(core, { tensors: sent, grid, clip });
      const tensors: NamedTensors = {
        ...others,
        ...(!isCounted && weight && { [WEIGHT_TENSOR]: weight }),
        ...(privacy.adaptiveClip && {
          [CLIP_BIT]: { shape: [1], data: Float32Array.of(clipBit(norm, clip)) },
        }),
      };
      checkTensors(plan, tensors);
      return encode(tensors, { key, rotation, noise, clip, ...(into && { into }) });
    },
    sent() {
      throw new TypeError("Cannot tell what arrives of an update of a private task: it is blurred");
    },
    decode(sum, clients, options) {
      if (options === undefined) {
        throw new TypeError("Cannot decode for a private task: expected a rotation");
      }
      const sums = decode(sum, clients, { ...options, clip: options.clip ?? privacy.clip });
      // Where all clients weigh the same, their number is what they weigh.
      return isCounted
        ? { ...sums, [WEIGHT_TENSOR]: { shape: [1], data: Float32Array.of(clients) } }
        : sums;
    },
  };
}

/** The tensors that the bound is on: neither weight nor metrics. */
function mains({ factors }: NoisyGrid, tensors: NamedTensors): NamedTensors {
  return Object.fromEntries(
    Object.entries(tensors).filter(([name]) => !factors.has(name) && name !== WEIGHT_TENSOR),
  );
}

/**
 * The update with its tensors together no longer than the bound. One that is longer counts for less: its
 * weight and whatever else its strategy sums shrink with it, so that no mean is moved.
 */
function bounded(
  core: AggregateCore,
  { tensors, grid, clip }: {
    readonly tensors: NamedTensors;
    readonly grid: NoisyGrid;
    readonly clip: number;
  },
): NamedTensors {
  const norm = l2Norm(core, mains(grid, tensors));
  if (norm <= clip) return tensors;
  const summed = Object.fromEntries(
    Object.entries(tensors).filter(([name]) => !isMetric(name)),
  );
  return { ...tensors, ...scaleTensors(core, summed, clip / norm * ROUNDING) };
}
