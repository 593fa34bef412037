/**
 * The one door for data from outside: bytes or values in, a checked message or a named error out.
 *
 * @module
 */
import * as v from "valibot";
import { type ErrorCode, TributaryError } from "../core/errors.ts";
import { parseJson } from "../core/json.ts";

/** How to speak of a message that cannot be read. */
export interface MessageForm {
  /** The message with its article, such as `a receipt`. */
  readonly what: string;
  /** Code of the error. */
  readonly code: ErrorCode;
}

/**
 * A checked message out of unknown data.
 *
 * @throws {TributaryError} Of `form.code`; the sentence names the first field that does not fit.
 */
export function readMessage<T>(
  schema: v.GenericSchema<T>,
  value: unknown,
  form: MessageForm,
): T {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) {
    const lost = lostIn(value, result.output);
    if (lost === undefined) return result.output;
    throw new TributaryError(form.code, `Cannot read ${form.what}: ${lost}`);
  }
  const issue = result.issues[0];
  const at = v.getDotPath(issue) ?? "the top";
  throw new TributaryError(form.code, `Cannot read ${form.what}: at ${at}, ${issue.message}`);
}

/**
 * What schemas leave out without a word: they take a list for an empty record, and drop keys that
 * objects have by nature. A document that was signed or hashed must be the one that is read.
 */
function lostIn(value: unknown, output: unknown): string | undefined {
  // No recursion, as nobody has bounded the depth of what is kept as it is.
  const pairs: [unknown, unknown][] = [[value, output]];
  for (const [found, kept] of pairs) {
    if (!isObject(found) || !isObject(kept)) continue;
    if (Array.isArray(found) !== Array.isArray(kept)) return "a list stands for an object";
    const lost = NATURAL_KEYS.find((key) => Object.hasOwn(found, key) && !Object.hasOwn(kept, key));
    if (lost !== undefined) return `the key "${lost}" is not allowed`;
    // What is kept as it is has lost nothing.
    if (found === kept) continue;
    for (const [key, inner] of Object.entries(kept)) pairs.push([found[key], inner]);
  }
  return undefined;
}

const NATURAL_KEYS = ["constructor", "prototype"] as const;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/**
 * A checked message out of the UTF-8 bytes of its JSON.
 *
 * @throws {TributaryError} Of `form.code`, when the bytes are not UTF-8, not JSON, have a key twice in
 * one object, or do not fit.
 */
export function readJsonMessage<T>(
  schema: v.GenericSchema<T>,
  bytes: Uint8Array,
  form: MessageForm,
): T {
  let value: unknown;
  try {
    value = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new TributaryError(
      form.code,
      `Cannot read ${form.what}: it is not JSON in UTF-8 with each key once`,
      { cause },
    );
  }
  return readMessage(schema, value, form);
}
