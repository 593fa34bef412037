/**
 * Named float32 tensors to the parcel that travels.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { sameShape, sizeOf, tensorOf } from "../core/tensor.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import { eachBlock, naming } from "./_blocks.ts";
import { bitsPerValue, checkUpdatePlan, updateBytes } from "./plan.ts";
import type { UpdatePlan } from "./plan.ts";

/** What is encoded, and by which random rounding. */
export interface EncodeOptions {
  /** Exactly the plan's tensors. */
  readonly tensors: NamedTensors;
  /** 32 bytes for this client and round alone: who knows them knows how each value was rounded. */
  readonly key: Uint8Array;
  /**
   * Where the parcel goes, all of it overwritten; a new array where left out. Fresh memory of a large
   * parcel takes the system as long as quantising it, which one that encodes for many can save.
   */
  readonly into?: Uint8Array<ArrayBuffer>;
}

/**
 * Clamps each value to its tensor's range, rounds it stochastically to the plan's grid and writes it
 * as a little-endian word, tensor after tensor; see {@link AggregateCore.quantise} for the rule.
 *
 * @returns The parcel, of {@link updateBytes} bytes.
 * @throws {TributaryError} `task-refused` for a plan that does not fit, `update-misshapen` for
 * tensors that are not the plan's, `update-not-finite` for a NaN or an infinity.
 * @throws {RangeError} If `into` is not of the parcel's length.
 */
export function encodeUpdate(
  core: AggregateCore,
  plan: UpdatePlan,
  { tensors, key, into }: EncodeOptions,
): Uint8Array<ArrayBuffer> {
  checkUpdatePlan(plan);
  checkTensors(plan, tensors);
  const bits = bitsPerValue(plan);
  const { memory } = core;
  const parcel = into ?? new Uint8Array(updateBytes(plan));
  if (parcel.length !== updateBytes(plan)) {
    throw new RangeError(
      `Cannot encode into ${parcel.length} bytes: the plan's parcels have ${updateBytes(plan)}`,
    );
  }
  let done = 0;
  for (const { name, range } of plan.tensors) {
    const tensor = tensorOf(tensors, name);
    const { data } = tensor;
    naming(name, tensor, () =>
      eachBlock(core, data.length, ({ from, to, input, output }) => {
        memory.f32(input).set(data.subarray(from, to));
        core.quantise(input, output, { range, bits, key, at: done + from });
        parcel.set(memory.u8(output), 4 * (done + from));
      }));
    done += data.length;
  }
  return parcel;
}

/**
 * Refuses tensors that are not exactly the plan's, by name and shape.
 *
 * @throws {TributaryError} `update-misshapen`
 */
export function checkTensors(plan: UpdatePlan, tensors: NamedTensors): void {
  for (const { name, shape } of plan.tensors) {
    const tensor = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
    if (tensor === undefined) refuse(`tensor "${name}" is missing`);
    if (!sameShape(tensor.shape, shape)) {
      refuse(`tensor "${name}" has shape [${tensor.shape}], expected [${shape}]`);
    }
    if (tensor.data.length !== sizeOf(shape)) {
      refuse(`tensor "${name}" has ${tensor.data.length} values, expected ${sizeOf(shape)}`);
    }
  }
  const names = new Set(plan.tensors.map(({ name }) => name));
  const extra = Object.keys(tensors).find((name) => !names.has(name));
  if (extra !== undefined) refuse(`the plan has no tensor "${extra}"`);
}

function refuse(found: string): never {
  throw new TributaryError("update-misshapen", `Cannot send the update: ${found}`);
}
