/**
 * What an aggregator says while it works, for whoever runs it: structured, and never a payload.
 *
 * @module
 */

/** One line of the log, as data. */
export type LogLine =
  /** A request was answered. */
  | {
    readonly kind: "request";
    /** Given to the sender too, as `Tributary-Request`. */
    readonly id: string;
    readonly method: string;
    readonly path: string;
    readonly status: number;
    readonly ms: number;
    /** Code of the problem document, where the answer is one. */
    readonly code?: string;
  }
  /** Something failed that the sender is told nothing about. */
  | { readonly kind: "failure"; readonly doing: string; readonly error: unknown }
  /** A helper has answered for a group of a round. */
  | {
    readonly kind: "answer";
    readonly task: string;
    readonly round: number;
    readonly group: number;
    readonly clients: number;
  }
  /** A round, or the task, went on. */
  | {
    readonly kind: "round";
    readonly task: string;
    readonly round: number;
    readonly phase: string;
    readonly clients: number;
  };

/** Takes the lines. */
export type Logger = (line: LogLine) => void;

/** A logger that drops everything. */
export const silent: Logger = () => {};
