/**
 * Reading the options of a model or a strategy: schemas of their numbers, and one sentence for what
 * does not fit.
 *
 * @module
 */
import * as v from "valibot";
import { TributaryError } from "./errors.ts";

/** A finite number, called `name` in the message. */
export function finite(name: string): v.GenericSchema<unknown, number> {
  return v.pipe(v.number(`${name} must be a number`), v.finite(`${name} must be finite`));
}

/** A finite number above 0. */
export function positive(name: string): v.GenericSchema<unknown, number> {
  return v.pipe(finite(name), v.gtValue(0, `${name} must be above 0`));
}

/** A finite number, 0 or more. */
export function notNegative(name: string): v.GenericSchema<unknown, number> {
  return v.pipe(finite(name), v.minValue(0, `${name} must be at least 0`));
}

/** A number in `[0, 1)`. */
export function fraction(name: string): v.GenericSchema<unknown, number> {
  return v.pipe(notNegative(name), v.ltValue(1, `${name} must be below 1`));
}

/** A whole number in `[1, most]`. */
export function whole(name: string, most: number): v.GenericSchema<unknown, number> {
  return v.pipe(
    v.number(`${name} must be a number`),
    v.integer(`${name} must be a whole number`),
    v.minValue(1, `${name} must be at least 1`),
    v.maxValue(most, `${name} must be at most ${most}`),
  );
}

/**
 * Options out of unknown data.
 *
 * @param doing What cannot be done with others, such as `make an mf model`.
 * @throws {TributaryError} `task-refused`, naming the first option that does not fit.
 */
export function readOptions<T>(
  schema: v.GenericSchema<unknown, T>,
  value: unknown,
  doing: string,
): T {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new TributaryError(
    "task-refused",
    `Cannot ${doing}: ${v.getDotPath(issue) ?? "options"}: ${issue.message}`,
  );
}
