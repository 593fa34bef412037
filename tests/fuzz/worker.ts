/**
 * A thread that runs cases; another one sees to it that it gets on.
 *
 * @module
 */
import type { Failure } from "./run_case.ts";
import { watchAllocations } from "./watched_allocations.ts";

/** What a thread is told. */
export interface FuzzOrder {
  /** Place of the decoder in the list. */
  readonly decoder: number;
  /** Seed of the run. */
  readonly seed: number;
  /** First case. */
  readonly from: number;
  /** Case after the last. */
  readonly to: number;
  /** Where the thread writes the number of the case that it begins. */
  readonly progress: SharedArrayBuffer;
}

/** What it answers. */
export interface FuzzReport {
  /** The first case that failed, if one did. */
  readonly failure: Failure | undefined;
}

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<FuzzOrder>) => void) | null;
  postMessage(report: FuzzReport): void;
};

// Errors are thrown by the hundred thousand, and nobody reads where.
Error.stackTraceLimit = 0;
watchAllocations();

// Before the decoders are there, as orders that come earlier would be lost.
scope.onmessage = async ({ data: { decoder, progress, ...range } }) => {
  const { DECODERS } = await import("./decoders.ts");
  const { runCases } = await import("./run_cases.ts");
  const [of, cases] = [DECODERS[decoder], new Int32Array(progress)];
  if (of === undefined) throw new RangeError(`Cannot find decoder ${decoder}`);
  const begin = (index: number) => Atomics.store(cases, 0, index);
  scope.postMessage({ failure: await runCases(of, { ...range, begin }) });
};
