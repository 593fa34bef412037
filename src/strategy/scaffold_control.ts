/**
 * A client's control in SCAFFOLD, kept on its device.
 *
 * Along with it lies the one before the last accepted update: if the next round is over the same
 * model, the update's round was abandoned, and nobody has added it up.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { decodeSafetensors, encodeSafetensors } from "../core/safetensors.ts";
import { sameShape, zeros } from "../core/tensor.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { DeviceState } from "../core/trainer.ts";

/** Where the control is kept in the device's state. */
const KEY = "scaffold/control";

/** A round, and the model that it trains from. */
export interface RoundMark {
  /** Number of the round. */
  readonly round: number;
  /** How many steps the model has seen. */
  readonly version: number;
}

/** A control, and the one before it. */
export interface ControlChange {
  /** Tensors of the model's names and shapes. */
  readonly before: NamedTensors;
  /** Likewise. */
  readonly after: NamedTensors;
}

/**
 * The control that a round begins with; zeros where none is kept.
 *
 * @param like Tensors of the names and shapes that it must have.
 * @throws {TributaryError} `bad-data` if what is kept is of other tensors.
 */
export async function loadControl(
  state: DeviceState,
  { round, version }: RoundMark,
  like: NamedTensors,
): Promise<NamedTensors> {
  const file = await state.get(KEY);
  if (file === undefined) return zerosLike(like);
  const { metadata, tensors } = decodeSafetensors(file);
  const [before, after] = [named(tensors, "before/", like), named(tensors, "after/", like)];
  if (metadata["version"] !== `${version}`) return after;
  // The same round once more is no sign of an abandoned one: its update may be in the sum already.
  if (metadata["round"] !== `${round}`) await save(state, { before, after: before });
  return before;
}

/** Keeps a control once the update that changed it was accepted. */
export async function saveControl(
  state: DeviceState,
  { round, version }: RoundMark,
  change: ControlChange,
): Promise<void> {
  await save(state, change, { round: `${round}`, version: `${version}` });
}

async function save(
  state: DeviceState,
  { before, after }: ControlChange,
  mark: Readonly<Record<string, string>> = {},
): Promise<void> {
  const entries = [["before/", before], ["after/", after]] as const;
  const tensors = entries.flatMap(([prefix, control]) =>
    Object.entries(control).map(([name, tensor]) => [`${prefix}${name}`, tensor] as const)
  );
  await state.set(KEY, encodeSafetensors(Object.fromEntries(tensors), mark));
}

function named(tensors: NamedTensors, prefix: string, like: NamedTensors): NamedTensors {
  return Object.fromEntries(
    Object.entries(like).map(([name, { shape }]) => {
      const key = `${prefix}${name}`;
      const tensor = Object.hasOwn(tensors, key) ? tensors[key] : undefined;
      if (tensor === undefined || !sameShape(tensor.shape, shape)) {
        throw new TributaryError(
          "bad-data",
          `Cannot use the control kept on this device: "${name}" is ${
            tensor ? `of shape [${tensor.shape}]` : "missing"
          }, expected shape [${shape}]`,
        );
      }
      return [name, tensor];
    }),
  );
}

function zerosLike(tensors: NamedTensors): NamedTensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape }]) => [name, zeros(shape)]),
  );
}
