/**
 * The train core's kernels for matrix factorisation over implicit feedback.
 *
 * @module
 */
import type { InitOutput } from "../../wasm/train/pkg/train.js";
import type { CoreInstance } from "./core_instance.ts";
import type { Span } from "./core_memory.ts";
import { checkSpans } from "./span_checks.ts";

/** What {@link MfKernels.fitPerson} works on. */
export interface FitPersonOptions {
  /** float32 rows of `dim` values: the items that one person touches. */
  readonly rows: Span;
  /** One float32 a row. */
  readonly biases: Span;
  /** u32 numbers of the rows that the person took. */
  readonly positives: Span;
  /** u32 numbers of sampled rows: as many for each positive, in its order. */
  readonly negatives: Span;
  /** The person, in place: float32 vector, Adam's two moments, then the steps so far: `3·dim + 1`. */
  readonly person: Span;
  /** Written, one float32 a row: slope of the summed loss of the fitted person along its score. */
  readonly coefficients: Span;
  /** Whether scores are judged one by one or in pairs. */
  readonly loss: "logistic" | "bpr";
  /** Adam steps on the mean loss. */
  readonly steps: number;
  /** Their learning rate. */
  readonly learningRate: number;
  /** Weight of the person's squared vector, halved, in the mean loss. */
  readonly decay: number;
}

/** What {@link MfKernels.stepRows} works on. */
export interface StepRowsOptions {
  /** As {@link FitPersonOptions.person}; only its vector is read. */
  readonly person: Span;
  /** As {@link MfKernels.fitPerson} left them. */
  readonly coefficients: Span;
  /** Size of the step. */
  readonly rate: number;
  /** L2 norm that all changes together are shrunk to. */
  readonly clip: number;
  /** Written: the change of each row. */
  readonly rowChanges: Span;
  /** Written: the change of each bias. */
  readonly biasChanges: Span;
}

/** Kernels for matrix factorisation. Spans of one call never overlap. */
export interface MfKernels {
  /**
   * Fits a person's vector to fixed rows, and says how the loss then depends on each row's score.
   *
   * @returns The mean loss before the first step, 0 without positives.
   * @throws {RangeError} If lengths do not fit, or a row number is outside.
   */
  fitPerson(options: FitPersonOptions): number;
  /**
   * One gradient step on the rows and biases.
   *
   * @throws {RangeError} If lengths do not fit.
   */
  stepRows(options: StepRowsOptions): void;
}

/** The kernels over an instance of the train core. */
export function mfKernels(instance: CoreInstance<InitOutput>): MfKernels {
  const { memory } = instance;

  function dimOf(person: Span): number {
    const length = memory.length(person, 4);
    if (length % 3 !== 1) {
      throw new RangeError(`Cannot read a person of ${length} values: expected 3·dim + 1`);
    }
    return (length - 1) / 3;
  }

  return {
    fitPerson({ rows, biases, positives, negatives, person, coefficients, ...fit }) {
      const dim = dimOf(person);
      const count = memory.length(biases, 4);
      const [taken, sampled] = [memory.length(positives, 4), memory.length(negatives, 4)];
      checkSpans(memory, {
        inputs: [
          { name: "rows", span: rows, values: count * dim },
          { name: "biases", span: biases, values: count },
          { name: "positives", span: positives, values: taken },
          { name: "negatives", span: negatives, values: sampled },
        ],
        outputs: [
          { name: "a person", span: person, values: 3 * dim + 1 },
          { name: "coefficients", span: coefficients, values: count },
        ],
      });
      if (taken === 0 ? sampled > 0 : sampled % taken !== 0) {
        throw new RangeError(`Cannot pair ${taken} positives with ${sampled} negatives`);
      }
      for (const list of [positives, negatives]) {
        const outside = memory.u32(list).find((row) => row >= count);
        if (outside !== undefined) {
          throw new RangeError(`Cannot use row ${outside}: there are ${count} rows`);
        }
      }
      const mark = memory.mark();
      const scores = memory.alloc(4 * count);
      const scratch = memory.alloc(4 * dim);
      const loss = instance.call((core) =>
        core.mf_fit_person(
          rows.ptr,
          biases.ptr,
          count,
          dim,
          positives.ptr,
          taken,
          negatives.ptr,
          sampled,
          fit.loss === "bpr" ? 1 : 0,
          fit.steps,
          fit.learningRate,
          fit.decay,
          person.ptr,
          scores.ptr,
          coefficients.ptr,
          scratch.ptr,
        )
      );
      memory.release(mark);
      return loss;
    },

    stepRows({ person, coefficients, rate, clip, rowChanges, biasChanges }) {
      const dim = dimOf(person);
      const count = memory.length(coefficients, 4);
      checkSpans(memory, {
        inputs: [
          { name: "a person", span: person, values: 3 * dim + 1 },
          { name: "coefficients", span: coefficients, values: count },
        ],
        outputs: [
          { name: "row changes", span: rowChanges, values: count * dim },
          { name: "bias changes", span: biasChanges, values: count },
        ],
      });
      instance.call((core) =>
        core.mf_step_rows(
          person.ptr,
          dim,
          coefficients.ptr,
          count,
          rate,
          clip,
          rowChanges.ptr,
          biasChanges.ptr,
        )
      );
    },
  };
}
