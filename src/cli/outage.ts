/**
 * Telling a person that the other side is away, while the library keeps trying.
 *
 * @module
 */
import { type Fetch, systemFetch } from "../core/fetch.ts";

/**
 * A `fetch` that says when an address cannot be reached, and when it can be again: a line each.
 *
 * @param who   What people call the other side.
 * @param warn  Takes a line.
 * @param fetch How requests travel; the platform's by default.
 */
export function announceOutages(
  who: string,
  warn: (line: string) => void,
  fetch: Fetch = systemFetch,
): Fetch {
  let away = false;
  return async (request) => {
    try {
      const response = await fetch(request);
      if (away) warn(`${who} answers again`);
      away = false;
      return response;
    } catch (error) {
      if (!away && !request.signal.aborted) {
        away = true;
        warn(`cannot reach ${who}; trying again until it answers`);
      }
      throw error;
    }
  };
}
