import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import type { DeviceState } from "../core/trainer.ts";
import { tensor } from "./_testing.ts";
import { loadControl, saveControl } from "./scaffold_control.ts";

const LIKE = { w: tensor(0, 0), b: tensor(0) };
const BEFORE = { w: tensor(1, 2), b: tensor(3) };
const AFTER = { w: tensor(4, 5), b: tensor(6) };

function memory(): DeviceState {
  const values = new Map<string, Uint8Array>();
  return {
    get: (key) => Promise.resolve(values.get(key)),
    set: (key, value) => Promise.resolve(void values.set(key, value)),
  };
}

/** A device whose update of round 5, over version 3, was accepted. */
async function accepted(): Promise<DeviceState> {
  const state = memory();
  await saveControl(state, { round: 5, version: 3 }, { before: BEFORE, after: AFTER });
  return state;
}

Deno.test("scaffold control: a device that has none begins with zeros", async () => {
  assert.deepEqual(await loadControl(memory(), { round: 1, version: 0 }, LIKE), LIKE);
});

Deno.test("scaffold control: after a round that was published it is the new one", async () => {
  const state = await accepted();
  assert.deepEqual(await loadControl(state, { round: 6, version: 4 }, LIKE), AFTER);
  assert.deepEqual(await loadControl(state, { round: 9, version: 7 }, LIKE), AFTER);
});

Deno.test("scaffold control: another round over the same model takes the old one, for good", async () => {
  const state = await accepted();
  assert.deepEqual(await loadControl(state, { round: 6, version: 3 }, LIKE), BEFORE);
  // Its update of round 6 got lost, and round 6 was published.
  assert.deepEqual(await loadControl(state, { round: 7, version: 4 }, LIKE), BEFORE);
});

Deno.test("scaffold control: the same round again takes the old one, and keeps the new one", async () => {
  const state = await accepted();
  assert.deepEqual(await loadControl(state, { round: 5, version: 3 }, LIKE), BEFORE);
  assert.deepEqual(await loadControl(state, { round: 6, version: 4 }, LIKE), AFTER);
});

Deno.test("scaffold control: one of another model is refused, and says which tensor", async () => {
  const state = await accepted();
  for (
    const [like, found] of [
      [{ w: tensor(0) }, /"w" is of shape \[2\], expected shape \[1\]/],
      [{ v: tensor(0) }, /"v" is missing, expected shape \[1\]/],
    ] as const
  ) {
    await assert.rejects(
      loadControl(state, { round: 6, version: 4 }, like),
      (error) => isTributaryError(error, "bad-data") && found.test(error.message),
    );
  }
});
