/**
 * Published models in the store, and how they are handed out.
 *
 * @module
 */
import { concatBytes, cutBytes } from "../../src/core/bytes.ts";
import { TributaryError } from "../../src/core/errors.ts";
import type { ModelInfo } from "../../src/wire/round_info.ts";
import { MAX_SLICE_BYTES, type RoundStore, type SliceRow } from "../store.ts";

/** Name of a model's slices in the store. */
export function modelName(version: number): string {
  return `model/${version}`;
}

/** Anything in slices of the largest size, for one write. */
export function sliceRows(name: string, bytes: Uint8Array): SliceRow[] {
  return cutBytes(bytes, MAX_SLICE_BYTES).map((bytes, index) => ({ name, index, bytes }));
}

/** What {@link sliceRows} cut, whole again; undefined if there is nothing of that name. */
export async function readSlices(
  store: RoundStore,
  task: string,
  name: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const slices: Uint8Array[] = [];
  for (;;) {
    const slice = await store.slice(task, name, slices.length);
    if (slice === undefined) break;
    slices.push(slice);
  }
  return slices.length === 0 ? undefined : concatBytes(slices);
}

/** Hands out the models of one task. */
export interface Models {
  /**
   * Bytes `[from, to)` of a model, as one array if it is held in memory, else as a stream that reads
   * slice by slice.
   *
   * @throws {TributaryError} `model-unknown` if the store has it no more.
   */
  body(
    model: ModelInfo,
    from: number,
    to: number,
  ): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>>;
}

/**
 * Models of a task; keeps the last one that was asked for in memory.
 *
 * @param heldBytes Longest model that is kept; longer ones are streamed from the store.
 */
export function createModels(store: RoundStore, task: string, heldBytes: number): Models {
  let held:
    | { readonly digest: string; readonly bytes: Promise<Uint8Array<ArrayBuffer>> }
    | undefined;

  async function load(model: ModelInfo): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await readSlices(store, task, modelName(model.version));
    if (bytes?.length !== model.bytes) throw unknownModel(model.version);
    return bytes;
  }

  async function* slicesOf(model: ModelInfo, from: number, to: number) {
    for (let at = from; at < to;) {
      const index = Math.floor(at / MAX_SLICE_BYTES);
      const slice = await store.slice(task, modelName(model.version), index);
      if (slice === undefined) throw unknownModel(model.version);
      const start = index * MAX_SLICE_BYTES;
      const part = slice.slice(at - start, to - start);
      yield part;
      at += part.length;
    }
  }

  return {
    async body(model, from, to) {
      if (model.bytes > heldBytes) return ReadableStream.from(slicesOf(model, from, to));
      if (held?.digest !== model.digest) {
        const bytes = load(model);
        held = { digest: model.digest, bytes };
        // One that could not be read is not kept.
        bytes.catch(() => held = held?.bytes === bytes ? undefined : held);
      }
      return (await held.bytes).subarray(from, to);
    },
  };
}

/** The error for a version that is not, or no longer, there. */
export function unknownModel(version: number): TributaryError {
  return new TributaryError(
    "model-unknown",
    `Cannot give model ${version}: it is not, or no longer, kept here`,
  );
}
