/**
 * The body of an update: its parcel, and the evidence that follows a masked one.
 *
 * @module
 */
/** A parcel that is read slice by slice, by whoever does not hold all of it. */
export interface SlicedParcel {
  /** Its length. */
  readonly bytes: number;
  /** Length of every slice but the last, which has the rest. */
  readonly sliceBytes: number;
  /** One slice; read again for each try. */
  slice(index: number): Promise<Uint8Array>;
  /** Gives back the memory of a slice that was sent or copied. */
  release?(slice: Uint8Array): void;
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

/** What of a body is sent. */
export interface BodyRange {
  /** First byte of the parcel; 0 by default. */
  readonly from?: number;
  /** Byte after the last one; the parcel's end by default. */
  readonly to?: number;
  /** Memory of the body before, which was sent. */
  readonly memory?: Uint8Array<ArrayBuffer> | undefined;
}

/** A range of a parcel, and then the evidence if there is any. */
export async function uploadBody(
  parcel: Uint8Array<ArrayBuffer> | SlicedParcel,
  evidence: UploadEvidence | undefined,
  { from = 0, to = parcelBytes(parcel), memory }: BodyRange = {},
): Promise<UploadBody> {
  const isHeld = parcel instanceof Uint8Array;
  if (isHeld && evidence === undefined) return parcel.subarray(from, to);
  const bytes = to - from + (evidence?.bytes ?? 0);
  if (bytes - (isHeld ? to - from : 0) > HELD_BYTES) {
    return () => streamOf(withEvidence(partOf(parcel, from, to), evidence));
  }
  const body = memory !== undefined && memory.length >= bytes ? memory : new Uint8Array(bytes);
  let at = 0;
  const add = (chunk: Uint8Array) => {
    body.set(chunk, at);
    at += chunk.length;
  };
  if (isHeld) add(parcel.subarray(from, to));
  else {
    for await (const { part, slice } of slicesOf(parcel, from, to)) {
      add(part);
      parcel.release?.(slice);
    }
  }
  if (evidence !== undefined) { for await (const chunk of evidence.chunks()) add(chunk); }
  return body.subarray(0, at);
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
  return parcel instanceof Uint8Array ? [parcel.subarray(from, to)] : partsOf(parcel, from, to);
}

async function* partsOf(
  parcel: SlicedParcel,
  from: number,
  to: number,
): AsyncGenerator<Uint8Array> {
  // Not released: nobody tells when a chunk of a stream has been sent.
  for await (const { part } of slicesOf(parcel, from, to)) yield part;
}

async function* slicesOf(
  parcel: SlicedParcel,
  from: number,
  to: number,
): AsyncGenerator<{ readonly part: Uint8Array; readonly slice: Uint8Array }> {
  const { sliceBytes } = parcel;
  for (let at = from; at < to;) {
    const index = Math.floor(at / sliceBytes);
    const begin = index * sliceBytes;
    const slice = await parcel.slice(index);
    const part = slice.subarray(at - begin, to - begin);
    const { length } = part;
    if (length === 0) throw new RangeError(`Cannot send slice ${index}: it is empty`);
    yield { part, slice };
    at += length;
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
