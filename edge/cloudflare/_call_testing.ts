/**
 * Calls of a store as text: JSON, in which bytes and what is undefined have a form too.
 *
 * @module
 */
import { fromBase64, toBase64 } from "../../src/core/bytes.ts";

/** One call of a store's method. */
export interface StoreCall {
  /** Name of the method. */
  readonly method: string;
  /** What it is given. */
  readonly given: readonly unknown[];
}

/** What came of it. */
export type StoreAnswer =
  | { readonly value: unknown }
  | {
    readonly failed: { readonly name: string; readonly code?: string; readonly message: string };
  };

/** As text. */
export function writeText(value: unknown): string {
  return JSON.stringify(wrap(value));
}

/** What was written. */
export function readText(text: string): unknown {
  return unwrap(JSON.parse(text));
}

/** Every value but a plain one goes in a list that begins with its kind. */
function wrap(value: unknown): unknown {
  if (value === undefined) return ["undefined"];
  if (value instanceof Uint8Array) return ["bytes", toBase64(value)];
  if (Array.isArray(value)) return ["list", value.map(wrap)];
  if (typeof value !== "object" || value === null) return value;
  return ["object", Object.entries(value).map(([key, item]) => [key, wrap(item)])];
}

function unwrap(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const [kind, content] = value;
  switch (kind) {
    case "undefined":
      return undefined;
    case "bytes":
      return fromBase64(content);
    case "list":
      return content.map(unwrap);
    default:
      return Object.fromEntries(
        content.map(([key, item]: [string, unknown]) => [key, unwrap(item)]),
      );
  }
}
