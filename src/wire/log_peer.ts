/**
 * The HTTP client of round logs: heads and proofs, from whoever keeps one.
 *
 * @module
 */
import {
  type CallOptions,
  createCaller,
  expectEqual,
  type PeerOptions,
  readJson,
  signalOf,
} from "./call.ts";
import type { LogEntry } from "./log.ts";
import {
  type LogConsistency,
  logConsistencySchema,
  type LogHead,
  logHeadSchema,
  type LogInclusion,
  logInclusionSchema,
  verifyLogHead,
} from "./log_head.ts";
import { createPeer, type Peer } from "./peer.ts";
import { fillRoute, ROUTES } from "./routes.ts";

/** Whose head is asked for. */
export interface HeadOptions extends CallOptions {
  /** Public key of the keeper, as its offer named it, base64url. */
  readonly keeper: string;
}

/** Which entry is to be proven. */
export interface InclusionOptions extends CallOptions {
  /** Its place. */
  readonly seq: number;
  /** Entries of the log whose root the proof leads to. */
  readonly size: number;
}

/** Which logs are to be proven to be one. */
export interface ConsistencyOptions extends CallOptions {
  /** Entries of the shorter one. */
  readonly from: number;
  /** Entries of the longer one. */
  readonly to: number;
}

/** Which part of a log to read. */
export interface EntriesOptions extends CallOptions {
  /** Entries that there must be, no more of which are given; all that there are by default. */
  readonly size?: number;
}

/** A round log under an aggregator's address. Calls throw as those of a {@link Peer} do. */
export interface LogPeer {
  /**
   * The head of a log as it is now.
   *
   * @throws {TributaryError} `log-invalid` unless the keeper has signed it.
   */
  head(task: string, options: HeadOptions): Promise<LogHead>;
  /** A proof that an entry is in the log; only its form is checked, see {@link isProven}. */
  inclusion(task: string, options: InclusionOptions): Promise<LogInclusion>;
  /** A proof that the log grew by entries alone; only its form is checked, see {@link isPrefix}. */
  consistency(task: string, options: ConsistencyOptions): Promise<LogConsistency>;
  /** Entries from the first on; only their form is checked, see {@link verifyLog}. */
  entries(task: string, options?: EntriesOptions): Promise<LogEntry[]>;
}

/** A log under an address. Nothing is sent before the first call. */
export function createLogPeer(options: PeerOptions): LogPeer {
  const { send } = createCaller(options);
  const peer = createPeer(options);
  return {
    head: (task, { keeper, ...call }) =>
      send({
        ...signalOf(call),
        method: "GET",
        path: fillRoute(ROUTES.logHead, { task }),
        read: async (response) =>
          await verifyLogHead(await readJson(response, logHeadSchema, "a log head"), {
            task,
            keeper,
          }),
      }),

    inclusion: (task, { seq, size, ...call }) =>
      send({
        ...signalOf(call),
        method: "GET",
        path: `${fillRoute(ROUTES.logInclusion, { task })}?seq=${seq}&size=${size}`,
        async read(response) {
          const answer = await readJson(response, logInclusionSchema, "a proof of inclusion");
          expectEqual("seq", answer.seq, seq);
          expectEqual("size", answer.size, size);
          return answer;
        },
      }),

    consistency: (task, { from, to, ...call }) =>
      send({
        ...signalOf(call),
        method: "GET",
        path: `${fillRoute(ROUTES.logConsistency, { task })}?from=${from}&to=${to}`,
        async read(response) {
          const answer = await readJson(response, logConsistencySchema, "a proof of consistency");
          expectEqual("from", answer.from, from);
          expectEqual("to", answer.to, to);
          return answer;
        },
      }),

    entries: (task, entries = {}) => readEntries(peer, task, entries),
  };
}

/** Entries of a log from the first on, page by page; unchecked but for their form. */
export async function readEntries(
  peer: Pick<Peer, "log">,
  task: string,
  { size = Infinity, ...call }: EntriesOptions = {},
): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  while (entries.length < size) {
    const page = await peer.log(task, { from: entries.length, ...call });
    if (page.entries.length === 0) break;
    entries.push(...page.entries);
  }
  return size < entries.length ? entries.slice(0, size) : entries;
}
