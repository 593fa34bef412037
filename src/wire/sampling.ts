/**
 * Who takes part in a round: the part of a task that says how clients are sampled, and what an
 * aggregator grants each of its members.
 *
 * @module
 */
import * as v from "valibot";
import { MAX_CLIENTS } from "./party.ts";
import { wholeSchema } from "./scalars.ts";

/** How the clients of each round are chosen. */
export type Sampling =
  /** Everybody; a uniform sample of `clients.max` where there are more. */
  | { readonly kind: "all" }
  /** Each client by itself with probability `rate`, in (0, 1]. */
  | { readonly kind: "poisson"; readonly rate: number }
  /**
   * `count` of all clients, each set of them as likely as any other. `⌈count · overSelect⌉` are asked,
   * and the round is complete once `count` have come.
   */
  | { readonly kind: "uniform"; readonly count: number; readonly overSelect: number }
  /** The same, of those clients alone that asked for a round of late. */
  | { readonly kind: "available"; readonly count: number; readonly overSelect: number };

/** Most that a round may over-select. */
const MAX_OVER_SELECT = 16;

const selected = {
  count: wholeSchema(1, MAX_CLIENTS, "Clients after which a round is complete"),
  overSelect: v.pipe(
    v.number(),
    v.minValue(1),
    v.maxValue(MAX_OVER_SELECT),
    v.description("Clients that are asked for each one that is needed"),
  ),
};

/** Schema of {@link Sampling}. */
export const samplingSchema: v.GenericSchema<Sampling> = v.pipe(
  v.variant("kind", [
    v.strictObject({ kind: v.literal("all") }),
    v.strictObject({
      kind: v.literal("poisson"),
      rate: v.pipe(
        v.number(),
        v.gtValue(0),
        v.maxValue(1),
        v.description("Probability with which each client is asked"),
      ),
    }),
    v.strictObject({ kind: v.literal("uniform"), ...selected }),
    v.strictObject({ kind: v.literal("available"), ...selected }),
  ]),
  v.description("How the clients of each round are chosen"),
);

/** What a member may send in a round. */
export interface Share {
  /** Most clients that its update may stand for: 1 or 0 for a client; 0 when it is not asked. */
  readonly clients: number;
  /** Clients after which a region need not wait for more. */
  readonly enough: number;
}

/** Schema of {@link Share}. */
export const shareSchema: v.GenericSchema<Share> = v.pipe(
  v.strictObject({
    clients: wholeSchema(0, MAX_CLIENTS, "Most clients that the member's update may stand for"),
    enough: wholeSchema(0, MAX_CLIENTS, "Clients after which a region need not wait for more"),
  }),
  v.description("What a member may send in a round; 0 clients when it is not asked"),
);

/** How a round was sampled at one aggregator, as its log tells it. */
export interface SampleFacts {
  /** Its own clients were asked whose fraction is below, from 0 to 1. */
  readonly threshold: number;
  /** Clients that might come: all shares of its members together. */
  readonly asked: number;
  /** Clients with which the round was complete. */
  readonly enough: number;
}

/** From 0 to 1: an aggregator's own clients are asked whose fraction is below. */
export const thresholdSchema: v.GenericSchema<number> = v.pipe(
  v.number(),
  v.minValue(0),
  v.maxValue(1),
  v.description("Clients of this aggregator are asked whose fraction is below"),
);

/** Schema of {@link SampleFacts}. */
export const sampleFactsSchema: v.GenericSchema<SampleFacts> = v.pipe(
  v.strictObject({
    threshold: thresholdSchema,
    asked: wholeSchema(0, Number.MAX_SAFE_INTEGER, "Clients that might come"),
    enough: wholeSchema(0, MAX_CLIENTS, "Clients with which the round was complete"),
  }),
  v.description("How a round was sampled at one aggregator"),
);

/** What the root itself may gather in a round: `clients` at most, and `enough` of them complete it. */
export function rootShare(sampling: Sampling, clients: { readonly max: number }): Share {
  switch (sampling.kind) {
    case "all":
    case "poisson":
      return { clients: clients.max, enough: clients.max };
    case "uniform":
    case "available": {
      const { count, overSelect } = sampling;
      // 100 · 1.1 is a little above 110 in floating point, and means 110.
      return { clients: Math.ceil(count * overSelect - 1e-6), enough: count };
    }
    default:
      throw sampling satisfies never;
  }
}
