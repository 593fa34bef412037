/**
 * Sending an update so that a connection which breaks costs no more than what was on its way: the
 * sender asks what has arrived, and goes on there. Parcels longer than a request may be go in pieces.
 *
 * The form is that of resumable uploads of the IETF's HTTP working group: `Upload-Offset` says where a
 * piece begins, `Upload-Complete` whether the body ends with it. The update's own address is the upload's.
 *
 * @module
 */
import { fromBase64Url, toHex } from "../core/bytes.ts";
import { isTributaryError } from "../core/errors.ts";
import { type Caller, invalid, readJson, signalOf, transferMs } from "./call.ts";
import type { AnyUpload } from "./peer.ts";
import { type Receipt, receiptSchema, verifyReceipt } from "./receipt.ts";
import { fillRoute, ROUTES } from "./routes.ts";
import { readOffset, updateHeaders, type UploadPiece } from "./update_headers.ts";
import { parcelBytes, uploadBody } from "./upload_body.ts";

/** Longest parcel that goes in one request: some platforms take no more than 100 MB. */
const WHOLE_BYTES = 64 << 20;
/** Longest one of those that are read slice by slice, and longest piece of it. */
const SLICED_BYTES = 8 << 20;
/** A shorter parcel is sent again rather than asked for. */
const ASKED_BYTES = 2 << 20;

/** An update on its way to an aggregator. */
export interface SendOptions {
  /** Digest of the task. */
  readonly task: string;
  /** Id of the sender. */
  readonly member: string;
  /** Tree digest of the parcel. */
  readonly digest: Uint8Array;
  /** Everything else. */
  readonly upload: AnyUpload;
}

/**
 * Sends an update until its receipt is there, as often as the caller tries.
 *
 * @throws {TributaryError} As {@link Peer.putUpdate}.
 */
export function sendUpdate(caller: Caller, options: SendOptions): Promise<Receipt> {
  const { task, member, digest, upload } = options;
  const { round, parcel } = upload;
  const bytes = parcelBytes(parcel);
  const isHeld = parcel instanceof Uint8Array;
  const most = isHeld ? WHOLE_BYTES : SLICED_BYTES;
  const path = fillRoute(ROUTES.update, { task, round, member });

  let memory: Uint8Array<ArrayBuffer> | undefined;

  /** Bytes of the parcel that have arrived. */
  async function ask(): Promise<number> {
    try {
      return await caller.attempt({
        ...{ method: "HEAD", path: `${path}?digest=${toHex(digest)}`, audience: upload.region.id },
        ...signalOf(upload),
        read: (response) => Promise.resolve(offsetOf(response, bytes)),
      });
    } catch (error) {
      // An aggregator of another make may not know the question.
      const isUnknown = isTributaryError(error, "not-found") ||
        isTributaryError(error, "method-not-allowed") || isTributaryError(error, "peer-invalid");
      if (isUnknown) return 0;
      throw error;
    }
  }

  async function send<T>(
    from: number,
    to: number,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    const isLast = to === bytes;
    const evidence = isLast ? upload.evidence : undefined;
    const length = to - from + (evidence?.bytes ?? 0);
    const isWhole = from === 0 && isLast;
    const piece: UploadPiece = { offset: from, bytes: length, isLast };
    const headers = updateHeaders({
      ...{ bytes, digest, slices: upload.slices, sid: upload.sid },
      ...{ clients: upload.clients, members: upload.members },
      ...(upload.evidence && { evidence: upload.evidence }),
      ...(isWhole ? {} : { piece }),
    });
    // A request copies the bytes of its body, so that the next one can use their memory.
    const body = await uploadBody(parcel, evidence, { from, to, memory });
    if (!isHeld && body instanceof Uint8Array) memory = new Uint8Array(body.buffer);
    return await caller.attempt({
      ...{ method: isWhole ? "PUT" : "PATCH", path, audience: upload.region.id },
      ...signalOf(upload),
      body,
      headers: () => Promise.resolve(headers),
      extraMs: transferMs(length),
      read,
    });
  }

  async function readReceipt(response: Response): Promise<Receipt> {
    const receipt = await readJson(response, receiptSchema, "a receipt");
    const { sid, clients, region } = upload;
    const expected = { task, round, sid, clients, member, digest: toHex(digest) };
    await verifyReceipt(
      receipt,
      { ...expected, region: region.id },
      fromBase64Url(region.publicKey),
    );
    return receipt;
  }

  return caller.persist(async (tries) => {
    const isInPieces = bytes > most;
    let from = isInPieces || (tries > 1 && bytes > ASKED_BYTES) ? await ask() : 0;
    while (bytes - from > most) {
      const next = await send(
        from,
        from + most,
        (response) => Promise.resolve(offsetOf(response, bytes)),
      );
      if (next <= from) invalid(`it has ${next} bytes, expected more than ${from}`);
      from = next;
    }
    return await send(from, bytes, readReceipt);
  }, { ...signalOf(upload), retryable: (error) => isTributaryError(error, "offset-mismatch") });
}

function offsetOf(response: Response, bytes: number): number {
  const offset = readOffset(response.headers);
  if (offset === undefined || offset > bytes) {
    invalid(`it does not say what of the upload it has, expected at most ${bytes} bytes`);
  }
  return offset;
}
