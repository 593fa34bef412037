/**
 * What lines of the log come to in figures.
 *
 * @module
 */
import type { LogLine } from "../logger.ts";
import type { Measurement } from "./instruments.ts";

/** Others would be names that senders make up: a series each. */
const METHODS: ReadonlySet<string> = new Set([
  ...["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"],
]);

/** Phases that a round ends in. */
const ENDS: ReadonlySet<string> = new Set(["published", "forwarded", "abandoned"]);

/** What a line adds to counters and histograms. No label names a member, or has more than a few values. */
export function measurementsOf(line: LogLine): readonly Measurement[] {
  switch (line.kind) {
    case "request": {
      const { method, route = "none", status, ms, code } = line;
      const labels = {
        method: METHODS.has(method) ? method : "other",
        route,
        status: String(status),
      };
      return [
        { name: "tributary.requests", value: 1, labels },
        { name: "tributary.request.duration", value: ms / 1000, labels: { route } },
        ...(code === undefined
          ? []
          : [{ name: "tributary.refusals", value: 1, labels: { code } } as const]),
      ];
    }
    case "failure":
      return [{ name: "tributary.failures", value: 1 }];
    case "upload": {
      const labels = { member: line.member };
      return [
        { name: "tributary.uploads", value: 1, labels },
        { name: "tributary.upload.size", value: line.bytes, labels },
        { name: "tributary.upload.duration", value: line.ms / 1000, labels },
      ];
    }
    case "repeat":
      return [{ name: "tributary.upload.repeats", value: 1 }];
    case "write":
      return [
        { name: "tributary.write.duration", value: line.ms / 1000 },
        { name: "tributary.write.jobs", value: line.jobs },
      ];
    case "forward":
      return [{ name: "tributary.forward.duration", value: line.ms / 1000 }];
    case "ask": {
      const helper = String(line.helper);
      const labels = { helper, outcome: line.code ?? "answered" };
      return [
        { name: "tributary.asks", value: 1, labels },
        { name: "tributary.ask.duration", value: line.ms / 1000, labels: { helper } },
      ];
    }
    case "answer":
      return [{ name: "tributary.answers", value: 1 }];
    case "round": {
      const { phase, ms, isFound } = line;
      // What was found at a start was counted by the process that brought it about.
      if (isFound) return [];
      const labels = { phase };
      return [
        { name: "tributary.rounds", value: 1, labels },
        ...(ENDS.has(phase)
          ? [{ name: "tributary.round.duration", value: ms / 1000, labels } as const]
          : []),
      ];
    }
    default:
      return line satisfies never;
  }
}
