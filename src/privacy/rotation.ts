/**
 * The rotation of a round.
 *
 * @module
 */
import { utf8 } from "../core/bytes.ts";
import { deriveSeed } from "../core/random.ts";

/**
 * The seed of a round's signs: 32 bytes that everybody derives from the task's digest, hex, and the
 * round's number, so that life and simulation round the same values. No promise rests on them: they
 * only spread values evenly, and the bound on what a client sends is checked on its integers.
 */
export async function rotationSeed(task: string, round: number): Promise<Uint8Array> {
  return await deriveSeed(utf8("tributary/1/rotation"), task, round);
}
