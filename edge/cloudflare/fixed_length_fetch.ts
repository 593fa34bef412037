/**
 * The platform's `fetch`, for bodies whose length is known although they are streams.
 *
 * @module
 */
import type { Fetch } from "../../src/core/fetch.ts";

/** The platform's stream that tells its length, which a request then has as its own. */
declare const FixedLengthStream: new (bytes: number) => TransformStream<Uint8Array, Uint8Array>;

/**
 * Sends a request with the length that its header says, where its body is a stream: the platform would
 * drop that header, which the signature of an update without evidence covers, and send the body in
 * chunks.
 */
export const fixedLengthFetch: Fetch = async (request) => {
  const length = request.headers.get("content-length");
  if (request.body === null || length === null) return await fetch(request);
  const { readable, writable } = new FixedLengthStream(Number(length));
  // What breaks off here breaks the request off; a server that answers early reads no further.
  request.body.pipeTo(writable, { signal: request.signal }).catch(() => {});
  return await fetch(new Request(request, { body: readable }));
};
