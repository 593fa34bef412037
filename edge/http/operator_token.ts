/**
 * A word that only whoever runs a server knows, for what it shows of itself.
 *
 * @module
 */
import type { Context } from "hono";
import { equalBytes, utf8 } from "../../src/core/bytes.ts";
import { TributaryError } from "../../src/core/errors.ts";

/** Whether a request comes with the operator's token, `Authorization: Bearer …`. */
export function hasToken(c: Context, token: string): boolean {
  const given = /^Bearer ([\x21-\x7e]{1,512})$/.exec(c.req.header("authorization") ?? "")?.[1];
  return given !== undefined && equalBytes(utf8(given), utf8(token));
}

/**
 * Refuses a request without the operator's token.
 *
 * @throws {TributaryError} `operator-refused`.
 */
export function requireToken(c: Context, token: string): void {
  if (hasToken(c, token)) return;
  throw new TributaryError(
    "operator-refused",
    `Cannot show ${c.req.path}: the operator's token is missing or another, expected it as a Bearer token`,
  );
}
