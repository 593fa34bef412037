/**
 * Many cases of one decoder, up to the first that fails.
 *
 * @module
 */
import type { Decoder } from "./decoder.ts";
import { type Failure, runCase } from "./run_case.ts";

/** Which cases. */
export interface CaseRange {
  /** Seed of the whole run. */
  readonly seed: number;
  /** First case. */
  readonly from: number;
  /** Case after the last one. */
  readonly to: number;
  /** Told before each case. */
  begin?(index: number): void;
}

/** The first case that fails, if any does; samples as they are must be accepted. */
export async function runCases(decoder: Decoder, range: CaseRange): Promise<Failure | undefined> {
  const { seed, from, to, begin } = range;
  if (from === 0) {
    for (const [index, sample] of decoder.samples.entries()) {
      try {
        await decoder.decode(sample.slice());
      } catch (error) {
        const found = `sample ${index} was refused: ${error}`;
        return { seed, index: 0, decoder: decoder.name, found, bytes: sample };
      }
    }
  }
  for (let index = from; index < to; index++) {
    begin?.(index);
    const failure = await runCase(decoder, { seed, index });
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/** What a person needs to know of a failure, and how to see it again. */
export function describeFailure({ decoder, seed, index, found, bytes }: Failure): string {
  const text = JSON.stringify(new TextDecoder().decode(bytes.subarray(0, 400)));
  return [
    `${decoder}: ${found}`,
    `  case of ${bytes.length} bytes: ${text}${bytes.length > 400 ? " …" : ""}`,
    `  again: ./run fuzz --seed ${seed} --only ${JSON.stringify(decoder)} --case ${index}`,
  ].join("\n");
}
