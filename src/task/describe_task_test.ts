import assert from "node:assert/strict";
import { mf, tensors } from "../models/mod.ts";
import { defineTask } from "./define_task.ts";
import { describeTask } from "./describe_task.ts";

Deno.test("describeTask: says what is sent, how precisely, by whom, and when it ends", () => {
  const task = defineTask({
    name: "films",
    model: mf({ items: 9724, dim: 32 }),
    clients: { min: 300, max: 610 },
    stop: {
      rounds: 30,
      target: { metric: "hr@10", value: 0.73 },
      patience: { metric: "ndcg@10", rounds: 5 },
      minutes: 90,
    },
  });
  assert.equal(
    describeTask(task),
    `films: mf, stepped by rowwise
  model    item [9724, 32], bias [9724]: 320,892 values, 1.22 MiB
  update   330,620 values of 9 bits in 19-bit slots, 1.26 MiB in 2 slices
  clients  300 to 610 a round, which lasts up to 60 s
  metrics  hr@10, ndcg@10, loss
  stop     after 30 rounds, or when hr@10 reaches 0.73, or after 5 rounds without a better ndcg@10, or after 90 minutes`,
  );
});

Deno.test("describeTask: small tasks are told in bytes and one slice", () => {
  const task = defineTask({
    name: "risk",
    model: tensors({ tensors: { slopes: [3] } }),
    clients: { min: 1, max: 3 },
    roundMs: 1500,
    stop: { rounds: 2 },
  });
  assert.equal(
    describeTask(task),
    `risk: tensors, stepped by fedavg
  model    slopes [3]: 3 values, 12 B
  update   4 values of 17 bits in 19-bit slots, 16 B in 1 slice
  clients  1 to 3 a round, which lasts up to 1.5 s
  metrics  none
  stop     after 2 rounds`,
  );
});
