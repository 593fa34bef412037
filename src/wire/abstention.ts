/**
 * A member's word that nothing will come from it in a round.
 *
 * @module
 */
import * as v from "valibot";
import { hexDigestSchema } from "./scalars.ts";

/** What an abstention says; who and which round is in the address. */
export interface Abstention {
  /** Session id of the round, hex. */
  readonly sid: string;
}

/** Schema of {@link Abstention}. */
export const abstentionSchema: v.GenericSchema<Abstention> = v.pipe(
  v.strictObject({ sid: hexDigestSchema }),
  v.description("A member's word that nothing will come from it in a round"),
);
