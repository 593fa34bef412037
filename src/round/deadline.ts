/**
 * How a region divides what is left of its parent's round between its children and itself.
 *
 * @module
 */
import type { OpenRound } from "../wire/round_info.ts";

/** Part of the remaining time that a region keeps for forwarding. */
const MARGIN = 1 / 8;
/** Longest time that a region keeps for forwarding. */
const LONGEST_MARGIN_MS = 30_000;

/** A region's two deadlines, on its own clock. */
export interface RegionDeadlines {
  /** When it closes the round for its children. */
  readonly deadlineMs: number;
  /** When its parent closes the round for it. */
  readonly parentDeadlineMs: number;
}

/**
 * Deadlines of a region that hears of its parent's round at `nowMs`.
 *
 * What counts is the time that was left on the parent's clock when it answered, so clocks need not
 * agree. An eighth of it is kept back, 30 s at most. A round that is over closes at once.
 */
export function regionDeadlines(
  info: Pick<OpenRound, "deadlineMs" | "nowMs">,
  nowMs: number,
): RegionDeadlines {
  const leftMs = Math.max(0, info.deadlineMs - info.nowMs);
  const marginMs = Math.min(Math.ceil(leftMs * MARGIN), LONGEST_MARGIN_MS);
  return { deadlineMs: nowMs + leftMs - marginMs, parentDeadlineMs: nowMs + leftMs };
}
