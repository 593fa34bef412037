/**
 * Arguments of the command line, checked as they are read.
 *
 * @module
 */
import { InvalidArgumentError, Option } from "commander";

/**
 * An option that is a secret. It can come by an environment variable too: everybody on a machine can
 * read the command lines of everybody else.
 */
export function secretOption(
  { flags, what, variable }: {
    readonly flags: string;
    readonly what: string;
    /** The variable's name. */
    readonly variable: string;
  },
): Option {
  return new Option(flags, what).env(variable);
}

/** A parser of whole numbers in `[least, most]`, for an option. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d{1,15}$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** A parser of `http` and `https` addresses, for an option. */
export function httpUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new InvalidArgumentError("Expected an address such as http://127.0.0.1:8080.");
  }
  return text;
}

/** A parser of numbers above `low` and up to `high`, for an option. */
export function numberUpTo(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    if (!(value > low && value <= high)) {
      throw new InvalidArgumentError(`Expected a number above ${low} and up to ${high}.`);
    }
    return value;
  };
}

/** A parser of chances in `[0, 1]`, for an option. */
export function chance(text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || value > 1) {
    throw new InvalidArgumentError("Expected a number from 0 to 1.");
  }
  return value;
}

/** A parser of numbers above 0, for an option. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || !(value > 0)) {
    throw new InvalidArgumentError("Expected a number above 0.");
  }
  return value;
}

/** A parser of whole numbers above 0 with commas between them, for an option. */
export function levels(text: string): number[] {
  const numbers = text.split(",").map(Number);
  if (!/^\d{1,5}(,\d{1,5}){0,7}$/.test(text) || numbers.includes(0)) {
    throw new InvalidArgumentError("Expected whole numbers above 0, such as 3,4.");
  }
  return numbers;
}
