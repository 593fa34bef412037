/**
 * What every update of a task looks like: its tensors in order, and how many bits a value gets so
 * that the sum of all clients fits its slot (DESIGN §4).
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { sizeOf } from "../core/tensor.ts";
import type { TensorSpec } from "../core/tensor.ts";
import { wordsFor } from "../privacy/noisy_grid.ts";
import { MAX_BITS, MIN_BITS } from "../wasm/aggregate.ts";
import type { PrivacyPlan } from "../wire/privacy_plan.ts";

/** A tensor of an update. */
export interface UpdateTensorSpec extends TensorSpec {
  /** Values are clamped to ±range before they are quantised; finite and > 0. */
  readonly range: number;
}

/** The layout that all updates of a task share. */
export interface UpdatePlan {
  /** The tensors, in the order in which their values travel. */
  readonly tensors: readonly UpdateTensorSpec[];
  /** Bits that the sum of one value may take, from 2 to 32. */
  readonly slotBits: number;
  /** Most updates in one sum. */
  readonly maxClients: number;
  /** What is promised about each client's privacy; nothing where left out. */
  readonly privacy?: PrivacyPlan;
}

/**
 * Largest parcel, 64 Mi values: the digests of its slices fit a header, and its sum four accumulators of
 * 128 MB each.
 */
export const MAX_UPDATE_BYTES: number = 256 * 2 ** 20;

/** Bytes of a word of the `u32` ring, which carries one value. */
const WORD_BYTES = 4;
const MAX_SLOT_BITS = 32;

/**
 * Bits of each quantised value: `slotBits − ⌈log2 maxClients⌉`, and no more than the 25 up to which
 * float32 tells all grid points apart. With `L` of so many bits `maxClients · 2L < 2^slotBits`, so no
 * sum leaves its slot.
 *
 * @throws {TributaryError} `task-refused` if fewer than two bits are left, which is no grid.
 */
export function bitsPerValue(plan: UpdatePlan): number {
  const { slotBits, maxClients } = plan;
  if (!Number.isInteger(slotBits) || slotBits < MIN_BITS || slotBits > MAX_SLOT_BITS) {
    refuse(
      `Cannot use slots of ${slotBits} bits: expected a whole number from ${MIN_BITS} to ${MAX_SLOT_BITS}`,
    );
  }
  const most = 2 ** (slotBits - MIN_BITS);
  if (!Number.isInteger(maxClients) || maxClients < 1) {
    refuse(`Cannot plan for ${maxClients} clients: expected a whole number, 1 or more`);
  }
  if (maxClients > most) {
    refuse(
      `Cannot fit ${maxClients} clients in ${slotBits}-bit slots: at most ${most} fit at ${MIN_BITS} bits a value, the fewest there are`,
    );
  }
  return Math.min(slotBits - log2Ceiling(maxClients), MAX_BITS);
}

/** Largest grid point `L = 2^(bits − 1) − 1` of a plan's values; they travel as `0` to `2L`. */
export function gridLimit(plan: UpdatePlan): number {
  return 2 ** (bitsPerValue(plan) - 1) - 1;
}

/** Number of words in an update: that of its values, and where they are rotated, of their padding. */
export function updateWords({ tensors, privacy }: UpdatePlan): number {
  const values = tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return privacy === undefined ? values : wordsFor(values);
}

/** The parcels of a plan as a masking scheme has to know them. */
export interface PlannedParcels {
  /** Values in a parcel. */
  readonly values: number;
  /** Bits that the sum of one value may take. */
  readonly slotBits: number;
  /** Most parcels in one sum. */
  readonly maxClients: number;
  /** Largest value. */
  readonly largest: number;
}

/** What a masking scheme has to know of a plan's parcels. */
export function parcelsOf(plan: UpdatePlan): PlannedParcels {
  const { slotBits, maxClients } = plan;
  return { values: updateWords(plan), slotBits, maxClients, largest: 2 * gridLimit(plan) };
}

/** Bytes of an update's parcel before it is masked, and of every sum of such. */
export function updateBytes(plan: UpdatePlan): number {
  return updateWords(plan) * WORD_BYTES;
}

/**
 * Checks that updates of this plan can be made, held and added up: when a task is made, and again by
 * every client.
 *
 * @throws {TributaryError} `task-refused` if slots, names, shapes, ranges or the whole size do not fit.
 */
export function checkUpdatePlan(plan: UpdatePlan): void {
  const limit = gridLimit(plan);
  if (plan.tensors.length === 0) refuse("Cannot plan an update: it has no tensor");
  const names = new Set<string>();
  for (const tensor of plan.tensors) {
    checkTensor(tensor, limit);
    if (names.has(tensor.name)) {
      refuse(`Cannot plan an update: two tensors are called "${tensor.name}"`);
    }
    names.add(tensor.name);
  }
  const bytes = updateBytes(plan);
  // Written so that a size that is no number is refused as well.
  if (!(bytes <= MAX_UPDATE_BYTES)) {
    refuse(`Cannot plan an update of ${bytes} bytes: at most ${MAX_UPDATE_BYTES} fit a region`);
  }
}

function checkTensor({ name, shape, range }: UpdateTensorSpec, limit: number): void {
  if (name === "" || name === "__proto__") {
    refuse(`Cannot plan an update: "${name}" is no name for a tensor`);
  }
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent >= 1)) {
    refuse(`Cannot plan tensor "${name}" of shape [${shape}]: expected whole extents, 1 or more`);
  }
  const scale = Math.fround(limit / range);
  if (!(range > 0 && Number.isFinite(range) && scale > 0 && Number.isFinite(scale))) {
    refuse(
      `Cannot plan tensor "${name}" over ±${range}: expected a number > 0, with ${limit}/${range} in float32's range`,
    );
  }
}

/** Bits that count `n` values, exactly. */
function log2Ceiling(n: number): number {
  return 32 - Math.clz32(n - 1);
}

function refuse(detail: string): never {
  throw new TributaryError("task-refused", detail);
}
