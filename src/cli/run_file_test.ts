import assert from "node:assert/strict";
import { ials } from "../models/mod.ts";
import { defineTask } from "../task/mod.ts";
import { testFolder } from "./_testing.ts";
import { openRunFile } from "./run_file.ts";

const task = defineTask({
  name: "films",
  model: ials({ items: 10, dim: 2 }),
  clients: { min: 3, max: 3 },
  stop: { rounds: 2 },
});
const run = {
  seed: 7,
  task,
  data: { path: "ratings", reading: {} },
  model: { digest: "00", version: 2 },
};

Deno.test("run file: what later commands need is read, and the task checked", async () => {
  await using folder = await testFolder();
  const path = await folder.write("run.json", JSON.stringify(run));
  const { seed, data, model, task: found } = await openRunFile(path);
  assert.deepEqual([seed, data.path, model.digest, found], [7, "ratings", "00", task]);
});

Deno.test("run file: half a file, another file and a strange task are refused", async () => {
  await using folder = await testFolder();
  const text = JSON.stringify(run);
  const path = await folder.write("run.json", text.slice(0, 100));
  await assert.rejects(openRunFile(path), {
    code: "bad-data",
    message: /run\.json: it is not JSON/,
  });
  await folder.write("run.json", "{}");
  await assert.rejects(openRunFile(path), { code: "bad-data" });
  await folder.write("run.json", JSON.stringify({ ...run, task: { ...task, roundMs: -1 } }));
  await assert.rejects(openRunFile(path), { code: "task-refused" });
  await assert.rejects(openRunFile(folder.path("gone.json")), { code: "bad-data" });
});
