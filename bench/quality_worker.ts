/**
 * Quality with one seed, in a thread of its own.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { centralIals, exact, quasiNewton } from "./quality_ials.ts";
import { centralLogistic, federatedMf, localOnly, popularity } from "./quality_mf.ts";
import { centralNeural, federatedNeural } from "./quality_ncf.ts";
import { openQualityWorld, type QualityMethod, type QualityRow } from "./quality_world.ts";

/** What the thread is told. */
export interface QualityCommand {
  /** Which seed, from 1. */
  readonly seed: number;
  /** Methods, in the order in which to measure. */
  readonly methods: readonly QualityMethodName[];
}

/** What it tells. */
export type QualityEvent =
  | ({ readonly kind: "row" } & QualityRow)
  | { readonly kind: "ended" };

/** A method, by its short name. */
export type QualityMethodName =
  | "popularity"
  | "local-only"
  | "central"
  | "newton"
  | "newton-d16"
  | "exact"
  | "central-logistic"
  | "logistic"
  | "bpr"
  | "central-ncf"
  | "ncf";

const METHODS: Readonly<Record<QualityMethodName, QualityMethod>> = {
  "popularity": popularity,
  "local-only": localOnly,
  "central": centralIals,
  "newton": quasiNewton(32),
  "newton-d16": quasiNewton(16),
  "exact": exact,
  "central-logistic": centralLogistic,
  "logistic": federatedMf("logistic"),
  "bpr": federatedMf("bpr"),
  "central-ncf": centralNeural,
  "ncf": federatedNeural,
};

const post = (event: QualityEvent) => self.postMessage(event);

self.onmessage = async ({ data: { seed, methods } }: MessageEvent<QualityCommand>) => {
  const world = await openQualityWorld(seed);
  for (const name of methods) {
    for await (const row of METHODS[name](world)) post({ kind: "row", ...row });
  }
  post({ kind: "ended" });
};
