/**
 * Reading an update off the network: slice by slice, each checked before the next one is read.
 *
 * @module
 */
import { equalBytes } from "../../src/core/bytes.ts";
import type { Clock } from "../../src/core/clock.ts";
import { type Digest, treeDigest } from "../../src/core/digest.ts";
import { TributaryError } from "../../src/core/errors.ts";
import type { UploadPiece } from "../../src/wire/update_headers.ts";
import { watchArrival } from "./arrival.ts";
import type { SlicePool } from "./slice_pool.ts";

/** What follows a parcel. */
export interface EvidenceForm {
  /** Its length. */
  readonly bytes: number;
  /** Length of every slice but the last, which has the rest. */
  readonly sliceBytes: number;
  /** SHA-256 over the SHA-256 of its slices, as the sender announced and signed it. */
  readonly tree: Uint8Array;
  /** Takes its slices; what they are is not known before the last one was read. */
  readonly sink: SliceSink;
}

/** What a body must be. */
export interface ParcelForm {
  /** Length of the parcel. */
  readonly bytes: number;
  /** Length of every slice but the last, which has the rest. */
  readonly sliceBytes: number;
  /** SHA-256 of each slice, in order, as the sender announced and signed them. */
  readonly digests: readonly Uint8Array[];
  /** What follows the parcel; nothing where left out. */
  readonly evidence?: EvidenceForm;
  /** Which piece of it all the body is, from a whole slice on; all of it where left out. */
  readonly piece?: UploadPiece;
  /** Whether the body comes without a length of its own. */
  readonly isStream?: boolean | undefined;
  /** SHA-256. */
  readonly digest: Digest;
  /** Where the slices' memory comes from. */
  readonly pool: SlicePool;
  /** Told of everything that arrives, long before a slice is whole. */
  arrived?(): void;
  /** Tells when a sender has stalled. */
  readonly clock: Clock;
  /** Longest time that a slice may take to arrive, in milliseconds. */
  readonly stallMs: number;
  /** Aborts when nobody wants the parcel any more. */
  readonly signal?: AbortSignal;
}

/** Takes a checked slice; the next one is read when it resolves. The bytes are its to keep. */
export type SliceSink = (
  index: number,
  bytes: Uint8Array<ArrayBuffer>,
) => Promise<void> | void;

/**
 * Reads a body to its end and hands on each slice of the parcel that has the announced digest, and the
 * slices of the evidence, whose digest is told when all were read.
 *
 * Never holds more than one slice and one chunk of the platform. Slices handed on before an error
 * belong to a parcel that is not there: the sink's owner forgets them.
 *
 * @throws {TributaryError} `body-too-long` as soon as one byte too many was read, `body-too-short`
 * if the body ends or breaks off early or stalls, `digest-mismatch` at the first slice that differs, or for the evidence as a whole.
 * @throws Whatever the sink throws. The body is cancelled in every case.
 */
export async function ingest(
  body: ReadableStream<Uint8Array> | null,
  form: ParcelForm,
  sink: SliceSink,
): Promise<void> {
  await using source = openSource(body, form);
  // A read that is under way ends as if the body had.
  const stop = () => void source.cancel();
  using watch = watchArrival({ ...form, stop });
  form.signal?.addEventListener("abort", stop);
  const { from, to, isLast, rest } = placesOf(form);
  try {
    if (form.signal?.aborted) stop();
    for (const [at, announced] of form.digests.slice(from, to).entries()) {
      const index = from + at;
      const length = Math.min(form.sliceBytes, form.bytes - index * form.sliceBytes);
      const slice = await watch.during(() => source.read(length));
      if (!equalBytes(await form.digest(slice), announced)) {
        throw new TributaryError(
          "digest-mismatch",
          `Cannot take slice ${index}: its SHA-256 is not the announced one`,
        );
      }
      await sink(index, slice);
    }
    // The beginning of a slice is sent again with the rest of it.
    if (rest > 0) await watch.during(() => source.read(rest));
    if (form.evidence !== undefined && isLast) {
      await readEvidence(
        form.evidence,
        form.digest,
        (length) => watch.during(() => source.read(length)),
      );
    }
    await watch.during(() => source.end());
  } finally {
    form.signal?.removeEventListener("abort", stop);
  }
}

async function readEvidence(
  { bytes, sliceBytes, tree, sink }: EvidenceForm,
  digest: Digest,
  read: (length: number) => Promise<Uint8Array<ArrayBuffer>>,
): Promise<void> {
  const digests: Uint8Array[] = [];
  for (let at = 0; at < bytes; at += sliceBytes) {
    const slice = await read(Math.min(sliceBytes, bytes - at));
    digests.push(await digest(slice));
    await sink(digests.length - 1, slice);
  }
  if (!equalBytes(await treeDigest(digests, digest), tree)) {
    throw new TributaryError(
      "digest-mismatch",
      "Cannot take the evidence: its digest is not the announced one",
    );
  }
}

/** Length of the whole body. */
function totalBytes({ bytes, evidence, piece }: ParcelForm): number {
  return piece?.bytes ?? bytes + (evidence?.bytes ?? 0);
}

/** Which slices are whole in a body, and how many bytes of another one follow them. */
function placesOf({ bytes, sliceBytes, digests, piece }: ParcelForm) {
  if (piece === undefined) return { from: 0, to: digests.length, isLast: true, rest: 0 };
  const { offset, isLast } = piece;
  const from = Math.ceil(offset / sliceBytes);
  if (isLast) return { from, to: digests.length, isLast, rest: 0 };
  const end = offset + piece.bytes;
  const to = end === bytes ? digests.length : Math.floor(end / sliceBytes);
  return { from, to, isLast, rest: end === bytes ? 0 : end - to * sliceBytes };
}

/** Reads exact lengths off a stream. */
interface Source extends AsyncDisposable {
  read(length: number): Promise<Uint8Array<ArrayBuffer>>;
  end(): Promise<void>;
  cancel(): Promise<void>;
}

/**
 * A body is read into buffers of ours where that works: in workerd always; in Deno if it has a length,
 * as the end of one that has none is never told to such a reader (2.9.6), and if it is not too short.
 */
function openSource(body: ReadableStream<Uint8Array> | null, form: ParcelForm): Source {
  const stream = body ?? new Blob([]).stream();
  if (form.isStream === true && !("readAtLeast" in ReadableStreamBYOBReader.prototype)) {
    return chunkSource(stream, form);
  }
  let reader: ReadableStreamBYOBReader;
  try {
    reader = stream.getReader({ mode: "byob" });
  } catch {
    return chunkSource(stream, form);
  }
  return byobSource(reader, form);
}

/** Of a body that hands out chunks of its own. */
function chunkSource(body: ReadableStream<Uint8Array>, form: ParcelForm): Source {
  const reader = body.getReader();
  let rest = new Uint8Array(0);
  let taken = 0;

  /** The next bytes that are there; empty at the end. */
  async function next(): Promise<Uint8Array> {
    while (rest.length === 0) {
      const { done, value } = await arrive(reader.read(), taken, form);
      if (done) break;
      taken += value.length;
      form.arrived?.();
      if (taken > totalBytes(form)) throw tooLong(form);
      rest = value as Uint8Array<ArrayBuffer>;
    }
    return rest;
  }

  return {
    async read(length) {
      const slice = form.pool.take(length);
      for (let at = 0; at < length;) {
        const chunk = (await next()).subarray(0, length - at);
        if (chunk.length === 0) throw tooShort(taken, form);
        slice.set(chunk, at);
        at += chunk.length;
        rest = rest.subarray(chunk.length);
      }
      return slice;
    },
    async end() {
      try {
        // More bytes than announced are noticed when they come.
        await next();
      } catch (error) {
        // Whoever ends its half of the connection behind the last byte has said all there was.
        if (taken !== totalBytes(form)) throw error;
      }
    },
    cancel: () => cancel(reader),
    [Symbol.asyncDispose]: () => cancel(reader),
  };
}

/** workerd's own reader: its plain reads give 4 KiB, which is seven times slower. */
interface AtLeastReader extends ReadableStreamBYOBReader {
  readAtLeast(
    least: number,
    view: Uint8Array<ArrayBuffer>,
  ): Promise<{ readonly done: boolean; readonly value?: Uint8Array<ArrayBuffer> }>;
}

function byobSource(reader: ReadableStreamBYOBReader | AtLeastReader, form: ParcelForm): Source {
  let taken = 0;

  /** What is there, and where the platform can, all that the view holds. */
  const fill = (
    view: Uint8Array<ArrayBuffer>,
  ): Promise<{ readonly value?: Uint8Array | undefined }> =>
    "readAtLeast" in reader ? reader.readAtLeast(view.length, view) : reader.read(view);

  async function next(view: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    const { value } = await arrive(fill(view), taken, form);
    if (value === undefined || value.length === 0) throw tooShort(taken, form);
    taken += value.length;
    form.arrived?.();
    return value as Uint8Array<ArrayBuffer>;
  }

  return {
    async read(length) {
      let slice = form.pool.take(length);
      // A read takes the buffer, and gives it back as another.
      for (let at = 0; at < length;) {
        const value = await next(new Uint8Array(slice.buffer, at, length - at));
        at += value.length;
        slice = new Uint8Array(value.buffer, 0, length);
      }
      return slice;
    },
    async end() {
      // All is there: a sender that has closed its half of the connection makes this fail.
      const { value } = await fill(new Uint8Array(1)).catch(() => ({ value: undefined }));
      if (value !== undefined && value.length > 0) throw tooLong(form);
    },
    cancel: () => cancel(reader),
    [Symbol.asyncDispose]: () => cancel(reader),
  };
}

/** Waits for a read; one that fails means that the sender broke off. */
async function arrive<T>(read: Promise<T>, taken: number, form: ParcelForm): Promise<T> {
  try {
    return await read;
  } catch (cause) {
    throw tooShort(taken, form, cause);
  }
}

/** Drops what was not read; a body that was read to its end has nothing left to drop. */
async function cancel(reader: ReadableStreamReader<Uint8Array>): Promise<void> {
  // A sender that is gone makes this fail, and has been reported already.
  await reader.cancel().catch(() => {});
}

function tooLong(form: ParcelForm): TributaryError {
  return new TributaryError(
    "body-too-long",
    `Cannot take the body: it goes on after the announced ${totalBytes(form)} bytes`,
  );
}

function tooShort(taken: number, form: ParcelForm, cause?: unknown): TributaryError {
  return new TributaryError(
    "body-too-short",
    `Cannot take the body: it ended after ${taken} of ${totalBytes(form)} bytes`,
    { cause },
  );
}
