/**
 * The body of an update: its parcel, and the evidence that follows a masked one.
 *
 * @module
 */
import { concatBytes } from "../core/bytes.ts";

/** A parcel that is read slice by slice, by whoever does not hold all of it. */
export interface SlicedParcel {
  /** Its length. */
  readonly bytes: number;
  /** Length of every slice but the last, which has the rest. */
  readonly sliceBytes: number;
  /** One slice; read again for each try. */
  slice(index: number): Promise<Uint8Array>;
}

/** What proves whose masked parcel an upload is. */
export interface UploadEvidence {
  /** Its length. */
  readonly bytes: number;
  /** Its tree digest over pieces of 1 MiB. */
  readonly digest: Uint8Array;
  /** All of it, cut anywhere; read again for each try. */
  chunks(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** A body as a request takes it: bytes, or a stream that is made anew for each try. */
export type UploadBody =
  | Uint8Array<ArrayBuffer>
  | (() => ReadableStream<Uint8Array<ArrayBuffer>>);

/** Longest body that is made in memory; a longer one is read as it is sent. */
const HELD_BYTES = 8 << 20;

/** Length of a parcel. */
export function parcelBytes(parcel: Uint8Array | SlicedParcel): number {
  return parcel instanceof Uint8Array ? parcel.length : parcel.bytes;
}

/** Bytes `[from, to)` of a parcel, and then the evidence if there is any. */
export async function uploadBody(
  parcel: Uint8Array<ArrayBuffer> | SlicedParcel,
  evidence: UploadEvidence | undefined,
  { from = 0, to = parcelBytes(parcel) }: { readonly from?: number; readonly to?: number } = {},
): Promise<UploadBody> {
  const isHeld = parcel instanceof Uint8Array;
  if (isHeld && evidence === undefined) return parcel.subarray(from, to);
  const chunks = () => withEvidence(partOf(parcel, from, to), evidence);
  if ((isHeld ? 0 : to - from) + (evidence?.bytes ?? 0) > HELD_BYTES) {
    return () => streamOf(chunks());
  }
  return concatBytes(await Array.fromAsync(chunks()));
}

async function* withEvidence(
  parcel: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  evidence: UploadEvidence | undefined,
): AsyncGenerator<Uint8Array> {
  yield* parcel;
  if (evidence !== undefined) yield* evidence.chunks();
}

function partOf(
  parcel: Uint8Array | SlicedParcel,
  from: number,
  to: number,
): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  return parcel instanceof Uint8Array ? [parcel.subarray(from, to)] : slicesOf(parcel, from, to);
}

async function* slicesOf(
  { slice, sliceBytes }: SlicedParcel,
  from: number,
  to: number,
): AsyncGenerator<Uint8Array> {
  for (let at = from; at < to;) {
    const index = Math.floor(at / sliceBytes);
    const begin = index * sliceBytes;
    const part = (await slice(index)).subarray(at - begin, to - begin);
    if (part.length === 0) throw new RangeError(`Cannot send slice ${index}: it is empty`);
    yield part;
    at += part.length;
  }
}

/** `ReadableStream.from`, which not every platform has. */
function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value as Uint8Array<ArrayBuffer>);
    },
    cancel: async () => void await chunks.return(undefined),
  });
}
