/**
 * Everything that is counted and timed, by its name: what Prometheus and OpenTelemetry are told.
 *
 * @module
 */

/** What one figure is. */
export interface Instrument {
  /** A counter only grows, a gauge says what is now, a histogram how values are spread. */
  readonly kind: "counter" | "gauge" | "histogram";
  /** In seconds or bytes, or a plain number. */
  readonly unit: "s" | "By" | "1";
  /** One sentence. */
  readonly help: string;
  /** Upper bounds of a histogram's buckets, ascending; there is one more above the last. */
  readonly bounds?: readonly number[];
}

/** From two milliseconds, which a local write takes, to half a minute, after which requests are given up. */
const SECONDS: readonly number[] = [
  ...[0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
];
/** Rounds last from a moment to days. */
const LONG_SECONDS: readonly number[] = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 21_600, 86_400];
const JOBS: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** Name of an instrument, as OpenTelemetry has it; {@link prometheusName} gives the other spelling. */
export type InstrumentName =
  | "tributary.requests"
  | "tributary.request.duration"
  | "tributary.refusals"
  | "tributary.failures"
  | "tributary.uploads"
  | "tributary.upload.size"
  | "tributary.upload.duration"
  | "tributary.upload.repeats"
  | "tributary.write.duration"
  | "tributary.write.jobs"
  | "tributary.forward.duration"
  | "tributary.asks"
  | "tributary.ask.duration"
  | "tributary.answers"
  | "tributary.rounds"
  | "tributary.round.duration"
  | "tributary.ready"
  | "tributary.budget.used"
  | "tributary.polls.waiting"
  | "tributary.round"
  | "tributary.round.phase"
  | "tributary.round.updates"
  | "tributary.round.clients"
  | "tributary.round.size"
  | "tributary.model.version"
  | "tributary.members"
  | "tributary.clients"
  | "tributary.privacy.spent"
  | "tributary.privacy.budget";

/** What each of them is. */
export const INSTRUMENTS: Readonly<Record<InstrumentName, Instrument>> = {
  "tributary.requests": counter("Requests answered, by method, pattern of the address and status"),
  "tributary.request.duration": histogram("Time to answer a request, long polls included"),
  "tributary.refusals": counter("Requests refused, by the code of the problem document"),
  "tributary.failures": counter("What failed without anybody being told but the log"),
  "tributary.uploads": counter("Updates taken in, each with its receipt, by kind of member"),
  "tributary.upload.size": { kind: "counter", unit: "By", help: "Bytes of updates taken in" },
  "tributary.upload.duration": histogram("Time from an update's headers to its receipt"),
  "tributary.upload.repeats": counter("Updates that came again and got the same receipt"),
  "tributary.write.duration": histogram("Time that a write of the store takes, from its draft"),
  "tributary.write.jobs": {
    ...{ kind: "histogram", unit: "1", bounds: JOBS },
    help: "Uploads and other changes that shared a write",
  },
  "tributary.forward.duration": histogram("Time until the parent had taken a region's sum"),
  "tributary.asks": counter("Helpers asked for a share, by helper and outcome"),
  "tributary.ask.duration": histogram("Time until a helper had answered, or would not"),
  "tributary.answers": counter("Sums of shares that this helper gave"),
  "tributary.rounds": counter("Phases that rounds came to"),
  "tributary.round.duration": {
    ...{ kind: "histogram", unit: "s", bounds: LONG_SECONDS },
    help: "Time from a round's opening to its end, by how it ended",
  },
  "tributary.ready": gauge("1 once everything that is stored was taken up"),
  "tributary.budget.used": { kind: "gauge", unit: "By", help: "Bytes of bodies held in memory" },
  "tributary.polls.waiting": gauge("Long polls that wait, by task"),
  "tributary.round": gauge("Number of the latest round, by task"),
  "tributary.round.phase": gauge("1 for the phase that the round of a task is in"),
  "tributary.round.updates": gauge("Updates in the sum of the latest round"),
  "tributary.round.clients": gauge("Clients in the sum of the latest round"),
  "tributary.round.size": {
    ...{ kind: "gauge", unit: "By" },
    help: "Bytes of updates taken in the latest round",
  },
  "tributary.model.version": gauge("Version of the latest model"),
  "tributary.members": gauge("Members with clients to offer"),
  "tributary.clients": gauge("Clients below, over all members"),
  "tributary.privacy.spent": gauge("Epsilon that a private task has spent"),
  "tributary.privacy.budget": gauge("Epsilon that a private task may spend"),
};

/** A value of an instrument: what a counter grows by, what a gauge is, one of a histogram's. */
export interface Measurement {
  /** Which. */
  readonly name: InstrumentName;
  /** In the instrument's unit. */
  readonly value: number;
  /** Which of its series; each label has few values. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Every instrument with its name. */
export function allInstruments(): [InstrumentName, Instrument][] {
  return Object.entries(INSTRUMENTS) as [InstrumentName, Instrument][];
}

/** A name as Prometheus has it: with its unit, and counters as totals. */
export function prometheusName(name: InstrumentName): string {
  const { kind, unit } = INSTRUMENTS[name];
  const units = { s: "_seconds", By: "_bytes", "1": "" };
  return name.replaceAll(".", "_") + units[unit] + (kind === "counter" ? "_total" : "");
}

function counter(help: string): Instrument {
  return { kind: "counter", unit: "1", help };
}

function gauge(help: string): Instrument {
  return { kind: "gauge", unit: "1", help };
}

function histogram(help: string): Instrument {
  return { kind: "histogram", unit: "s", bounds: SECONDS, help };
}
