/**
 * Whether an update may still be in a round's sum.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { AbstainEvent, UpdateEvent } from "./event.ts";
import type { RoundFacts, RoundRecord, RoundRules } from "./record.ts";

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
  const facts = checkOpen(record, update, nowMs);
  const { share, clients } = facts;
  if (clients + update.clients > share.clients) {
    refuse(
      "round-full",
      update.round,
      `${clients} clients are in it, expected at most ${share.clients} with ${update.clients} more`,
    );
  }
  return facts;
}

/**
 * Checks that a word about a round is about the one that is open.
 *
 * @returns The facts of the open round.
 * @throws {TributaryError} `round-unknown`, `round-closed` or `sid-mismatch`.
 */
export function checkOpen(
  { phase, round }: RoundRecord,
  word: Pick<UpdateEvent | AbstainEvent, "round" | "sid">,
  nowMs: number,
): RoundFacts {
  if (word.round > round) refuse("round-unknown", word.round, `the latest round is ${round}`);
  if (word.round < round) {
    refuse("round-closed", word.round, `it is over, and round ${round} is the latest`);
  }
  if (phase.kind !== "open") refuse("round-closed", word.round, `it is ${phase.kind}`);
  const { facts } = phase;
  if (nowMs >= facts.deadlineMs) refuse("round-closed", word.round, "its deadline is over");
  if (word.sid !== facts.sid) {
    refuse("sid-mismatch", word.round, `it is bound to ${word.sid}, expected ${facts.sid}`);
  }
  return facts;
}

/**
 * Whether one that has just enrolled for `size` clients may still take part in the round that is
 * open: where everybody is asked, as long as there is room beside all those who are. In a masked
 * round the root takes nobody in whom its sid does not bind.
 */
export function hasRoomFor({ phase, role, rules }: RoundRecord, size: number): boolean {
  if (phase.kind !== "open" || rules.sampling.kind !== "all" || !mayJoin(role, rules)) return false;
  const { sample, share } = phase.facts;
  return sample.threshold === 1 && sample.asked + size <= share.clients;
}

function mayJoin(role: RoundRecord["role"], { mask }: RoundRules): boolean {
  // Members of a phased round agree on keys with each other before anyone sends.
  return mask === "none" || (role === "region" && mask !== "secagg_plus");
}

function refuse(
  code: "round-unknown" | "round-closed" | "sid-mismatch" | "round-full",
  round: number,
  found: string,
): never {
  throw new TributaryError(code, `Cannot take an update for round ${round}: ${found}`);
}
