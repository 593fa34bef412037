/**
 * Lines of the log as JSON, one a line, for whatever collects logs.
 *
 * @module
 */
import { isTributaryError } from "../../src/core/errors.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { Json } from "../../src/core/json.ts";
import type { Logger, LogLine } from "../logger.ts";

/** Where JSON lines go. */
export interface JsonLinesOptions {
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Takes a line without its end. */
  readonly write: (line: string) => void;
}

/**
 * A logger that writes each line as one object: `time`, `level` (`info` or `error`), `kind`, and what
 * the line says, with the `request` ids that senders were given as `Tributary-Request`.
 *
 * Nothing out of a body, no header and no query is in any of them; user names and passwords in
 * addresses that errors speak of are left out.
 *
 * @example
 * ```ts
 * import { systemClock } from "../../src/core/clock.ts";
 * import { jsonLines } from "./json_lines.ts";
 *
 * const lines: string[] = [];
 * const logger = jsonLines({ clock: systemClock(), write: (line) => lines.push(line) });
 * logger({ kind: "write", task: "ab", jobs: 3, ms: 2 });
 * const { kind, jobs } = JSON.parse(lines[0] ?? "");
 * if (kind !== "write" || jobs !== 3) throw new Error("unexpected");
 * ```
 */
export function jsonLines({ clock, write }: JsonLinesOptions): Logger {
  return (line) => write(jsonLineOf(fieldsOf(line), clock.now()));
}

/** A line of JSON with its time, and an `info` unless the fields have a level. */
export function jsonLineOf(
  fields: Readonly<Record<string, Json | undefined>>,
  nowMs: number,
): string {
  const line = { time: new Date(nowMs).toISOString(), level: "info", ...fields };
  return JSON.stringify(
    line,
    (_, value) => typeof value === "string" ? withoutSecrets(value) : value,
  );
}

function fieldsOf(line: LogLine): Record<string, Json | undefined> {
  switch (line.kind) {
    case "failure": {
      const { kind, doing, request, error } = line;
      return { level: "error", kind, doing, request, error: errorFields(error) };
    }
    case "request": {
      const { id, ...rest } = line;
      return { ...rest, request: id };
    }
    case "answer":
    case "ask":
    case "forward":
    case "repeat":
    case "round":
    case "upload":
    case "write":
      return { ...line };
    default:
      return line satisfies never;
  }
}

/** Errors of ours say all in their sentence; of others it is worth knowing where they come from. */
function errorFields(error: unknown): Record<string, Json> {
  if (isTributaryError(error)) {
    const { code, message, cause } = error;
    return { code, message, ...(cause instanceof Error && { cause: cause.message }) };
  }
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack = "" } = error;
  return { name, message, stack };
}

/** `user:password@` in front of a host. */
function withoutSecrets(text: string): string {
  return text.replaceAll(/\/\/[^/\s@]*@/g, "//");
}
