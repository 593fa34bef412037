import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import type { WeightsContribution } from "../core/trainer.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { inventTable } from "./_testing.ts";
import { ials } from "./ials.ts";
import { logistic } from "./logistic.ts";
import type { Examples } from "./model.ts";
import { onDevice } from "./on_device.ts";
import { tensors } from "./tensors.ts";

const module = await inlineModule("train");
const SEED = new Uint8Array(32);
const CONTEXT = { round: 1, seed: SEED, signal: new AbortController().signal };
const STATE = { get: () => Promise.resolve(undefined), set: () => Promise.resolve() };
const TABLE = inventTable((x) => x[0]! > 0 ? 1 : 0, { rows: 9, width: 2, seed: 1 });
const PERSON = { items: Uint32Array.of(1, 3) };

Deno.test("on device: a person's model trains, and recommends what they have not", async () => {
  using core = createTrainCore(module);
  const model = ials({ items: 5, dim: 2 });
  const { trainer, use } = onDevice(model, { core, examples: PERSON, state: STATE });
  const initial = model.initial(SEED);
  assert.equal((await trainer(initial, CONTEXT)).kind, "sums");
  assert.ok(use.kind === "recommend");
  assert.deepEqual(use.items, PERSON.items);
  assert.deepEqual([...await use.scorer(initial)].map(Number.isFinite), [
    true,
    false,
    true,
    false,
    true,
  ]);
});

Deno.test("on device: a table's model trains, and predicts", async () => {
  using core = createTrainCore(module);
  const model = logistic({ features: 2 });
  const { trainer, use } = onDevice(model, { core, examples: TABLE, state: STATE });
  const { weights } = await trainer(model.initial(SEED), CONTEXT) as WeightsContribution;
  assert.ok(use.kind === "predict");
  assert.equal((await use.predictor(weights, TABLE.features)).length, 9);
});

Deno.test("on device: examples of another form, and models without a trainer, are refused", () => {
  using core = createTrainCore(module);
  const refused: [Parameters<typeof onDevice>[0], Examples, string][] = [
    [
      ials({ items: 5, dim: 2 }),
      TABLE,
      "Cannot train ials on examples of the form table: expected one person's interactions",
    ],
    [
      logistic({ features: 2 }),
      { ...PERSON, kind: "interactions" },
      "Cannot train logistic on examples of the form interactions: expected a table",
    ],
    [
      tensors({ tensors: { w: [1] } }),
      PERSON,
      "Cannot train tensors on examples of the form interactions: " +
      "expected a trainer of the client's own",
    ],
  ];
  for (const [model, examples, message] of refused) {
    assert.throws(
      () => onDevice(model, { core, examples, state: STATE }),
      (error) => isTributaryError(error, "bad-data") && error.message === message,
    );
  }
});
