/**
 * Choosing a person by the id that the ratings have.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";

/**
 * Dense index of the person `wanted`; of the only one, if nobody is wanted.
 *
 * @throws {TributaryError} `bad-data` if nobody has that id, or there is a choice.
 */
export function personIn(people: readonly string[], wanted: string | undefined): number {
  if (wanted === undefined && people.length === 1) return 0;
  const person = wanted === undefined ? -1 : people.indexOf(wanted);
  if (person >= 0) return person;
  const some = people.slice(0, 5).join(", ");
  throw new TributaryError(
    "bad-data",
    `Cannot choose a person: found ${
      wanted === undefined ? "no --user" : `--user ${wanted}`
    }, expected one of ${people.length}, such as ${some}`,
  );
}
