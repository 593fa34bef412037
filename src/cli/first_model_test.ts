import assert from "node:assert/strict";
import { encodeSafetensors } from "../core/safetensors.ts";
import { ials } from "../models/mod.ts";
import { defineTask } from "../task/define_task.ts";
import { testFolder } from "./_testing.ts";
import { firstModel } from "./first_model.ts";

const taskOf = (items: number) =>
  defineTask({
    name: "films",
    model: ials({ items, dim: 4 }),
    clients: { min: 2, max: 4 },
    stop: { rounds: 2 },
  });

Deno.test("first model: the one of a file is taken as it is, and none is drawn from the task's seed", async () => {
  await using folder = await testFolder();
  const task = taskOf(6);
  const drawn = await firstModel(task);
  assert.deepEqual(drawn, await firstModel(task));
  const trained = structuredClone(drawn);
  for (const { data } of Object.values(trained)) data.forEach((_, at) => data[at] = at / 8);
  const published = { ...trained, "published/control": { shape: [1], data: new Float32Array(1) } };
  await folder.write("last.safetensors", encodeSafetensors(published));
  assert.deepEqual(await firstModel(task, folder.path("last.safetensors")), trained);
});

Deno.test("first model: one of another shape, with a tensor too many, or that is none is refused", async () => {
  await using folder = await testFolder();
  const path = folder.path("model.safetensors");
  const refused = (code: string, message: RegExp) =>
    assert.rejects(firstModel(taskOf(6), path), { code, message });
  await refused("bad-tensors", /^Cannot open /);
  const [name = ""] = Object.keys(await firstModel(taskOf(6)));
  await folder.write("model.safetensors", encodeSafetensors(await firstModel(taskOf(7))));
  await refused(
    "model-invalid",
    new RegExp(`its "${name}" is of shape \\[7, .*expected of shape \\[6, `),
  );
  const extra = { shape: [1], data: new Float32Array(1) };
  const more = { ...await firstModel(taskOf(6)), extra };
  await folder.write("model.safetensors", encodeSafetensors(more));
  await refused("model-invalid", /its "extra" is of shape \[1\], expected not there/);
  await folder.write("model.safetensors", "no tensors");
  await assert.rejects(firstModel(taskOf(6), path), { name: "TributaryError" });
});
