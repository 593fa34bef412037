import assert from "node:assert/strict";
import { keptTerminal } from "./_testing.ts";
import { createProgress, type Progress } from "./progress.ts";

function watched(live: boolean) {
  const terminal = keptTerminal(live);
  let nowMs = 0;
  const progress = createProgress({ ...terminal, rounds: 12, now: () => nowMs += 500 });
  return { progress, terminal };
}

function run(progress: Progress): void {
  progress.join(1, 2);
  progress.join(2, 2);
  progress.start(3, 2);
  progress.update(1);
  progress.update(2);
  progress.finish(2, "from HR@10 .500");
  progress.start(4, 2);
  progress.finish(0, "abandoned: too-few");
}

Deno.test("progress: without a person to watch, a line a round", () => {
  const { progress, terminal } = watched(false);
  run(progress);
  assert.deepEqual(terminal.out, [
    "joining      2 clients · joined · 500 ms",
    "round  3/12  2 clients · from HR@10 .500 · 500 ms",
    "round  4/12  0 clients · abandoned: too-few · 500 ms",
  ]);
  assert.equal(terminal.drawn(), "");
});

Deno.test("progress: on a terminal, a bar a round that ends on a line of its own", () => {
  const { progress, terminal } = watched(true);
  run(progress);
  assert.deepEqual(terminal.out, []);
  const lines = terminal.drawn().split("\n");
  assert.equal(lines.length, 4);
  assert.match(lines[0]!, /joining {5}█{16} 2\/2 · joined · 500 ms/);
  assert.match(
    lines[1]!,
    /round {2}3\/12 ░{16} 0\/2 · training.*█{16} 2\/2 · from HR@10 .500 · 500/s,
  );
  assert.match(lines[2]!, /0\/2 · abandoned: too-few/);
});

Deno.test("progress: an interrupted bar leaves the cursor as it was, on a new line", () => {
  const { progress, terminal } = watched(true);
  progress.start(1, 2);
  progress[Symbol.dispose]();
  assert.ok(terminal.drawn().includes("\x1b[?25l"), "hidden while it draws");
  const [, afterwards = ""] = terminal.drawn().split("\x1b[?25h");
  assert.match(afterwards, /\n$/);
});
