/**
 * Arguments of the command line, checked as they are read.
 *
 * @module
 */
import { InvalidArgumentError } from "commander";

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
