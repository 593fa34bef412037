/**
 * The body of an update: its parcel, and the evidence that follows a masked one.
 *
 * @module
 */
import { concatBytes } from "../core/bytes.ts";

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

/** The parcel, and then the evidence if there is any. */
export async function uploadBody(
  parcel: Uint8Array<ArrayBuffer>,
  evidence: UploadEvidence | undefined,
): Promise<UploadBody> {
  if (evidence === undefined) return parcel;
  if (evidence.bytes > HELD_BYTES) return () => streamOf(withParcel(parcel, evidence));
  const parts: Uint8Array[] = [];
  for await (const part of withParcel(parcel, evidence)) parts.push(part);
  return concatBytes(parts);
}

async function* withParcel(
  parcel: Uint8Array,
  evidence: UploadEvidence,
): AsyncGenerator<Uint8Array> {
  yield parcel;
  yield* evidence.chunks();
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
