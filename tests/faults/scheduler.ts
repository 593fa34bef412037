/**
 * Virtual time: everything that happens in a simulated world is an event of one queue, and the next one
 * begins when all that the last one set going has come to rest.
 *
 * @module
 */
import { createHash } from "node:crypto";
import TinyQueue from "tinyqueue";

/** Something that is going to happen. */
export interface Happening {
  /** What it is, for the trace; nothing where it is of no interest. */
  readonly line?: string;
  /** Whose it is; what belongs to one that is dead does not happen. */
  readonly of?: { readonly isAlive: boolean };
  /** Does it; it waits for nothing but for other happenings. */
  act(): void;
}

/** How a run ended. */
export type RunEnd =
  /** What was waited for came. */
  | "over"
  /** Nothing was left that could happen. */
  | "idle"
  /** The time or the events were used up. */
  | "late";

/** How long a run may take. */
export interface RunBounds {
  /** Virtual time at which it ends at the latest. */
  readonly untilMs: number;
  /** Most events. */
  readonly events: number;
}

/** A world's time, and what happens in it. */
export interface Scheduler {
  /** Virtual milliseconds since the beginning. */
  readonly nowMs: number;
  /** Events so far. */
  readonly events: number;
  /** Has something happen so many milliseconds from now; the function returned prevents it. */
  after(delayMs: number, happening: Happening): () => void;
  /** Writes a line to the trace. */
  note(line: string): void;
  /** Has everything happen, in order, until `isOver`. */
  run(isOver: () => boolean, bounds: RunBounds): Promise<RunEnd>;
  /** Hash of the trace so far, 16 hex digits: equal for worlds in which the same happened. */
  hash(): string;
}

/** How a scheduler is made. */
export interface SchedulerOptions {
  /** Resolves once all that was set going has come to rest. */
  settle(): Promise<void>;
  /** Takes the lines of the trace. */
  readonly trace?: ((line: string) => void) | undefined;
}

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly happening: Happening;
  isPrevented: boolean;
}

/** A queue in which nothing is due. */
export function createScheduler({ settle, trace }: SchedulerOptions): Scheduler {
  const queue = new TinyQueue<Entry>([], (a, b) => a.atMs - b.atMs || a.order - b.order);
  const hash = createHash("sha256");
  let [nowMs, events, order] = [0, 0, 0];

  function note(text: string): void {
    const line = `${nowMs.toFixed(3)} ${text}`;
    hash.update(line).update("\n");
    trace?.(line);
  }

  return {
    get nowMs() {
      return nowMs;
    },
    get events() {
      return events;
    },
    after(delayMs, happening) {
      const atMs = nowMs + Math.max(0, delayMs);
      const entry = { atMs, order: order++, happening, isPrevented: false };
      // What is due never has no place in a queue of its own.
      if (atMs < Infinity) queue.push(entry);
      return () => void (entry.isPrevented = true);
    },
    note,
    async run(isOver, bounds) {
      await settle();
      for (;;) {
        if (isOver()) return "over";
        const entry = queue.pop();
        if (entry === undefined) return "idle";
        const { happening: { line, of, act }, isPrevented, atMs } = entry;
        if (isPrevented || of?.isAlive === false) continue;
        if (atMs > bounds.untilMs || events >= bounds.events) return "late";
        nowMs = atMs;
        events++;
        if (line !== undefined) note(line);
        act();
        await settle();
      }
    },
    hash: () => hash.copy().digest("hex").slice(0, 16),
  };
}
