/**
 * The ordered chain that every update passes through, the same in life and in simulation: what the
 * trainer gave → clip → form → weight → metrics → quantise, and from the sum back. Where a task makes
 * a promise about privacy, `private_chain.ts` bounds, rotates and blurs what it quantises.
 *
 * The clip comes first, so that all that a strategy derives from a change of weights is bounded with
 * it; the weight comes after, so that it multiplies whatever the strategy sums.
 *
 * @module
 */
import type { NamedTensors } from "../core/tensor.ts";
import type { Contribution } from "../core/trainer.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import { clipL2 } from "./clip.ts";
import { decodeSum } from "./decode.ts";
import { encodeUpdate } from "./encode.ts";
import { metricsStep } from "./metrics.ts";
import { checkUpdatePlan } from "./plan.ts";
import type { UpdatePlan } from "./plan.ts";
import { createPrivateChain } from "./private_chain.ts";
import { followedBy } from "./step.ts";
import type { UpdateForm, UpdateStep } from "./step.ts";
import { updateOf } from "./update_of.ts";
import { unweighted, weightStep } from "./weight.ts";

/** A layout, and what a client does to its update before encoding it. */
export interface ChainPlan extends UpdatePlan {
  /** Bound on the L2 norm of a change of weights; null for none. */
  readonly clip: number | null;
  /** Examples that give a client full weight; null to weigh all clients the same. */
  readonly weightCap: number | null;
}

/** What a client encodes. */
export interface ContributionOptions {
  /** The model that the round's clients were given. */
  readonly model: NamedTensors;
  /** 32 bytes for this client and round alone; decides the rounding. */
  readonly key: Uint8Array;
  /** What the task's strategy sends of a clipped change; the change itself where left out. */
  readonly form?: UpdateForm;
  /** Where the parcel goes; a new array where left out. See `encodeUpdate`. */
  readonly into?: Uint8Array<ArrayBuffer>;
  /** What the update of a private task is blurred with; others need none. */
  readonly private?: PrivateSender;
}

/** What a client of a private task encodes with besides. */
export interface PrivateSender {
  /** 32 bytes that decide the rotation, the same for all clients of a round and no secret. */
  readonly rotation: Uint8Array;
  /**
   * 32 bytes that decide the client's noise: of a CSPRNG, used once, and known to nobody else. Whoever
   * knows them can take the noise back.
   */
  readonly noise: Uint8Array;
  /** Bound of this round; the plan's where it does not adapt. */
  readonly clip?: number;
}

/** What the sum of a private task is decoded with besides. */
export interface PrivateSum {
  /** As the clients had it. */
  readonly rotation: Uint8Array;
  /** Bound of this round; the plan's where it does not adapt. */
  readonly clip?: number;
  /**
   * Adds the root's noise, in place, to the sum's whole numbers: those of all values and their padding
   * before the rotation is undone.
   */
  readonly addNoise?: (steps: Int32Array) => void;
}

/** Both ends of the chain. */
export interface UpdateChain {
  /**
   * The parcel of a contribution. A model's own sums are neither clipped nor weighted here, as the
   * model did both.
   *
   * @throws {TributaryError} `update-misshapen` if it is not what the plan asks for,
   * `update-not-finite` if a value is NaN or infinite.
   * @throws {RangeError} If it has fewer than 0 examples.
   */
  encode(contribution: Contribution, options: ContributionOptions): Uint8Array<ArrayBuffer>;
  /**
   * What arrives of a contribution's own parcel, before it was weighed: clamped to the ranges and
   * rounded. Only its sender can tell, and only before it is masked.
   */
  sent(parcel: Uint8Array, contribution: Contribution): NamedTensors;
  /**
   * The sums that `clients` parcels added up to, for the strategy and {@link metricMeans}.
   *
   * @param options Needed for a private task.
   * @throws {RangeError} If the sum or the number of clients does not fit the plan.
   */
  decode(sum: Uint8Array, clients: number, options?: PrivateSum): NamedTensors;
}

/**
 * The chain of a plan. `core` is used during calls only and holds nothing between them.
 *
 * @throws {TributaryError} `task-refused` if the plan does not fit.
 *
 * @example One client's change of weights, there and back
 * ```ts
 * import { createAggregateCore, inlineModule } from "../wasm/mod.ts";
 * import { createUpdateChain } from "./mod.ts";
 *
 * using core = createAggregateCore(await inlineModule("aggregate"));
 * const chain = createUpdateChain(core, {
 *   tensors: [{ name: "w", shape: [2], range: 1 }, { name: "clients/weight", shape: [1], range: 1 }],
 *   slotBits: 32,
 *   maxClients: 100,
 *   clip: 10,
 *   weightCap: 50,
 * });
 * const model = { w: { shape: [2], data: Float32Array.of(1, 1) } };
 * const weights = { w: { shape: [2], data: Float32Array.of(2, 1) } };
 * const parcel = chain.encode({ weights, examples: 80 }, { model, key: new Uint8Array(32) });
 * if (chain.decode(parcel, 1).w?.data[0] !== 1) throw new Error("lost the change");
 * ```
 */
export function createUpdateChain(core: AggregateCore, plan: ChainPlan): UpdateChain {
  checkUpdatePlan(plan);
  const { privacy } = plan;
  if (privacy !== undefined) return createPrivateChain(core, { ...plan, privacy });
  const onTensors = [
    formStep(),
    weightStep(core, plan.weightCap),
    metricsStep(plan),
  ].reduce(followedBy);
  const chain = followedBy(onTensors, quantiseStep(core, plan));
  return {
    encode(contribution, { model, ...sender }) {
      const update = updateOf(contribution, model);
      if (contribution.kind === "sums" || plan.clip === null) {
        return chain.send(update, { contribution, ...sender });
      }
      const { tensors, norm } = clipL2(core, update, plan.clip);
      return chain.send(tensors, { contribution, isClipped: norm > plan.clip, ...sender });
    },
    sent: (parcel, contribution) =>
      unweighted(decodeSum(core, plan, { sum: parcel, clients: 1 }), contribution, plan.weightCap),
    // A type only: steps read a sum, whatever buffer it is in.
    decode: (sum, clients) => chain.receive(sum as Uint8Array<ArrayBuffer>, clients),
  };
}

/** The step of the chain where a strategy has its say on a change of weights; of what it sends the sum is. */
function formStep(): UpdateStep<NamedTensors, NamedTensors> {
  return {
    send: (update, { contribution, form }) =>
      contribution.kind === "sums" || form === undefined ? update : form(update, contribution),
    receive: (sum) => sum,
  };
}

function quantiseStep(
  core: AggregateCore,
  plan: UpdatePlan,
): UpdateStep<NamedTensors, Uint8Array<ArrayBuffer>> {
  return {
    send: (tensors, { key, into }) =>
      encodeUpdate(core, plan, { tensors, key, ...(into && { into }) }),
    receive: (sum, clients) => decodeSum(core, plan, { sum, clients }),
  };
}
