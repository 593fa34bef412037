/**
 * What Flower's SecAgg+ computes over as many values, by its own functions: what masking is compared to.
 *
 * @module
 */
import { runPython, SkippedError } from "./venv.ts";

const PACKAGES = ["flwr[simulation]==1.41.0", "numpy==2.4.6"];

/** A task of Flower's. */
export interface FlowerTask {
  /** Values of an update. */
  readonly values: number;
  /** How many others each client shares a mask with. */
  readonly neighbours: number;
  /** Clients of a round. */
  readonly clients: number;
  /** How many of them do not send. */
  readonly lost: number;
  /** Shares that a secret is made from again. */
  readonly threshold: number;
}

/** Milliseconds in one thread, the fastest of some. */
export interface FlowerTimes {
  /** Quantising an update. */
  readonly quantiseMs: number;
  /** One mask generated and added a neighbour, and the modulus. */
  readonly maskMs: number;
  /** All masks of a sum generated and taken away: once. */
  readonly unmaskMs: number;
  /** One client's mask seed made from its shares. */
  readonly reconstructSeedMs: number;
  /** One client's private key made from its shares. */
  readonly reconstructKeyMs: number;
  /** One key agreed on. */
  readonly agreeMs: number;
}

/** Measures Flower, or says why it could not be measured. */
export async function measureFlowerMasking(task: FlowerTask): Promise<FlowerTimes | string> {
  const program = decodeURIComponent(new URL("flower/secagg.py", import.meta.url).pathname);
  const { values, neighbours, clients, lost, threshold } = task;
  try {
    return await runPython<FlowerTimes>({
      venv: "flower",
      packages: PACKAGES,
      args: [program, ...[values, neighbours, clients, lost, threshold].map(String)],
      env: { FLWR_TELEMETRY_ENABLED: "0", OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" },
    });
  } catch (error) {
    if (error instanceof SkippedError) return error.message;
    throw error;
  }
}
