/**
 * The figures of a run, as its rounds and its clients report them.
 *
 * @module
 */
import type { Clock } from "../../core/clock.ts";
import { formatRate } from "../format.ts";
import type { Progress } from "../progress.ts";
import type { RoundFigures } from "../run_record.ts";
import type { FleetEvent } from "./fleet_message.ts";
import type { ClosedRound } from "./watch.ts";

/** Figures in the making. */
export interface Tally {
  /** A client reports. */
  listen(event: FleetEvent): void;
  /** A round is open. */
  open(round: number): void;
  /** A round is over; one that was known before is passed over. */
  close(event: ClosedRound): void;
  /** All rounds that are over, in order. */
  rounds(): RoundFigures[];
}

/** Sent and received by clients in one round. */
interface Traffic {
  clients: number;
  bytesUp: number;
  bytesDown: number;
}

/**
 * A tally that shows what it hears.
 *
 * @param known   Figures of rounds that an earlier start finished.
 * @param options Where it is shown, where the time comes from, and how many clients take part.
 */
export function createTally(
  known: readonly RoundFigures[],
  { progress, clock, clients }: {
    readonly progress: Progress;
    readonly clock: Clock;
    readonly clients: number;
  },
): Tally {
  const figures = new Map(known.map((round) => [round.round, round]));
  const traffic = new Map<number, Traffic>();
  const openedMs = new Map<number, number>();
  let current = 0;
  let joined = 0;

  const trafficOf = (round: number): Traffic => {
    const found = traffic.get(round) ?? { clients: 0, bytesUp: 0, bytesDown: 0 };
    traffic.set(round, found);
    return found;
  };
  return {
    listen(event) {
      if (event.kind === "joined") {
        joined++;
        // Where a run goes on, rounds may too, before everybody is back.
        if (current === 0) progress.join(joined, clients);
      }
      if (event.kind !== "sent") return;
      const sum = trafficOf(event.round);
      sum.clients++;
      sum.bytesUp += event.bytesSent;
      sum.bytesDown += event.bytesReceived;
      if (event.round === current) progress.update(sum.clients);
    },
    open(round) {
      current = round;
      openedMs.set(round, clock.now());
      progress.start(round, clients);
    },
    close(event) {
      if (figures.has(event.round)) return;
      const began = openedMs.get(event.round) ?? clock.now();
      const published = event.kind === "published";
      const metrics = published ? event.metrics : {};
      figures.set(event.round, {
        round: event.round,
        clients: published ? event.clients : 0,
        seconds: (clock.now() - began) / 1000,
        metrics,
        bytesUp: 0,
        bytesDown: 0,
        ...(event.spent && { spent: event.spent }),
      });
      if (event.round !== current) return;
      progress.finish(
        published ? event.clients : 0,
        published
          ? `from HR@10 ${rate(metrics["hr@10"])} NDCG@10 ${rate(metrics["ndcg@10"])}`
          : `abandoned: ${event.reason}`,
      );
    },
    // A client's report may come after the round's end, so bytes are put in last.
    rounds: () =>
      [...figures.values()].sort((one, other) => one.round - other.round).map((round) => {
        const { bytesUp, bytesDown } = trafficOf(round.round);
        return {
          ...round,
          bytesUp: round.bytesUp + bytesUp,
          bytesDown: round.bytesDown + bytesDown,
        };
      }),
  };
}

function rate(value: number | undefined): string {
  return formatRate(value ?? NaN);
}
