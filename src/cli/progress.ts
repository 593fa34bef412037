/**
 * Progress of a round: a live bar on a terminal, a line a round elsewhere.
 *
 * @module
 */
import { Presets, SingleBar } from "cli-progress";
import type { Writable } from "node:stream";
import { formatDuration } from "./format.ts";

/** Shows how far a round is. */
export interface Progress extends Disposable {
  /** A new round is open for `total` clients. */
  start(round: number, total: number): void;
  /** So many clients' updates have been taken so far. */
  update(clients: number): void;
  /** The round is over; `note` is what came of it. */
  finish(note: string): void;
}

/** Where progress is shown. */
export interface ProgressOptions {
  /** Rounds the task runs for at most. */
  readonly rounds: number;
  /** A live bar needs a terminal. */
  readonly live: boolean;
  /** Takes a line of text without its end. */
  print(line: string): void;
  /** The terminal that the live bar draws on. */
  readonly stream: Writable;
  /** Milliseconds, of any origin. */
  now(): number;
}

/** Progress for a person who watches, or for a log. */
export function createProgress(options: ProgressOptions): Progress {
  const { rounds, live, print, stream, now } = options;
  let bar: SingleBar | undefined;
  let title = "";
  let startedMs = 0;

  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  return {
    start(round, total) {
      stop();
      title = `round ${String(round).padStart(String(rounds).length)}/${rounds}`;
      startedMs = now();
      if (!live) return;
      bar = new SingleBar({
        format: `${title} {bar} {value}/{total} clients · {note}`,
        stream: stream as NodeJS.WritableStream,
        hideCursor: true,
        clearOnComplete: false,
        stopOnComplete: false,
        barsize: 28,
      }, Presets.shades_classic);
      bar.start(total, 0, { note: "training" });
    },
    update(clients) {
      bar?.update(clients);
    },
    finish(note) {
      const line = `${note} · ${formatDuration(now() - startedMs)}`;
      if (bar === undefined) print(`${title}  ${line}`);
      else bar.update({ note: line });
      stop();
    },
    [Symbol.dispose]: stop,
  };
}
