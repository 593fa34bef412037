/**
 * What both sides of a round of `secagg_plus` derive alike.
 *
 * @module
 */
import { concatBytes, fromBase64Url, fromHex, utf8 } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import type { RandomSource } from "../core/random.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import type { Advertisement } from "../wire/phase_up.ts";
import type { StatementRound } from "../wire/statement.ts";
import { drawGraph, type Graph } from "./harary.ts";
import { roundParameters, type SecaggParameters } from "./secagg_plus_table.ts";

/** What a task says of its masks. */
export interface SecaggPlan extends SecaggParameters {
  /** Fewest clients that a sum is opened for. */
  readonly min: number;
}

/** A round, and what works in it. */
export interface SecaggRound extends StatementRound {
  /** The task's. */
  readonly plan: SecaggPlan;
  /** Arithmetic. */
  readonly core: AggregateCore;
  /** SHA-256. */
  readonly hash: Digest;
  /** CSPRNG. */
  readonly random: RandomSource;
}

/** A round's graph, and how many secrets of a client must come back. */
export interface RoundGraph extends Graph {
  /** How many. */
  readonly threshold: number;
}

/** The graph of a roster of so many clients. */
export async function roundGraph(
  { sid, plan, core }: SecaggRound,
  { clients, root }: { readonly clients: number; readonly root: Uint8Array },
): Promise<RoundGraph> {
  const { neighbours: degree, threshold } = roundParameters(clients, plan);
  return { ...await drawGraph(core, { sid: fromHex(sid), root, clients, degree }), threshold };
}

/** A client's entry in the roster: id, box key, mask key, 32 bytes each. */
export function rosterEntry(
  member: string,
  { boxKey, maskKey }: Advertisement,
): Uint8Array<ArrayBuffer> {
  return concatBytes([fromBase64Url(member), boxKey, maskKey]);
}

/** What a self seed is known by before it is known. */
export async function seedCommitment(
  { sid, hash }: SecaggRound,
  { member, seed }: { readonly member: string; readonly seed: Uint8Array },
): Promise<Uint8Array> {
  const label = utf8("tributary/1/secagg_plus/seed");
  return await hash(concatBytes([label, fromHex(sid), fromBase64Url(member), seed]));
}

/** What clients sign of an outcome, which is the whole roster's, so that all have to see the same. */
export async function outcomeDigest(
  { sid, hash }: SecaggRound,
  { root, payload }: { readonly root: Uint8Array; readonly payload: Uint8Array },
): Promise<Uint8Array> {
  const label = utf8("tributary/1/secagg_plus/outcome");
  return await hash(concatBytes([label, fromHex(sid), root, payload]));
}

/** The part of a round that signatures name. */
export function named({ task, round, sid }: StatementRound): StatementRound {
  return { task, round, sid };
}
