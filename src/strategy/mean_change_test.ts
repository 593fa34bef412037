import assert from "node:assert/strict";
import * as fc from "fast-check";
import { isTributaryError } from "../core/errors.ts";
import { tensor } from "./_testing.ts";
import { addMeanChange, averagingServer } from "./mean_change.ts";

const weight = (value: number) => ({ "clients/weight": tensor(value) });

Deno.test("mean change: each tensor moves by its sum over the weight, times the factor", () => {
  const model = { x: tensor(1, 2), y: tensor(-4) };
  const sums = { x: tensor(3, -6), y: tensor(1.5), ...weight(1.5) };
  assert.deepEqual(addMeanChange(model, sums, 0.5), { x: tensor(2, 0), y: tensor(-3.5) });
  assert.deepEqual(model, { x: tensor(1, 2), y: tensor(-4) });
});

Deno.test("mean change: clients who all changed alike change the model alike, however they weigh", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 50 }),
    fc.float({ min: -8, max: 8, noNaN: true }),
    (weights, change) => {
      const total = weights.reduce((sum, one) => sum + one, 0);
      const { x } = addMeanChange(
        { x: tensor(0) },
        { x: tensor(total * change), ...weight(total) },
        1,
      );
      assert.ok(Math.abs(x!.data[0]! - change) <= 1e-6 * Math.abs(change));
    },
  ));
});

Deno.test("mean change: there is none where nothing weighs, and that is said", () => {
  for (const total of [0, -1, NaN]) {
    assert.throws(
      () => addMeanChange({ x: tensor(1) }, { x: tensor(1), ...weight(total) }, 1),
      (error) =>
        isTributaryError(error, "model-invalid") &&
        error.message.includes(`weights add up to ${total}: expected more than 0`),
    );
  }
});

Deno.test("mean change: a server that averages keeps no state", () => {
  const server = averagingServer(2);
  const model = { x: tensor(1) };
  const state = server.init(model);
  assert.deepEqual(state, {});
  const sums = { x: tensor(3), ...weight(1) };
  const output = server.step({ model, state, sums, clients: 1, round: 1 });
  assert.deepEqual(output, { model: { x: tensor(7) }, state: {} });
});
