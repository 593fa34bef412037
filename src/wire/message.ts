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
  if (result.success) return result.output;
  const issue = result.issues[0];
  const at = v.getDotPath(issue) ?? "the top";
  throw new TributaryError(form.code, `Cannot read ${form.what}: at ${at}, ${issue.message}`);
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
