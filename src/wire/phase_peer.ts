/**
 * An aggregator as those see it who take part in the phases of `secagg_plus`: clients, and regions that
 * pass their messages on.
 *
 * @module
 */
import { webDigest } from "../core/digest.ts";
import { type CallOptions, createCaller, jsonHeaders, type PeerOptions, signalOf } from "./call.ts";
import { readBody } from "./fetch.ts";
import type { Party } from "./party.ts";
import { type DownPhase, MOST_ANSWER_BYTES, type UpPhase } from "./phase.ts";
import { fillRoute, ROUTES } from "./routes.ts";

/** Whose message it is, and on its way to whom. */
export interface PhaseCall extends CallOptions {
  /** Digest of the task. */
  readonly task: string;
  /** Number of the round. */
  readonly round: number;
  /** Id of the client that speaks, or is told. */
  readonly member: string;
  /** The aggregator as its offer named it. */
  readonly region: Party;
  /** Whether a region passes it on, which then signs the request. */
  readonly isPassedOn?: boolean;
}

/** A message of a client. */
export interface PhasePut extends PhaseCall {
  /** Which. */
  readonly phase: UpPhase;
  /** Its bytes, signed. */
  readonly message: Uint8Array<ArrayBuffer>;
}

/** A question for a message of the root. */
export interface PhaseGet extends PhaseCall {
  /** Which. */
  readonly phase: DownPhase;
  /** Seconds that the aggregator may hold the request. */
  readonly waitS: number;
}

/** An aggregator that takes and gives messages of phases. */
export interface PhasePeer {
  /** Sends a message; safe to repeat with the same bytes. */
  put(call: PhasePut): Promise<void>;
  /** Asks for one; undefined when the wait ran out. */
  get(call: PhaseGet): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** An aggregator under an address. Nothing is sent before the first call. */
export function createPhasePeer(options: PeerOptions): PhasePeer {
  const { digest = webDigest, identity } = options;
  const { send } = createCaller(options);

  const pathOf = ({ task, round, member, phase }: PhasePut | PhaseGet): string =>
    fillRoute(ROUTES.phase, { task, round, phase, member });
  const via = ({ isPassedOn }: PhaseCall): string[] =>
    isPassedOn === true ? [`via=${identity.id}`] : [];
  const query = (parts: readonly string[]): string =>
    parts.length === 0 ? "" : `?${parts.join("&")}`;

  return {
    put: (call) =>
      send({
        ...signalOf(call),
        method: "PUT",
        path: pathOf(call) + query(via(call)),
        audience: call.region.id,
        body: call.message,
        headers: async () => {
          const headers = await jsonHeaders(call.message, digest);
          headers.set("content-type", "application/octet-stream");
          return headers;
        },
        read: () => Promise.resolve(),
      }),

    get: (call) =>
      send({
        ...signalOf(call),
        method: "GET",
        path: pathOf(call) + query([`wait=${call.waitS}`, ...via(call)]),
        audience: call.region.id,
        extraMs: call.waitS * 1000,
        read: async (response) =>
          response.status === 204 ? undefined : await readBody(response, MOST_ANSWER_BYTES),
      }),
  };
}
