/**
 * The root's half of a task's privacy: the noise that it adds to an opened sum, and the bound that
 * follows the updates. What it has to remember is stored with the strategy's state, in one write with
 * the model.
 *
 * @module
 */
import { type NamedTensors, tensorOf } from "../core/tensor.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import { type ClipRule, nextClip } from "./adaptive_clip.ts";
import type { Blt } from "./blt.ts";
import { addCorrelatedNoise, emptyBuffers } from "./correlated_noise.ts";
import { addNormalNoise } from "./normal_noise.ts";
import { noiseStream } from "./noise_stream.ts";

/** Name of the scalar tensor in which clients send whether their update was within the bound. */
export const CLIP_BIT = "clip/below";
/** Name, in the state, of the bound that holds: published, as clients clip to it. */
export const CLIP_BOUND = "published/clip";
/** What names in the state begin with that are the mechanism's. */
const PREFIX = "privacy/";

/** What the root does for a task's privacy. */
export interface RootPlan {
  /** Bound on an update; the first one, where it adapts. */
  readonly clip: number;
  /** Standard deviation of the root's noise in each value of a sum, in steps of the grid. */
  readonly stddev: number;
  /** Values that the noise is added to: those of a sum before its rotation is undone. */
  readonly values: number;
  /** Who adds the noise; the root does nothing where clients do. */
  readonly mechanism:
    | { readonly kind: "skellam" }
    | { readonly kind: "gaussian" }
    | { readonly kind: "ftrl" } & Blt;
  /** How the bound adapts; it does not where left out. */
  readonly adaptiveClip?: ClipRule;
}

/** A sum on its way from integers to the strategy. */
export interface PrivateOpening {
  /** The bound that the sum's clients clipped to. */
  readonly clip: number;
  /** Adds the root's noise to the sum's whole numbers, in place; not there where clients add it. */
  readonly addNoise?: (steps: Int32Array) => void;
  /** What the root has to remember once the sum is decoded. */
  kept(sums: NamedTensors, clients: number): NamedTensors;
}

/** The root's half of a task's privacy. */
export interface RootPrivacy {
  /** What is remembered before the first round. */
  init(): NamedTensors;
  /**
   * Begins to open a sum.
   *
   * @param state What the last opening, or {@link RootPrivacy.init}, left, among other tensors.
   * @param seed  32 bytes of a CSPRNG for this sum alone. Noise that is drawn twice for one sum tells
   * it, so nothing of an opening may be seen by anyone before its state is stored.
   */
  open(state: NamedTensors, seed: Uint8Array): PrivateOpening;
}

/**
 * The root's half of a plan.
 *
 * @param core Makes the noise's keystream, and is used during calls only.
 */
export function rootPrivacy(core: AggregateCore, plan: RootPlan): RootPrivacy {
  const { mechanism, stddev, values, adaptiveClip } = plan;
  return {
    init: () => ({
      ...(mechanism.kind === "ftrl" ? emptyBuffers(mechanism, values) : {}),
      ...(adaptiveClip && bound(plan.clip)),
    }),
    open(state, seed) {
      const clip = adaptiveClip === undefined
        ? plan.clip
        : tensorOf(state, CLIP_BOUND).data[0] ?? NaN;
      let buffers = privacyState(state);
      return {
        clip,
        ...(mechanism.kind === "skellam" ? {} : {
          addNoise(steps) {
            const stream = noiseStream(core, seed);
            if (mechanism.kind === "gaussian") return addNormalNoise(steps, { stddev, stream });
            buffers = addCorrelatedNoise(steps, { blt: mechanism, buffers, stddev, stream });
          },
        }),
        kept: (sums, clients) => ({
          ...buffers,
          ...(adaptiveClip && bound(nextClip(clip, {
            ...adaptiveClip,
            bits: within(tensorOf(sums, CLIP_BIT).data[0] ?? NaN, clients / 2),
            clients,
          }))),
        }),
      };
    },
  };
}

/** Parts what a state holds for privacy from the rest. */
export function splitPrivacy(
  state: NamedTensors,
): { readonly privacy: NamedTensors; readonly rest: NamedTensors } {
  const entries = Object.entries(state);
  return {
    privacy: Object.fromEntries(entries.filter(([name]) => isPrivacy(name))),
    rest: Object.fromEntries(entries.filter(([name]) => !isPrivacy(name))),
  };
}

function isPrivacy(name: string): boolean {
  return name.startsWith(PREFIX) || name === CLIP_BOUND;
}

function privacyState(state: NamedTensors): NamedTensors {
  return Object.fromEntries(
    Object.entries(state).filter(([name]) => name.startsWith(PREFIX)),
  );
}

/** What noise makes more than all of, or less than none, counts as all or none: the bound stays sane. */
function within(bits: number, most: number): number {
  return Math.min(Math.max(bits, -most), most);
}

function bound(clip: number): NamedTensors {
  return { [CLIP_BOUND]: { shape: [1], data: Float32Array.of(clip) } };
}
