/**
 * One byte form for one JSON value, so that documents can be hashed and signed.
 *
 * @module
 */
import canonicalize from "canonicalize";
import { utf8 } from "./bytes.ts";

/** A value that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | {
  readonly [key: string]: Json;
};

/**
 * The canonical text of a JSON value (RFC 8785): keys sorted, no white space.
 *
 * @throws {TypeError} If `value` has no JSON form, such as `undefined` or a function.
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError(`Cannot write ${typeof value} as canonical JSON`);
  return text;
}

/** UTF-8 bytes of {@link canonicalJson}. */
export function canonicalBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return utf8(canonicalJson(value));
}
