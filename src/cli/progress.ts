/**
 * Progress of a run: a live bar on a terminal, a line a round elsewhere.
 *
 * @module
 */
import { Presets, SingleBar } from "cli-progress";
import type { Writable } from "node:stream";
import { formatDuration } from "./format.ts";

/** Shows how far a run is. */
export interface Progress extends Disposable {
  /** So many of `total` clients have joined, before the first round. */
  join(clients: number, total: number): void;
  /** A new round is open for `total` clients; `note` (default `training`) is what the bar says. */
  start(round: number, total: number, note?: string): void;
  /** So many clients' updates have been taken so far. */
  update(clients: number): void;
  /** The round is over with so many clients; `note` is what came of it. */
  finish(clients: number, note: string): void;
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

/** Short enough for a line of 80 characters. */
const BAR_WIDTH = 16;

/** Progress for a person who watches, or for a log. */
export function createProgress(options: ProgressOptions): Progress {
  const { rounds, live, print, stream, now } = options;
  const titleOf = (text: string) => text.padEnd(`round ${rounds}/${rounds}`.length);
  let bar: SingleBar | undefined;
  let title = "";
  let startedMs = now();

  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  const begin = (name: string, count: number, note: string) => {
    stop();
    title = titleOf(name);
    startedMs = now();
    if (!live) return;
    bar = new SingleBar({
      format: `${title} {bar} {value}/{total} · {note}`,
      // Its type asks for a bit more of a stream than it uses.
      stream: stream as NodeJS.WritableStream,
      hideCursor: true,
      clearOnComplete: false,
      stopOnComplete: false,
      barsize: BAR_WIDTH,
    }, Presets.shades_classic);
    bar.start(count, 0, { note });
  };
  const end = (clients: number, text: string) => {
    const note = `${text} · ${formatDuration(now() - startedMs)}`;
    if (bar === undefined) print(`${title}  ${clients} clients · ${note}`);
    else bar.update(clients, { note });
    stop();
  };
  return {
    join(clients, count) {
      if (clients === 1) begin("joining", count, "enrolling");
      bar?.update(clients);
      if (clients === count) end(clients, "joined");
    },
    start(round, count, note = "training") {
      begin(`round ${String(round).padStart(String(rounds).length)}/${rounds}`, count, note);
    },
    update(clients) {
      bar?.update(clients);
    },
    finish: end,
    [Symbol.dispose]: stop,
  };
}
