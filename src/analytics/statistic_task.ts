/**
 * What every reader of a statistic wants to know of its task.
 *
 * @module
 */

/** The part of a task that says what is counted; any task has it. */
export interface StatisticTask {
  /** Kind and settings of the model. */
  readonly model: { readonly kind: string };
  /** How clients contribute. */
  readonly train: Readonly<Record<string, unknown>>;
  /** What noise the sums have, where the task promises privacy. */
  readonly privacy?: {
    /** Standard deviation of the noise in each value of a sum, over `clip`. */
    readonly noise: number;
    /** Bound on what a client adds. */
    readonly clip: number;
  };
}

/** Refuses a task that does not count what is asked for. */
export function refuseModel(wanted: string, kind: string): never {
  throw new TypeError(`Cannot read ${wanted} of a ${kind} task`);
}
