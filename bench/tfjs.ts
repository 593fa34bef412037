/**
 * TensorFlow.js on its WebAssembly backend in one thread, which training kernels are measured
 * against. It is installed on first use, beside the sources and ignored by git.
 *
 * @module
 */
import { createRequire } from "node:module";
import { SkippedError } from "./venv.ts";

const VERSION = "4.22.0";
const PACKAGES = [`@tensorflow/tfjs@${VERSION}`, `@tensorflow/tfjs-backend-wasm@${VERSION}`];
const FOLDER = new URL("../.bench-cache/tfjs/", import.meta.url);

/** What it is called in tables. */
export const TFJS_NAME: string = `tfjs-wasm ${VERSION}, one thread`;

/** A tensor, or a variable. */
export interface TfTensor {
  dataSync(): Float32Array;
  dispose(): void;
}

/** Keeps tensors for a gradient. */
type TfSave = (tensors: readonly TfTensor[]) => void;

/** A value, and how its gradient becomes those of what it was computed from, in their order. */
interface TfCustom {
  readonly value: TfTensor;
  readonly gradFunc: (dy: TfTensor, saved: readonly TfTensor[]) => readonly TfTensor[];
}

/** As much of TensorFlow.js as is measured. */
export interface Tfjs {
  tensor(values: Float32Array, shape: readonly number[]): TfTensor;
  variable(start: TfTensor): TfTensor;
  tidy<T>(run: () => T): T;
  matMul(a: TfTensor, b: TfTensor): TfTensor;
  transpose(x: TfTensor): TfTensor;
  sub(a: TfTensor, b: TfTensor): TfTensor;
  mul(a: TfTensor, b: TfTensor): TfTensor;
  relu(x: TfTensor): TfTensor;
  softplus(x: TfTensor): TfTensor;
  mean(x: TfTensor): TfTensor;
  sum(x: TfTensor, axis: number): TfTensor;
  readonly fused: {
    matMul(
      options: { readonly a: TfTensor; readonly b: TfTensor; readonly bias: TfTensor },
    ): TfTensor;
  };
  customGrad<Inputs extends readonly TfTensor[]>(
    compute: (...inputs: [...Inputs, TfSave]) => TfCustom,
  ): (...inputs: Inputs) => TfTensor;
  readonly train: {
    adam(rate: number, beta1: number, beta2: number, epsilon: number): {
      minimize(loss: () => TfTensor, returnCost: boolean): TfTensor | null;
    };
  };
  setBackend(name: string): Promise<boolean>;
  env(): { getAsync(flag: string): Promise<unknown> };
}

/**
 * Loads it, after installing it if need be.
 *
 * @throws {SkippedError} If it cannot be installed.
 * @throws {Error} If it would not run as it should: with SIMD, in one thread.
 */
export async function loadTfjs(): Promise<Tfjs> {
  await install();
  const require = createRequire(FOLDER);
  // The whole of it: its core alone knows no gradients.
  const tf: Tfjs = require("@tensorflow/tfjs");
  const wasm: { setThreadsCount(count: number): void } = require("@tensorflow/tfjs-backend-wasm");
  wasm.setThreadsCount(1);
  const ready = await tf.setBackend("wasm");
  if (!ready || await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT") !== true) {
    throw new Error("Cannot compare with tfjs-wasm: it does not find SIMD here");
  }
  return tf;
}

async function install(): Promise<void> {
  const record = new URL("packages.txt", FOLDER);
  const wanted = PACKAGES.join("\n");
  if (await Deno.readTextFile(record).catch(() => "") === wanted) return;
  console.log(`installing ${PACKAGES.join(", ")} in a folder of the bench's own …`);
  await Deno.remove(FOLDER, { recursive: true }).catch(() => {});
  await Deno.mkdir(FOLDER, { recursive: true });
  await Deno.writeTextFile(new URL("package.json", FOLDER), `{ "private": true }\n`);
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const command = new Deno.Command("npm", {
    args: ["install", ...quiet, ...PACKAGES],
    cwd: FOLDER,
    stdin: "null",
  });
  const output = await command.output().catch((cause) => {
    throw new SkippedError("Cannot install TensorFlow.js: there is no npm", { cause });
  });
  if (!output.success) {
    const said = new TextDecoder().decode(output.stderr).trim().split("\n").at(-1);
    throw new SkippedError(`Cannot install TensorFlow.js: npm says "${said}"`);
  }
  // Last, so that an interrupted installation is made anew.
  await Deno.writeTextFile(record, wanted);
}
