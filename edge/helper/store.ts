/**
 * Where a helper keeps what must outlive it: the tasks that it serves, and what it has answered.
 *
 * What it has answered is its promise to the clients: for one sid it adds the shares of one set, and
 * never of another. So an answer is written once, before it is given, and nothing here can unwrite it:
 * {@link HelperStore.dropAnswers} forgets the bytes, and keeps that there was one.
 *
 * @module
 */
import type { Json } from "../../src/core/json.ts";
import { MAX_SLICE_BYTES } from "../store.ts";

/** A sid that was answered. */
export interface AnswerRow {
  /** Session id of the round's group, lower-case hex: what an answer is for, once. */
  readonly sid: string;
  /** Digest of the task. */
  readonly task: string;
  /** Number of the round. */
  readonly round: number;
  /** Clients of the set. */
  readonly clients: number;
  /** Merkle root of the set, lower-case hex. */
  readonly members: string;
  /** The answer as it was sent, at most 1 MiB; undefined once it was dropped. */
  readonly answer: Uint8Array | undefined;
}

/**
 * Durable state of one helper.
 *
 * Every method may reject with a `TributaryError` of code `store-failed`; a write that rejected may
 * or may not have happened.
 */
export interface HelperStore extends AsyncDisposable {
  /** A task's signed document, or nothing. */
  task(id: string): Promise<Json | undefined>;
  /** Digests of the tasks, in ascending order. */
  tasks(): Promise<readonly string[]>;
  /** Keeps a task. Of one that is there already the first document stays. Durable when it resolves. */
  putTask(id: string, document: Json): Promise<void>;
  /** What a sid was answered with, or nothing. */
  answer(sid: string): Promise<AnswerRow | undefined>;
  /**
   * Writes an answer unless its sid has one, also one that was dropped, and resolves to the one that
   * is there. Durable when it resolves: of many calls for one sid exactly one is ever written.
   *
   * @throws {RangeError} If there are no bytes, or more than 1 MiB.
   */
  putAnswer(row: AnswerRow): Promise<AnswerRow>;
  /** Forgets the bytes of a task's answers of every round before this one; that they were given stays. */
  dropAnswers(task: string, beforeRound: number): Promise<void>;
}

/**
 * Checks what every store refuses.
 *
 * @throws {RangeError} If an answer has no bytes, or too many for a row.
 */
export function checkAnswer({ sid, answer }: AnswerRow): void {
  const bytes = answer?.length ?? 0;
  if (bytes < 1 || bytes > MAX_SLICE_BYTES) {
    throw new RangeError(
      `Cannot store the answer for sid ${sid}: ${bytes} bytes, expected 1 to ${MAX_SLICE_BYTES}`,
    );
  }
}
