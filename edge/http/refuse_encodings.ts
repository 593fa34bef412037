/**
 * Compressed bodies are not read: a few bytes of one could stand for gigabytes.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { TributaryError } from "../../src/core/errors.ts";

/** Refuses a request whose body is said to be compressed, before anything of it is read. */
export const refuseEncodings: MiddlewareHandler = async (c, next) => {
  const encoding = c.req.header("content-encoding")?.trim().toLowerCase();
  if (encoding !== undefined && encoding !== "identity") {
    // RFC 9110, section 15.5.16: what would be taken.
    c.header("accept-encoding", "identity");
    throw new TributaryError(
      "encoding-refused",
      "Cannot read the body: it has a Content-Encoding, expected none",
    );
  }
  await next();
};
