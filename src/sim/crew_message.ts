/**
 * What passes between a simulation and a thread of its clients.
 *
 * @module
 */
import { type ErrorCode, isTributaryError, TributaryError } from "../core/errors.ts";
import type { CrewOptions, CrewResult, CrewWork } from "./crew.ts";

/** To the thread. */
export type CrewCommand =
  /** First of all. */
  | { readonly kind: "start"; readonly options: CrewOptions }
  /** A round's work, once what came before it is answered. */
  | { readonly kind: "work"; readonly work: CrewWork };

/** From the thread. */
export type CrewEvent =
  /** It has started. */
  | { readonly kind: "started" }
  /** So many more clients have trained. */
  | { readonly kind: "trained"; readonly count: number }
  /** A round's work is done. */
  | { readonly kind: "done"; readonly result: CrewResult }
  /** The command failed. */
  | { readonly kind: "failed"; readonly code: ErrorCode | null; readonly detail: string };

/** An error as it travels: code and sentence. */
export function failedEvent(error: unknown): CrewEvent {
  return {
    kind: "failed",
    code: isTributaryError(error) ? error.code : null,
    detail: error instanceof Error ? error.message : String(error),
  };
}

/** The error that travelled. */
export function errorOf({ code, detail }: Extract<CrewEvent, { kind: "failed" }>): Error {
  return code === null ? new Error(detail) : new TributaryError(code, detail);
}
