/**
 * Fetching a model, which a region cannot make larger or other than the task's.
 *
 * @module
 */
import { utf8 } from "../core/bytes.ts";
import { TributaryError } from "../core/errors.ts";
import { decodeSafetensors } from "../core/safetensors.ts";
import { type NamedTensors, sameShape, sizeOf, type TensorSpec } from "../core/tensor.ts";
import type { Peer } from "../wire/peer.ts";
import type { ModelInfo } from "../wire/round_info.ts";

/** Which model, and what it must be. */
export interface FetchModelOptions {
  /** The region. */
  readonly peer: Peer;
  /** Digest of the task. */
  readonly task: string;
  /** The model as the region announces it. */
  readonly info: ModelInfo;
  /** Names and shapes of what the task's rounds publish: the model, and what its strategy sends along. */
  readonly tensors: readonly TensorSpec[];
  /** Ends the transfer. */
  readonly signal: AbortSignal;
}

/** A model that came, and fits. */
export interface FetchedModel {
  /** Exactly the tensors that were asked for. */
  readonly tensors: NamedTensors;
  /** Bytes of its file. */
  readonly bytes: number;
}

/** Room for the length of a header, its padding and metadata. */
const HEADER_BYTES = 65_536;
/** Room for what a header says about a tensor besides its name and extents. */
const ENTRY_BYTES = 256;
/** Digits of the largest extent, and what separates them. */
const EXTENT_BYTES = 24;
/** Longest form of one byte of a name in JSON, a control character's. */
const ESCAPED_BYTES = 6;

/**
 * The model that `info` announces, checked: nothing is transferred that could not be the task's.
 *
 * @throws {TributaryError} `model-invalid` when it is larger than the task's model can be, of another
 * digest, of other tensors, or holds a value that is not finite; `bad-tensors` when it is no
 * safetensors file.
 */
export async function fetchModel(options: FetchModelOptions): Promise<FetchedModel> {
  const { peer, task, info, tensors, signal } = options;
  const most = mostBytes(tensors);
  if (info.bytes > most) {
    refuse(
      info,
      `${info.bytes} bytes are announced, expected at most ${most} for the task's model`,
    );
  }
  const file = await peer.model(task, info, { signal });
  const found = decodeSafetensors(file).tensors;
  const count = Object.keys(found).length;
  if (count !== tensors.length) refuse(info, `it has ${count} tensors, expected ${tensors.length}`);
  for (const { name, shape } of tensors) {
    const tensor = Object.hasOwn(found, name) ? found[name] : undefined;
    if (tensor === undefined) refuse(info, `it has no tensor "${name}"`);
    if (!sameShape(tensor.shape, shape)) {
      refuse(info, `its tensor "${name}" has shape [${tensor.shape}], expected [${shape}]`);
    }
    const at = tensor.data.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) {
      refuse(info, `its tensor "${name}" holds ${tensor.data[at]}, expected finite values`);
    }
  }
  return { tensors: found, bytes: file.length };
}

/** More than any file of these tensors takes. */
function mostBytes(tensors: readonly TensorSpec[]): number {
  return tensors.reduce(
    (sum, { name, shape }) =>
      sum + 4 * sizeOf(shape) + ENTRY_BYTES + ESCAPED_BYTES * utf8(name).length +
      EXTENT_BYTES * shape.length,
    HEADER_BYTES,
  );
}

function refuse({ version }: ModelInfo, found: string): never {
  throw new TributaryError("model-invalid", `Cannot use model ${version}: ${found}`);
}
