/**
 * What an aggregator or helper is busy with, told while it happens to whoever times it.
 *
 * @module
 */
import type { Fetch } from "../src/core/fetch.ts";

/** Something that takes time. */
export type Work =
  /** Answering a request. */
  | { readonly kind: "request"; readonly request: Request }
  /** Asking another aggregator, or a helper. What times it may add headers to the request. */
  | { readonly kind: "call"; readonly request: Request }
  /** Taking in an update: to read it and check its slices, to check its evidence, to commit it. */
  | {
    readonly kind: "upload";
    readonly task: string;
    readonly round: number;
    readonly bytes: number;
    readonly clients: number;
  }
  /** A part of an upload. */
  | { readonly kind: "read" | "check" | "commit" }
  /** Sending a region's sum to its parent. */
  | {
    readonly kind: "forward";
    readonly task: string;
    readonly round: number;
    readonly clients: number;
  }
  /** Asking a helper for its share of a group's key. */
  | {
    readonly kind: "ask";
    readonly task: string;
    readonly round: number;
    readonly group: number;
    readonly helper: number;
  };

/** What becomes known of some work while it is done. */
export type Note = (facts: Readonly<Record<string, string | number>>) => void;

/** Does some work and takes its time. What the work throws goes on to the caller. */
export type Trace = <T>(work: Work, run: (note: Note) => Promise<T>) => Promise<T>;

/** Takes no time. */
export const untraced: Trace = (_, run) => run(() => {});

/** How others are asked, timed: what times it adds the headers by which they go on with it. */
export function tracedFetch(fetch: Fetch, trace: Trace): Fetch {
  if (trace === untraced) return fetch;
  return (request) =>
    trace({ kind: "call", request }, async (note) => {
      const response = await fetch(request);
      note({ status: response.status });
      return response;
    });
}
