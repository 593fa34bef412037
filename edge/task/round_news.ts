/**
 * How the rounds of a task go on, as lines of the log: each phase once, and each end, even one that
 * goes straight over into the end of the task.
 *
 * @module
 */
import type { Clock } from "../../src/core/clock.ts";
import type { RoundFacts, RoundRecord } from "../../src/round/record.ts";
import { statusOf } from "../../src/round/view.ts";
import type { LogEvent } from "../../src/wire/log.ts";
import type { Logger } from "../logger.ts";

/** What is told with. */
export interface RoundNewsOptions {
  /** Digest of the task. */
  readonly task: string;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Takes the lines. */
  readonly logger: Logger;
}

/** Tells how rounds go on. */
export interface RoundNews {
  /**
   * A round has come to another phase; `isFound` if it was found so at a start. How a round ended is
   * told by {@link RoundNews.ended} alone.
   */
  went(record: RoundRecord, isFound: boolean): void;
  /** Something was written to the round log, and with it this record. */
  ended(events: readonly LogEvent[], record: RoundRecord): void;
}

/** Nothing told yet. */
export function createRoundNews({ task, clock, logger }: RoundNewsOptions): RoundNews {
  let last: RoundFacts | undefined;
  return {
    went(record, isFound) {
      const { phase } = record;
      if ("facts" in phase) last = phase.facts;
      const isEnd = phase.kind === "published" || phase.kind === "forwarded" ||
        phase.kind === "abandoned";
      if (isEnd && !isFound) return;
      const { round, updates, clients, bytesIn, nowMs } = statusOf(record, clock.now());
      const ms = "facts" in phase ? nowMs - phase.facts.openedAtMs : 0;
      const going = { task, round, phase: phase.kind, updates, clients, bytes: bytesIn };
      logger({ kind: "round", ...going, ms, isFound });
    },
    ended(events, { phase: now }) {
      if ("facts" in now) last = now.facts;
      for (const event of events) {
        if (!("sid" in event)) continue;
        const { kind: phase, round, updates, clients } = event;
        const facts = last?.round === round ? last : undefined;
        const ms = facts === undefined ? 0 : clock.now() - facts.openedAtMs;
        const bytes = facts?.bytesIn ?? 0;
        logger({ kind: "round", task, round, phase, updates, clients, bytes, ms, isFound: false });
      }
    },
  };
}
