/**
 * What an aggregator says while it works, for whoever runs it: structured, and never a payload.
 *
 * @module
 */
import type { PhaseName } from "../src/wire/status.ts";

/** One line of the log, as data. */
export type LogLine =
  /** A request was answered. */
  | {
    readonly kind: "request";
    /** Given to the sender too, as `Tributary-Request`. */
    readonly id: string;
    readonly method: string;
    readonly path: string;
    /** Pattern of the address, such as `/v1/tasks/:task/round`; absent where there is nothing. */
    readonly route?: string;
    readonly status: number;
    readonly ms: number;
    /** Code of the problem document, where the answer is one. */
    readonly code?: string;
  }
  /** Something failed that the sender is told nothing about. */
  | {
    readonly kind: "failure";
    readonly doing: string;
    readonly error: unknown;
    /** Id of the request that it is about, where it is about one. */
    readonly request?: string;
  }
  /** An update was taken in: it is in the sum, durably. */
  | {
    readonly kind: "upload";
    /** Id of the request. */
    readonly request: string;
    readonly task: string;
    readonly round: number;
    readonly member: "client" | "region";
    readonly clients: number;
    /** Bytes of the body, evidence included. */
    readonly bytes: number;
    /** From its headers to its receipt. */
    readonly ms: number;
  }
  /** An update came again that is in the sum, and got the same receipt. */
  | {
    readonly kind: "repeat";
    readonly request: string;
    readonly task: string;
    readonly round: number;
  }
  /** The store took a write. */
  | {
    readonly kind: "write";
    readonly task: string;
    /** Uploads and other changes that shared it. */
    readonly jobs: number;
    readonly ms: number;
  }
  /** A region's sum was taken by its parent. */
  | {
    readonly kind: "forward";
    readonly task: string;
    readonly round: number;
    readonly clients: number;
    /** Bytes of the parcel, without evidence. */
    readonly bytes: number;
    readonly ms: number;
  }
  /** A root has asked a helper; `code` tells why there was no answer. */
  | {
    readonly kind: "ask";
    readonly task: string;
    readonly round: number;
    readonly group: number;
    readonly helper: number;
    readonly ms: number;
    readonly code?: string;
  }
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
    readonly phase: PhaseName;
    readonly clients: number;
    /** Updates in the sum. */
    readonly updates: number;
    /** Bytes of updates taken. */
    readonly bytes: number;
    /** Since it opened; 0 where none is open. */
    readonly ms: number;
    /** Whether it was found so at a start: what brought it there was said before. */
    readonly isFound: boolean;
  };

/** Takes the lines. */
export type Logger = (line: LogLine) => void;

/** A logger that drops everything. */
export const silent: Logger = () => {};
