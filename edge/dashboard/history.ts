/**
 * What a round log tells of the rounds so far, as figures to draw.
 *
 * @module
 */
import type { LogBody, LogEvent, LoggedRound, LoggedSpend } from "../../src/wire/log.ts";

/** A round that is over. */
export interface PastRound {
  /** Its number. */
  readonly round: number;
  /** How it ended. */
  readonly outcome: "published" | "forwarded" | "abandoned";
  /** Why there was no model, where there was none. */
  readonly reason?: string;
  /** When it ended, Unix milliseconds. */
  readonly atMs: number;
  /** Clients in its sum. */
  readonly clients: number;
  /** Updates in its sum. */
  readonly updates: number;
  /** Means of what clients have measured of the model that it began with. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** All rounds so far, the latest ones in full. */
export interface History {
  /** The latest, oldest first. */
  readonly rounds: readonly PastRound[];
  /** Rounds that gave a model, or at a region, that were forwarded. */
  readonly done: number;
  /** Rounds that gave none. */
  readonly abandoned: number;
  /** Updates in all sums together. */
  readonly updates: number;
  /** What a private task has spent. */
  readonly spent?: LoggedSpend;
}

/** Before the first round. */
export const NO_HISTORY: History = { rounds: [], done: 0, abandoned: 0, updates: 0 };

/** Rounds that are kept in full: more than a chart can show apart. */
const KEPT = 500;

/** A history with another entry of the log. */
export function withEntry(
  history: History,
  { event, atMs }: Pick<LogBody, "event" | "atMs">,
): History {
  const round = pastRound(event, atMs);
  if (round === undefined) return history;
  const isDone = round.outcome !== "abandoned";
  const spent = "spent" in event ? event.spent : undefined;
  return {
    rounds: [...history.rounds, round].slice(-KEPT),
    done: history.done + (isDone ? 1 : 0),
    abandoned: history.abandoned + (isDone ? 0 : 1),
    updates: history.updates + round.updates,
    ...(spent ?? history.spent ? { spent: spent ?? history.spent } : {}),
  };
}

function pastRound(event: LogEvent, atMs: number): PastRound | undefined {
  switch (event.kind) {
    case "published":
      return { ...figures(event, atMs), outcome: "published", metrics: event.metrics };
    case "forwarded":
      return { ...figures(event, atMs), outcome: "forwarded", metrics: {} };
    case "abandoned":
      return { ...figures(event, atMs), outcome: "abandoned", reason: event.reason, metrics: {} };
    default:
      return undefined;
  }
}

function figures({ round, clients, updates }: LoggedRound, atMs: number) {
  return { round, clients, updates, atMs };
}

/** Names of the metrics that some round has, losses first: they are what is watched. */
export function metricNames({ rounds }: History): string[] {
  const names = new Set(rounds.flatMap(({ metrics }) => Object.keys(metrics)));
  const rank = (name: string) => name.includes("loss") ? 0 : 1;
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}
