/**
 * What a network gives for many rows, some at a time.
 *
 * @module
 */
import type { NamedTensors, TensorSpec } from "../core/tensor.ts";
import type { ParameterSource, Pass } from "../nn/layer.ts";
import { placeParameters } from "../nn/parameter_block.ts";
import { createWasmBackend, Tape, type Variable } from "../tensor/mod.ts";
import type { TrainCore } from "../wasm/train.ts";

/** Rows that are evaluated at once. */
const ROWS_AT_ONCE = 4096;

/** What is evaluated. */
export interface RowEvaluation {
  /** Number of rows. */
  readonly rows: number;
  /** Parameters of the network. */
  readonly parameters: readonly TensorSpec[];
  /** Their values. */
  readonly values: NamedTensors;
  /** The network over them: gives the values of rows `from` up to `to`, as many for each. */
  bind(parameter: ParameterSource): (pass: Pass, from: number, to: number) => Variable;
}

/**
 * The network's values of all rows, one after the other. The core's memory is given back before this
 * returns: devices may share a core.
 *
 * @throws {TributaryError} `bad-tensors` if the values are not those of the parameters.
 */
export async function evaluateRows(
  core: TrainCore,
  evaluation: RowEvaluation,
): Promise<Float32Array<ArrayBuffer>> {
  const chunks = await Promise.all(askForRows(core, evaluation));
  const all = new Float32Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

function askForRows(
  core: TrainCore,
  { rows, parameters, values, bind }: RowEvaluation,
): Promise<Float32Array>[] {
  const backend = createWasmBackend(core);
  const mark = backend.mark();
  try {
    const tape = new Tape(backend);
    const block = placeParameters(tape, { parameters, values });
    const forward = bind(block.variable);
    const answers: Promise<Float32Array>[] = [];
    for (let from = 0; from < rows; from += ROWS_AT_ONCE) {
      const to = Math.min(rows, from + ROWS_AT_ONCE);
      // Asked for within the step, whose memory is gone after it; answered later.
      tape.evaluate(() => void answers.push(tape.read(forward({ tape }, from, to))));
    }
    return answers;
  } finally {
    backend.release(mark);
  }
}
