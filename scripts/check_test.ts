import assert from "node:assert/strict";
import { runChecks } from "./check.ts";

Deno.test("check: one line a check with its time, and all that a failing one says", async () => {
  const lines: string[] = [];
  let time = 0;
  const counts = await runChecks([
    { name: "sizes", run: () => Promise.resolve({ kind: "passed", note: "3 files" }) },
    {
      name: "lint",
      run: () => Promise.resolve({ kind: "failed", output: "a.ts:1 x\nb.ts:2 y\n" }),
    },
    { name: "clippy", run: () => Promise.resolve({ kind: "skipped", reason: "no cargo" }) },
    { name: "types", run: () => Promise.reject(new Error("no such file")) },
  ], { print: (line) => lines.push(line), now: () => (time += 250) });
  assert.deepEqual(counts, { passed: 1, failed: 2, skipped: 1 });
  assert.deepEqual(lines, [
    "ok      sizes    0.3 s  3 files",
    "FAILED  lint     0.3 s",
    "    a.ts:1 x",
    "    b.ts:2 y",
    "SKIPPED clippy   0.3 s  no cargo",
    "FAILED  types    0.3 s",
    "    no such file",
  ]);
});
