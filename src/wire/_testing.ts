/**
 * What the tests of this folder share: a clock that stands until it is moved, and one of each message.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import type { RandomSource } from "../core/random.ts";
import type { Task } from "./task.ts";

/** A clock that stands until it is moved. */
export interface ManualClock extends Clock {
  /** Moves on, and ends the sleeps that are over. */
  advance(ms: number): void;
  /** How many sleep. */
  readonly sleepers: number;
  /** How long until the first of them wakes; Infinity when none sleeps. */
  readonly nextMs: number;
}

/** A clock that stands at `nowMs`. */
export function manualClock(nowMs: number = 1_700_000_000_000): ManualClock {
  let sleepers: { untilMs: number; wake: () => void }[] = [];
  return {
    now: () => nowMs,
    sleep: (ms, { signal } = {}) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const sleeper = { untilMs: nowMs + ms, wake: resolve };
        sleepers.push(sleeper);
        signal?.addEventListener("abort", () => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          reject(signal.reason);
        });
      }),
    advance(ms) {
      nowMs += ms;
      const over = sleepers.filter(({ untilMs }) => untilMs <= nowMs);
      sleepers = sleepers.filter(({ untilMs }) => untilMs > nowMs);
      for (const { wake } of over) wake();
    },
    get sleepers() {
      return sleepers.length;
    },
    get nextMs() {
      return Math.min(...sleepers.map(({ untilMs }) => untilMs)) - nowMs;
    },
  };
}

/** Bytes that count up: never the same twice, always the same in each run. */
export function countingRandom(): RandomSource {
  let count = 0;
  return (length) => {
    const bytes = new Uint8Array(length);
    new DataView(bytes.buffer).setUint32(0, ++count);
    return bytes;
  };
}

/** A small task. */
export const SAMPLE_TASK: Task = {
  version: 1,
  name: "films",
  model: { kind: "mf", items: 3, dim: 2 },
  train: { epochs: 1, lr: 0.5 },
  strategy: { kind: "fedavg", lr: 1 },
  update: {
    slotBits: 19,
    tensors: [{ name: "items", shape: [3, 2], range: 2 }, { name: "weight", shape: [1], range: 1 }],
    clip: 10,
    weightCap: null,
  },
  mask: { kind: "none" },
  clients: { min: 2, max: 100 },
  sampling: { kind: "all" },
  roundMs: 60_000,
  metrics: ["hr@10", "ndcg@10"],
  stop: { rounds: 3 },
  seed: "07".repeat(32),
};

/** A digest that is all the same byte. */
export function hex32(byte: number): string {
  return byte.toString(16).padStart(2, "0").repeat(32);
}
