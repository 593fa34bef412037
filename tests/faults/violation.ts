/**
 * What must never be found in a world, whatever goes wrong in it.
 *
 * @module
 */

/** The rules, each with what breaking it means. */
export const RULES = {
  "lost-update":
    "an update that was acknowledged is in no published sum, and its round not abandoned",
  "counted-twice": "a client is in one published sum more than once",
  "wrong-sum": "a published sum is not that of the updates that are said to be in it",
  "wrong-model": "a published model is not what one process makes of the same updates",
  "opened-twice": "two different sums were opened under one session id",
  "receipt-changed": "an update that was acknowledged gets another answer when it comes again",
  "log-changed": "what was published in a log is not there any more",
  "log-invalid": "a log does not follow from its task",
  "gave-up": "a device gave up for good",
  "stuck": "the task does not end, though nothing goes wrong any more",
  "defect": "a process failed in a way that nobody thought of",
} as const;

/** A rule. */
export type Rule = keyof typeof RULES;

/** A rule that was broken, and how. */
export interface Violation {
  readonly rule: Rule;
  /** What was found. */
  readonly found: string;
}
