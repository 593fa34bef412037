import assert from "node:assert/strict";
import type { Task } from "../wire/task.ts";
import { runHere } from "./_testing.ts";

async function simulated(...args: string[]) {
  const out = await Deno.makeTempDir();
  try {
    const run = await runHere(
      ...["simulate", "--rounds", "1", "--workers", "0", "--out", out, "--fresh", ...args],
    );
    const record = run.code === 0 ? JSON.parse(await Deno.readTextFile(`${out}/run.json`)) : {};
    return { ...run, task: record.task as Task | undefined };
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

Deno.test("promise: --epsilon makes a task that keeps it, whose clients or root add the noise", async () => {
  for (const kind of ["skellam", "gaussian"] as const) {
    const { code, task } = await simulated("--epsilon", "20", "--delta", "1e-5", "--noise", kind);
    assert.equal(code, 0);
    const { epsilon, delta, mechanism, noise = 0 } = task?.privacy ?? {};
    assert.deepEqual([epsilon, delta, mechanism?.kind], [20, 1e-5, kind]);
    assert.ok(noise > 0.2 && noise < 1, `${noise}`);
    // The step is made for sums with noise in them.
    assert.ok(Number(task?.strategy.ridge) > 3 * noise);
  }
});

Deno.test("promise: without --epsilon nothing is promised", async () => {
  const { task, err } = await simulated();
  assert.equal(task?.privacy, undefined);
  assert.ok(!err.some((line) => /noise/.test(line)));
});

Deno.test("promise: a run that cannot be useful is warned of", async () => {
  const { code, err } = await simulated("--epsilon", "1");
  assert.equal(code, 0);
  assert.ok(
    err.some((line) => /noise for ε = 1 is \S+ times as long as what 60 clients send/.test(line)),
    err.join("\n"),
  );
});

Deno.test("promise: a task that is a file promises what it promises, and nothing else", async () => {
  const { code, err } = await simulated("--epsilon", "1", "--task", "task.json");
  assert.equal(code, 2);
  assert.match(err.at(-1) ?? "", /--task|--epsilon/);
});
