/**
 * Whether an update may still be in a round's sum.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { UpdateEvent } from "./event.ts";
import type { RoundFacts, RoundRecord } from "./record.ts";

/**
 * Checks that an update may be in the sum, as far as the record can tell; before its body is read,
 * and again by the step that adds it when it is.
 *
 * @returns The facts of the open round.
 * @throws {TributaryError} `round-unknown`, `round-closed`, `sid-mismatch` or `round-full`.
 */
export function checkUpdate(
  record: RoundRecord,
  update: Pick<UpdateEvent, "round" | "sid" | "clients">,
  nowMs: number,
): RoundFacts {
  const { phase, rules } = record;
  if (update.round > record.round) {
    refuse("round-unknown", update.round, `the latest round is ${record.round}`);
  }
  if (update.round < record.round) {
    refuse("round-closed", update.round, `it is over, and round ${record.round} is the latest`);
  }
  if (phase.kind !== "open") refuse("round-closed", update.round, `it is ${phase.kind}`);
  const { facts } = phase;
  if (nowMs >= facts.deadlineMs) refuse("round-closed", update.round, "its deadline is over");
  if (update.sid !== facts.sid) {
    refuse("sid-mismatch", update.round, `it is bound to ${update.sid}, expected ${facts.sid}`);
  }
  if (facts.clients + update.clients > rules.max) {
    refuse(
      "round-full",
      update.round,
      `${facts.clients} clients are in it, expected at most ${rules.max} with ${update.clients} more`,
    );
  }
  return facts;
}

function refuse(
  code: "round-unknown" | "round-closed" | "sid-mismatch" | "round-full",
  round: number,
  found: string,
): never {
  throw new TributaryError(code, `Cannot take an update for round ${round}: ${found}`);
}
