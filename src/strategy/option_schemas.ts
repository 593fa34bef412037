/**
 * Schemas of the numbers that strategies are set by.
 *
 * @module
 */
import * as v from "valibot";

/** A finite number above 0, called `name` in the message. */
export function positive(name: string): v.GenericSchema<unknown, number> {
  return v.pipe(
    v.number(`${name} must be a number`),
    v.finite(`${name} must be finite`),
    v.gtValue(0, `${name} must be above 0`),
  );
}

/** A number in `[0, 1)`, called `name` in the message. */
export function fraction(name: string): v.GenericSchema<unknown, number> {
  return v.pipe(
    v.number(`${name} must be a number`),
    v.minValue(0, `${name} must be at least 0`),
    v.ltValue(1, `${name} must be below 1`),
  );
}
